#!/usr/bin/env bash
# Installs, upgrades and purges the Debian package of edge-runtime in a fresh Debian, in a chroot.
#
#   scripts/dev/system-tests/package.sh [CHROOT]
#
# Needs root, debootstrap and cargo-deb. CHROOT is a folder that `debootstrap --include=systemd,udev bookworm` made; without
# one, it is made (some 150 MB from Debian's mirror). It is copied, not changed.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=scripts/dev/lib/testing.sh
. scripts/dev/lib/testing.sh
need debootstrap cargo-deb
need_root "a chroot"

work=$(mktemp -d)
trap 'umount "$work/root/proc" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
if [ $# -gt 0 ]; then
  cp -a "$1" "$work/root"
else
  debootstrap --variant=minbase --include=systemd,udev bookworm "$work/root" http://deb.debian.org/debian >"$work/log"
fi
root=$work/root
mount -t proc proc "$root/proc" || skip "/proc cannot be mounted in a chroot here"
scripts/deploy/package.sh native --out "$work/first"
# The next release: the same, with another number.
cargo deb -p edge-runtime --profile release --no-build --deb-revision 2 --output "$work/second/" >/dev/null
cp "$work"/first/*.deb "$root/first.deb"
cp "$work"/second/*.deb "$root/second.deb"

inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
exists() { [ -e "$root/$1" ] || die "$1 does not exist"; }
removed() { [ ! -e "$root/$1" ] || die "$1 still exists"; }
# owner PATH USER:GROUP:MODE
owner() { [ "$(inside stat -c %U:%G:%a "/$1")" = "$2" ] || die "/$1 is $(inside stat -c %U:%G:%a "/$1"), not $2"; }

begin "install"
inside dpkg --install /first.deb
inside edge-runtime --version
inside id edge-runtime
[ "$(inside id -nG edge-runtime | tr ' ' '\n' | sort | paste -sd ' ')" = "edge-runtime gpio video" ] || die "its groups"
owner var/lib/edge-runtime edge-runtime:edge-runtime:700
owner etc/edge-runtime/keys root:root:755
for file in usr/lib/udev/rules.d/60-edge-runtime.rules usr/share/man/man1/edge-runtime.1.gz \
  usr/share/man/man1/edge-runtime-model-install.1.gz usr/share/bash-completion/completions/edge-runtime \
  usr/lib/systemd/system/edge-runtime-deploy.service usr/share/edge-runtime/boards/pi5.toml; do exists $file; done
inside bash -n /usr/share/bash-completion/completions/edge-runtime
if inside edge-runtime screen /tmp; then die "it screens without a model"; fi
exists etc/edge-runtime/keys/README
# Its configuration is valid; a key and a model are missing.
if inside edge-runtime run --check 2>"$work/said"; then die "the check passes without a model"; fi
grep -Eq "no model is installed|no key \\(" "$work/said" || die "its configuration: $(cat "$work/said")"

begin "upgrade"
for file in keys/README config.toml; do echo '# changed by hand' >>"$root/etc/edge-runtime/$file"; done
echo record >"$root/var/lib/edge-runtime/record"
inside dpkg --force-confdef --force-confold --install /second.deb
inside dpkg --status edge-runtime | grep -qx 'Version: 0.1.0-2' || die "it was not upgraded"
for file in keys/README config.toml; do
  grep -q 'changed by hand' "$root/etc/edge-runtime/$file" || die "$file was overwritten"
done

begin "remove, then purge"
inside dpkg --remove edge-runtime
removed usr/bin/edge-runtime
exists etc/edge-runtime/keys/README
exists etc/edge-runtime/config.toml
inside dpkg --purge edge-runtime
removed etc/edge-runtime
removed var/lib/edge-runtime/models
exists var/lib/edge-runtime/record
removed usr/lib/systemd/system/edge-runtime-deploy.service
echo "package: installed, upgraded and purged"
