#!/usr/bin/env bash
# Makes the reference of PluginAPI from the built sources and the articles in Sources/PluginAPI/PluginAPI.docc: `make_reference.sh [DIR]`, by
# default into .build/reference. Needs a build (./basin) and a Swift toolchain, which brings docc. Shows it on a local port, for who wants:
# `docc preview` or any server of files in DIR. Exit status: 0 done, 66 nothing built, 70 a page has a warning (a link that leads nowhere).
set -euo pipefail
root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)"
output="${1:-$root/.build/reference}"
built="$(readlink -f -- "$root/.build/release" || true)"
if [[ ! -d $built/Modules || ! -e $built/Modules/PluginAPI.swiftmodule ]]; then
  echo "make_reference.sh: PluginAPI is not built: run ./basin first" >&2
  exit 66
fi
work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT
maps=()
for name in ABI LibTorchTable TensorKernels; do maps+=(-Xcc "-fmodule-map-file=$built/$name.build/module.modulemap"); done
mkdir -- "$work/symbols"
swift-symbolgraph-extract -module-name PluginAPI -I "$built/Modules" "${maps[@]}" \
  -target "$(swiftc -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)".*/\1/p' | head -n 1)" \
  -minimum-access-level public -skip-synthesized-members -output-dir "$work/symbols"
docc="$(dirname -- "$(readlink -f -- "$(command -v swift)")")/docc"
"$docc" convert "$root/Sources/PluginAPI/PluginAPI.docc" --additional-symbol-graph-dir "$work/symbols" \
  --fallback-display-name PluginAPI --fallback-bundle-identifier basin.PluginAPI --output-dir "$work/reference" >"$work/log" 2>&1 || {
  cat -- "$work/log" >&2
  exit 70
}
# Parameters that say all by their names need no words. Anything else, such as a link that leads nowhere, is a mistake.
if grep -A 1 -E '^(warning|error): ' "$work/log" | grep -v "^--" | paste - - | grep -v "warning: Parameter '" >&2; then
  echo "make_reference.sh: the pages named above are to be mended" >&2
  exit 70
fi
mkdir -p -- "$(dirname -- "$output")"
rm -rf -- "$output"
mv -- "$work/reference" "$output"
cp -- "$work/symbols/PluginAPI.symbols.json" "$output/symbols.json"
echo "$output"
