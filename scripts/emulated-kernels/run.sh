#!/bin/sh
# Builds the kernels for aarch64 and compares them with the scalar specification on emulated processors.
# Needs a Rust compiler with the standard library for aarch64-unknown-linux-gnu (RUSTC), its linker
# (gcc-aarch64-linux-gnu) and qemu-user-static. The first argument is the number of random cases.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${RUSTC:-rustc}" --edition 2024 -C opt-level=3 --target aarch64-unknown-linux-gnu \
    -C linker="${LINKER:-aarch64-linux-gnu-gcc}" "$here/check.rs" -o "$work/check"
for cpu in cortex-a53 cortex-a72 cortex-a76 max; do
    printf '%s: ' "$cpu"
    timeout 300 qemu-aarch64-static -cpu "$cpu" -L /usr/aarch64-linux-gnu "$work/check" "${1:-60}"
done
