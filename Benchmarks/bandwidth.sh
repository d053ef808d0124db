#!/usr/bin/env bash
# Prints how near each optimizer's step comes to the memory's bandwidth: alone, with a sample of an average in one pass, and step and
# sample apart, beside a plain copy (8 bytes a parameter) and an update of one array from another (12), all in the same rounds.
#
#   Benchmarks/bandwidth.sh [THREADS]
set -euo pipefail
root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"
exec "$root/basin" __bandwidth --threads "${1:-1}"
