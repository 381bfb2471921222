# shellcheck shell=bash
# Sourced by the steps: tools that are installed where they are missing. Debian's packages need root.

# Programs of Python packages; made once for each working copy.
python_tools=target/ci/tools
export PATH=$PWD/$python_tools/bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH

# debian_packages NAME...: installs the packages that are missing.
debian_packages() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "installing ${missing[*]}"
  if [[ ${missing[*]} == *:arm64* ]]; then dpkg --add-architecture arm64; fi
  apt-get update --quiet --quiet
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends "${missing[@]}"
}

# python_packages NAME==VERSION...: installs Python packages into an environment below target/.
python_packages() {
  if [ ! -x "$python_tools/bin/pip" ]; then
    python3 -c 'import ensurepip' 2>/dev/null || debian_packages python3-venv
    python3 -m venv "$python_tools"
  fi
  "$python_tools/bin/pip" install --quiet --disable-pip-version-check "$@"
}

# cargo_tool NAME VERSION: builds a tool of crates.io, unless this version of it is there. Not optimised: building takes
# longer than running it.
cargo_tool() {
  if ! "$1" --version 2>/dev/null | grep -qwF "$2"; then
    echo "building $1 $2"
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --force "$1@$2"
  fi
}

# this_glibc: the version of this machine's C library.
this_glibc() { ldd --version | grep -oE '[0-9.]+$' | head -n 1; }

# memory_folder: a folder in memory, if there is one. SIGKILL loses nothing that was written, so that a disk would only
# make tests with it slower.
memory_folder() {
  if [ -w /dev/shm ]; then echo /dev/shm; else echo "${TMPDIR:-/tmp}"; fi
}
