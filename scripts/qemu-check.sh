#!/usr/bin/env bash
# Runs the cross-built edge-runtime under qemu-user and holds its answers against this machine's.
#
#   scripts/qemu-check.sh MODEL.onnx IMAGE...
#
# Needs `cargo build --release --workspace` and `scripts/cross-build.sh aarch64 --emulated` before it.
set -euo pipefail
if [ $# -lt 2 ]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
target="${CARGO_TARGET_DIR:-$(dirname "$0")/../target}"
model=$1
shift
answers=$(mktemp -d)
trap 'rm -rf "$answers"' EXIT
"$target/release/edge-runtime" screen --model "$model" --json "$@" >"$answers/here"
# shellcheck source=scripts/lib/aarch64.sh
. "$(dirname "$0")/lib/aarch64.sh"
aarch64_environment
# shellcheck disable=SC2086 # the runner is several words
timeout 300 $CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER \
  "$target/aarch64-unknown-linux-gnu/emulated/edge-runtime" screen --model "$model" --json "$@" >"$answers/there"
python3 - "$answers/here" "$answers/there" <<'PYTHON'
import json, sys
here, there = ([json.loads(line) for line in open(path)] for path in sys.argv[1:])
assert len(here) == len(there) > 0, (len(here), len(there))
worst = 0.0
for a, b in zip(here, there):
    assert a["file"] == b["file"] and a["verdict"] == b["verdict"], (a, b)
    worst = max(worst, abs(a["probability"] - b["probability"]))
print(f"{len(here)} images, aarch64 under emulation against this machine: max |dp| = {worst:.2e}")
sys.exit(worst > 1e-4)
PYTHON
