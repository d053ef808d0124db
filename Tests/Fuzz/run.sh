#!/usr/bin/env bash
# Fuzzes the readers of graph files and of tables with sanitizers: what a change of Sources/Graph/XML, or of TU's, OGB's or archives' readers, needs.
#
#   Tests/Fuzz/run.sh [SECONDS [TARGET ...]]
#
# SECONDS of processor time for each target, else 600. Targets: graphml, gexf, gxl, listing, any (the format by chance), number; tu, ogb,
# archive, which are compiled from Swift against the built PluginAPI (./basin-test before); else all. The corpora beside this script seed
# them. Uses Swift's compilers, which come with libFuzzer ($CXX for another clang). What a run finds is in $BASIN_FUZZ_FOLDER, else .build/fuzz: `crash-*` files to be mended, and added to the corpus. Exit status: 0 clean, 77 something was
# found, 69 no compiler with libFuzzer.
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
root="$here/../.."
seconds="${1:-600}"
[[ $seconds =~ ^[0-9]+$ ]] || { sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 64; }
targets=("${@:2}")
[[ ${#targets[@]} -gt 0 ]] || targets=(graphml gexf gxl listing any number tu ogb archive)
folder="${BASIN_FUZZ_FOLDER:-$root/.build/fuzz}"
compiler="${CXX:-$(dirname -- "$(readlink -f -- "$(command -v swift)")")/clang++}"
read -ra xml <<<"$(pkg-config --cflags --libs libxml-2.0)"
mkdir -p -- "$folder"

# build TARGET SOURCE [FLAG ...]. The linker of the Swift toolchain has a warning for each symbol of the sanitizer: its words are shown only if
# it fails.
build() {
  "$compiler" -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I "$root/Sources/Graph/XML/include" \
    "${@:3}" "$here/$2.cpp" "$root"/Sources/Graph/XML/*.cpp "${xml[@]}" -o "$folder/$1" >"$folder/$1.build.log" 2>&1 || {
    grep -v "Cannot export" "$folder/$1.build.log" >&2
    echo "run.sh: $compiler cannot build with libFuzzer" >&2
    exit 69
  }
}

# build_swift TARGET CONDITION: the readers of tables alone, with the numbers' C++ below them.
build_swift() {
  local built="$root/.build/x86_64-unknown-linux-gnu/release" name part
  local -a sources=() maps=() objects=()
  for name in AttributeColumn StringTable ReadWarning GraphCollection GraphDocuments MemberFiles NumberLines NumberText TUReader OGBReader \
    FoldedGraphsReader GraphArchive UnpackedFile UnpackingLimit EdgesListedTwice; do
    sources+=("$root/Sources/Graph/Readers/$name.swift")
  done
  for name in Sources/SystemLibraries/{CZlib,CArchive}; do maps+=(-Xcc "-fmodule-map-file=$root/$name/module.modulemap"); done
  for name in GraphXML ABI LibTorchTable TensorKernels; do maps+=(-Xcc "-fmodule-map-file=$built/$name.build/module.modulemap"); done
  {
    for part in "$root"/Sources/Graph/XML/*.cpp; do
      objects+=("$folder/$(basename -- "$part" .cpp).o")
      "$compiler" -std=c++20 -g -O1 -fsanitize=fuzzer-no-link,address "${xml[@]}" -c "$part" -o "${objects[-1]}"
    done
    swiftc -O -g -sanitize=fuzzer,address -swift-version 6 -module-name Graph -parse-as-library -D "$2" -I "$built/Modules" "${maps[@]}" \
      "${sources[@]}" "$here/tables.swift" "${objects[@]}" -L "$built" -lPluginAPI -lxml2 -lz -larchive -lstdc++ \
      -Xlinker -rpath -Xlinker "$built" -o "$folder/$1"
  } >"$folder/$1.build.log" 2>&1 || {
    grep -v "Cannot export" "$folder/$1.build.log" >&2
    echo "run.sh: cannot build $1" >&2
    exit 69
  }
}

status=0
for target in "${targets[@]}"; do
  case $target in
    graphml) build "$target" reader -DFUZZ_FORMAT=BASIN_GRAPH_GRAPHML ;;
    gexf) build "$target" reader -DFUZZ_FORMAT=BASIN_GRAPH_GEXF ;;
    gxl) build "$target" reader -DFUZZ_FORMAT=BASIN_GRAPH_GXL ;;
    listing) build "$target" reader -DFUZZ_FORMAT=BASIN_GRAPH_LISTING ;;
    any) build "$target" reader ;;
    number) build "$target" number ;;
    tu) build_swift "$target" FUZZ_TU ;;
    ogb) build_swift "$target" FUZZ_OGB ;;
    archive) build_swift "$target" FUZZ_ARCHIVE ;;
    *) echo "run.sh: there is no target $target" >&2; exit 64 ;;
  esac
  mkdir -p -- "$folder/$target-corpus"
  seeds=("$here/corpus")
  case $target in
    number) seeds=("$here/numbers") ;;
    tu | ogb | archive) seeds=("$here/$target") ;;
  esac
  # What Swift's runtime keeps for good is no leak.
  leaks=1
  [[ ! $target =~ ^(tu|ogb|archive)$ ]] || leaks=0
  # On a busy machine libFuzzer's own clock runs ahead of the processor's (hence a minute for one input): bash's limit is on the latter.
  begin=$SECONDS
  code=0
  (
    cd -- "$folder"
    ulimit -t "$seconds"
    exec "./$target" -max_len=4096 -timeout=60 -rss_limit_mb=2048 -dict="$here/graph.dict" -detect_leaks="$leaks" "$target-corpus" "${seeds[@]}" >"$target.log" 2>&1
  ) || code=$?
  # 137 and 152 are the limit's signals. Slow inputs are told by the clock, which a busy machine stretches.
  if [[ $code == 137 || $code == 152 ]] && ! grep -qE "Test unit written to .*/(crash|leak|oom|timeout)-" "$folder/$target.log"; then
    echo "$target: clean after $seconds s of processor time ($((SECONDS - begin)) s): $(grep -c . "$folder/$target.log") lines, $(grep '^#' "$folder/$target.log" | tail -n 1 | cut -c 1-90)"
  else
    echo "$target: ended with $code, see $folder/$target.log"
    status=77
  fi
done
exit "$status"
