#!/usr/bin/env bash
# Tries what decides which nightly steps a change needs, in a repository that is made for it.
#
#   scripts/dev/ci/test_steps.sh
set -euo pipefail
cd "$(dirname "$0")/../../.."
root=$PWD
# shellcheck source=scripts/dev/lib/testing.sh
. scripts/dev/lib/testing.sh
# shellcheck source=scripts/dev/ci/runner.sh
. scripts/dev/ci/runner.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# equal WANTED FOUND WORDS
equal() { if [ "$1" = "$2" ]; then well "$3"; else die "$3: '$2', not '$1'"; fi; }

define_step lights 100 "" 'edge/src/*' boards/pi.toml
define_step store 200 "" 'crate:sql*' edge/store.rs
define_step nothing 10 ""

git init --quiet "$work/repository"
cd "$work/repository"
commit() {
  git add --all
  git -c user.name=test -c user.email=test@example.org commit --quiet --message "$1"
  git rev-parse HEAD
}
lock() { printf '[[package]]\nname = "sqlite"\nversion = "%s"\n\n[[package]]\nname = "png"\nversion = "1.0.0"\n' "$1" >Cargo.lock; }
mkdir -p edge/src/gpio .ci boards
echo one | tee edge/src/gpio/pins.rs edge/src/main.rs edge/store.rs boards/pi.toml README.md >/dev/null
lock 1.0.0
first=$(commit first)

equal '' "$(changed_since "$first")" "nothing changed"
equal "not needed: nothing that it covers changed since ${first:0:12}" "$(decide lights "$first" 1000 <<<'')" "no change, no step"

echo two >README.md
second=$(commit second)
equal README.md "$(changed_since "$first")" "a changed file"
equal '' "$(changed_since "$first" | covered lights)" "a file that the step does not cover"
echo two >edge/src/gpio/pins.rs
equal edge/src/gpio/pins.rs "$(changed_since "$second")" "a change that is not committed"
equal edge/src/gpio/pins.rs "$(changed_since "$second" | covered lights)" "* matches slashes"
git checkout --quiet edge
echo new >edge/src/button.rs
equal edge/src/button.rs "$(changed_since "$second" | covered lights)" "a new file"
rm edge/src/button.rs
git mv edge/src/main.rs edge/program.rs
third=$(commit third)
equal edge/src/main.rs "$(changed_since "$second" | covered lights)" "a file that moved away"
git rm --quiet boards/pi.toml
commit fourth >/dev/null
equal boards/pi.toml "$(changed_since "$third" | covered lights)" "a file that is gone"

lock 1.0.1
fifth=$(commit fifth)
changes=$(changed_since "$third")
equal crate:sqlite "$(grep crate: <<<"$changes")" "a crate with another version; png has its own"
equal crate:sqlite "$(changed_since "$third" | covered store)" "a pattern of crates"
equal '' "$(changed_since "$third" | covered nothing)" "a step without patterns covers nothing"

# shellcheck disable=SC2034 # read by base_commit
CI_BASE=$second
equal "$second" "$(base_commit)" "the base commit is CI_BASE"
unset CI_BASE
printf '# words\n%s\n' "$first" >.ci/base
equal "$first" "$(base_commit)" "else it is in .ci/base"
echo 0123456789012345678901234567890123456789 >.ci/base
if base_commit >/dev/null; then die "a commit that is not here"; fi
well "a base commit that is not here is none"

equal "run: 1 changed since ${third:0:12}, such as crate:sqlite" \
  "$(changed_since "$third" | decide store "$third" 200)" "a step that fits into the budget"
equal "NOT RUN: 1 changed since ${third:0:12}, such as crate:sqlite; it takes 200 s, and 199 s of the budget are left; run .ci/nightly store" \
  "$(changed_since "$third" | decide store "$third" 199)" "a step that does not"
equal "run: the base commit is not known" "$(decide lights '' 1000 <<<'')" "without a base commit everything is due"

run_if_changed lights "$fifth" 1000 ''
run_if_changed store "$third" 1 "$(changed_since "$third")"
mkdir -p target/ci scripts/dev/ci
cat >scripts/dev/ci/steps.sh <<'STEPS'
. "$ROOT/scripts/dev/ci/runner.sh"
step_passes() { :; }
step_fails() { false; echo "not reached"; }
step_elsewhere() { unavailable "no such machine"; }
STEPS
export ROOT=$root
for name in passes fails elsewhere; do
  define_step $name 1 ''
  run_step $name >"$work/output" 2>&1 || well "$name: status $?"
done
equal fails "${failed[*]}" "a step in which a command fails has failed"
equal elsewhere "${not_run[*]}" "a step that cannot run on this machine was not run"
table=$(print_results)
grep -q '^NOT RUN: elsewhere: no such machine' <<<"$table" || die "the table does not say what could not run: $table"
grep -q '^lights  *-  not needed: ' <<<"$table" || die "the table does not say that a step is not needed: $table"
grep -q '^NOT RUN: store: 1 changed ' <<<"$table" || die "the table does not end with what was not run: $table"
well "the table names what was not run, and why"

# Each pattern of the real steps covers something: files move, and a step that covers nothing is never run.
cd "$root"
steps=() step_covers=()
# shellcheck source=scripts/dev/ci/steps.sh
. scripts/dev/ci/steps.sh
present=$(git ls-files && locked_crates <Cargo.lock | sed 's/^\([^ ]*\) .*/crate:\1/')
define_step stale 0 ''
for name in $(nightly_steps); do
  [ "$name" != stale ] || continue
  declare -F "step_${name//-/_}" >/dev/null || die "$name has no function"
  while IFS= read -r pattern; do
    step_covers[stale]=$pattern
    [ -n "$(covered stale <<<"$present")" ] || die "$name covers '$pattern', of which there is nothing: correct scripts/dev/ci/steps.sh"
  done <<<"${step_covers[$name]}"
done
well "each pattern of the nightly steps covers something"
echo "test_steps: $checks checks passed"
