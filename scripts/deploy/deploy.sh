#!/usr/bin/env bash
# Deploys edge-runtime, and a model, to boards over ssh. A board on which it is not healthy rolls back by itself.
#
#   scripts/deploy/deploy.sh HOST... [--model FILE.onnx] [--dry-run]
#
#   --model FILE.onnx    install this model as well; its signature FILE.onnx.minisig goes with it
#   --dry-run            copy the files, check and test them, then remove them: nothing is switched
#   --binary FILE        deploy this program instead of building one
#   --arch NAME          build for aarch64 (default) or armv7
#   --health SECONDS     how long a board is watched before it keeps the release (default 60)
#   --health-command CMD command that succeeds on a healthy board (default: the service runs and was not restarted;
#                        without a service, the self-test)
#   --board NAME         also test the lights and the button of this board (`edge-runtime selftest --board NAME`)
#   --sudo               become root on the boards with `sudo -n`
#   --ssh-config FILE    as `ssh -F FILE`
#   --jobs N             deploy to so many boards at the same time (default 8)
#
# On each board: copy the files, the plan and the agent that works there; compare the hashes of all of them; test the
# program, the installed model and the new one; switch by one rename; restart; watch. The program is root's on the board
# (0755) and is hashed where it is run from; models are installed as the user edge-runtime. The board does the last three
# by itself, so a lost connection leaves nothing half-done: the board keeps the release or rolls back, and reports which
# when this is run again. A board that loses power while it watches rolls back when this is run again, or at boot if
# edge-runtime-deploy.service is enabled.
#
# Exit status: 0 every board runs the release (with --dry-run: could), 1 some do not, 2 wrong usage.
set -euo pipefail
cd "$(dirname "$0")/../.."

hosts=() ssh_options=(-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3)
model='' binary='' arch=aarch64 health=60 health_command='' board='' as_root='' jobs=8 dry_run=no
usage() { echo "deploy: $1; see $0 --help" >&2; exit 2; }
while [ $# -gt 0 ]; do
  case "$1" in
    --model | --binary | --arch | --health | --health-command | --board | --ssh-config | --jobs)
      [ $# -ge 2 ] || usage "$1 needs a value" ;;&
    --model) model=$2; shift ;;
    --binary) binary=$2; shift ;;
    --arch) arch=$2; shift ;;
    --health) health=$2; shift; [[ $health =~ ^[0-9]+$ ]] || usage "'$health' is not a number of seconds" ;;
    --health-command) health_command=$2; shift; [[ $health_command != *$'\n'* ]] || usage "the health command must be one line" ;;
    --board) board=$2; shift ;;
    --ssh-config) ssh_options+=(-F "$2"); shift ;;
    --jobs) jobs=$2; shift; [[ $jobs =~ ^[1-9][0-9]*$ ]] || usage "'$jobs' is not a number of boards" ;;
    --sudo) as_root='sudo -n ' ;;
    --dry-run) dry_run=yes ;;
    -h | --help) sed -n '2,30s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) usage "'$1' is not known" ;;
    *) hosts+=("$1") ;;
  esac
  shift
done
[ ${#hosts[@]} -gt 0 ] || usage "no board is named"
for file in ${model:+"$model" "$model.minisig"} ${binary:+"$binary"}; do
  [ -f "$file" ] || { echo "deploy: $file does not exist" >&2; exit 2; }
done
if [ -z "$binary" ]; then
  scripts/deploy/cross-build.sh "$arch"
  case $arch in aarch64) binary=aarch64-unknown-linux-gnu ;; *) binary=armv7-unknown-linux-gnueabihf ;; esac
  binary=${CARGO_TARGET_DIR:-target}/$binary/dist/edge-runtime
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }
release=$(hash_of "$binary")
# What `uname -m` must print on the board, from the program's header.
case $(readelf --file-header "$binary" 2>/dev/null | sed -n 's/ *Machine: *//p') in
  AArch64) machines='aarch64' ;;
  ARM) machines='armv7l aarch64' ;;
  *X86-64*) machines='x86_64' ;;
  *) echo "deploy: $binary is not a program for a board" >&2; exit 2 ;;
esac
mkdir "$work/files"
cp "$binary" "$work/files/edge-runtime"
cp scripts/deploy/lib/deploy-agent.sh "$work/files/agent.sh"
{
  echo "sha256=$release"
  echo "edge-runtime=$release"
  if [ -n "$model" ]; then
    cp "$model" "$work/files/model.onnx"
    cp "$model.minisig" "$work/files/model.onnx.minisig"
    echo "model.onnx=$(hash_of "$model")"
    echo "model.onnx.minisig=$(hash_of "$model.minisig")"
  fi
  echo "health_seconds=$health"
  echo "health_command=$health_command"
  echo "board=$board"
  echo "dry_run=$dry_run"
} >"$work/files/plan"

plan_hash=$(hash_of "$work/files/plan")
agent_hash=$(hash_of "$work/files/agent.sh")

# remote HOST WORD...: runs the agent on a board, from this machine's copy.
remote() {
  local host=$1
  shift
  # shellcheck disable=SC2029 # the words are ours and plain
  ssh "${ssh_options[@]}" "$host" "${as_root}sh -s -- $*" <scripts/deploy/lib/deploy-agent.sh
}

# retry TIMES COMMAND...: repeats a command after a pause while ssh itself fails (255).
retry() {
  local times=$1 status
  shift
  while true; do
    status=0
    "$@" || status=$?
    times=$((times - 1))
    if [ $status -ne 255 ] || [ $times -le 0 ]; then return $status; fi
    sleep 1
  done
}

field() { sed -n "s/^$2=//p" "$1" | tail -n 1; }

# deploy HOST NUMBER: writes `before`, `after`, `model` and `outcome` to the file of that number.
deploy() {
  local host=$1 id out="$work/$2" staging machine result until
  id="$(date +%s)-$$-$2"
  report() { printf 'outcome=%s\n' "$1" >>"$out"; }
  if ! retry 3 remote "$host" begin "$id" >"$out.begin" 2>"$out.log"; then
    report "not started: $(tail -n 1 "$out.log")"
    return
  fi
  staging=$(field "$out.begin" staging)
  machine=$(field "$out.begin" machine)
  printf 'before=%.12s\n' "$(field "$out.begin" release)" >>"$out"
  if [[ " $machines " != *" $machine "* ]]; then
    report "refused: the board is a $machine, the program is for $machines"
    return
  fi
  if ! retry 3 copy_files "$host" "$staging" 2>"$out.log"; then
    report "not copied: $(tail -n 1 "$out.log")"
    return
  fi
  if ! retry 3 remote "$host" verify "$id" "$plan_hash" "$agent_hash" 2>"$out.log"; then
    report "refused: $(tail -n 1 "$out.log")"
    return
  fi
  if [ $dry_run = yes ]; then
    report "could be deployed"
    return
  fi
  # From here on the board works by itself and is only asked for the result.
  until=$((SECONDS + health + 120))
  while true; do
    result=unknown
    if remote "$host" result "$id" >"$out.result" 2>"$out.log"; then
      result=$(field "$out.result" result)
    fi
    case $result in
      unknown) remote "$host" start "$id" "$plan_hash" "$agent_hash" 2>"$out.log" || true ;;
      running) ;;
      *) break ;;
    esac
    if [ $SECONDS -ge $until ]; then
      report "no answer: the board keeps it or rolls back by itself; run this again to learn which"
      return
    fi
    sleep 1
  done
  if [ "$result" = stopped ]; then
    # The board lost power, or its agent was killed.
    remote "$host" resume >/dev/null 2>"$out.log" || true
    remote "$host" result "$id" >"$out.result" 2>"$out.log" || true
    result='back: the watch was broken off'
    [ "$(field "$out.result" release)" != "$release" ] || result=kept
  fi
  printf 'after=%.12s\nmodel=%s\n' "$(field "$out.result" release)" "$(field "$out.result" model)" >>"$out"
  report "$result"
}

# copy_files HOST FOLDER: through a pipe, so that --sudo can write to root's folders. Owners and modes are the board's, not
# those of this machine.
copy_files() {
  # shellcheck disable=SC2029 # the folder is the agent's answer
  tar -C "$work/files" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -cf - . |
    ssh "${ssh_options[@]}" "$1" "${as_root}tar -xf - --no-same-owner -C '$2'"
}

echo "deploy: release ${release:0:12}${model:+, model $(hash_of "$model" | cut -c 1-12)} to ${#hosts[@]} boards"
number=0
for host in "${hosts[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
  deploy "$host" $number &
  number=$((number + 1))
done
wait

failed=0 number=0
printf '%-24s %-13s %-13s %-13s %s\n' HOST BEFORE AFTER MODEL OUTCOME
for host in "${hosts[@]}"; do
  file=$work/$number
  outcome=$(field "$file" outcome)
  printf '%-24s %-13s %-13s %-13s %s\n' "$host" "$(field "$file" before)" "$(field "$file" after)" \
    "$(field "$file" model)" "${outcome:-interrupted}"
  case $outcome in kept | 'could be deployed') ;; *) failed=$((failed + 1)) ;; esac
  number=$((number + 1))
done
[ $failed -eq 0 ] || echo "deploy: $failed of ${#hosts[@]} boards do not run it" >&2
[ $failed -eq 0 ]
