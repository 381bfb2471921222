#!/usr/bin/env bash
# Counts the aarch64 instructions of one image under qemu-user, where no board is at hand.
#
#   scripts/bench/instructions.sh MODEL.onnx fused|tract CPU IMAGE
#
# CPU is one that qemu knows, such as cortex-a72 or cortex-a76. Every block of code that runs is traced; the count of
# a process that screens one image is taken from that of one that screens two. Instructions are not time: they can be
# compared between processors of different machines, and between programs on one.
set -euo pipefail
if [ $# -ne 4 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
model=$(realpath "$1") engine=$2 cpu=$3 image=$(realpath "$4")
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/aarch64.sh
. scripts/lib/aarch64.sh
aarch64_environment
target=aarch64-unknown-linux-gnu
cargo build --quiet --release --target $target -p xray-core -p edge-runtime --example time_runs
program=${CARGO_TARGET_DIR:-target}/$target/release/examples/time_runs

count() {
  local trace
  trace=$(mktemp -u)
  mkfifo "$trace"
  # A block that is translated is listed instruction by instruction; one that runs, by its address.
  awk '/^IN:/ { fresh = 1; n = 0; next }
       /^0x/ && fresh { if (n == 0) { first = $1; sub(":", "", first) } n++; size[first] = n; next }
       /^Trace/ { split($0, part, "/"); at = part[2]; sub("^0*", "0x", at); total += size[at]; next }
       { fresh = 0 }
       END { printf "%.0f\n", total }' "$trace" &
  yes 0 | head -n "$1" |
    QEMU_CPU=$cpu $CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER -d nochain,exec,in_asm -D "$trace" \
      "$program" "$model" "$engine" 1 "$image" >/dev/null
  wait
  rm -f "$trace"
}

one=$(count 1)
two=$(count 2)
echo "$engine on $cpu: $(((two - one) / 1000000)) million instructions an image"
