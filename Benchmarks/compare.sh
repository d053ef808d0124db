#!/usr/bin/env bash
# Compares a training step of Basin with its peer in interleaved pairs; prints the median ratio (peer / Basin: over 1 means that
# Basin is faster) with a bootstrap 95 % interval.
#
#   Benchmarks/compare.sh cora-pyg|cora-hand-tuned|preresnet20 [DATA_ROOT]
#
# Needs a Python with torch 2.13.0 and torch_geometric: $BASIN_PEER_PYTHON, else python3. Threads: $THREADS, else 2.
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
python="${BASIN_PEER_PYTHON:-python3}"
threads="${THREADS:-2}"
data="${2:-${BASIN_DATA:-}}"
basin="$here/../.build/release/basin"

case "${1:-}" in
  cora-pyg | cora-hand-tuned)
    [[ -n $data ]] || { echo "compare.sh: give the data root with planetoid/cora, or set BASIN_DATA" >&2; exit 64; }
    ours="$basin __steps --model gcn --dataset cora --method backbone --data-root $data --threads $threads"
    peer="$python $here/cora_peer.py $data --serve --threads $threads"
    [[ $1 == cora-pyg ]] || peer+=" --hand-tuned"
    steps=40
    ;;
  preresnet20)
    ours="$basin __steps --model preresnet20 --dataset shapes --batch-size 128 --method backbone --threads $threads"
    peer="$python $here/preresnet_peer.py --serve --threads $threads"
    steps=6
    ;;
  *)
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
    ;;
esac
exec "$python" "$here/interleave.py" --a "$ours" --b "$peer" --pairs "${PAIRS:-12}" --steps "$steps"
