# shellcheck shell=bash
# Runs the tests, and those that failed once more, each alone: a busy machine may sink a test on a real engine,
# and that must not sink the whole run, nor go unseen. Sourced after lib.sh.

# How long all tests together may take, in seconds, and one test alone.
limit=${PORTHOLE_TEST_LIMIT:-3000}
limit_alone=${PORTHOLE_TEST_LIMIT_ALONE:-600}

# tests_with_second_chance OPTION…: `cargo test` with these options. Fails when a test fails both times, and when
# anything else than a test fails.
tests_with_second_chance() {
  local logs code=0
  make_scratch
  # lib.sh sets it.
  # shellcheck disable=SC2154
  logs=$scratch
  CARGO_TERM_COLOR=never run_into "$logs/all" \
    timeout --kill-after=30 "$limit" cargo test --no-fail-fast "$@" || code=$?
  if ((code != 0)); then
    second_chance "$logs" "$code" && code=0 || code=1
  fi
  return "$code"
}

second_chance() {
  local logs=$1 code=$2 target name
  if ((code == 124 || code == 137)); then
    say "FAILED: the tests were ended after $limit s; these ran longest:"
    grep 'has been running for over' "$logs/all" | tail -n 10
    return 1
  fi
  failed_tests "$logs/all" >"$logs/failed" || {
    say "FAILED: cargo test ended with $code, and not by tests that failed alone:"
    grep --after-context=20 '^error' "$logs/all" | tail -n 60
    return 1
  }
  say "== $(wc --lines <"$logs/failed") failed; each again, alone"
  while IFS=$'\t' read -r target name; do
    alone "$logs" "$target" "$name"
  done <"$logs/failed"
  verdict "$logs"
}

# alone LOGS TARGET NAME: one test, or all documentation tests of a crate (they have no name that can be asked for).
alone() {
  local logs=$1 target=$2 name=$3 only=() expected='^test result: ok\. ' code=0
  [[ $target == *--doc ]] || { only=(--exact --test-threads=1 "$name"); expected='^test result: ok\. 1 passed'; }
  # The target is a list of options as cargo printed it.
  # shellcheck disable=SC2086
  CARGO_TERM_COLOR=never run_into "$logs/alone" \
    timeout --kill-after=30 "$limit_alone" cargo test $target -- "${only[@]}" || code=$?
  if ((code == 0)) && grep --quiet "$expected" "$logs/alone"; then
    say "$name ($target)" >>"$logs/flaky"
  else
    say "$name ($target)" >>"$logs/broken"
    { say "---- $name ($target), alone, code $code"; tail --lines=100 "$logs/alone"; } >>"$logs/output"
  fi
}

verdict() {
  local logs=$1
  if [[ -s $logs/output ]]; then
    say "== what the failing tests said"
    tail --lines=400 "$logs/output"
  fi
  if [[ -s $logs/flaky ]]; then
    say "########## FLAKY: failed once, passed alone:"
    sed 's/^/##########   /' "$logs/flaky"
  fi
  [[ -s $logs/broken ]] || return 0
  say "########## FAILED twice:"
  sed 's/^/##########   /' "$logs/broken"
  return 1
}

# failed_tests LOG: the tests that failed, one a line: the options that choose the target, a tab, the name.
# Fails where the log tells of a failure that has no test's name.
failed_tests() {
  awk '
    # The last list before the result is the list of names; the one before it holds what the tests said.
    /^failures:$/ { listing = 1; count = 0; next }
    listing && /^    [^ ]/ { names[++count] = substr($0, 5); next }
    listing && /^$/ { next }
    /^test result: FAILED\./ {
      match($0, /[0-9]+ failed/)
      if (count != substr($0, RSTART, RLENGTH) + 0) unclear = 1
      known = count; listing = 0; next
    }
    { listing = 0 }
    /^error: (doc)?test failed, to rerun pass `/ {
      split($0, quoted, "`")
      if (known == 0) unclear = 1
      for (i = 1; i <= known; i++) print quoted[2] "\t" names[i]
      targets++; known = 0; next
    }
    /^error: [0-9]+ targets? failed:$/ { expected = $2; next }
    /^error: could not compile/ { unclear = 1 }
    END { exit (unclear || targets == 0 || targets != expected) ? 1 : 0 }
  ' "$1" | sort --unique | one_for_all_of_a_doc
  return "${PIPESTATUS[0]}"
}

# Documentation tests run together, so one line stands for all of a crate.
one_for_all_of_a_doc() {
  awk -F '\t' '$1 ~ /--doc$/ { if (!seen[$1]++) print $1 "\tdocumentation tests"; next } { print }'
}
