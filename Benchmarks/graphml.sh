#!/usr/bin/env bash
# Compares reading a GraphML file of 108 MB (200,000 nodes, 1,000,000 weighted edges) with igraph and networkx: interleaved pairs, median
# ratio (peer / Basin) with a bootstrap 95 % interval; then the peak memory of one read each.
#
#   Benchmarks/graphml.sh [igraph|networkx ...]
#
# Needs a Python with igraph and networkx: $BASIN_PEER_PYTHON, else python3. $PAIRS pairs, else 12 (networkx 5: one read takes half a
# minute). $NODES and $EDGES change the size.
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
python="${BASIN_PEER_PYTHON:-python3}"
program="$here/../.build/release/graph-reading"
[[ -x $program ]] || { echo "graphml.sh: build first: ./basin-test --filter NONE" >&2; exit 66; }
folder="$(mktemp -d)"
trap 'rm -rf -- "$folder"' EXIT
file="$folder/graph.graphml"
python3 "$here/generate_graphml.py" "$file" --nodes "${NODES:-200000}" --edges "${EDGES:-1000000}"
echo "$(stat -c %s "$file") bytes"
peers=("$@")
[[ ${#peers[@]} -gt 0 ]] || peers=(igraph networkx)
for peer in "${peers[@]}"; do
  case $peer in
    igraph) pairs="${PAIRS:-12}" ;;
    networkx) pairs="${PAIRS:-5}" ;;
    *)
      sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
      exit 64
      ;;
  esac
  "$python" "$here/interleave.py" --a "${program@Q} ${file@Q} --serve" --b "${python@Q} ${here@Q}/graphml_peer.py ${file@Q} --library $peer --serve" \
    --pairs "$pairs" --steps 1
  "$python" "$here/graphml_peer.py" "$file" --library "$peer"
done
"$program" "$file"
