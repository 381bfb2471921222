#!/usr/bin/env bash
# Builds edge-runtime for a 64-bit ARM board (Raspberry Pi 3 to 5, Jetson) on another machine.
#
#   scripts/cross-build.sh [aarch64] [--release]
#
# Takes the first of these that is there, and says which:
#   1. `cross`, where Docker or Podman runs (cargo install cross)
#   2. `cargo zigbuild` (cargo install cargo-zigbuild; pip install ziglang), for a glibc as old as 2.31
#   3. the distribution's gcc and Rust library (Debian: see scripts/lib/aarch64.sh)
# Without --release the profile is `dist`: optimised, linked in one piece, stripped.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=dist
for argument in "$@"; do
  case "$argument" in
    aarch64) ;;
    --release) profile=release ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "cross-build: '$argument' is not known; usage: $0 [aarch64] [--release]" >&2; exit 2 ;;
  esac
done
target=aarch64-unknown-linux-gnu
build=(build --profile "$profile" -p edge-runtime --target "$target")

container_runs() { docker info >/dev/null 2>&1 || podman info >/dev/null 2>&1; }

if command -v cross >/dev/null && container_runs; then
  echo "cross-build: with cross, in a container"
  cross "${build[@]}"
elif command -v cargo-zigbuild >/dev/null; then
  echo "cross-build: with cargo-zigbuild, for glibc 2.31"
  cargo zigbuild "${build[@]:1:4}" --target "$target.2.31"
else
  # shellcheck source=scripts/lib/aarch64.sh
  . scripts/lib/aarch64.sh
  aarch64_environment
  echo "cross-build: with $CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER and $($RUSTC --version)"
  cargo "${build[@]}"
fi

binary="target/$target/$profile/edge-runtime"
stripped="$(mktemp)"
trap 'rm -f "$stripped"' EXIT
strip_tool=$(command -v aarch64-linux-gnu-strip || command -v llvm-strip || true)
if [ -n "$strip_tool" ]; then "$strip_tool" -o "$stripped" "$binary"; else cp "$binary" "$stripped"; fi
echo "$binary: $(stat -c %s "$stripped") bytes stripped"
readelf_tool=$(command -v readelf || command -v llvm-readelf || true)
if [ -n "$readelf_tool" ]; then
  echo "dynamic libraries:"
  "$readelf_tool" -d "$binary" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/  \1/p'
fi
