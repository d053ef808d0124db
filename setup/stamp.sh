# shellcheck shell=bash disable=SC2154 # set by freshness.sh and messages.sh
# The ABI stamp: a generated header that says which sources of PluginAPI and which compiler a module was built with. Sourced.
# (A hash made in Package.swift would go stale: SwiftPM caches manifests.)

basin_api_folder="$root/Sources/PluginAPI"
basin_stamp_header="$basin_api_folder/ABI/include/Stamp.generated.h"

# hash_sources FOLDER [PATH...]: 16 hex digits over the sorted relative paths and the contents of the sources below.
hash_sources() {
  local folder="$1"
  shift
  if (($# == 0)); then set -- .; fi
  (
    cd -- "$folder" || exit
    find "$@" \( -name .build -o -name '*.generated.h' \) -prune -o -type f \
      \( -name '*.swift' -o -name '*.h' -o -name '*.c' -o -name '*.cpp' -o -name '*.modulemap' \) -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum --
  ) | sha256sum | cut -c 1-16
}

# Sets swift_version (6.3.1), swift_target (x86_64-unknown-linux-gnu), swift_path, compiler_text, compiler_hash.
stamp_read_compiler() {
  local text
  swift_path="$(type -P swift)" ||
    fail "$basin_unavailable" "no Swift compiler in PATH" \
      "Basin needs Swift 6.1 or newer: https://www.swift.org/install/linux/ - then run the command again."
  text="$(swift --version 2>/dev/null)" || fail "$basin_unavailable" "$swift_path does not run" "Try: swift --version"
  swift_version="$(sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' <<<"$text" | head -n 1)"
  swift_target="$(sed -n 's/^Target: *//p' <<<"$text" | head -n 1)"
  local major="${swift_version%%.*}" rest="${swift_version#*.}"
  if [[ ! $swift_version =~ ^[0-9]+\.[0-9] ]] || ((major < 6 || (major == 6 && ${rest%%.*} < 1))); then
    fail "$basin_unavailable" "$swift_path is Swift ${swift_version:-of an unknown version}; Basin needs 6.1 or newer" \
      "https://www.swift.org/install/linux/"
  fi
  compiler_text="swift $swift_version $swift_target"
  # All of the text: two development snapshots of one version differ in it.
  compiler_hash="$(sha256sum <<<"$text" | cut -c 1-16)"
}

# Writes the header if that changes it, and sets api_hash.
stamp_write() {
  local content
  api_hash="$(hash_sources "$basin_api_folder")"
  content="// Written by the set-up. Do not edit, do not commit.
#define BASIN_ABI_API_HASH $api_hash
#define BASIN_ABI_API_HASH_TEXT \"$api_hash\"
#define BASIN_ABI_COMPILER_HASH $compiler_hash
#define BASIN_ABI_COMPILER_HASH_TEXT \"$compiler_hash\"
#define BASIN_ABI_COMPILER_TEXT \"$compiler_text\""
  if [[ -f $basin_stamp_header && "$(<"$basin_stamp_header")" == "$content" ]]; then return; fi
  if [[ ! -f $basin_stamp_header ]]; then
    # A build made before the header existed does not depend on it, and would keep its old stamp.
    touch -c -- "${basin_stamp_header%/*}"/*.h
  fi
  printf '%s\n' "$content" >"$basin_stamp_header.new"
  mv -f -- "$basin_stamp_header.new" "$basin_stamp_header"
}

basin_code_header="$root/Sources/Host/CodeStamp/Code.generated.h"

# hash_all FOLDER [PATH...]: as hash_sources, of everything but prose: a module's resources decide results too.
hash_all() {
  local folder="$1"
  shift
  if (($# == 0)); then set -- .; fi
  (
    cd -- "$folder" || exit
    find "$@" \( -name .build -o -name '*.generated.h' -o -name '*.md' -o -name Package.resolved \) -prune -o -type f -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum --
  ) | sha256sum | cut -c 1-16
}

# Writes, if that changes it, which code decides results: benchmarks know their runs by it. Needs api_hash.
code_stamp_write() {
  local hashes entry name content
  hashes="core=$({
    printf '%s\n' "$api_hash" "$compiler_hash"
    hash_all "$root/Sources" Optim Pickle Host/Training
  } | sha256sum | cut -c 1-16)"
  # What has an entry is a module of its own.
  for entry in "$root"/Sources/*/Entry; do
    name="${entry%/Entry}"
    name="${name##*/}"
    hashes+=";${name,,}=$(hash_all "$root/Sources" "$name" SystemLibraries)"
  done
  content="// Written by the set-up. Do not edit, do not commit.
#define BASIN_CODE_HASHES \"$hashes\""
  if [[ -f $basin_code_header && "$(<"$basin_code_header")" == "$content" ]]; then return; fi
  if [[ ! -f $basin_code_header ]]; then touch -c -- "${basin_code_header%/*}"/*.c; fi
  printf '%s\n' "$content" >"$basin_code_header.new"
  mv -f -- "$basin_code_header.new" "$basin_code_header"
}
