#!/usr/bin/env bash
# Fuzzes the readers of graph files with address and undefined-behaviour sanitizers: what a change of Sources/Graph/XML needs.
#
#   Tests/Fuzz/run.sh [SECONDS]
#
# SECONDS for each target, else 600. Targets: reader (all formats; the corpus in Tests/Fuzz/corpus seeds it), number. Uses Swift's clang,
# which comes with libFuzzer ($CXX for another). What a run finds is in $BASIN_FUZZ_FOLDER, else .build/fuzz: `crash-*` files to be
# mended, and added to the corpus. Exit status: 0 clean, 77 something was found, 69 no compiler with libFuzzer.
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
root="$here/../.."
seconds="${1:-600}"
folder="${BASIN_FUZZ_FOLDER:-$root/.build/fuzz}"
compiler="${CXX:-$(dirname -- "$(readlink -f -- "$(command -v swift)")")/clang++}"
mkdir -p -- "$folder/corpus"
read -ra xml <<<"$(pkg-config --cflags --libs libxml-2.0)"
build() {
  # The linker of the Swift toolchain has a warning for each symbol of the sanitizer: its words are shown only if it fails.
  "$compiler" -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I "$root/Sources/Graph/XML/include" \
    "$here/$1.cpp" "$root"/Sources/Graph/XML/*.cpp "${xml[@]}" -o "$folder/$1" \
    >"$folder/$1.build.log" 2>&1 || { grep -v "Cannot export" "$folder/$1.build.log" >&2; echo "run.sh: $compiler cannot build with libFuzzer" >&2; exit 69; }
}
build reader
build number
status=0
cd -- "$folder"
echo "reader, $seconds s"
./reader -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -dict="$here/graph.dict" -print_final_stats=1 \
  corpus "$here/corpus" >reader.log 2>&1 || status=77
tail -n 4 reader.log
echo "number, $((seconds / 10)) s"
mkdir -p numbers
printf '1.5' >numbers/a
printf -- '-123456789012345678901e-30' >numbers/b
./number -max_total_time="$((seconds / 10))" -max_len=800 numbers >number.log 2>&1 || status=77
tail -n 2 number.log
exit "$status"
