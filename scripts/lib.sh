# shellcheck shell=bash
# What the scripts share: the root directory, cargo, phases with their duration, and an end that leaves nothing
# running. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 2

# A shell that did not read the user's profile does not know where rustup put cargo.
if ! command -v cargo >/dev/null && [[ -f ${HOME:-/root}/.cargo/env ]]; then
  # shellcheck source=/dev/null
  . "${HOME:-/root}/.cargo/env"
fi

# They would replace what .cargo/config.toml says, and the binary would not be static.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET

# The process group of the command that runs now, for the traps.
running=
# One line for each phase that ended, for the summary.
summary=()
# A directory that goes with the script; made by make_scratch.
scratch=

# say LINE…
say() {
  printf '%s\n' "$@"
}

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 2
}

# run COMMAND…: runs a program in a process group of its own, so that a signal to this script ends all of it.
run() {
  local code=0
  start "$@"
  wait "$running" || code=$?
  running=
  return "$code"
}

# run_into LOG COMMAND…: the same, and what it writes is shown and kept in LOG. A file and not a pipe: a process
# that the program leaves behind cannot hold it up.
run_into() {
  local log=$1 code=0 follower
  shift
  start "$@" >"$log" 2>&1
  tail --lines=+1 --follow --sleep-interval=0.2 --pid="$running" "$log" &
  follower=$!
  wait "$running" || code=$?
  running=
  wait "$follower" || true
  return "$code"
}

start() {
  set -m
  "$@" </dev/null &
  running=$!
  set +m
}

# phase NAME COMMAND…: runs a program or a function, says how long it took, and leaves the script where it fails.
phase() {
  local name=$1 begin=$SECONDS code=0
  shift
  say "== $name"
  if [[ $(type -t "$1") == function ]]; then "$@" || code=$?; else run "$@" || code=$?; fi
  local outcome="ok" seconds=$((SECONDS - begin))
  ((code == 0)) || outcome="FAILED with code $code"
  summary+=("$(printf '   %-32s %5s s  %s' "$name" "$seconds" "$outcome")")
  say "== $name ($seconds s): $outcome"
  ((code == 0)) || exit 1
}

# Says what ran and how long it took.
summarise() {
  ((${#summary[@]} > 0)) || return 0
  say "== phases"
  printf '%s\n' "${summary[@]}"
}

# retry COMMAND…: three times, with a pause.
retry() {
  local attempt
  for attempt in 1 2 3; do
    "$@" && return 0
    ((attempt == 3)) || { say "failed (attempt $attempt of 3), again in $((attempt * 5)) s: $*"; sleep $((attempt * 5)); }
  done
  return 1
}

# stop CODE: ends what runs, then the script; its EXIT trap cleans up.
stop() {
  trap '' INT TERM HUP
  say "stopping"
  if [[ -n $running ]]; then
    kill -TERM -- "-$running" 2>/dev/null || true
    for _ in {1..100}; do
      kill -0 -- "-$running" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$running" 2>/dev/null || true
    running=
  fi
  exit "$1"
}

# Where cargo puts the programs of a profile.
programs() {
  local target host
  target=$(cargo metadata --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
  host=$(rustc --print host-tuple) || return
  printf '%s/%s/%s\n' "$target" "$host" "$1"
}

make_scratch() {
  [[ -n $scratch ]] || scratch=$(mktemp --directory)
}

# On every way out: what the script itself has to undo (its at_exit), then the scratch directory.
finish() {
  local code=$?
  trap '' HUP INT TERM
  [[ $(type -t at_exit) != function ]] || at_exit "$code"
  [[ -z $scratch ]] || rm --recursive --force "$scratch"
}

trap finish EXIT
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM
