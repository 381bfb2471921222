# shellcheck shell=bash
# Sourced: fetches and unpacks the arm64 packages of Debian that the emulated Raspberry Pi needs, without root.

# fetch_packages INTO: unpacks kernel, busybox and C library of the release of Debian that this machine runs below
# INTO/root. Packages that were fetched before are kept.
fetch_packages() {
  local into=$1 kernel package
  mkdir -p "$into/apt/lists/partial" "$into/apt/cache/archives/partial" "$into/debs"
  into=$(cd "$into" && pwd)
  local options=()
  # Where arm64 is no architecture of this machine, apt gets lists of its own, which needs no root.
  if ! apt-cache show linux-image-arm64:arm64 >/dev/null 2>&1; then
    options=(-o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State="$into/apt"
      -o Dir::State::Lists="$into/apt/lists" -o Dir::Cache="$into/apt/cache" -o Dir::State::status=/dev/null)
    apt-get "${options[@]}" --quiet --quiet update
  fi
  kernel=$(apt-cache "${options[@]}" show linux-image-arm64:arm64 | sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p' | head -n 1)
  [ -n "$kernel" ] || { echo "no package linux-image-arm64 is known: is this Debian?" >&2; return 1; }
  for package in "$kernel" busybox-static libc6 libgcc-s1; do
    if [ ! -e "$into/debs/$package" ]; then
      (cd "$into/debs" && apt-get "${options[@]}" --quiet --quiet download "$package:arm64" 2>"$into/apt/errors") ||
        { cat "$into/apt/errors" >&2; return 1; }
      dpkg-deb --extract "$(find "$into/debs" -name "${package}_*.deb" -print -quit)" "$into/root"
      touch "$into/debs/$package"
    fi
  done
}
