# shellcheck shell=bash disable=SC2154
# Sourced by the system tests: what they print, how they end, and what several of them do.

checks=0

# begin WORDS: a part of the test begins.
begin() { printf '== %s\n' "$*"; }

# well WORDS: a check passed.
well() {
  checks=$((checks + 1))
  printf 'ok %s\n' "$*"
}

# die WORDS: the test failed. What the last program said is shown, where $said names its file.
die() {
  echo "FAILED: $*" >&2
  [ ! -s "${said:-}" ] || cat "$said" >&2
  exit 1
}

# skip WORDS: the test cannot run here. With NO_SKIP=1, as in CI, the status is 75, else 0.
skip() {
  echo "SKIPPED: $*" >&2
  [ "${NO_SKIP:-0}" != 1 ] || exit 75
  exit 0
}

# need TOOL...: skips the test if one of these is not installed.
need() {
  local tool
  for tool in "$@"; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
}

need_root() { [ "$(id -u)" = 0 ] || skip "$* needs root"; }

# usage: prints the comment at the head of the script.
usage() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; }

hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# free_port: a port that most likely nobody listens on.
free_port() { echo $((20000 + RANDOM % 10000)); }

# until_true SECONDS COMMAND...: status 1 if it did not succeed in that time.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# chromium: the path of the browser.
chromium_path() {
  command -v chromium || command -v chromium-browser || command -v google-chrome
}

# Of a daemon whose page is at $page, an address that the test sets:

# reach PATH: what the page answers.
reach() { curl -fsS --max-time 10 "$page$1"; }
reaches() { reach "$1" >/dev/null 2>&1; }

# recorded: how many records the daemon made since its start.
recorded() { reach /metrics | awk '/^xray_edge_records_total/ { sum += $2 } END { print sum + 0 }'; }
recorded_at_least() { [ "$(recorded)" -ge "$1" ]; }

# screenshot FILE WIDTHxHEIGHT URL: takes one with $browser, whose profile is the folder $profile.
screenshot() {
  "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$profile" \
    --window-size="${2/x/,}" --screenshot="$1" "$3" >/dev/null 2>&1 || die "no screenshot of $3"
}
