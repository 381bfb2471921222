# shellcheck shell=bash
# Sourced: running part of the tests.

# some_tests COMMAND...: runs a `cargo test`, and fails if its filter left no test to run.
some_tests() {
  local log status=0
  log=$(mktemp)
  "$@" 2>&1 | tee "$log" || status=$?
  if [ $status -eq 0 ] && ! grep -Eq '^test result: ok\. [1-9][0-9]* passed' "$log"; then
    echo "no test was run by: $*" >&2
    status=1
  fi
  rm "$log"
  return $status
}
