# shellcheck shell=bash disable=SC2154 # set by freshness.sh and messages.sh
# LibTorch: finds it, or fetches the pinned one into the cache folder. Sourced after freshness.sh, messages.sh, packages.sh.
#
# The wheel of PyTorch carries torch/lib and torch/include; which Python it was made for does not matter here, so pip is told
# one explicitly and the machine's own Python may be of any version.

# Sets libtorch_problem to why the LibTorch in folder $1 cannot be used; empty if it can. Its library is really loaded: a
# file of the right name may be damaged, of another processor, or lack libraries it needs.
libtorch_check() {
  local folder="$1" work output status=0
  libtorch_problem=""
  if [[ ! -e $folder/lib/libtorch_cpu.so ]]; then libtorch_problem="there is no lib/libtorch_cpu.so in it"; return; fi
  if [[ ! -e $folder/include/ATen/ATen.h ]]; then libtorch_problem="there is no include/ATen/ATen.h in it"; return; fi
  work="$(mktemp -d "$basin_state/check.XXXXXX")"
  if ! output="$("$(libtorch_clang)" -x c - -o "$work/check" -ldl 2>&1 <<'C'
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char **arguments) {
  void *library = count > 1 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!library) { puts(dlerror()); return 1; }
  return dlsym(library, "torch_parallel_for") ? 0 : 2;
}
C
  )"; then
    rm -rf -- "$work"
    fail "$basin_unavailable" "the C compiler that comes with Swift cannot build a small program" "$output"
  fi
  output="$("$work/check" "$folder/lib/libtorch_cpu.so" 2>&1)" || status=$?
  rm -rf -- "$work"
  case $status in
    0) ;;
    2) libtorch_problem="it has no torch_parallel_for: Basin needs LibTorch $basin_libtorch_version" ;;
    1) libtorch_problem="it does not load: $output" ;;
    *) libtorch_problem="loading it kills the process (status $status): its lib/libtorch_cpu.so is cut short or damaged" ;;
  esac
}

libtorch_clang() {
  local beside
  beside="$(readlink -f -- "$(type -P swift)")"
  beside="${beside%/*}/clang"
  if [[ -x $beside ]]; then echo "$beside"; else type -P clang || echo cc; fi
}

# Prints the version of the LibTorch in folder $1, as its headers give it: three macros, in a file that has moved between versions.
libtorch_version() {
  local part version
  for part in headeronly/version.h csrc/api/include/torch/version.h; do
    version="$(awk '$2 ~ /^TORCH_VERSION_(MAJOR|MINOR|PATCH)$/ { text = text dot $3; dot = "." } END { print text }' \
      "$1/include/torch/$part" 2>/dev/null || true)"
    if [[ -n $version ]]; then break; fi
  done
  echo "${version:-unknown}"
}

# Sees to it that $basin_libtorch can be used.
libtorch_ensure() {
  local seen
  # Loading takes half a second, so it is done once for a file.
  seen="$(LC_ALL=C ls -lniL -- "$basin_libtorch/lib/libtorch_cpu.so" 2>/dev/null || true)"
  if [[ -n $seen && -r $basin_state/libtorch-loads && "$(<"$basin_state/libtorch-loads")" == "$seen" ]]; then return; fi

  libtorch_check "$basin_libtorch"
  if [[ -n $libtorch_problem ]]; then
    if [[ -n ${BASIN_LIBTORCH:-} ]]; then
      fail "$basin_unavailable" "BASIN_LIBTORCH is $BASIN_LIBTORCH, but $libtorch_problem" \
        "Let it name a folder with lib/libtorch_cpu.so and include/ of LibTorch $basin_libtorch_version," \
        "or unset it to have LibTorch fetched."
    fi
    if [[ -e $basin_libtorch_cached ]]; then say "fetching LibTorch again: in $basin_libtorch_cached, $libtorch_problem"; fi
    # In a process of its own: its lock ends with it.
    (libtorch_fetch)
  fi
  local version
  version="$(libtorch_version "$basin_libtorch")"
  if [[ $version != "$basin_libtorch_version"* ]]; then
    say "warning: LibTorch in $basin_libtorch is $version; Basin is tested with $basin_libtorch_version"
  fi
  LC_ALL=C ls -lniL -- "$basin_libtorch/lib/libtorch_cpu.so" >"$basin_state/libtorch-loads"
}

libtorch_fetch() {
  local platform
  case "$(uname -m)" in
    x86_64) platform=manylinux_2_28_x86_64 ;;
    aarch64 | arm64) platform=manylinux_2_28_aarch64 ;;
    *) fail "$basin_unavailable" "there is no ready-made LibTorch for $(uname -m)" "Build it, and set BASIN_LIBTORCH to its folder." ;;
  esac
  mkdir -p -- "$basin_cache" 2>/dev/null ||
    fail "$basin_unavailable" "cannot make the cache folder $basin_cache" "Set BASIN_CACHE to a folder that can be written."
  lock "$basin_cache/.lock" "fetching LibTorch into $basin_cache"
  libtorch_check "$basin_libtorch"
  if [[ -z $libtorch_problem ]]; then return; fi # another process was quicker

  rm -rf -- "$basin_cache"/.fetching.* # left by a process that was killed
  local free
  free="$(df -Pk -- "$basin_cache" | awk 'NR == 2 { print int($4 / 1024) }')"
  if ((free < 1200)); then
    fail "$basin_unavailable" "fetching LibTorch takes 1200 MB for a while; the disk of $basin_cache has $free MB free" \
      "Free some, or set BASIN_CACHE to a folder on another disk."
  fi
  libtorch_find_python

  local work wheel
  work="$(mktemp -d "$basin_cache/.fetching.XXXXXX")" ||
    fail "$basin_unavailable" "cannot write in $basin_cache" "Set BASIN_CACHE to a folder that can be written."
  # shellcheck disable=SC2064 # the value of now
  trap "rm -rf -- $(printf '%q' "$work")" EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  say "fetching LibTorch $basin_libtorch_version (about 190 MB) into $basin_cache"
  libtorch_download "$work" "$platform"
  wheel="$(find "$work" -maxdepth 1 -name 'torch-*.whl' -print -quit)"
  say "unpacking"
  if ! "$python" "$root/setup/unpack_libtorch.py" "$wheel" "$work/unpacked" 2>"$work/log"; then
    libtorch_fail_by_hand "$platform" "the wheel $(basename -- "$wheel") cannot be unpacked:" "$(tail -n 1 "$work/log")"
  fi
  libtorch_check "$work/unpacked/torch"
  if [[ -n $libtorch_problem ]]; then
    libtorch_fail_by_hand "$platform" "the LibTorch fetched cannot be used:" "$libtorch_problem"
  fi
  if [[ -e $basin_libtorch_cached ]]; then mv -- "$basin_libtorch_cached" "$work/replaced"; fi
  mv -T -- "$work/unpacked" "$basin_libtorch_cached"
}

# Sets python to a Python 3 with pip, installing one if need be.
libtorch_find_python() {
  local candidate
  for candidate in python3 /usr/bin/python3 python; do
    if "$candidate" -c 'import sys, zipfile; sys.exit(sys.version_info < (3, 7))' 2>/dev/null &&
      "$candidate" -m pip --version >/dev/null 2>&1; then
      python="$candidate"
      return
    fi
  done
  packages_install python3 python3-pip
  python=/usr/bin/python3
  "$python" -m pip --version >/dev/null 2>&1 ||
    fail "$basin_unavailable" "LibTorch is fetched with pip, and $python has none" "Install python3-pip, then run the command again."
}

basin_wheel_index=https://download.pytorch.org/whl/cpu

# libtorch_download FOLDER PLATFORM: the wheel of the CPU build, from where pip is set up to look, else from PyTorch's index.
libtorch_download() {
  local work="$1"
  local -a pip=("$python" -m pip)
  local -a quiet=(--disable-pip-version-check --no-cache-dir --no-input --retries 2 --timeout 30)
  local -a want=(--no-deps --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 --platform "$2")
  local cpu="torch==$basin_libtorch_version+cpu"
  if "${pip[@]}" download "${quiet[@]}" "${want[@]}" --dest "$work" "$cpu" >&2 2>"$work/log1"; then return; fi
  say "not where pip looks by itself; trying $basin_wheel_index"
  if "${pip[@]}" download "${quiet[@]}" "${want[@]}" --dest "$work" --index-url "$basin_wheel_index" "$cpu" \
    >&2 2>"$work/log2"; then return; fi
  # The plain wheel is a CUDA build for x86_64, which does not load without NVIDIA's packages; for other processors its list
  # of dependencies tells.
  local plain="torch==$basin_libtorch_version"
  echo "a CUDA build, which needs NVIDIA's packages" >"$work/log3"
  if [[ $2 != *x86_64 ]] &&
    "${pip[@]}" install "${quiet[@]}" "${want[@]}" --dry-run --quiet --ignore-installed --target "$work/none" \
      --report "$work/report.json" "$plain" >&2 2>"$work/log3" &&
    ! grep -q -i -E '"(nvidia|cuda)-[-_a-z0-9]*' "$work/report.json" &&
    "${pip[@]}" download "${quiet[@]}" "${want[@]}" --dest "$work" "$plain" >&2 2>"$work/log3"; then return; fi
  libtorch_fail_by_hand "$2" "LibTorch $basin_libtorch_version could not be downloaded:" \
    "where pip is set up to look: $(libtorch_reason "$work/log1")" \
    "$basin_wheel_index: $(libtorch_reason "$work/log2")" \
    "plain $plain: $(libtorch_reason "$work/log3")"
}

# Prints what says most among pip's messages in file $1.
libtorch_reason() {
  { grep -o -i -E "no space left on device|(failed to establish|name resolution|timed out|certificate verify)[^'\"]*" "$1" ||
    grep '^ERROR' "$1" || tail -n 1 "$1"; } 2>/dev/null | tail -n 1 | cut -c 1-200
}

# libtorch_fail_by_hand PLATFORM MESSAGE LINE...
libtorch_fail_by_hand() {
  local platform="$1"
  shift
  fail "$basin_unavailable" "$@" \
    "Without a network here, or behind a proxy, do it by hand: on any machine with a network run" \
    "  python3 -m pip download --no-deps --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 \\" \
    "    --platform $platform --index-url $basin_wheel_index torch==$basin_libtorch_version+cpu" \
    "bring the file here, and unpack it (about 500 MB):" \
    "  unzip torch-*.whl 'torch/lib/*' 'torch/include/*' -d $(printf '%q' "$basin_libtorch_cached")" \
    "Or set BASIN_LIBTORCH to the folder of an installed LibTorch $basin_libtorch_version (with lib/ and include/). A CUDA build" \
    "serves too, together with its NVIDIA packages: install torch==$basin_libtorch_version with pip into a virtual environment and use" \
    "  BASIN_LIBTORCH=\$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))')"
}
