# shellcheck shell=bash
# Sourced: how a Debian machine builds and runs aarch64 programs without rustup's target and without a container.

# Sets compiler, linker and runner for the target, or ends with the packages that are missing.
aarch64_environment() {
  export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=${CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER:-aarch64-linux-gnu-gcc}
  # The library path is given, too: where Debian's libc6:arm64 is installed the loader of /usr/aarch64-linux-gnu
  # would otherwise find that package's libc, of another build than its own, and every new thread spins for ever.
  export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="${CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER:-qemu-aarch64-static -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=/usr/aarch64-linux-gnu/lib}"
  # shellcheck source=scripts/deploy/lib/rust-library.sh
  . "$(dirname "${BASH_SOURCE[0]}")/rust-library.sh"
  compiler_with_library aarch64-unknown-linux-gnu arm64 "$(aarch64_packages)" || return 1
  if ! command -v "$CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER" >/dev/null; then
    echo "no linker: 'apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross'" >&2
    return 1
  fi
}

aarch64_packages() {
  echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross rustc-web libstd-rust-web-dev:arm64 qemu-user-static
}
