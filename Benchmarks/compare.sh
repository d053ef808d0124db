#!/usr/bin/env bash
# Compares a training step of Basin with its peer in interleaved pairs; prints the median ratio (peer / Basin: over 1 means that
# Basin is faster) with a bootstrap 95 % interval.
#
#   Benchmarks/compare.sh WHAT [DATA_ROOT]        WHAT: cora-pyg, cora-hand-tuned, citeseer-pyg, citeseer-hand-tuned, cora-gat,
#                                                 cora-graphsage, mutag-gin, nci1-gin, sampled (DATA_ROOT: a folder
#                                                 of generate_pubmed_shape.py), preresnet20, preresnet164,
#                                                 vgg16-bn, wrn28-10, roberta-base, roberta-256, trec-small and
#                                                 each of these three with -evaluation
#
# GIN's width and batch: $HIDDEN, else 64, and $BATCH, else 128 (wrn28-10: 32). The peer of image networks: $PEER, options of
# vision_peer.py such as "--mode compile", and so that of text models (text_peer.py). These take an optimizer's step of a batch of 32 (MRPC's
# pairs or TREC's questions), other batches in another order on both sides; DATA_ROOT has text and tokenizer in it.
# Needs a Python with torch 2.13.0 and torch_geometric: $BASIN_PEER_PYTHON, else python3. Threads: $THREADS, else 2.
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
python="${BASIN_PEER_PYTHON:-python3}"
threads="${THREADS:-2}"
data="${2:-${BASIN_DATA:-}}"
basin="$here/../.build/release/basin"

needs_data() {
  [[ -n $data ]] || { echo "compare.sh: give the data root with planetoid or tu in it, or set BASIN_DATA" >&2; exit 64; }
}

case "${1:-}" in
  cora-pyg | cora-hand-tuned | citeseer-pyg | citeseer-hand-tuned)
    needs_data
    ours="${basin@Q} __steps --model gcn --dataset ${1%%-*} --method backbone --data-root ${data@Q} --threads $threads"
    peer="${python@Q} ${here@Q}/cora_peer.py ${data@Q} --dataset ${1%%-*} --serve --threads $threads"
    [[ $1 == *-pyg ]] || peer+=" --hand-tuned"
    steps=40
    ;;
  cora-gat | cora-graphsage)
    needs_data
    ours="${basin@Q} __steps --model ${1#cora-} --dataset cora --method backbone --data-root ${data@Q} --threads $threads"
    peer="${python@Q} ${here@Q}/graph_peer.py nodes ${data@Q} --model ${1#cora-} --serve --threads $threads"
    steps=10
    ;;
  mutag-gin | nci1-gin)
    # Whole epochs with the making of batches, over as many graphs on both sides: Basin trains on 81 of 100.
    # Many epochs a turn: a peer's threads go on spinning for some milliseconds after it.
    needs_data
    [[ $1 == mutag-gin ]] && examples=152 steps=20 || { examples=3329; steps=1; }
    ours="${basin@Q} __steps --model gin --dataset ${1%-gin} --whole-epochs --with-data --method backbone --data-root ${data@Q} --threads $threads"
    ours+=" --set model.hidden=${HIDDEN:-64} --batch-size ${BATCH:-128}"
    peer="${python@Q} ${here@Q}/graph_peer.py graphs ${data@Q} --dataset ${1%-gin} --hidden ${HIDDEN:-64} --batch-size ${BATCH:-128} --examples $examples --warmup 1 --serve --threads $threads"
    ;;
  sampled)
    needs_data
    ours="${basin@Q} __steps --model graphsage --dataset ogb:${data@Q} --set model.neighbors=25,10 --batch-size 512 --whole-epochs --with-data"
    ours+=" --method backbone --threads $threads"
    peer="${python@Q} ${here@Q}/graph_peer.py sampled ${data@Q} --batch-size 512 --warmup 1 --serve --threads $threads"
    steps=1
    ;;
  preresnet20 | preresnet164 | vgg16-bn | wrn28-10)
    case $1 in preresnet20) steps=6 ;; wrn28-10) steps=1 ;; *) steps=2 ;; esac
    [[ $1 == wrn28-10 ]] && batch="${BATCH:-32}" || batch="${BATCH:-128}"
    ours="${basin@Q} __steps --model $1 --dataset shapes --set dataset.size=32 --set dataset.train=1024 --batch-size $batch"
    ours+=" --method backbone --lr 0.01 --threads $threads"
    # As the peer has none.
    [[ $1 != vgg* ]] || ours+=" --set model.dropout=0"
    peer="${python@Q} ${here@Q}/vision_peer.py --model $1 --batch-size $batch --serve --threads $threads ${PEER:-}"
    ;;
  roberta-base* | roberta-256* | trec-small*)
    needs_data
    model="${1%-evaluation}"
    peer="${python@Q} ${here@Q}/text_peer.py ${data@Q} --model $model --batch-size ${BATCH:-32} --serve --threads $threads ${PEER:-}"
    ours="${basin@Q} __steps --data-root ${data@Q} --batch-size ${BATCH:-32} --method backbone --threads $threads"
    if [[ $model == trec-small ]]; then
      ours+=" --model transformer --dataset trec --set model.size=128 --set model.layers=2 --set model.heads=4 --set model.dropout=0.1"
      peer+=" --optimizer adamw"
      steps=20
    else
      ours+=" --model roberta --dataset mrpc --set dataset.tokenizer=${data@Q}/tokenizer/gpt2-hf --set dataset.maximumLength=128"
      ours+=" --optimizer sgd --set optimizer.momentum=0.9 --set optimizer.weightDecay=0.01 --lr 1e-4"
      steps=2
      [[ $model == roberta-base ]] || { ours+=" --set model.size=256 --set model.layers=6 --set model.heads=4"; steps=6; }
    fi
    [[ $1 != *-evaluation ]] || { ours+=" --evaluating"; peer+=" --evaluate"; }
    ;;
  *)
    sed -n '2,16s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
    ;;
esac
exec "$python" "$here/interleave.py" --a "$ours" --b "$peer" --pairs "${PAIRS:-12}" --steps "$steps"
