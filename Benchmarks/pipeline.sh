#!/usr/bin/env bash
# Compares making training batches on one core with torchvision's transforms on PIL pictures: interleaved pairs, median ratio
# (peer / Basin) with a bootstrap 95 % interval.
#
#   Benchmarks/pipeline.sh WHAT [TAR]         WHAT: cifar (pad, crop 32, mirror, normalize), cifar-augment (with RandAugment and jitter),
#                                             jpeg (decode, random resized crop 224, mirror, normalize), jpeg-augment;
#                                             TAR: JPEG photographs by class, else pictures of 500x375 are made
#
# Needs a Python with torch, torchvision and PIL: $BASIN_PEER_PYTHON, else python3. $PAIRS pairs, else 12; $SETTINGS: more options of
# Basin's data set, as `--set decode=memory`.
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
python="${BASIN_PEER_PYTHON:-python3}"
program="$here/../.build/release/picture-batches"
[[ -x $program ]] || { echo "pipeline.sh: build first: ./basin-test --filter NONE" >&2; exit 66; }
what="${1:-}"
case $what in
  cifar | cifar-augment | jpeg | jpeg-augment) ;;
  *)
    sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
    ;;
esac
folder="$(mktemp -d)"
trap 'rm -rf -- "$folder"' EXIT
"$python" "$here/generate_pictures.py" "$folder" ${2:+--photographs "$2"}
export OMP_NUM_THREADS=1
augment=""
peer="${python@Q} ${here@Q}/pipeline_peer.py"
if [[ $what == *-augment ]]; then
  augment="--set randAugment=2 --set brightness=0.4 --set contrast=0.4 --set saturation=0.4 --set hue=0.1"
  peer_augment=" --augment"
fi
if [[ $what == cifar* ]]; then
  ours="${program@Q} cifar10 ${folder@Q} --batch-size 128 $augment ${SETTINGS:-}"
  peer+=" cifar ${folder@Q} --batch-size 128${peer_augment:-} --serve"
  steps=10
else
  ours="${program@Q} images ${folder@Q}/jpeg --batch-size 32 --set crop=resized --set size=224 --set decode=batch $augment ${SETTINGS:-}"
  peer+=" jpeg ${folder@Q}/jpeg --batch-size 32${peer_augment:-} --serve"
  steps=3
fi
"$python" "$here/interleave.py" --a "$ours" --b "$peer" --pairs "${PAIRS:-12}" --steps "$steps"
