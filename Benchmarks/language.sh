#!/usr/bin/env bash
# A small GPT-2 from scratch on WikiText-2's validation text, Basin and `transformers` after as many steps: perplexity of the test text.
#
#   Benchmarks/language.sh DATA_ROOT [SEEDS [EPOCHS]]
#
# DATA_ROOT has text/wikitext-2/valid.txt and test.txt. BASIN_PEER_PYTHON: a Python with torch and transformers. Each has its own weights and order of
# examples from the seed, so that single seeds differ; the means are compared.
set -euo pipefail
root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"
data="${1:?the data root}"
seeds="${2:-3}"
epochs="${3:-4}"
threads="${THREADS:-2}"
out="$(mktemp -d)"
trap 'rm -rf -- "$out"' EXIT
for ((seed = 0; seed < seeds; seed++)); do
  "$root/basin" train --quiet --model gpt2 --dataset wikitext-2 --data-root "$data" --set dataset.trainOn=validation \
    --set dataset.length=64 --set model.size=128 --set model.layers=2 --set model.heads=4 --batch-size 16 --lr 1e-3 --method backbone \
    --validation-fraction 0 --epochs "$epochs" --seed "$seed" --threads "$threads" --out "$out/$seed" --json >"$out/basin-$seed.json"
  "${BASIN_PEER_PYTHON:-python3}" "$root/Benchmarks/language_peer.py" "$data/text/wikitext-2/valid.txt" "$data/text/wikitext-2/test.txt" \
    --epochs "$epochs" --seed "$seed" --threads "$threads" >"$out/peer-$seed.json"
  python3 - "$out/basin-$seed.json" "$out/peer-$seed.json" <<'PYTHON'
import json, sys
mine, peer = (json.load(open(path)) for path in sys.argv[1:])
print(f"seed {mine['seed']}: {mine['steps']} and {peer['steps']} steps, perplexity {mine['test']['perplexity']:.1f} and "
      f"{peer['perplexity']:.1f}, {mine['seconds']['train']:.0f} and {peer['seconds']:.0f} s of training", flush=True)
PYTHON
done
python3 - "$out" "$seeds" <<'PYTHON'
import json, math, statistics, sys
folder, seeds = sys.argv[1], int(sys.argv[2])
read = lambda name: [json.load(open(f"{folder}/{name}-{seed}.json")) for seed in range(seeds)]
mine = [math.log(run["test"]["perplexity"]) for run in read("basin")]
peer = [math.log(run["perplexity"]) for run in read("peer")]
ratio = statistics.mean(mine) - statistics.mean(peer)
# Welch's interval, two standard errors.
error = 2 * math.sqrt(sum(statistics.variance(values) / seeds for values in (mine, peer))) if seeds > 1 else math.nan
print(f"geometric means {math.exp(statistics.mean(mine)):.1f} and {math.exp(statistics.mean(peer)):.1f}, ratio "
      f"{math.exp(ratio):.4f} [{math.exp(ratio - error):.4f}, {math.exp(ratio + error):.4f}]")
PYTHON
