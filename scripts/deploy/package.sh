#!/usr/bin/env bash
# Makes the Debian package of edge-runtime.
#
#   scripts/deploy/package.sh [aarch64|armv7|native] [--out DIR] [options of scripts/deploy/cross-build.sh]
#
# Cross-builds the program (`native`: builds it for this machine, to test the package), lets it write its manual pages and
# completions (under qemu-user if it is for another processor), and writes the package to target/debian or DIR. Runs
# lintian if that is installed.
# Needs cargo-deb (cargo install cargo-deb --locked).
set -euo pipefail
cd "$(dirname "$0")/../.."

arch=aarch64 out='' options=()
while [ $# -gt 0 ]; do
  case "$1" in
    aarch64 | armv7 | native) arch=$1 ;;
    --out) out=${2:?--out needs a folder}; shift ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) options+=("$1") ;;
  esac
  shift
done
command -v cargo-deb >/dev/null || { echo "package: cargo-deb is missing: cargo install cargo-deb --locked" >&2; exit 1; }
target_dir=${CARGO_TARGET_DIR:-target}
out=${out:-$target_dir/debian}
runner=() triple=() profile=dist
case $arch in
  native)
    # With the workspace's features, so that nothing is built twice.
    cargo build --release --workspace --bin edge-runtime
    profile=release built=$target_dir/release ;;
  *)
    scripts/deploy/cross-build.sh "$arch" "${options[@]}"
    # shellcheck source=scripts/deploy/lib/aarch64.sh
    . "scripts/deploy/lib/$arch.sh"
    "${arch}_environment"
    case $arch in
      aarch64) triple=(--target aarch64-unknown-linux-gnu) words=$CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER ;;
      armv7) triple=(--target armv7-unknown-linux-gnueabihf) words=$CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUNNER ;;
    esac
    read -ra runner <<<"$words"
    built=$target_dir/${triple[1]}/dist ;;
esac
rm -rf "$built/documents"
"${runner[@]}" "$built/edge-runtime" documents "$built/documents"
gzip --best --no-name "$built"/documents/man/*.[15]
mkdir -p "$out"
cargo deb -p edge-runtime --profile "$profile" --no-build "${triple[@]}" --output "$out/" | tee "$out/name"
package=$(tail -n 1 "$out/name")
rm "$out/name"
echo "package: $package, $(stat -c %s "$package") bytes"
if command -v lintian >/dev/null; then
  lintian --fail-on error,warning "$package" && echo "package: lintian has no errors and no warnings"
else
  echo "package: lintian is not installed: the package was NOT checked" >&2
fi
