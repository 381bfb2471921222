#!/usr/bin/env bash
# Installs, upgrades and purges the Debian package of edge-runtime in a fresh Debian, in a chroot.
#
#   scripts/dev/system-tests/package.sh [CHROOT]
#
# Needs root, debootstrap and cargo-deb. CHROOT is a folder that `debootstrap --include=systemd,udev bookworm` made; without
# one, it is made (some 150 MB from Debian's mirror). It is copied, not changed.
set -euo pipefail
cd "$(dirname "$0")/../../.."
for tool in debootstrap cargo-deb; do
  command -v $tool >/dev/null || { echo "SKIPPED: $tool is not installed" >&2; exit 0; }
done
[ "$(id -u)" = 0 ] || { echo "SKIPPED: a chroot needs root" >&2; exit 0; }

place=$(mktemp -d)
trap 'umount "$place/root/proc" 2>/dev/null || true; rm -rf --one-file-system "$place"' EXIT
if [ $# -gt 0 ]; then
  cp -a "$1" "$place/root"
else
  debootstrap --variant=minbase --include=systemd,udev bookworm "$place/root" http://deb.debian.org/debian >"$place/log"
fi
root=$place/root
mount -t proc proc "$root/proc" || { echo "SKIPPED: /proc cannot be mounted in a chroot here" >&2; exit 0; }
scripts/deploy/package.sh native --out "$place/first"
# The next release: the same, with another number.
cargo deb -p edge-runtime --profile release --no-build --deb-revision 2 --output "$place/second/" >/dev/null
cp "$place"/first/*.deb "$root/first.deb"
cp "$place"/second/*.deb "$root/second.deb"

die() { echo "FAILED: $*" >&2; exit 1; }
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
there() { [ -e "$root/$1" ] || die "$1 is not there"; }
gone() { [ ! -e "$root/$1" ] || die "$1 is still there"; }
owner() { [ "$(inside stat -c %U:%G:%a "/$1")" = "$2" ] || die "/$1 is $(inside stat -c %U:%G:%a "/$1"), not $2"; }

echo "== install"
inside dpkg --install /first.deb
inside edge-runtime --version
inside id edge-runtime
[ "$(inside id -nG edge-runtime | tr ' ' '\n' | sort | paste -sd ' ')" = "edge-runtime gpio video" ] || die "its groups"
owner var/lib/edge-runtime edge-runtime:edge-runtime:700
owner etc/edge-runtime/keys root:root:755
for file in usr/lib/udev/rules.d/60-edge-runtime.rules usr/share/man/man1/edge-runtime.1.gz \
  usr/share/man/man1/edge-runtime-model-install.1.gz usr/share/bash-completion/completions/edge-runtime \
  usr/lib/systemd/system/edge-runtime-deploy.service usr/share/edge-runtime/boards/pi5.toml; do there $file; done
inside bash -n /usr/share/bash-completion/completions/edge-runtime
if inside edge-runtime screen /tmp; then die "it screens without a model"; fi
there etc/edge-runtime/keys/README
# The configuration that comes with it is one; what is missing is a key and a model.
if inside edge-runtime run --check 2>"$place/said"; then die "it is well without a model"; fi
grep -Eq "no model is installed|no key \\(" "$place/said" || die "its configuration: $(cat "$place/said")"

echo "== upgrade"
for file in keys/README config.toml; do echo '# changed by hand' >>"$root/etc/edge-runtime/$file"; done
echo record >"$root/var/lib/edge-runtime/record"
inside dpkg --force-confdef --force-confold --install /second.deb
inside dpkg --status edge-runtime | grep -qx 'Version: 0.1.0-2' || die "it was not upgraded"
for file in keys/README config.toml; do
  grep -q 'changed by hand' "$root/etc/edge-runtime/$file" || die "$file was overwritten"
done

echo "== remove, then purge"
inside dpkg --remove edge-runtime
gone usr/bin/edge-runtime
there etc/edge-runtime/keys/README
there etc/edge-runtime/config.toml
inside dpkg --purge edge-runtime
gone etc/edge-runtime
gone var/lib/edge-runtime/models
there var/lib/edge-runtime/record
gone usr/lib/systemd/system/edge-runtime-deploy.service
echo "package: installed, upgraded and purged"
