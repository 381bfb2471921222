#!/usr/bin/env bash
# Runs the integer kernels' specification and the safe code around the kernels under Miri, which finds undefined
# behaviour. Needs a nightly compiler: rustup toolchain install nightly --component miri,rust-src
set -euo pipefail
cd "$(dirname "$0")/.."
# Miri builds everything anew and must not mix with the other builds.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/miri
MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p xray-engine --lib -- \
  kernels::tests kernels::block8 fuse::partition threads
