#!/usr/bin/env bash
# Compares encoding the texts of AG News (test.csv) with the package tokenizers of Hugging Face (Rust): interleaved pairs, median ratio
# (peer / Basin) with a bootstrap 95 % interval. For RoBERTa's and BERT's vocabularies: one thread each side without offsets, one
# thread with offsets, two threads without offsets.
#
#   Benchmarks/tokenizers.sh [roberta|bert ...]
#
# Needs a Python with tokenizers: $BASIN_PEER_PYTHON, else python3. The data: $BASIN_TEST_DATA, else ../shared/data. $PAIRS pairs, else 12.
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
python="${BASIN_PEER_PYTHON:-python3}"
program="$here/../.build/release/tokenizer-speed"
data="${BASIN_TEST_DATA:-$here/../../shared/data}"
texts="$data/text/ag_news_csv/test.csv"
[[ -x $program ]] || { echo "tokenizers.sh: build first: ./basin-test --filter NONE" >&2; exit 66; }
[[ -f $texts ]] || { echo "tokenizers.sh: no $texts: set BASIN_TEST_DATA" >&2; exit 66; }
folder="$(mktemp -d)"
trap 'rm -rf -- "$folder"' EXIT
kinds=("$@")
[[ ${#kinds[@]} -gt 0 ]] || kinds=(roberta bert)
for kind in "${kinds[@]}"; do
  mkdir -p -- "$folder/$kind"
  case $kind in
    roberta)
      cp -- "$data"/tokenizer/gpt2/{encoder.json,vocab.bpe} "$folder/$kind/"
      head -n 50260 -- "$data/tokenizer/fairseq-gpt2_bpe/dict.txt" >"$folder/$kind/dict.txt"
      ;;
    bert) cp -- "$data/tokenizer/bert-base-uncased/vocab.txt" "$folder/$kind/" ;;
    *)
      sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
      exit 64
      ;;
  esac
  "$program" "$folder/$kind" "$texts"
  "$python" "$here/tokenizers_peer.py" "$folder/$kind" "$texts"
  for setting in "1||" "1|--spans|--offsets" "2||"; do
    IFS='|' read -r threads spans offsets <<<"$setting"
    echo "$kind, $threads thread(s)${spans:+, with offsets}"
    "$python" "$here/interleave.py" --a "${program@Q} ${folder@Q}/$kind ${texts@Q} --threads $threads $spans --serve" \
      --b "${python@Q} ${here@Q}/tokenizers_peer.py ${folder@Q}/$kind ${texts@Q} --threads $threads $offsets --serve" --pairs "${PAIRS:-12}" --steps 1
  done
done
