#!/usr/bin/env bash
# What `basin bench --jobs 1` costs beside its runs: the same runs once by themselves, `basin train` after `basin train`, and once as a benchmark, in
# interleaved pairs. Prints the ratio of each pair and the median.
#
#   Benchmarks/overhead.sh [PAIRS] [EPOCHS]
set -euo pipefail
root="$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd -P)"
basin="${BASIN_PROGRAM:-$root/.build/release/basin}"
pairs="${1:-5}" epochs="${2:-6}"
folder="$(mktemp -d)"
trap 'rm -rf -- "$folder"' EXIT
cd -- "$folder"
methods=(backbone swa pswa)
flags=(--model preresnet8 --dataset shapes --epochs "$epochs" --batch-size 64 --set model.width=8 --set dataset.size=24 --set dataset.train=1000)
cat >plan.yaml <<YAML
methods: [backbone, swa, pswa]
seeds: 2
jobs: 1
cases:
  - {model: preresnet8, dataset: shapes, epochs: $epochs, batchSize: 64, set: {model.width: 8, dataset.size: 24, dataset.train: 1000}}
YAML

now() { date +%s%N; }
alone() {
  local method seed
  for seed in 0 1; do
    for method in "${methods[@]}"; do
      "$basin" train "${flags[@]}" --method "$method" --seed "$seed" --threads 1 --quiet --out "alone/$method-$seed"
    done
  done
}

ratios=()
for ((pair = 1; pair <= pairs; pair++)); do
  rm -rf alone bench
  start="$(now)"; alone; middle="$(now)"
  "$basin" bench --config plan.yaml --out bench --quiet >/dev/null; end="$(now)"
  ratios+=("$(awk -v a=$((middle - start)) -v b=$((end - middle)) 'BEGIN { printf "%.4f", b / a }')")
  awk -v a=$((middle - start)) -v b=$((end - middle)) -v r="${ratios[-1]}" \
    'BEGIN { printf "runs by themselves %.2f s, benchmark %.2f s, ratio %s\n", a / 1e9, b / 1e9, r }'
done
printf '%s\n' "${ratios[@]}" | sort -n | awk '{ v[NR] = $1 } END { printf "median ratio %.4f\n", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
