#!/usr/bin/env bash
# Whole epochs of PSWA on 4,500 pictures of 32x32 (augmentation, steps, four samples, their average, statistics, evaluation of 500)
# against the structure of the SWA papers' code in PyTorch (epoch_peer.py), in interleaved pairs; prints the median ratio.
#
#   Benchmarks/epoch.sh DATA_ROOT [PAIRS] [options of epoch_peer.py]
#
# DATA_ROOT has image/cifar10-jpg-subset.tar. A turn is two epochs; start-up is left out on both sides. Model: $MODEL, else preresnet20.
# Needs a Python with torch 2.13.0, torchvision and pillow: $BASIN_PEER_PYTHON, else python3. Threads: $THREADS, else 2.
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
[[ $# -ge 1 ]] || { sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 64; }
data="$1" pairs="${2:-5}" model="${MODEL:-preresnet20}" threads="${THREADS:-2}"
out="$(mktemp -d)"
trap 'rm -rf -- "$out"' EXIT
for ((pair = 0; pair < pairs; pair++)); do
  # Two epochs more or less: the difference is two epochs, without start-up.
  for epochs in 1 3; do
    "$here/../.build/release/basin" train --model "$model" --dataset cifar10-jpg-subset --data-root "$data" --epochs "$epochs" --batch-size 128 \
      --lr 0.05 --method pswa --set averaging.start=1st --set averaging.period=1ep --threads "$threads" --quiet \
      --json --out "$out/$pair-$epochs" >"$out/$pair-$epochs.json"
  done
  "${BASIN_PEER_PYTHON:-python3}" "$here/epoch_peer.py" --model "$model" --epochs 2 --threads "$threads" "${@:3}" >"$out/$pair-peer.json"
done
python3 - "$out" "$pairs" <<'PY'
import json, pathlib, statistics, sys
folder, pairs = pathlib.Path(sys.argv[1]), int(sys.argv[2])
read = lambda name: json.loads((folder / name).read_text())
ours = [read(f"{i}-3.json")["seconds"]["total"] - read(f"{i}-1.json")["seconds"]["total"] for i in range(pairs)]
peers = [sum(read(f"{i}-peer.json")["seconds"]) for i in range(pairs)]
ratios = sorted(b / a for a, b in zip(ours, peers))
print(f"Basin: {statistics.median(ours) / 2:.2f} s an epoch; {read('0-peer.json')['name']}: {statistics.median(peers) / 2:.2f} s")
print(f"peer / Basin: {statistics.median(ratios):.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f}, {pairs} pairs)")
PY
