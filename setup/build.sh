#!/usr/bin/env bash
# Sets up what is missing and builds: `build.sh program [COMMAND]` what ./basin needs, `build.sh tests` the tests as well.
#
# COMMAND is the command that will be run: `doctor` goes on without LibTorch, since it is there to say what is missing.
# Exit status: 0 done, 69 the set-up could not get something, 70 the build failed.
set -euo pipefail

root="$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd -P)"
# shellcheck source=freshness.sh
source "$root/setup/freshness.sh"
# shellcheck source=messages.sh
source "$root/setup/messages.sh"
# shellcheck source=packages.sh
source "$root/setup/packages.sh"
# shellcheck source=stamp.sh
source "$root/setup/stamp.sh"
# shellcheck source=libtorch.sh
source "$root/setup/libtorch.sh"

main() {
  local mode="${1:-program}" command="${2:-}"
  [[ $OSTYPE == linux* ]] ||
    fail "$basin_unavailable" "this set-up knows Linux only" "Elsewhere run swift build -c release, with LibTorch's folder in BASIN_LIBTORCH."
  mkdir -p -- "$basin_state" 2>/dev/null || fail "$basin_unavailable" "cannot write in $root/.build" "Make the checkout writable."
  lock "$basin_state/lock" "building in $root"
  # Whoever held the lock may have built just this.
  if [[ $mode == program ]] && basin_is_fresh; then return; fi

  stamp_read_compiler
  packages_ensure
  discard_build_of_other_place
  libtorch_error=""
  if [[ $command == doctor ]]; then
    (libtorch_ensure) || libtorch_error="LibTorch could not be set up"
  else
    libtorch_ensure
  fi

  write_stamp_and_start
  local listing
  listing="$(list_sources)"
  build_package "$mode"
  if [[ -z $libtorch_error ]]; then build_shim; fi
  if [[ $mode == tests ]]; then build_plugins; fi
  write_state_for_doctor
  remember_build "$listing"
}

# Compiled modules hold absolute paths: after a checkout was moved or copied the compiler stumbles over them.
discard_build_of_other_place() {
  local place="$basin_state/place"
  if [[ -r $place && "$(<"$place")" != "$root" ]]; then
    say "the checkout was moved here from $(<"$place"): building afresh"
    find "$root/.build" -mindepth 1 -maxdepth 1 ! -name basin-setup -exec rm -rf -- {} +
    rm -rf -- "$basin_state/shims"
  fi
  printf '%s\n' "$root" >"$place"
}

# Writes the ABI stamp, and $basin_stamp.new with the time from which on a change to the sources is not in this build.
write_stamp_and_start() {
  local before=none
  api_hash=""
  # Again until two rounds agree: an edit between the time and the hash would be in neither, and what the first round writes is
  # newer than its time.
  until [[ $api_hash == "$before" ]]; do
    before="$api_hash"
    touch -- "$basin_stamp.new"
    stamp_write
    code_stamp_write
  done
}

list_sources() {
  find "$root/Sources" "$root/Package.swift" "$root/setup" \( "${basin_generated[@]}" \) -prune -o -type f -print | LC_ALL=C sort
}

# swift_build WHAT ARGUMENT...
swift_build() {
  local what="$1"
  shift
  # Without the lock's descriptor: a compiler service that stays would keep the lock.
  if ! (exec {lock_descriptor}>&- && exec swift build -c release "$@"); then
    fail "$basin_build_failed" "building $what failed; the messages above say where" \
      "If they name a package that could not be fetched, look at the network and run the command again."
  fi
}

# forget_old_plan SCRATCH_FOLDER: SwiftPM looks for new files in the package it builds, not in the folders of the packages that
# one depends on. Its plan is thrown away when PluginAPI has other files than when it was made.
forget_old_plan() {
  local files="$1/plugin-api-files" now
  now="$(cd "$basin_api_folder" && find . -name .build -prune -o -type f -print | LC_ALL=C sort)"
  if [[ -d $1 && ( ! -r $files || "$(<"$files")" != "$now" ) ]]; then rm -f -- "$1/release.yaml"; fi
  mkdir -p -- "$1"
  printf '%s\n' "$now" >"$files"
}

build_package() {
  local -a tests=()
  if [[ $1 == tests ]]; then tests=(--build-tests); fi
  if [[ ! -x $basin_program ]]; then say "building Basin (some minutes the first time)"; else say "building what changed"; fi
  forget_old_plan "$root/.build"
  swift_build Basin --package-path "$root" "${tests[@]}"
  [[ -x $basin_program ]] || fail "$basin_build_failed" "swift build ended well, but there is no $basin_program"
}

# LibTorchShim alone sees LibTorch; SwiftPM does not build a dependency's product that nothing uses, so it is built apart.
build_shim() {
  shim_key="$(printf '%s\n' "$(hash_sources "$basin_api_folder" Package.swift LibTorchShim LibTorchTable)" "$basin_libtorch" \
    "$(<"$basin_state/libtorch-loads")" "$compiler_hash" "$(hash_sources "$root/setup" build.sh)" | sha256sum | cut -c 1-16)"
  local kept="$basin_state/shims/$shim_key.so"
  if [[ ! -e $kept ]]; then
    say "building the bridge to LibTorch in $basin_libtorch"
    swift_build LibTorchShim --package-path "$basin_api_folder" --scratch-path "$root/.build/shim" --product LibTorchShim \
      -Xcxx -isystem -Xcxx "$basin_libtorch/include" -Xcxx -isystem -Xcxx "$basin_libtorch/include/torch/csrc/api/include" \
      -Xlinker "-L$basin_libtorch/lib" -Xlinker -rpath -Xlinker "$basin_libtorch/lib"
    mkdir -p -- "$basin_state/shims"
    cp -- "$root/.build/shim/release/libLibTorchShim.so" "$kept.new"
    mv -f -- "$kept.new" "$kept"
  fi
  # Compared first: a running program has the old one open, and a new file for nothing would only cost memory.
  if ! cmp -s -- "$kept" "$basin_shim"; then
    cp -- "$kept" "$basin_shim.new"
    mv -f -- "$basin_shim.new" "$basin_shim"
  fi
  # Those of other LibTorch folders are kept for a while: who compares two of them switches often.
  find "$basin_state/shims" -name '*.so' ! -name "$shim_key.so" -mtime +14 -delete
}

# The plug-ins share one scratch folder: PluginAPI is compiled once for all of them. Their tests are run by EndToEndTests.
build_plugins() {
  local manifest folder
  local -a tests
  forget_old_plan "$root/.build/plugins"
  for manifest in "$root"/plugins/*/Package.swift; do
    if [[ ! -e $manifest ]]; then continue; fi
    folder="${manifest%/Package.swift}" tests=()
    if [[ -d $folder/Tests ]]; then tests=(--build-tests); fi
    # The plan there is another package's, and SwiftPM does not always see that.
    rm -f -- "$root/.build/plugins/release.yaml"
    swift_build "the plug-in $folder" --package-path "$folder" --scratch-path "$root/.build/plugins" "${tests[@]}"
  done
}

# .build/setup-state.json: what `basin doctor` shows.
write_state_for_doctor() {
  local file="$root/.build/setup-state.json" libtorch=null shim=null source=cache
  if [[ -n ${BASIN_LIBTORCH:-} ]]; then source=environment; fi
  if [[ -z $libtorch_error ]]; then
    libtorch="{\"path\": $(json_string "$basin_libtorch"), \"version\": $(json_string "$(libtorch_version "$basin_libtorch")"),
    \"source\": \"$source\"}"
    shim="{\"path\": $(json_string "$basin_shim"), \"key\": \"$shim_key\"}"
  fi
  cat >"$file.new" <<JSON
{
  "format": 1,
  "time": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "checkout": $(json_string "$root"),
  "program": $(json_string "$basin_program"),
  "cache": $(json_string "$basin_cache"),
  "swift": {"path": $(json_string "$swift_path"), "version": $(json_string "$swift_version"), "target": $(json_string "$swift_target")},
  "stamp": {"api": "$api_hash", "compiler": "$compiler_hash", "compilerText": $(json_string "$compiler_text")},
  "libtorch": $libtorch,
  "shim": $shim,
  "packages": $(packages_json)
}
JSON
  mv -f -- "$file.new" "$file"
}

# remember_build LISTING: marks the built program as up to date. If nothing was edited during the build, as of now: building
# itself leaves files in folders of the sources (Package.resolved), which changes those folders' times. Otherwise as of the
# start, so that the next run builds again.
remember_build() {
  local now="$basin_stamp.now" edited
  printf '%s\n' "$swift_path" >"$basin_state/swift-path"
  touch -- "$now"
  edited="$(find "$root/Sources" "$root/Package.swift" "$root/setup" \( "${basin_generated[@]}" \) -prune \
    -o -type f -cnewer "$basin_stamp.new" -print -quit)"
  if [[ -z $edited && "$(list_sources)" == "$1" ]]; then mv -f -- "$now" "$basin_stamp.new"; else rm -f -- "$now"; fi
  basin_surroundings >"$basin_built_with"
  mv -f -- "$basin_stamp.new" "$basin_stamp"
}

main "$@"
