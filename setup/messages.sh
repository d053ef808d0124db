# shellcheck shell=bash disable=SC2034 # used by who sources this
# How the set-up talks: everything on standard error, errors with what to do next. Sourced.

basin_unavailable=69 # something the set-up needs cannot be had (EX_UNAVAILABLE)
basin_build_failed=70 # the compiler or linker said no (EX_SOFTWARE)

say() { printf 'basin: %s\n' "$*" >&2; }

# fail STATUS MESSAGE [LINE...]: the message, then the lines indented, then the end.
fail() {
  local status="$1" line
  say "error: $2"
  shift 2
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit "$status"
}

# lock FILE WHAT: waits until no other process does WHAT; held until this process ends. The descriptor's number is in
# `lock_descriptor`, so that what is started can be kept from inheriting it.
lock() {
  command -v flock >/dev/null || fail "$basin_unavailable" "the command flock is missing (package util-linux)"
  if ! : 2>/dev/null >>"$1"; then
    fail "$basin_unavailable" "cannot write $1" "Make it and its folder writable, then run the command again."
  fi
  exec {lock_descriptor}>>"$1"
  if ! flock -n "$lock_descriptor"; then
    say "waiting: another process is busy with $2"
    flock "$lock_descriptor"
  fi
}

# Prints $1 as a JSON string.
json_string() {
  local text="$1"
  text="${text//\\/\\\\}"
  text="${text//\"/\\\"}"
  text="${text//$'\n'/\\n}"
  text="${text//$'\t'/\\t}"
  text="${text//$'\r'/\\r}"
  printf '"%s"' "$text"
}
