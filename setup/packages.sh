# shellcheck shell=bash disable=SC2154 # set by messages.sh
# The system's libraries and tools: which are there, and apt for those that are not. Sourced after messages.sh.

# Debian package, the name pkg-config knows it by.
basin_packages=(
  "libxml2-dev libxml-2.0"
  "zlib1g-dev zlib"
  "libjpeg-dev libjpeg"
  "libpng-dev libpng"
  "libarchive-dev libarchive"
  "libssl-dev libcrypto"
  "libcurl4-openssl-dev libcurl"
  "libsqlite3-dev sqlite3"
)

# Sets `missing_packages` to the Debian names of what is not there.
packages_find_missing() {
  local entry
  missing_packages=()
  # SwiftPM asks pkg-config where the system keeps its .pc files.
  if ! command -v pkg-config >/dev/null; then missing_packages+=(pkg-config); fi
  for entry in "${basin_packages[@]}"; do
    if ! package_is_present "${entry%% *}" "${entry#* }"; then missing_packages+=("${entry%% *}"); fi
  done
}

package_is_present() {
  if command -v pkg-config >/dev/null; then
    pkg-config --exists "$2"
  else
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
  fi
}

packages_ensure() {
  packages_find_missing
  if ((${#missing_packages[@]} == 0)); then return; fi
  packages_install "${missing_packages[@]}"
  packages_find_missing
  if ((${#missing_packages[@]} > 0)); then
    fail "$basin_unavailable" "apt-get installed what was asked for, but pkg-config does not find: ${missing_packages[*]}" \
      "Look at PKG_CONFIG_PATH and PKG_CONFIG_LIBDIR, then run the command again."
  fi
}

# packages_install NAME...: installs Debian packages, or ends with the command that would.
packages_install() {
  local -a as_root=()
  local by_hand="sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
  if ! command -v apt-get >/dev/null; then
    fail "$basin_unavailable" "missing on this system: $*" \
      "These are Debian's names; there is no apt-get here, so install the same with your system's package manager," \
      "then run the command again."
  fi
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      fail "$basin_unavailable" "missing on this system: $*" \
        "Installing them needs root. Run this, then the command again:" "  $by_hand"
    fi
    as_root=(sudo -n)
  fi
  say "installing $*"
  local -a apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  local log
  log="$(mktemp)"
  # Package lists may be absent or too old; renewing them takes long, so only when an installation fails without.
  if ! "${apt[@]}" install -y --no-install-recommends "$@" </dev/null >"$log" 2>&1; then
    say "renewing apt's package lists"
    if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "$@"; } </dev/null >"$log" 2>&1; then
      tail -n 15 "$log" >&2
      rm -f "$log"
      fail "$basin_unavailable" "apt-get could not install $*" "Run this by hand, then the command again:" "  $by_hand"
    fi
  fi
  rm -f "$log"
}

# Prints a JSON array of what is there.
packages_json() {
  local entry name module version separator=""
  printf '['
  for entry in "${basin_packages[@]}"; do
    name="${entry%% *}" module="${entry#* }"
    if version="$(pkg-config --modversion "$module" 2>/dev/null)"; then
      version="$(json_string "$version")"
    else
      version=null
    fi
    printf '%s\n    {"name": "%s", "version": %s}' "$separator" "$name" "$version"
    separator=,
  done
  printf '\n  ]'
}
