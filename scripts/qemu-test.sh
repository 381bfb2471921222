#!/usr/bin/env bash
# Builds and runs the tests of what goes onto the device for 64-bit ARM, under qemu-user.
#
#   scripts/qemu-test.sh [ARGUMENTS OF cargo test]
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/aarch64.sh
. scripts/lib/aarch64.sh
aarch64_environment
if ! command -v qemu-aarch64-static >/dev/null; then
  echo "no emulator: 'apt-get install qemu-user-static'" >&2
  exit 1
fi
exec cargo test --release -p xray-core -p edge-runtime --target aarch64-unknown-linux-gnu "$@"
