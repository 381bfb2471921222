#!/usr/bin/env bash
# Runs the tests of the device's crates, cross-built for aarch64, under qemu-user; then the kernels' tests again on
# each processor of the boards: without SDOT (Cortex-A53, A72), with it (A76), and with all that qemu knows.
#
#   scripts/qemu-tests.sh [--all]
#
# Without --all those that start the program often or look at hundreds of drawn scenes are left out: emulated, they take half
# an hour.
# Needs the packages that scripts/lib/aarch64.sh lists.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/aarch64.sh
. scripts/lib/aarch64.sh
aarch64_environment
# Tests that start the program itself start it in the emulator, too.
export XRAY_EDGE_RUNNER=$CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER
# Not the examples in the documentation: rustdoc would need the target's library beside rustup's compiler.
tests=(cargo test --profile emulated --target aarch64-unknown-linux-gnu -p xray-core -p xray-engine -p xray-intake -p xray-signing -p edge-runtime)
# Nor cameras: qemu knows no V4L2 requests, and the program that stands for rpicam-still would be the host's.
cameras=(--skip sources::camera::csi --skip sources::camera::uvc)
case "${1:-}" in
  --all) "${tests[@]}" --no-fail-fast --lib --bins --tests -- "${cameras[@]}" ;;
  "")
    # Not crash, run, stick, page, pipeline and power_cuts, nor films in hundreds of drawn scenes.
    "${tests[@]}" --lib --bins --test integration \
      --test lights --test screen -- "${cameras[@]}" \
      --skip a_film_is_found --skip pictures_of_other_things --skip what_cannot_be_screened ;;
  *) echo "qemu-tests: '$1' is not known; usage: $0 [--all]" >&2; exit 2 ;;
esac
for cpu in cortex-a53 cortex-a72 cortex-a76 max; do
  echo "kernels on $cpu"
  QEMU_CPU=$cpu "${tests[@]}" --lib -- kernels::
done
