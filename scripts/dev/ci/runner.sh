# shellcheck shell=bash
# Sourced by .ci/run and .ci/nightly: runs steps, decides which ones a change needs, and prints how long each took.

declare -A step_seconds=() step_covers=() step_what=()
steps=() results=() failed=() not_run=()

# define_step NAME SECONDS WHAT [PATTERN...]: declares a step, which the function step_NAME (with _ for -) runs.
#
# SECONDS is an estimate for two cores after the tests were built. PATTERNs say which files the step covers: a path from
# the root of the repository in which * matches slashes, too, or crate:NAME for crates whose version in Cargo.lock changed.
define_step() {
  local name=$1
  steps+=("$name")
  step_seconds[$name]=$2
  step_what[$name]=$3
  shift 3
  step_covers[$name]=$(printf '%s\n' "$@")
}

# run_step NAME: runs a step in a shell of its own, where any command that fails ends it. Status 0 if it passed.
run_step() {
  local name=$1 began=$SECONDS status=0
  rm -f target/ci/unavailable
  printf '\n== %s: %s\n' "$name" "${step_what[$name]}"
  bash -c 'set -euo pipefail; . scripts/dev/ci/steps.sh; "$1"' step "step_${name//-/_}" || status=$?
  if [ $status -eq 0 ]; then
    result "$name" $((SECONDS - began)) passed
  elif [ $status -eq 75 ]; then
    result "$name" - "NOT RUN: $(cat target/ci/unavailable 2>/dev/null || echo "it cannot run on this machine; see its output")"
    not_run+=("$name")
  else
    result "$name" $((SECONDS - began)) "FAILED with status $status"
    failed+=("$name")
  fi
  return $status
}

# unavailable WORDS: ends a step that cannot run on this machine, with status 75.
unavailable() {
  echo "NOT RUN: $*" >&2
  echo "$*" >target/ci/unavailable
  exit 75
}

# result NAME SECONDS OUTCOME: a line of the table.
result() {
  results+=("$(printf '%-20s %6s  %s' "$1" "$2" "$3")")
}

# print_results: the table.
print_results() {
  printf '\n%-20s %6s  %s\n' STEP SECONDS RESULT
  printf '%s\n' "${results[@]}"
  printf '%-20s %6s\n' total "$SECONDS"
  printf '%s\n' "${results[@]}" | sed -nE 's/^([^ ]+) +- +(NOT RUN: )/\2\1: /p'
}

# base_commit: the commit that changes are counted from: $CI_BASE, else the one in .ci/base. Status 1 if there is none here.
base_commit() {
  local commit=${CI_BASE:-}
  [ -n "$commit" ] || commit=$(grep -v '^#' .ci/base 2>/dev/null | head -n 1) || true
  [ -n "$commit" ] && git rev-parse --quiet --verify "$commit^{commit}"
}

# changed_since COMMIT: everything that changed since then, committed or not: paths, and crate:NAME for crates.
changed_since() {
  git diff --name-only --no-renames "$1"
  git ls-files --others --exclude-standard
  # diff's status 1 says that there are differences.
  { diff <(git show "$1:Cargo.lock" | locked_crates) <(locked_crates <Cargo.lock) || true; } |
    sed -nE 's/^[<>] ([^ ]+) .*/crate:\1/p' | sort -u
}

# locked_crates: name and version of each crate in the Cargo.lock on standard input.
locked_crates() {
  awk '$1 == "name" { gsub(/"/, "", $3); name = $3 } $1 == "version" && name { gsub(/"/, "", $3); print name, $3 }' | sort
}

# covered NAME: which of the changes on standard input the step covers.
covered() {
  local path pattern patterns
  mapfile -t patterns <<<"${step_covers[$1]}"
  while IFS= read -r path; do
    for pattern in "${patterns[@]}"; do
      # shellcheck disable=SC2053 # the pattern is one
      if [[ $path == $pattern ]]; then
        printf '%s\n' "$path"
        break
      fi
    done
  done
}

# decide NAME BASE SECONDS_LEFT: what becomes of a step, the changes being on standard input. Prints "run: WHY",
# "not needed: WHY" or "NOT RUN: WHY". BASE is empty where it is not known: then everything counts as changed.
decide() {
  local name=$1 base=$2 left=$3 need=${step_seconds[$1]} paths why
  mapfile -t paths < <(covered "$name")
  if [ -z "$base" ]; then
    why="the base commit is not known"
  elif [ ${#paths[@]} -eq 0 ]; then
    echo "not needed: nothing that it covers changed since ${base:0:12}"
    return
  else
    why="${#paths[@]} changed since ${base:0:12}, such as ${paths[0]}"
  fi
  if [ "$need" -gt "$left" ]; then
    echo "NOT RUN: $why; it takes $need s, and $left s of the budget are left; run .ci/nightly $name"
  else
    echo "run: $why"
  fi
}

# run_if_changed NAME BASE BUDGET CHANGES: runs a step if files that it covers changed and the time is enough for it.
run_if_changed() {
  local decision
  decision=$(decide "$1" "$2" $(($3 - SECONDS)) <<<"$4")
  case $decision in
    run:*)
      echo "$1: ${decision#run: }"
      run_step "$1" || true ;;
    *) result "$1" - "$decision" ;;
  esac
}
