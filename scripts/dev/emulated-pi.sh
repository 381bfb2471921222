#!/usr/bin/env bash
# Boots a whole Raspberry Pi 3B in QEMU with edge-runtime on it, and drives it from outside: lights, stick, button and
# power cuts.
#
#   scripts/dev/emulated-pi.sh [--full] [--only screening|cuts] [--cuts N] [--thaw] [--seed N] [--pictures DIR]
#                          [--model FILE.onnx] [--binary FILE]
#
# Without --full: boot, lights through gpiocdev and rppal, a stick of several formats that is pulled half-way and plugged
# in again, the button, the page over the network, a camera, memory, answers compared with this machine's, one power cut.
# With --full also `screen` on the board, more images, and 50 power cuts (--cuts N). With --thaw each of them starts from
# a board that was frozen after booting, which is faster; it sees its disk for the first time all the same. --pictures
# takes screenshots of the board's page with Chromium.
#
# Without --model, the demo's is taken. Needs Debian, no root: qemu-system-arm, mtools, dosfstools, e2fsprogs, cpio,
# python3. Kernel, device tree, busybox and C library are fetched from Debian's mirror. The program is the one of
#   scripts/deploy/cross-build.sh aarch64 --emulated --with gcc --allow-glibc VERSION_OF_THIS_DEBIAN
# or --binary; the host's programs are those of `cargo build --release --workspace`.
# Exit status: 0 all checks passed, 1 one failed, 2 wrong usage.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=scripts/dev/emulated-pi
# shellcheck source=scripts/dev/emulated-pi/debian-packages.sh
. "$here/debian-packages.sh"

target=${CARGO_TARGET_DIR:-target}
binary=$target/aarch64-unknown-linux-gnu/emulated/edge-runtime
model='' count='' options=()
while [ $# -gt 0 ]; do
  case "$1" in
    --full) options+=(--full --images 6); count=${count:-50} ;;
    --thaw) options+=(--thaw) ;;
    --cuts) count=${2:?--cuts needs a number}; shift ;;
    --seed) options+=(--seed "${2:?--seed needs a number}"); shift ;;
    --only) options+=(--only "${2:?--only needs screening or cuts}"); shift ;;
    --pictures) options+=(--pictures "${2:?--pictures needs a folder}"); shift ;;
    --model) model=${2:?--model needs a file}; shift ;;
    --binary) binary=${2:?--binary needs a file}; shift ;;
    -h | --help) sed -n '2,20s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "emulated-pi: '$1' is not known; see --help" >&2; exit 2 ;;
  esac
  shift
done
export PATH=$PATH:/usr/sbin:/sbin
for tool in qemu-system-aarch64 mcopy mkfs.vfat mke2fs cpio python3 dpkg-deb; do
  command -v "$tool" >/dev/null ||
    { echo "$tool is missing: apt-get install qemu-system-arm mtools dosfstools e2fsprogs cpio python3" >&2; exit 1; }
done
[ -x "$binary" ] || { echo "$binary is missing: see --help for how it is built" >&2; exit 1; }

work=$target/emulated-pi
mkdir -p "$work"
rm -rf "$work"/{board,state,state-small,packages,keys,emulated.key,emulated.pub,phantoms,screening,cuts}

# --- models, signed and installed on this machine: the store is the same on every machine ----------------------------
if [ -z "$model" ]; then
  model=$work/demo/model.onnx
  [ -e "$model" ] || { rm -rf "$work/demo"; "$target/release/host-trainer" demo --out "$work/demo" >/dev/null; }
fi
"$target/release/host-trainer" phantoms --out "$work/phantoms" --count 4 --seed 6 >/dev/null
[ -x "$target/release/examples/packages" ] || cargo build --release -p edge-runtime --example packages
"$target/release/examples/packages" "$work/packages" >/dev/null
cp -r "$work/packages/keys" "$work/keys"
"$target/release/host-trainer" keys new --no-password --out "$work/emulated" >/dev/null
cp "$model" "$work/model.onnx"
"$target/release/host-trainer" sign --key "$work/emulated.key" --model-version 1 "$work/model.onnx" >/dev/null
cp "$work/emulated.pub" "$work/keys/"
install_model() { "$target/release/edge-runtime" model install "$1" --store "$work/$2/models" --keys "$work/keys" >/dev/null; }
mkdir -p "$work/state" "$work/state-small"
install_model "$work/model.onnx" state
install_model "$work/packages/one.onnx" state-small

# --- the files that the board boots from -----------------------------------------------------------------------------------
fetch_packages "$work/debian"
debian=$work/debian/root
board=$work/board
mkdir -p "$board"/{bin,proc,sys,dev,tmp,run,usr/bin,usr/share/models,etc/edge-runtime}
cp "$debian/bin/busybox" "$board/bin/"
ln -s busybox "$board/bin/sh"
cp -a "$debian/lib/." "$board/lib"
rm -rf "$board/lib/modules"
cp "$binary" "$board/usr/bin/edge-runtime"
if command -v aarch64-linux-gnu-strip >/dev/null; then aarch64-linux-gnu-strip "$board/usr/bin/edge-runtime"; fi
cp "$work"/packages/{one,two}.onnx* "$board/usr/share/models/"
cp -r "$work/keys" "$here/config.toml" "$board/etc/edge-runtime/"
cp edge-runtime/boards/pi3.toml "$board/etc/edge-runtime/pi3-gpiocdev.toml"
sed 's/^backend = .*/backend = "rppal"/' edge-runtime/boards/pi3.toml >"$board/etc/edge-runtime/pi3-rppal.toml"
cp "$here/init" "$board/init"
# A phantom that is not on the stick.
cp "$(find "$work/phantoms" -name '*.png' | sort | tail -n 1)" "$board/usr/share/phantom.png"
chmod 755 "$board/init"
python3 "$here/kernel_modules.py" "$debian/lib/modules" "$board/modules"
python3 "$here/device_tree.py" "$(find "$debian" -name bcm2837-rpi-3-b.dtb -print -quit)" "$work/pi.dtb"
cp "$(find "$debian/boot" -name 'vmlinuz-*' -print -quit)" "$work/kernel"
(cd "$board" && find . | cpio --quiet --create --format newc --owner 0:0) >"$work/initramfs"

exec python3 "$here/run.py" --work "$work" --repository . --program "$target/release/edge-runtime" \
  --model "$work/model.onnx" --phantoms "$work/phantoms" --cuts "${count:-1}" "${options[@]}"
