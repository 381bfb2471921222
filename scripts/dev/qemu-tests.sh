#!/usr/bin/env bash
# Runs the tests of the board's crates, cross-built for aarch64, under qemu-user; then the kernels' tests again on
# each processor of the boards: without SDOT (Cortex-A53, A72), with it (A76), and with all that qemu knows.
#
#   scripts/dev/qemu-tests.sh [--kernels]
#
# --kernels runs the kernels' tests only, which takes some minutes; all tests take some fifty, since many start the program
# or look at hundreds of drawn scenes.
# Needs the packages that scripts/deploy/lib/aarch64.sh lists.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/deploy/lib/aarch64.sh
. scripts/deploy/lib/aarch64.sh
# shellcheck source=scripts/dev/lib/cargo.sh
. scripts/dev/lib/cargo.sh
aarch64_environment
# Tests that start the program itself start it in the emulator, too.
export XRAY_EDGE_RUNNER=$CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER
tests=(cargo test --profile emulated --target aarch64-unknown-linux-gnu)
case "${1:-}" in
  --kernels) ;;
  "")
    # Not the examples in the documentation: rustdoc would need the target's library beside rustup's compiler.
    # Nor cameras: qemu knows no V4L2 requests, and the program that stands for rpicam-still would be the host's.
    # The children of a program that is emulated must be, too.
    "${tests[@]}" -p xray-intake -p xray-kernels -p xray-engine -p xray-signing -p xray-core -p xray-decode -p edge-runtime --no-fail-fast \
      --features xray-decode/test-runner --lib --bins --tests -- --skip camera::csi --skip camera::uvc ;;
  *) echo "qemu-tests: '$1' is not known; usage: $0 [--kernels]" >&2; exit 2 ;;
esac
for cpu in cortex-a53 cortex-a72 cortex-a76 max; do
  echo "kernels on $cpu"
  QEMU_CPU=$cpu some_tests "${tests[@]}" -p xray-kernels --lib
done
