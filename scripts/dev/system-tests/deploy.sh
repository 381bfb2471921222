#!/usr/bin/env bash
# Tries scripts/deploy/deploy.sh against three boards that are sshd on this machine, each with a folder of its own, and breaks
# the connection at every step.
#
#   scripts/dev/system-tests/deploy.sh [DIR]
#
# Needs sshd (Debian: openssh-server). Builds edge-runtime for this machine and the example `packages`, or takes both
# from DIR. Takes some four minutes on a quiet machine.
set -euo pipefail
cd "$(dirname "$0")/../../.."
[ -x /usr/sbin/sshd ] || { echo "SKIPPED: sshd is not installed (apt-get install openssh-server)" >&2; exit 0; }

target=${1:-}
if [ -z "$target" ]; then
  cargo build --release -p edge-runtime --bin edge-runtime --example packages
  target=${CARGO_TARGET_DIR:-target}/release
fi
built=$target/edge-runtime
place=$(mktemp -d)
pids=()
end() {
  status=$?
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  if [ $status -ne 0 ]; then echo "FAILED; what was left lies in $place" >&2; else rm -rf "$place"; fi
}
trap end EXIT
"$target/examples/packages" "$place/packages" >/dev/null
# Two releases: the same program, with something behind its end.
for release in old new; do
  cp "$built" "$place/$release"
  echo "$release" >>"$place/$release"
done
# A program that starts on no board.
cp /bin/false "$place/broken"

# --- three boards ------------------------------------------------------------------------------------------------
mkdir -p /run/sshd 2>/dev/null || true
ssh-keygen -q -t ed25519 -N '' -f "$place/key"
port=$((20000 + RANDOM % 20000))
for board in a b c; do
  root=$place/board-$board
  mkdir -p "$root/etc/edge-runtime" "$root/usr/lib/systemd/system"
  printf '[Service]\nExecStart=/usr/bin/edge-runtime run --config x\n' >"$root/usr/lib/systemd/system/edge-runtime.service"
  cp -r "$place/packages/keys" "$root/etc/edge-runtime/keys"
  port=$((port + 1))
  ssh-keygen -q -t ed25519 -N '' -f "$place/host-$board"
  cat >"$place/sshd-$board" <<SSHD
Port $port
ListenAddress 127.0.0.1
HostKey $place/host-$board
AuthorizedKeysFile $place/key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
SetEnv EDGE_RUNTIME_ROOT=$root
SSHD
  cat >>"$place/ssh_config" <<SSH
Host board-$board
  HostName 127.0.0.1
  Port $port
  IdentityFile $place/key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
SSH
  /usr/sbin/sshd -D -e -f "$place/sshd-$board" 2>"$place/sshd-$board.log" &
  pids+=($!)
done

# --- an ssh that breaks ------------------------------------------------------------------------------------------
# The call number $FAULT_AT (and with FAULT_EVER all that follow) fails: before it reaches the board, after the board did
# what it was asked for, half-way, or with half of what it was to bring.
mkdir "$place/bin"
cat >"$place/bin/ssh" <<'SHIM'
#!/usr/bin/env bash
call=$(($(cat "$FAULT_COUNT") + 1))
echo $call >"$FAULT_COUNT"
if [ "${FAULT_AT:-0}" -ne 0 ] && { [ $call -eq "$FAULT_AT" ] || { [ -n "${FAULT_EVER:-}" ] && [ $call -gt "$FAULT_AT" ]; }; }; then
  case $FAULT_HOW in
    before) ;;
    after) /usr/bin/ssh "$@" >/dev/null 2>&1 ;;
    half-way) timeout --signal KILL 0.15 /usr/bin/ssh "$@" >/dev/null 2>&1 ;;
    half) head -c 3000 | /usr/bin/ssh "$@" >/dev/null 2>&1 ;;
  esac
  echo "connection lost" >&2
  exit 255
fi
exec /usr/bin/ssh "$@"
SHIM
chmod +x "$place/bin/ssh"
export FAULT_COUNT=$place/count
deploy() {
  echo 0 >"$FAULT_COUNT"
  PATH=$place/bin:$PATH scripts/deploy/deploy.sh --ssh-config "$place/ssh_config" "$@" >"$place/said" 2>&1
}

# --- what must hold ----------------------------------------------------------------------------------------------
checks=0
die() {
  echo "FAILED: $*" >&2
  cat "$place/said" >&2
  exit 1
}
hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }
lib() { echo "$place/board-$1/usr/local/lib/edge-runtime"; }
# Waits until the board does nothing any more.
quiet() {
  local tries=0
  sleep 0.3
  while [ -e "$(lib "$1")/lock" ] && ! flock -n "$(lib "$1")/lock" true; do
    sleep 0.2
    tries=$((tries + 1))
    [ $tries -lt 200 ] || die "board $1 does not come to rest"
  done
}
# runs BOARD old|new|none: which release is in use, and that it is whole and starts.
release_of() {
  local release
  release=$(readlink "$(lib "$1")/current" || true)
  [ -n "$release" ] || { echo none; return; }
  [ "$(hash_of "$(lib "$1")/$release/edge-runtime")" = "${release#releases/}" ] || { echo damaged; return; }
  "$place/board-$1/usr/local/bin/edge-runtime" --version >/dev/null || { echo dead; return; }
  for name in old new; do
    if [ "${release#releases/}" = "$(hash_of "$place/$name")" ]; then echo $name; fi
  done
}
runs() {
  local found
  found=$(release_of "$1")
  case " $2 " in *" $found "*) checks=$((checks + 1)) ;; *) die "board $1 runs '$found', not one of: $2" ;; esac
}
model_of() {
  "$built" model status --json --store "$place/board-$1/var/lib/edge-runtime/models" |
    python3 -c 'import json, sys; s = json.load(sys.stdin); print(s["active"] and s[s["active"]]["version"])'
}
has_model() {
  [ "$(model_of "$1")" = "$2" ] || die "board $1 has model version $(model_of "$1"), not $2"
  checks=$((checks + 1))
}
outcome() {
  grep -E "^board-$1 .* $2" "$place/said" >/dev/null || die "the table does not say '$2' of board $1"
  checks=$((checks + 1))
}
step() { printf '== %s\n' "$*"; }
fast=(--health 1 --health-command true)

step "dry run: nothing is put in use"
deploy board-a board-b board-c --binary "$place/old" --model "$place/packages/one.onnx" --dry-run || die "dry run"
for board in a b c; do runs $board none; outcome $board 'could be deployed'; has_model $board None; done
[ -z "$(find "$(lib a)/releases" "$(lib a)/staging" -mindepth 1)" ] || die "the dry run left something"

step "a first release and model on three boards"
deploy board-a board-b board-c --binary "$place/old" --model "$place/packages/one.onnx" "${fast[@]}" || die "first"
for board in a b c; do runs $board old; has_model $board 1; outcome $board kept; done
grep -qx 'ExecStart=/usr/local/bin/edge-runtime run --config x' \
  "$place/board-a/etc/systemd/system/edge-runtime.service.d/deployed.conf" || die "the service does not start it"

step "three boards, one of which fails its health check: program and model go back by themselves"
deploy board-a board-b board-c --binary "$place/new" --model "$place/packages/two.onnx" --health 3 \
  --health-command "case \$EDGE_RUNTIME_ROOT in *board-b) false ;; esac" && die "a sick board is no success"
cat "$place/said"
outcome a kept; outcome b 'back: unhealthy after 0 of 3 seconds'; outcome c kept
runs a new; runs b old; runs c new
has_model a 2; has_model b 1; has_model c 2

step "what is refused before anything is put in use"
for case in "broken one refused:.the.program.does.not.start" "new stranger refused:.*by.none.of.the.keys"; do
  read -r binary model words <<<"$case"
  deploy board-b --binary "$place/$binary" --model "$place/packages/$model.onnx" "${fast[@]}" && die "$case was taken"
  outcome b "$words"
  runs b old
done
deploy nowhere.invalid --binary "$place/new" "${fast[@]}" && die "a board that is not there"
grep -q "not begun" "$place/said" || die "no word of the board that is not there"

step "one call fails, at each step in each way: it is tried again"
other() { case $1 in old) echo new ;; *) echo old ;; esac; }
now=$(release_of a)
for how in before after half-way half; do
  for at in 1 2 3 4 5; do
    next=$(other "$now")
    FAULT_AT=$at FAULT_HOW=$how deploy board-a --binary "$place/$next" "${fast[@]}" || true
    quiet a
    runs a "$now $next"
    now=$(release_of a)
    [ ! -e "$(lib a)/pending" ] || die "a deployment is pending ($how, call $at)"
  done
done

step "the connection is gone for good from each step on: the board is whole, and the next deployment works"
for how in before half-way half; do
  for at in 1 2 3 4 5; do
    next=$(other "$now")
    # No patience: the board is asked no longer than its watch takes.
    FAULT_AT=$at FAULT_HOW=$how FAULT_EVER=1 timeout 6 env PATH="$place/bin:$PATH" scripts/deploy/deploy.sh \
      --ssh-config "$place/ssh_config" board-a --binary "$place/$next" "${fast[@]}" >"$place/said" 2>&1 || true
    echo 0 >"$FAULT_COUNT"
    quiet a
    runs a "$now $next"
    [ ! -e "$(lib a)/pending" ] || die "a deployment is pending ($how, from call $at on)"
    deploy board-a --binary "$place/$next" "${fast[@]}" || die "the deployment after it ($how, $at)"
    runs a "$next"
    now=$next
  done
done

step "the board loses power while it watches: it goes back at boot, or when the next deployment begins"
for how in boot deployment; do
  next=$(other "$now")
  deploy board-a --binary "$place/$next" --health 30 --health-command true &
  running=$!
  tries=0
  until [ -e "$(lib a)/pending" ] && [ "$(release_of a)" = "$next" ]; do
    sleep 0.2
    tries=$((tries + 1))
    [ $tries -lt 100 ] || die "the watch did not begin"
  done
  kill "$running" 2>/dev/null || true
  wait "$running" 2>/dev/null || true
  # The board's own processes, which have the lock open or run its agent.
  for process in /proc/[0-9]*; do
    if { tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null | grep -q "$(lib a)/agent.sh watch"; then
      kill -KILL "${process#/proc/}" 2>/dev/null || true
    fi
  done
  quiet a
  if [ $how = boot ]; then
    EDGE_RUNTIME_ROOT=$place/board-a sh "$(lib a)/agent.sh" resume >"$place/said"
    runs a "$now"
  else
    deploy board-a --binary "$place/$now" "${fast[@]}" || die "after the loss of power"
    runs a "$now"
    grep -q "^board-a  *$(hash_of "$place/$now" | cut -c 1-12)" "$place/said" || die "it was not taken back first"
  fi
  [ ! -e "$(lib a)/pending" ] || die "it is still pending"
done
echo "deploy: $checks checks passed"
