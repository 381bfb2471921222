# shellcheck shell=bash
# Sourced: a Rust compiler that has the library of another processor.

# compiler_with_library TARGET DEBIAN_ARCHITECTURE PACKAGES: sets RUSTC, or ends with what to install.
compiler_with_library() {
  if rustc --print sysroot >/dev/null 2>&1 && [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ]; then
    RUSTC=$(command -v rustc)
  elif [ -d "/usr/lib/rustlib/$1" ]; then
    # Debian's compiler has the target's library as a package, where rustup's server is out of reach.
    RUSTC=/usr/bin/rustc
  else
    echo "no Rust library for $1: 'rustup target add $1', or on Debian" >&2
    echo "'dpkg --add-architecture $2 && apt-get update && apt-get install $3'" >&2
    return 1
  fi
  export RUSTC
}
