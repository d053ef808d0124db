#!/usr/bin/env bash
# Trains what docs/benchmarks-graphs.md quotes accuracies of, and prints them.
#
#   Benchmarks/accuracy.sh cora|trec|mnist|cifar10-jpg-subset DATA_ROOT [SEEDS]
#   Benchmarks/accuracy.sh gin:SET DATA_ROOT            ten folds with inner validation
#   Benchmarks/accuracy.sh sagpool-g|sagpool-h|mincutpool:SET DATA_ROOT [SPLITS]   random splits, 80/10/10
set -euo pipefail
root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"
set_name="${1:?which data set}"
data="${2:?the data root}"
pooling=(--batch-size 64 --lr 0.001 --validation-fraction 0.1111 --method backbone --select best)
case "$set_name" in
  gin:*) flags=(--model gin --method backbone --select best) seeds=10 ;;
  # An epoch of DD takes seconds.
  sagpool-h:dd) flags=(--model sagpool-h --epochs 40 "${pooling[@]}") seeds="${3:-3}" ;;
  sagpool-g:dd) flags=(--model sagpool-g --epochs 25 "${pooling[@]}") seeds="${3:-3}" ;;
  mincutpool:dd) flags=(--model mincutpool --epochs 50 "${pooling[@]}") seeds="${3:-3}" ;;
  sagpool-g:* | sagpool-h:* | mincutpool:*) flags=(--model "${set_name%%:*}" --epochs 100 "${pooling[@]}") seeds="${3:-10}" ;;
  cora) flags=(--model gcn --epochs 200 --method backbone) seeds="${3:-10}" ;;
  trec) flags=(--model transformer --method backbone --select best) seeds="${3:-3}" ;;
  mnist) flags=(--model preresnet20 --epochs 2 --method backbone) seeds="${3:-1}" ;;
  cifar10-jpg-subset) flags=(--model preresnet20 --epochs 20 --method backbone) seeds="${3:-1}" ;;
  *) echo "accuracy.sh: unknown data set $set_name" >&2; exit 64 ;;
esac
out="$(mktemp -d)"
trap 'rm -rf -- "$out"' EXIT
for ((seed = 0; seed < seeds; seed++)); do
  # Folds of one seed; splits with a seed of their own.
  case "$set_name" in
    gin:*) division=(--fold "$((seed + 1))/10") ;;
    *:*) division=(--split-seed "$seed" --seed "$seed") ;;
    *) division=(--seed "$seed") ;;
  esac
  "$root/basin" train "${flags[@]}" --dataset "${set_name##*:}" --data-root "$data" "${division[@]}" --out "$out/$seed" \
    ${THREADS:+--threads "$THREADS"} --json
done | python3 -c '
import json, statistics, sys
decoder, text, runs = json.JSONDecoder(), sys.stdin.read().lstrip(), []
while text:
    run, end = decoder.raw_decode(text)
    runs.append(run)
    text = text[end:].lstrip()
for run in runs:
    print("seed", run["seed"], "test", run["test"]["accuracy"], "selected", run["selected"]["test"]["accuracy"], "seconds", round(run["seconds"]["total"], 1))
for name in ("test", "selected"):
    values = [(run[name] if name == "test" else run[name]["test"])["accuracy"] for run in runs]
    print(name, "mean", round(statistics.mean(values), 4), "deviation", round(statistics.stdev(values), 4) if len(values) > 1 else None)
'
