#!/usr/bin/env bash
# Runs the integer kernels' specification and the safe code around the kernels under Miri, which finds undefined
# behaviour. Needs a nightly compiler: rustup toolchain install nightly --component miri,rust-src
set -euo pipefail
cd "$(dirname "$0")/../.."
# Miri builds everything itself and must not mix with the other builds.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/miri
export MIRIFLAGS=-Zmiri-disable-isolation
# shellcheck source=scripts/dev/lib/cargo.sh
. scripts/dev/lib/cargo.sh
for part in tests block8; do
  some_tests cargo +nightly miri test -p xray-kernels --lib -- "$part"
done
for part in fuse::partition threads; do
  some_tests cargo +nightly miri test -p xray-engine --lib -- "$part"
done
