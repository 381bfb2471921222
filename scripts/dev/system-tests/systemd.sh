#!/usr/bin/env bash
# A whole Debian with systemd in a virtual machine: the package is installed on it, its service starts at boot and reads a
# stick that its udev rule mounted, and scripts/deploy/deploy.sh brings releases, good and bad ones, while systemd runs them.
#
#   scripts/dev/system-tests/systemd.sh [--root FOLDER] [--package FILE.deb] [DIR]
#
# Needs root, debootstrap, qemu-system-x86, openssh-client, mtools, dosfstools and e2fsprogs. FOLDER is a Debian that
# `debootstrap --include=LIST bookworm` made, with LIST as below; without one, it is made (some 400 MB from Debian's
# mirror). It is copied, not changed. FILE.deb is from `scripts/deploy/package.sh native`, which is called without it. DIR
# (target/release) has edge-runtime, host-trainer and examples/packages. The processor is emulated, which takes some ten
# minutes; ACCEL=kvm is faster.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=scripts/dev/lib/testing.sh
. scripts/dev/lib/testing.sh
include=systemd-sysv,udev,dbus,openssh-server,sudo,initramfs-tools,linux-image-amd64,iproute2
need debootstrap qemu-system-x86_64 mcopy mkfs.vfat mke2fs ssh
need_root "making a system"
base='' package='' target=target/release
while [ $# -gt 0 ]; do
  case "$1" in
    --root) base=${2:?--root needs a folder}; shift ;;
    --package) package=${2:?--package needs a file}; shift ;;
    -*) echo "systemd: '$1' is not known" >&2; exit 2 ;;
    *) target=$1 ;;
  esac
  shift
done

work=$(mktemp -d)
said=$work/said
machine=
end() {
  status=$?
  [ -z "$machine" ] || kill -KILL "$machine" 2>/dev/null || true
  if [ $status -ne 0 ]; then echo "FAILED; the files are in $work" >&2; else rm -rf --one-file-system "$work"; fi
}
trap end EXIT

# --- the system --------------------------------------------------------------------------------------------------
root=$work/root
if [ -n "$base" ]; then
  cp -a "$base" "$root"
else
  debootstrap --variant=minbase --include=$include bookworm "$root" http://deb.debian.org/debian >"$work/log"
fi
if [ -z "$package" ]; then
  scripts/deploy/package.sh native --out "$work/package"
  package=$(find "$work/package" -name '*.deb' -print -quit)
fi
"$target/examples/packages" "$work/packages" >/dev/null
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
inside useradd --create-home --shell /bin/bash pi
echo 'pi ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/pi"
mkdir "$root/home/pi/.ssh"
cp "$work/key.pub" "$root/home/pi/.ssh/authorized_keys"
inside chown -R pi:pi /home/pi
echo board >"$root/etc/hostname"
echo '127.0.0.1 localhost board' >"$root/etc/hosts"
echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
printf '[Match]\nName=e*\n[Network]\nAddress=10.0.2.15/24\n' >"$root/etc/systemd/network/20-all.network"
inside systemctl enable --quiet systemd-networkd
cp "$package" "$root/edge-runtime.deb"
inside dpkg --install /edge-runtime.deb >"$work/dpkg" 2>&1 || die "the package cannot be installed: $(cat "$work/dpkg")"
rm "$root/edge-runtime.deb"
# As its owner sets it up: keys, and which board it is; this one has neither lights nor a button that could confirm a model
# from a stick. There is no model yet.
cp "$work"/packages/keys/*.pub "$root/etc/edge-runtime/keys/"
sed -i 's/^board = .*/board = "sim"/; s/^at_least_s = .*/at_least_s = 0/; s/^from_stick = .*/from_stick = "always"/' "$root/etc/edge-runtime/config.toml"
printf '[[folder]]\npath = "/srv/xrays"\nevery_s = 0.3\n' >>"$root/etc/edge-runtime/config.toml"
inside install -d -o edge-runtime /srv/xrays
# A release that ends with the word `bad` passes every test and cannot be started by systemd.
mkdir -p "$root/etc/systemd/system/edge-runtime.service.d"
printf '[Service]\nRestartSec=1\nExecStartPre=/usr/local/bin/may-start\n' >"$root/etc/systemd/system/edge-runtime.service.d/bad.conf"
cat >"$root/usr/local/bin/may-start" <<'SCRIPT'
#!/bin/sh
p=/usr/local/bin/edge-runtime
[ ! -e $p ] || [ "$(tail -c 4 $p)" != bad ]
SCRIPT
chmod 755 "$root/usr/local/bin/may-start"
kernel=$(find "$root/boot" -name 'vmlinuz-*' | sort | tail -n 1)
cp "$kernel" "$work/kernel"
cp "${kernel/vmlinuz-/initrd.img-}" "$work/initrd"
mke2fs -q -t ext4 -d "$root" "$work/disk" 3G 2>"$work/log"
# Stripped, and so not the one of DIR.
cp "$root/usr/bin/edge-runtime" "$work/packaged"
for release in old new bad; do
  cp "$work/packaged" "$work/$release"
  echo $release >>"$work/$release"
done

# A stick with a signed model, and four X-rays in a folder.
"$target/host-trainer" phantoms --out "$work/phantoms" --count 4 --seed 8 >/dev/null
truncate -s 64M "$work/stick"
mkfs.vfat -F 32 "$work/stick" >/dev/null
mcopy -i "$work/stick" "$work"/packages/one.onnx* ::
mmd -i "$work/stick" ::DCIM
find "$work/phantoms" -name '*.png' | sort | head -n 4 | while read -r film; do
  mcopy -i "$work/stick" "$film" "::DCIM/$(sha256sum "$film" | cut -c 1-6).png"
done

# --- the machine -------------------------------------------------------------------------------------------------
port=$((20000 + RANDOM % 20000))
cat >"$work/ssh_config" <<SSH
Host board
  HostName 127.0.0.1
  Port $port
  User pi
  IdentityFile $work/key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  ControlMaster auto
  ControlPath $work/ssh
  ControlPersist 60
SSH
# on COMMAND: on the board, as root.
on() { ssh -F "$work/ssh_config" -o ConnectTimeout=5 board "sudo -n sh -c $(printf %q "$1")"; }
# wait_for SECONDS WORDS COMMAND...: until it succeeds; WORDS say what is wrong if it does not.
wait_for() {
  local end=$((SECONDS + $1)) words=$2
  shift 2
  until "$@" 2>/dev/null; do
    [ $SECONDS -lt $end ] || die "$words"
    kill -0 "$machine" || die "the machine is off: $words"
    sleep 0.5
  done
}
mkfifo "$work/monitor"
exec 3<>"$work/monitor"
boot() {
  qemu-system-x86_64 -machine q35 -accel "${ACCEL:-tcg}" -cpu max -smp 2 -m 1024 -display none -no-reboot \
    -kernel "$work/kernel" -initrd "$work/initrd" -append "root=/dev/vda rw console=ttyS0 panic=-1 quiet" \
    -drive "file=$work/disk,format=raw,if=virtio" -device qemu-xhci -monitor stdio -serial "file:$work/serial" \
    -netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$port-:22" -device virtio-net-pci,netdev=net \
    <"$work/monitor" >"$work/qemu" 2>&1 &
  machine=$!
  wait_for 300 "the machine does not boot" on true
}
cut_power() {
  kill -KILL "$machine"
  wait "$machine" 2>/dev/null || true
  machine=
}
property() { on "systemctl show --property $1 --value ${2:-edge-runtime}"; }
running() { [ "$(property ActiveState)" = active ] && [ "$(property StatusText | cut -c 1-5)" != fault ]; }
# runs NAME: systemd runs this release, as the user without rights, and has not had to start it again.
runs() {
  local pid
  wait_for 180 "the service does not run" running
  pid=$(property MainPID)
  [ "$(on "sha256sum /proc/$pid/exe" | cut -d ' ' -f 1)" = "$(sha256sum "$work/$1" | cut -d ' ' -f 1)" ] ||
    die "it is not '$1' that runs, but $(on "readlink /proc/$pid/exe")"
  [ "$(on "stat -c %U /proc/$pid")" = edge-runtime ] || die "it runs as another user"
  [ "$(property NRestarts)" = 0 ] || die "it was started again $(property NRestarts) times"
  well "systemd runs the release '$1', and did not have to start it again"
}
restarts_repeatedly() { [ "$(property NRestarts)" -ge 2 ]; }
# watches NAME: this release is watched, and systemd runs it already.
watches() {
  running && on "[ -e /usr/local/lib/edge-runtime/pending ] && tail -c 4 /proc/$(property MainPID)/exe | grep -qx $1"
}
# has_records N: the store verifies, and holds so many records.
has_records() {
  on 'edge-runtime records verify --json' | python3 -c "import json, sys
it = json.load(sys.stdin)
sys.exit(it['problems'] != [] or it['records'] != $1)"
}
deploy() { scripts/deploy/deploy.sh board --ssh-config "$work/ssh_config" --sudo --binary "$work/$1" "${@:2}" >"$said" 2>&1; }
outcome() {
  grep -E "^board .* $1" "$said" >/dev/null || die "the table does not say '$1'"
  well "deploy.sh says: $(sed -n 's/^board  *//p' "$said" | tr -s ' ')"
}
begin "the package's service starts at boot, as the user without rights, and says that it has no model"
boot
no_model() { [ "$(property ActiveState)" = active ] && property StatusText | grep -q '^fault: .*no model'; }
wait_for 120 "the service does not say that there is no model" no_model
[ "$(on "stat -c %U /proc/$(property MainPID)")" = edge-runtime ] || die "it runs as another user"
failed=$(on 'systemctl --failed --no-legend --plain')
[ -z "$failed" ] || die "units failed: $failed"
well "$(property StatusText)"

begin "a stick is put in: the udev rule mounts it, the service takes its model and then its X-rays, it is pulled"
before=$(sha256sum <"$work/stick")
echo "drive_add 0 if=none,id=stick,format=raw,file=$work/stick" >&3
echo "device_add usb-storage,id=stick,drive=stick,removable=on" >&3
wait_for 300 "its four X-rays are not recorded" has_records 4
on 'edge-runtime model status' | grep -q '^slot .: .*version 1.*in use' || die "its model is not in use: $(on 'edge-runtime model status')"
well "its model is in use; for that, systemd started the service again: NRestarts $(property NRestarts)"
well "its four X-rays are recorded, and the record verifies"
mounted=$(on 'findmnt --noheadings --output TARGET,OPTIONS --list | grep /run/media/xray' | tr -s ' ')
case $mounted in *ro,nosuid,nodev,noexec*) well "mounted: ${mounted%%,relatime*}" ;; *) die "mounted: $mounted" ;; esac
echo "device_del stick" >&3
wait_for 120 "it is still mounted" on '! findmnt --noheadings --list | grep -q /run/media/xray'
[ "$before" = "$(sha256sum <"$work/stick")" ] || die "the stick was changed"
well "pulled: nothing is mounted any more, and no bit of it was changed"
on 'systemctl restart edge-runtime'
runs packaged
health=$(ssh -F "$work/ssh_config" board 'bash -c "exec 3<>/dev/tcp/127.0.0.1/8080
  printf \"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n\" >&3; cat <&3"')
case $health in *'"status":"ok"'*'"self_test":"passed"'*) well "its page says on the loopback that it is well" ;; *) die "/healthz: $health" ;; esac

begin "a release and a model, brought by a user with sudo, with the self-test of the lights"
deploy old --model "$work/packages/two.onnx" --board sim --health 4 || die "the first release"
outcome kept
runs old
on 'edge-runtime model status' | grep -q '^slot .: .*version 2.*in use' || die "the model is not in use: $(on 'edge-runtime model status')"
on 'edge-runtime records events' | grep -q installed || die "the record does not say so"
well "the new model is in use, and the record says so"

begin "a board whose service cannot start is repaired by a release"
deploy bad --health 1 --health-command true || die "it was not kept"
wait_for 120 "systemd does not try it again and again" restarts_repeatedly
deploy old --health 4 || die "the release that repairs it"
outcome kept
runs old

begin "lights that do not follow: the board goes back, and its service runs again"
deploy new --board pi4 --health 4 && die "a board without these lines is no success"
outcome 'back: the self-test of the lights and the button failed'
runs old

begin "a release that passes each test and that systemd cannot start"
deploy bad --health 4 && die "a release that does not start is no success"
outcome 'back: unhealthy after 0 of 4 seconds'
runs old

begin "it is killed while it is watched"
deploy new --health 20 &
deploying=$!
wait_for 300 "the new release does not start" watches new
sleep 2
on 'systemctl kill --signal KILL edge-runtime'
wait $deploying && die "a service that had to be started again is no success"
outcome 'back: unhealthy after'
runs old

begin "it says that it has a fault while it is watched: a folder is gone"
deploy new --health 20 &
deploying=$!
wait_for 300 "the new release does not start" watches new
on 'mv /srv/xrays /srv/gone'
wait $deploying && die "a fault is no success"
on 'mv /srv/gone /srv/xrays'
outcome 'back: unhealthy after'
runs old

begin "the power goes while a release is watched"
deploy new --health 120 &
deploying=$!
wait_for 300 "the watch does not begin" watches new
cut_power
boot
runs old
wait $deploying && die "a watch that was broken off is no success"
outcome 'back: the watch was broken off'
on '[ ! -e /usr/local/lib/edge-runtime/pending ]' || die "it is still pending"
[ "$(property Result edge-runtime-deploy)" = success ] || die "edge-runtime-deploy.service failed"
[ "$(property ExecMainExitTimestampMonotonic edge-runtime-deploy)" -gt 0 ] || die "edge-runtime-deploy.service did not run"
well "edge-runtime-deploy.service took it back at boot"
wait_for 10 "its record does not verify" has_records 4
deploy new --health 4 || die "the deployment after it"
outcome kept
runs new
echo "systemd: $checks checks passed"
