#!/usr/bin/env bash
# Runs the cross-built edge-runtime under qemu-user, as on a Cortex-A53, A72 and A76, and compares its answers with those of
# this machine. An int8 model must give the same number to the last digit.
#
#   scripts/dev/qemu-check.sh MODEL.onnx IMAGE...
#
# Needs `cargo build --release --workspace` and `scripts/deploy/cross-build.sh aarch64 --emulated` before it.
set -euo pipefail
if [ $# -lt 2 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
model=$1
shift
answers=$(mktemp -d)
trap 'rm -rf "$answers"' EXIT
"$target/release/edge-runtime" screen --model "$model" --json "$@" >"$answers/here"
# shellcheck source=scripts/deploy/lib/aarch64.sh
. "$root/scripts/deploy/lib/aarch64.sh"
aarch64_environment
# The children that decode are started in the emulator, too.
export XRAY_EDGE_RUNNER=$CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER
precision=$("$target/release/edge-runtime" model show "$model" --json |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["contract"]["precision"])')
for cpu in cortex-a53 cortex-a72 cortex-a76; do
  # shellcheck disable=SC2086 # the runner is several words
  QEMU_CPU=$cpu timeout 300 $CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER \
    "$target/aarch64-unknown-linux-gnu/emulated/edge-runtime" screen --model "$model" --json "$@" >"$answers/there"
  python3 - "$answers/here" "$answers/there" "$cpu" "$precision" <<'PYTHON'
import json, sys
here, there = ([json.loads(line) for line in open(path)] for path in sys.argv[1:3])
assert len(here) == len(there) > 0, (len(here), len(there))
worst = 0.0
for a, b in zip(here, there):
    assert a["file"] == b["file"] and a["verdict"] == b["verdict"], (a, b)
    worst = max(worst, abs(a["probability"] - b["probability"]))
cpu, precision = sys.argv[3:]
print(f"{len(here)} images, {precision}, emulated {cpu} against this machine: max |dp| = {worst:.2e}")
sys.exit(worst > (0 if precision == "int8" else 1e-4))
PYTHON
done
