#!/usr/bin/env bash
# Cargo's RUSTC_WORKSPACE_WRAPPER while the fuzz targets are built: the crates of this workspace say which branches they
# took and what they compared, for libFuzzer, and panic where a number overflows. The crates of others are compiled as for
# every other build, and so are build scripts, which are programs of their own.
set -euo pipefail
if [[ " $* " == *" --crate-name "* && " $* " != *" --crate-name build_script_"* ]]; then
  set -- "$@" --cfg fuzzing -Cdebug-assertions=on -Coverflow-checks=on -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0 -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
fi
exec "$@"
