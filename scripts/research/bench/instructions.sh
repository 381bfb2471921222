#!/usr/bin/env bash
# Counts the aarch64 instructions of one image under qemu-user, for machines without a board.
#
#   scripts/research/bench/instructions.sh MODEL.onnx fused|tract CPU IMAGE
#
# CPU is one that qemu knows, such as cortex-a72 or cortex-a76. The result is the count of a process that screens two
# images minus that of one that screens one. Instructions are not time: they can be compared between programs on one processor.
# Needs Debian's packages qemu-user (the static one loads no plugins) and gcc beside those of scripts/deploy/lib/aarch64.sh.
set -euo pipefail
if [ $# -ne 4 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
model=$(realpath "$1") engine=$2 cpu=$3 image=$(realpath "$4")
cd "$(dirname "$0")/../../.."
# shellcheck source=scripts/deploy/lib/aarch64.sh
. scripts/deploy/lib/aarch64.sh
aarch64_environment
target=aarch64-unknown-linux-gnu
cargo build --quiet --release --target $target -p xray-core -p edge-runtime --example time_runs
program=${CARGO_TARGET_DIR:-target}/$target/release/examples/time_runs

plugin=$(realpath "${CARGO_TARGET_DIR:-target}")/count.so
cc -O2 -shared -fPIC scripts/research/bench/count.c -o "$plugin"
command -v qemu-aarch64 >/dev/null || {
  echo "no qemu-aarch64: 'apt-get install qemu-user'" >&2
  exit 1
}

count() {
  yes 0 | head -n "$1" |
    QEMU_CPU=$cpu qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=/usr/aarch64-linux-gnu/lib \
      -plugin "$plugin" "$program" "$model" "$engine" 1 "$image" 2>&1 >/dev/null | tail -n 1
}

one=$(count 1)
two=$(count 2)
echo "$engine on $cpu: $(((two - one) / 1000000)) million instructions an image"
