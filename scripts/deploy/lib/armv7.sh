# shellcheck shell=bash
# Sourced: how a Debian machine builds and runs 32-bit ARM programs without rustup's target and without a container.

# Sets compiler, linker and runner for the target, or ends with the packages that are missing.
armv7_environment() {
  local target=armv7-unknown-linux-gnueabihf
  export CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER=${CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER:-arm-linux-gnueabihf-gcc}
  export CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUNNER="${CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUNNER:-qemu-arm-static -L /usr/arm-linux-gnueabihf -E LD_LIBRARY_PATH=/usr/arm-linux-gnueabihf/lib}"
  # shellcheck source=scripts/deploy/lib/rust-library.sh
  . "$(dirname "${BASH_SOURCE[0]}")/rust-library.sh"
  compiler_with_library "$target" armhf "$(armv7_packages)" || return 1
  if ! command -v "$CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER" >/dev/null; then
    echo "no linker: 'apt-get install gcc-arm-linux-gnueabihf libc6-dev-armhf-cross'" >&2
    return 1
  fi
}

armv7_packages() {
  echo gcc-arm-linux-gnueabihf libc6-dev-armhf-cross rustc-web libstd-rust-web-dev:armhf qemu-user-static
}
