#!/usr/bin/env bash
# Builds edge-runtime for an ARM board on another machine, and checks what it needs from the board.
#
#   scripts/deploy/cross-build.sh [aarch64|armv7] [--release | --emulated] [--with cross|zig|gcc] [--allow-glibc X.Y]
#
# aarch64 (the default) is for 64-bit systems on Raspberry Pi 3 to 5 and Jetson, armv7 for 32-bit ones.
# Uses the first of these that is installed, or the one named by --with, and prints which:
#   cross  in a container, where Docker or Podman runs (cargo install cross)
#   zig    cargo-zigbuild, for a glibc as old as 2.31 (pip install cargo-zigbuild ziglang)
#   gcc    the distribution's gcc and Rust library (Debian: see scripts/deploy/lib/aarch64.sh and armv7.sh)
# The profile is `dist` (also with --release): optimised and stripped. With --emulated it is the profile of that name,
# which is built faster, for tests in an emulator.
#
# Refused: a program that needs a glibc above 2.31 (JetPack 5, Debian 11), unless --allow-glibc names the boards' version;
# and, in the profile dist, one of more than 25 MB stripped.
# Exit status: 0 built and within the limits, 1 not built or refused, 2 wrong usage.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/deploy/lib/elf.sh
. scripts/deploy/lib/elf.sh

budget=25000000
glibc=2.31
profile=dist
arch=aarch64
with=
usage() {
  echo "cross-build: $1; usage: $0 [aarch64|armv7] [--release | --emulated] [--with cross|zig|gcc] [--allow-glibc X.Y]" >&2
  exit 2
}
while [ $# -gt 0 ]; do
  case "$1" in
    aarch64 | armv7) arch=$1 ;;
    --release) profile=dist ;;
    --emulated) profile=emulated ;;
    --with) with=${2:-}; shift; case "$with" in cross | zig | gcc) ;; *) usage "no toolchain is called '$with'" ;; esac ;;
    --allow-glibc)
      glibc=${2:-}; shift
      [[ $glibc =~ ^[0-9]+\.[0-9]+$ ]] || usage "'$glibc' is not a version of glibc" ;;
    -h | --help) sed -n '2,18s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) usage "'$1' is not known" ;;
  esac
  shift
done
case $arch in
  aarch64) target=aarch64-unknown-linux-gnu prefix=aarch64-linux-gnu debian=arm64 ;;
  armv7) target=armv7-unknown-linux-gnueabihf prefix=arm-linux-gnueabihf debian=armhf ;;
esac
features=()
# Its children are started in the emulator, too.
if [ $profile = emulated ]; then features=(--features xray-decode/test-runner); fi
# shellcheck source=scripts/deploy/lib/aarch64.sh
. "scripts/deploy/lib/$arch.sh"

container_runs() { docker info >/dev/null 2>&1 || podman info >/dev/null 2>&1; }
if [ -z "$with" ]; then
  if command -v cross >/dev/null && container_runs; then with=cross
  elif command -v cargo-zigbuild >/dev/null; then with=zig
  else with=gcc; fi
fi
case $with in
  cross)
    echo "cross-build: with cross, in a container"
    cross build --profile "$profile" -p edge-runtime "${features[@]}" --target "$target" ;;
  zig)
    # Only the Rust library is the distribution's; linker and C library are zig's.
    # shellcheck source=scripts/deploy/lib/rust-library.sh
    . scripts/deploy/lib/rust-library.sh
    compiler_with_library "$target" "$debian" "$("${arch}_packages")"
    echo "cross-build: with $(cargo-zigbuild --version) and $("$RUSTC" --version), for glibc 2.31"
    cargo-zigbuild zigbuild --profile "$profile" -p edge-runtime "${features[@]}" --target "$target.2.31" ;;
  gcc)
    "${arch}_environment"
    echo "cross-build: with $prefix-gcc and $("$RUSTC" --version)"
    cargo build --profile "$profile" -p edge-runtime "${features[@]}" --target "$target" ;;
esac

binary="${CARGO_TARGET_DIR:-target}/$target/$profile/edge-runtime"
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip_tool=$(command -v "$prefix-strip" || command -v llvm-strip || true)
if [ -n "$strip_tool" ]; then "$strip_tool" -o "$stripped" "$binary"; else cp "$binary" "$stripped"; fi
size=$(stat -c %s "$stripped")
echo "$binary: $size bytes stripped; the budget is $budget"
echo "dynamic libraries: $(libraries "$binary" | paste -sd ' ')"
found=$(highest_glibc "$binary")
echo "glibc: ${found:-none} or newer"
refused=0
if [ -n "$found" ] && newer "$found" "$glibc"; then
  echo "cross-build: refused: boards with glibc $glibc cannot start it, because of:" >&2
  symbols_above "$binary" "$glibc" | sed 's/^/  /' >&2
  echo "build it --with zig, or add --allow-glibc $found if every board has it" >&2
  refused=1
fi
if [ $profile = dist ] && [ "$size" -gt $budget ]; then
  echo "cross-build: refused: over the budget of $budget bytes; see what grew with 'cargo bloat'" >&2
  refused=1
fi
exit $refused
