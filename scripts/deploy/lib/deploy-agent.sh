#!/bin/sh
# The agent of scripts/deploy/deploy.sh on the board, which that script copies there. POSIX sh; needs coreutils and flock.
#
#   sh agent.sh begin ID              make a folder for the files of deployment ID; print what the board is
#   sh agent.sh verify ID PLAN AGENT  compare the plan and this agent with their hashes and the files with those in the plan,
#                                     store and test them; nothing is switched yet
#   sh agent.sh start ID PLAN AGENT   switch, watch, keep or roll back, in a process that outlives the connection
#   sh agent.sh result ID             print how far that is
#   sh agent.sh resume                roll back a deployment that was interrupted (at boot)
#
# The program is root's and everybody may run it; the models are the service's. What is run is hashed where it is run from.
#
# Files, below $EDGE_RUNTIME_ROOT in tests:
#
#   usr/local/lib/edge-runtime/releases/HASH/edge-runtime     a release, named by its hash
#   usr/local/lib/edge-runtime/current                        symbolic link to the release in use
#   usr/local/lib/edge-runtime/pending                        while a release is watched: what to roll back to
#   usr/local/bin/edge-runtime                                link through `current`; precedes the package's in /usr/bin
#   etc/systemd/system/edge-runtime.service.d/deployed.conf   makes the service start it
set -eu
# Whatever mask root has here: the service's user must be able to run the program and to read a model.
umask 022
root=${EDGE_RUNTIME_ROOT:-}
home=$root/usr/local/lib/edge-runtime
program=$root/usr/local/bin/edge-runtime
service=edge-runtime
unit=$root/usr/lib/systemd/system/$service.service
# The user of the service, as the package makes it.
user=edge-runtime
override=$root/etc/systemd/system/$service.service.d/deployed.conf

fail() {
  echo "$*" >&2
  exit 1
}

# Value of a key in a file of lines KEY=VALUE.
value() { sed -n "s/^$2=//p" "$1" | head -n 1; }

# intact FILE HASH: whether a file has this SHA-256.
intact() { [ -n "$2" ] && [ "$(sha256sum "$1" 2>/dev/null | cut -d ' ' -f 1)" = "$2" ]; }

# as_service COMMAND...: as the service's user, where there is one: what is written is then its own.
as_service() {
  if [ -z "$root" ] && [ "$(id -u)" = 0 ] && id "$user" >/dev/null 2>&1; then runuser -u "$user" -- "$@"; else "$@"; fi
}

in_use() { readlink "$home/current" 2>/dev/null | sed 's|^releases/||'; }

# Makes `current` point to a release, in one step.
switch() {
  rm -f "$home/current.new"
  ln -s "releases/$1" "$home/current.new"
  mv -T "$home/current.new" "$home/current"
  mkdir -p "$(dirname "$program")"
  if [ ! -L "$program" ]; then
    ln -s ../lib/edge-runtime/current/edge-runtime "$program.new"
    mv -T "$program.new" "$program"
  fi
  # The service starts the package's program by its path: from now on, the deployed one.
  line=$(sed -n 's|^ExecStart=/usr/bin/edge-runtime|ExecStart=/usr/local/bin/edge-runtime|p' "$unit" 2>/dev/null || true)
  if [ -n "$line" ]; then
    mkdir -p "${override%/*}"
    printf '[Service]\nExecStart=\n%s\n' "$line" >"$override.new"
    sync
    mv "$override.new" "$override"
    reload
  fi
  sync
}

# Removes the link, so that the package's program is in use again.
switch_off() {
  rm -f "$override"
  reload
  rm -f "$program" "$home/current"
  sync
}

model_options() {
  [ -z "$root" ] || echo "--store $root/var/lib/edge-runtime/models --keys $root/etc/edge-runtime/keys"
}

# edge PROGRAM ARGUMENT...: `PROGRAM model ARGUMENT...` on the models of this board.
edge() {
  edge_program=$1
  shift
  # shellcheck disable=SC2046 # the options are several words
  as_service "$edge_program" model "$@" $(model_options)
}

# The first digits of the hash of the model in use; nothing if there is none.
model_in_use() { edge "$1" status 2>/dev/null | sed -n 's/^slot .: \([0-9a-f]*\) .*, in use$/\1/p'; }

# selftest PROGRAM [BOARD]: whether the program runs here, and the installed model with it; with a board, whether its
# lines follow and its button is released.
selftest() {
  "$1" --version >/dev/null || fail "the program does not start on this board"
  if [ -n "$(model_in_use "$1")" ]; then
    edge "$1" status --check >/dev/null || fail "the installed model fails its self-test with this program"
  fi
  if [ -n "${2:-}" ]; then
    "$1" selftest --board "$2" >/dev/null || fail "the self-test of the lights and the button failed"
  fi
}

reload() {
  if [ -z "$root" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
}

has_service() { [ -z "$root" ] && systemctl cat "$service" >/dev/null 2>&1; }

# restart [--no-block]: the latter where nothing depends on its end.
restart() {
  if has_service; then systemctl restart "$@" "$service" || true; fi
}

# Whether the board is healthy. It is not if systemd had to restart the program, or if the program reports a fault.
healthy() {
  if [ -n "$1" ]; then
    sh -c "$1" >/dev/null 2>&1
  elif has_service; then
    systemctl is-active --quiet "$service" || return 1
    [ "$(systemctl show --property NRestarts --value "$service")" = 0 ] || return 1
    case $(systemctl show --property StatusText --value "$service") in fault:*) return 1 ;; esac
  else
    (selftest "$program") 2>/dev/null
  fi
}

# set_result ID WORDS: what `result` prints; in one step.
set_result() {
  printf '%s\n' "$2" >"$home/result-$1.new"
  mv "$home/result-$1.new" "$home/result-$1"
}

# Rolls back to what was in use before the deployment in `pending`.
roll_back() {
  before=$(value "$home/pending" release)
  model=$(value "$home/pending" model)
  if [ -n "$before" ] && [ -d "$home/releases/$before" ]; then switch "$before"; else switch_off; fi
  # With the previous program: the new one may be broken.
  old_program=$program
  [ -x "$program" ] || old_program=$(command -v edge-runtime || true)
  if [ -n "$model" ] && [ -n "$old_program" ] && [ "$(model_in_use "$old_program")" != "$model" ]; then
    edge "$old_program" rollback >/dev/null || echo "the previous model could not be restored" >&2
  fi
  restart --no-block
  rm -f "$home/pending"
  sync
}

# clean_up CURRENT PREVIOUS ID: removes all other releases and the files of other deployments.
clean_up() {
  for release in "$home"/releases/*; do
    case ${release##*/} in
      "$1" | "$2" | '*') ;;
      *) rm -rf "$release" ;;
    esac
  done
  for left in "$home"/staging/* "$home"/result-* "$home"/log-*; do
    case ${left##*/} in
      "$3" | "result-$3" | "log-$3") ;;
      *) rm -rf "$left" ;;
    esac
  done
}

# Rolls back a deployment that was interrupted; under a lock, since several processes may try.
resume() {
  exec 9>"$home/lock"
  flock 9
  if [ -e "$home/pending" ]; then
    roll_back
    echo "rolled back to ${before:-the package}"
  fi
  exec 9>&-
}

begin() {
  mkdir -p "$home/staging/$1" "$home/releases"
  # Made by a release that left them to root's mask, too.
  chmod 755 "$home" "$home/staging" "$home/staging/$1" "$home/releases"
  # A deployment that was interrupted is rolled back first.
  flock -n "$home/lock" true || fail "another deployment is running on this board; try again when it has ended"
  if [ -e "$home/pending" ]; then resume >&2; fi
  echo "staging=$home/staging/$1"
  echo "machine=$(uname -m)"
  echo "release=$(in_use)"
}

verify() {
  staging=$home/staging/$1
  plan=$staging/plan
  [ -f "$plan" ] || fail "the plan did not arrive"
  intact "$plan" "$2" || fail "the plan did not arrive intact"
  intact "$staging/agent.sh" "$3" || fail "the agent did not arrive intact"
  sha256=$(value "$plan" sha256)
  for file in edge-runtime model.onnx model.onnx.minisig; do
    wanted=$(value "$plan" "$file")
    [ -n "$wanted" ] || continue
    intact "$staging/$file" "$wanted" || fail "$file did not arrive intact: its hash is not $wanted"
    chmod 644 "$staging/$file"
  done
  chmod 755 "$staging/edge-runtime"
  if [ "$(id -u)" = 0 ]; then chown -R 0:0 "$staging"; fi
  selftest "$staging/edge-runtime"
  if [ -n "$(value "$plan" model.onnx)" ]; then
    edge "$staging/edge-runtime" install --dry-run "$staging/model.onnx" >/dev/null
  fi
  if [ "$(value "$plan" dry_run)" = yes ]; then
    rm -rf "$staging"
    return
  fi
  # One that is there may have been damaged since.
  stored=$home/releases/$sha256
  if ! intact "$stored/edge-runtime" "$sha256"; then
    rm -rf "$stored.new" "$stored.damaged"
    mkdir "$stored.new"
    cp "$staging/edge-runtime" "$stored.new/edge-runtime"
    chmod 755 "$stored.new/edge-runtime"
    sync
    intact "$stored.new/edge-runtime" "$sha256" || fail "the program could not be stored whole; the disk may be failing"
    if [ -e "$stored" ]; then mv -T "$stored" "$stored.damaged"; fi
    mv -T "$stored.new" "$stored"
    rm -rf "$stored.damaged"
  fi
  chmod 755 "$stored" "$stored/edge-runtime"
  cp "$staging/agent.sh" "$home/agent.sh.new"
  sync
  intact "$home/agent.sh.new" "$3" || fail "the agent could not be stored whole; the disk may be failing"
  mv "$home/agent.sh.new" "$home/agent.sh"
}

start() {
  if [ -e "$home/result-$1" ]; then return; fi
  [ -f "$home/staging/$1/plan" ] || fail "the plan of this deployment does not exist any more"
  intact "$home/staging/$1/plan" "$2" || fail "the plan on the board is not the one that was sent"
  intact "$home/agent.sh" "$3" || fail "the agent on the board is not the one that was sent"
  # In a process of its own: if the connection drops, the board continues. Once only, however often it is called.
  EDGE_RUNTIME_ROOT=$root setsid nohup flock -n -o -E 75 "$home/lock" sh "$home/agent.sh" watch "$1" "$2" \
    >"$home/log-$1" 2>&1 </dev/null &
}

watch() {
  staging=$home/staging/$1
  plan=$staging/plan
  sha256=$(value "$plan" sha256)
  seconds=$(value "$plan" health_seconds)
  command=$(value "$plan" health_command)
  if [ -e "$home/result-$1" ]; then return; fi
  if ! intact "$plan" "$2"; then
    set_result "$1" "refused: the plan on the board is not the one that was sent"
    return
  fi
  set_result "$1" running
  before=$(in_use)
  {
    echo "release=$before"
    echo "model=$(if [ -x "$program" ]; then model_in_use "$program"; fi)"
  } >"$home/pending.new"
  sync
  mv "$home/pending.new" "$home/pending"
  sync
  problem=
  switch "$sha256"
  intact "$home/current/edge-runtime" "$sha256" || problem="the stored program is damaged"
  model=$(value "$plan" model.onnx)
  if [ -z "$problem" ] && [ -n "$model" ]; then
    if ! intact "$staging/model.onnx" "$model" || ! edge "$program" install "$staging/model.onnx"; then
      problem="the model was not installed"
    fi
  fi
  if [ -z "$problem" ]; then
    board=$(value "$plan" board)
    # The service holds the lines that the self-test drives.
    if [ -n "$board" ] && has_service; then systemctl stop "$service" || true; fi
    output=$( (selftest "$program" "$board") 2>&1) || problem=$(printf 'the self-test failed\n%s' "$output" | tail -n 1)
    echo "$output"
  fi
  # Rolling back restarts it as well.
  [ -n "$problem" ] || restart
  checks=0
  while [ -z "$problem" ] && [ "$checks" -lt "$seconds" ]; do
    healthy "$command" || problem="unhealthy after $checks of $seconds seconds"
    checks=$((checks + 1))
    sleep 1
  done
  if [ -n "$problem" ]; then
    roll_back
    set_result "$1" "back: $problem"
  else
    rm -f "$home/pending"
    sync
    [ "$before" != "$sha256" ] || before=
    clean_up "$sha256" "$before" "$1"
    set_result "$1" kept
  fi
  rm -rf "$staging"
}

case ${1:-} in
  begin) begin "$2" ;;
  verify) verify "$2" "$3" "$4" ;;
  start) start "$2" "$3" "$4" ;;
  watch) watch "$2" "$3" ;;
  resume) if [ -e "$home/pending" ]; then resume; fi ;;
  result)
    result=$(cat "$home/result-$2" 2>/dev/null || echo unknown)
    # The process that should be running is not: the board lost power, or it was killed.
    if [ "$result" = running ] && flock -n "$home/lock" true; then result=stopped; fi
    echo "result=$result"
    echo "release=$(in_use)"
    echo "model=$(if [ -x "$program" ]; then model_in_use "$program"; fi)" ;;
  *) fail "usage: agent.sh begin|verify|start|result ID, or resume" ;;
esac
