#!/usr/bin/env bash
# Tests scripts/deploy/deploy.sh against three boards, each an sshd on this machine with a folder of its own, and breaks the
# connection at every step.
#
#   scripts/dev/system-tests/deploy.sh [DIR]
#
# Needs sshd (Debian: openssh-server). Builds edge-runtime for this machine and the example `packages`, or takes both
# from DIR. Takes some four minutes on a quiet machine.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=scripts/dev/lib/testing.sh
. scripts/dev/lib/testing.sh
[ -x /usr/sbin/sshd ] || skip "sshd is not installed (apt-get install openssh-server)"

target=${1:-}
if [ -z "$target" ]; then
  cargo build --release -p edge-runtime --bin edge-runtime --example packages
  target=${CARGO_TARGET_DIR:-target}/release
fi
built=$target/edge-runtime
work=$(mktemp -d)
said=$work/said
pids=()
end() {
  status=$?
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  if [ $status -ne 0 ]; then echo "FAILED; the files are in $work" >&2; else rm -rf "$work"; fi
}
trap end EXIT
"$target/examples/packages" "$work/packages" >/dev/null
# Two releases: the same program, with something behind its end.
for release in old new; do
  cp "$built" "$work/$release"
  echo "$release" >>"$work/$release"
done
# A program that starts on no board.
cp /bin/false "$work/broken"

# --- three boards ------------------------------------------------------------------------------------------------
mkdir -p /run/sshd 2>/dev/null || true
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
port=$((20000 + RANDOM % 20000))
for board in a b c; do
  root=$work/board-$board
  mkdir -p "$root/etc/edge-runtime" "$root/usr/lib/systemd/system"
  printf '[Service]\nExecStart=/usr/bin/edge-runtime run --config x\n' >"$root/usr/lib/systemd/system/edge-runtime.service"
  cp -r "$work/packages/keys" "$root/etc/edge-runtime/keys"
  port=$((port + 1))
  ssh-keygen -q -t ed25519 -N '' -f "$work/host-$board"
  cat >"$work/sshd-$board" <<SSHD
Port $port
ListenAddress 127.0.0.1
HostKey $work/host-$board
AuthorizedKeysFile $work/key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
SetEnv EDGE_RUNTIME_ROOT=$root
SSHD
  cat >>"$work/ssh_config" <<SSH
Host board-$board
  HostName 127.0.0.1
  Port $port
  IdentityFile $work/key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
SSH
  /usr/sbin/sshd -D -e -f "$work/sshd-$board" 2>"$work/sshd-$board.log" &
  pids+=($!)
done

# --- an ssh that fails -------------------------------------------------------------------------------------------
# The call number $FAULT_AT (and with FAULT_ALWAYS all that follow) fails: before it reaches the board, after the board did
# what was requested, half-way, or with half of the data.
mkdir "$work/bin"
cat >"$work/bin/ssh" <<'SHIM'
#!/usr/bin/env bash
call=$(($(cat "$FAULT_COUNT") + 1))
echo $call >"$FAULT_COUNT"
if [ "${FAULT_AT:-0}" -ne 0 ] && { [ $call -eq "$FAULT_AT" ] || { [ -n "${FAULT_ALWAYS:-}" ] && [ $call -gt "$FAULT_AT" ]; }; }; then
  case $FAULT_HOW in
    before) ;;
    after) /usr/bin/ssh "$@" >/dev/null 2>&1 ;;
    half-way) timeout --signal KILL 0.15 /usr/bin/ssh "$@" >/dev/null 2>&1 ;;
    half) head -c 3000 | /usr/bin/ssh "$@" >/dev/null 2>&1 ;;
  esac
  echo "connection lost" >&2
  exit 255
fi
# A file that is changed on its way.
if [ -n "${FAULT_FILE:-}" ] && [[ ${*: -1} == *'tar -xf'* ]]; then
  changed=$(mktemp -d)
  tar -xf - -C "$changed"
  echo "health_command=touch $FAULT_COUNT-touched" >>"$changed/$FAULT_FILE"
  tar -C "$changed" -cf - . | /usr/bin/ssh "$@"
  status=$?
  rm -rf "$changed"
  exit $status
fi
exec /usr/bin/ssh "$@"
SHIM
chmod +x "$work/bin/ssh"
export FAULT_COUNT=$work/count
deploy() {
  echo 0 >"$FAULT_COUNT"
  PATH=$work/bin:$PATH scripts/deploy/deploy.sh --ssh-config "$work/ssh_config" "$@" >"$said" 2>&1
}

# --- what must hold ----------------------------------------------------------------------------------------------
lib() { echo "$work/board-$1/usr/local/lib/edge-runtime"; }
idle() { [ ! -e "$(lib "$1")/lock" ] || flock -n "$(lib "$1")/lock" true; }
# wait_until_idle BOARD: until its agent has ended.
wait_until_idle() {
  sleep 0.3
  until_true 40 idle "$1" || die "the agent of board $1 does not end"
}
# release_of BOARD: old, new or none: the release in use, which is whole and starts; else damaged or dead.
release_of() {
  local release
  release=$(readlink "$(lib "$1")/current" || true)
  [ -n "$release" ] || { echo none; return; }
  [ "$(hash_of "$(lib "$1")/$release/edge-runtime")" = "${release#releases/}" ] || { echo damaged; return; }
  "$work/board-$1/usr/local/bin/edge-runtime" --version >/dev/null || { echo dead; return; }
  for name in old new; do
    if [ "${release#releases/}" = "$(hash_of "$work/$name")" ]; then echo $name; fi
  done
}
# runs BOARD RELEASES: one of these is in use.
runs() {
  local found
  found=$(release_of "$1")
  case " $2 " in *" $found "*) checks=$((checks + 1)) ;; *) die "board $1 runs '$found', not one of: $2" ;; esac
}
model_of() {
  "$built" model status --json --store "$work/board-$1/var/lib/edge-runtime/models" |
    python3 -c 'import json, sys; s = json.load(sys.stdin); print(s["active"] and s[s["active"]]["version"])'
}
has_model() {
  [ "$(model_of "$1")" = "$2" ] || die "board $1 has model version $(model_of "$1"), not $2"
  checks=$((checks + 1))
}
outcome() {
  grep -E "^board-$1 .* $2" "$said" >/dev/null || die "the table does not say '$2' of board $1"
  checks=$((checks + 1))
}
fast=(--health 1 --health-command true)

begin "dry run: nothing is put in use"
deploy board-a board-b board-c --binary "$work/old" --model "$work/packages/one.onnx" --dry-run || die "dry run"
for board in a b c; do runs $board none; outcome $board 'could be deployed'; has_model $board None; done
[ -z "$(find "$(lib a)/releases" "$(lib a)/staging" -mindepth 1)" ] || die "the dry run left something"

begin "a first release and model on three boards"
deploy board-a board-b board-c --binary "$work/old" --model "$work/packages/one.onnx" "${fast[@]}" || die "first"
for board in a b c; do runs $board old; has_model $board 1; outcome $board kept; done
grep -qx 'ExecStart=/usr/local/bin/edge-runtime run --config x' \
  "$work/board-a/etc/systemd/system/edge-runtime.service.d/deployed.conf" || die "the service does not start it"

begin "three boards, one of which fails its health check: program and model go back by themselves"
deploy board-a board-b board-c --binary "$work/new" --model "$work/packages/two.onnx" --health 3 \
  --health-command "case \$EDGE_RUNTIME_ROOT in *board-b) false ;; esac" && die "an unhealthy board is no success"
cat "$said"
outcome a kept; outcome b 'back: unhealthy after 0 of 3 seconds'; outcome c kept
runs a new; runs b old; runs c new
has_model a 2; has_model b 1; has_model c 2

begin "what is refused before anything is switched"
for case in "broken one refused:.the.program.does.not.start" "new stranger refused:.*by.none.of.the.keys"; do
  read -r binary model words <<<"$case"
  deploy board-b --binary "$work/$binary" --model "$work/packages/$model.onnx" "${fast[@]}" && die "$case was taken"
  outcome b "$words"
  runs b old
done
deploy nowhere.invalid --binary "$work/new" "${fast[@]}" && die "a board that cannot be reached"
grep -q "not started" "$said" || die "the unreachable board is not reported"

begin "a plan, an agent or a program that was changed on its way is refused, and nothing of it is run"
for file in plan agent.sh edge-runtime; do
  words=$file
  case $file in plan) words='the plan' ;; agent.sh) words='the agent' ;; esac
  FAULT_FILE=$file deploy board-b --binary "$work/new" "${fast[@]}" && die "a changed $file was taken"
  outcome b "refused: $words did not arrive intact"
  runs b old
done
[ ! -e "$work/count-touched" ] || die "a command of a changed plan was run"

begin "modes are those of a board, whatever this machine's are, and a stored program that was damaged is stored again"
(umask 077 && cp "$work/old" "$work/private" && deploy board-b --binary "$work/private" "${fast[@]}") || die "under a mask"
for path in "$(lib b)" "$(lib b)/releases" "$(lib b)/current/" "$(lib b)/current/edge-runtime"; do
  [ "$(stat -c %a "$path")" = 755 ] || die "$path has the mode $(stat -c %a "$path")"
  checks=$((checks + 1))
done
[ "$(stat -c %a "$(lib b)/agent.sh")" = 644 ] || die "the agent has the mode $(stat -c %a "$(lib b)/agent.sh")"
echo damage >>"$(lib b)/current/edge-runtime"
[ "$(release_of b)" = damaged ] || die "it was not damaged"
deploy board-b --binary "$work/old" "${fast[@]}" || die "over a damaged release"
runs b old

begin "one call fails, at each step in each way: it is repeated"
# watching RELEASE: board a watches it.
watching() { [ -e "$(lib a)/pending" ] && [ "$(release_of a)" = "$1" ]; }
other() { case $1 in old) echo new ;; *) echo old ;; esac; }
now=$(release_of a)
for how in before after half-way half; do
  for at in 1 2 3 4 5; do
    next=$(other "$now")
    FAULT_AT=$at FAULT_HOW=$how deploy board-a --binary "$work/$next" "${fast[@]}" || true
    wait_until_idle a
    runs a "$now $next"
    now=$(release_of a)
    [ ! -e "$(lib a)/pending" ] || die "a deployment is pending ($how, call $at)"
  done
done

begin "the connection is lost for good at each step: the board is whole, and the next deployment works"
for how in before half-way half; do
  for at in 1 2 3 4 5; do
    next=$(other "$now")
    # No longer than the watch takes.
    FAULT_AT=$at FAULT_HOW=$how FAULT_ALWAYS=1 timeout 6 env PATH="$work/bin:$PATH" scripts/deploy/deploy.sh \
      --ssh-config "$work/ssh_config" board-a --binary "$work/$next" "${fast[@]}" >"$said" 2>&1 || true
    echo 0 >"$FAULT_COUNT"
    wait_until_idle a
    runs a "$now $next"
    [ ! -e "$(lib a)/pending" ] || die "a deployment is pending ($how, from call $at on)"
    deploy board-a --binary "$work/$next" "${fast[@]}" || die "the deployment after it ($how, $at)"
    runs a "$next"
    now=$next
  done
done

begin "the board loses power while it watches: it goes back at boot, or when the next deployment begins"
for how in boot deployment; do
  next=$(other "$now")
  deploy board-a --binary "$work/$next" --health 30 --health-command true &
  running=$!
  until_true 20 watching "$next" || die "the watch did not begin"
  kill "$running" 2>/dev/null || true
  wait "$running" 2>/dev/null || true
  # The processes of the board's agent.
  for process in /proc/[0-9]*; do
    if { tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null | grep -q "$(lib a)/agent.sh watch"; then
      kill -KILL "${process#/proc/}" 2>/dev/null || true
    fi
  done
  wait_until_idle a
  if [ $how = boot ]; then
    EDGE_RUNTIME_ROOT=$work/board-a sh "$(lib a)/agent.sh" resume >"$said"
    runs a "$now"
  else
    deploy board-a --binary "$work/$now" "${fast[@]}" || die "after the loss of power"
    runs a "$now"
    grep -q "^board-a  *$(hash_of "$work/$now" | cut -c 1-12)" "$said" || die "it was not taken back first"
  fi
  [ ! -e "$(lib a)/pending" ] || die "it is still pending"
done
echo "deploy: $checks checks passed"
