# shellcheck shell=bash
# Where the set-up keeps things, and whether the built program is up to date. Sourced; the caller has set `root`.
#
# This file alone runs before every start of a built program, so it starts as few processes as it can (three).

: "${root:?}"
basin_state="$root/.build/basin-setup"
basin_program="$root/.build/release/basin"
basin_shim="$root/.build/release/libLibTorchShim.so"
# An empty file, as old as the sources that the built program was made of.
basin_stamp="$basin_state/built"
# What basin_surroundings printed after that build.
basin_built_with="$basin_state/built-with"

basin_libtorch_version=2.13.0
basin_cache="${BASIN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/basin}"
if [[ $basin_cache != /* ]]; then basin_cache="$PWD/$basin_cache"; fi
basin_libtorch_cached="$basin_cache/libtorch-$basin_libtorch_version-cpu"
basin_libtorch="${BASIN_LIBTORCH:-$basin_libtorch_cached/torch}"
if [[ $basin_libtorch != /* ]]; then basin_libtorch="$PWD/$basin_libtorch"; fi
basin_libtorch="${basin_libtorch%/}"

# The generated header is a result of the set-up and lies among the sources.
basin_generated=(-name .build -o -name Package.resolved -o -name '*.generated.h')

# Prints, a line each, what decides about the build besides the sources: the checkout's place, the LibTorch asked for, and
# the compiler and resolved dependencies (by inode, size and time: asking the compiler for its version takes too long).
basin_surroundings() {
  local swift swiftly="${SWIFTLY_HOME_DIR:-${HOME:-/}/.local/share/swiftly}/config.json"
  # Without a compiler in PATH a program that is built still runs.
  if ! swift="$(type -P swift)" && [[ -r $basin_state/swift-path ]]; then swift="$(<"$basin_state/swift-path")"; fi
  printf '%s\n' "$root" "$basin_libtorch" "${TOOLCHAINS:-}"
  LC_ALL=C ls -lniL -- "$swift" "$root/Package.resolved" "$swiftly" 2>/dev/null || true
}

# Prints the first thing among the sources that changed after the file $1 was written. Times of change (ctime) also tell of a
# file moved or copied with its old date, and a folder's time tells of files added and removed.
basin_first_change() {
  find "$root/Sources" "$root/Package.swift" "$root/setup" \
    \( "${basin_generated[@]}" \) -prune -o -cnewer "$1" -print -quit
}

basin_is_fresh() {
  [[ -x $basin_program && -e $basin_shim && -e $basin_stamp && -e $basin_libtorch/lib/libtorch_cpu.so ]] || return 1
  [[ -r $basin_built_with && "$(<"$basin_built_with")" == "$(basin_surroundings)" ]] || return 1
  local change
  change="$(basin_first_change "$basin_stamp" 2>/dev/null)" && [[ -z $change ]]
}
