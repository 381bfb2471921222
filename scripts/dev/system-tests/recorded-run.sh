#!/usr/bin/env bash
# A run of the daemon to look at: X-rays through the watched folder and from a stick that is pulled half-way and put in
# again, with its log, lights, records, metrics and screenshots of its page.
#
#   scripts/dev/system-tests/recorded-run.sh OUT_FOLDER MODEL X-RAY_OR_FOLDER...
#
# Every second image goes into the folder, the others on the stick, with one of the folder's and a letter. The stick is
# a file system in a file behind a loop device: FAT32 where the kernel reads it, else ext4, which is said. Screenshots are
# taken at 800x480 (7-inch touch screen) and 390x844 (phone), and hold X-rays: keep them as you keep these.
#
# Needs: root, for the loop device; chromium, curl; mkfs.vfat and mtools, or mkfs.ext4. PROGRAM:
# another edge-runtime than target/release/edge-runtime. UNCHECKED=true: a model without a known answer (a demo's).
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=scripts/dev/lib/testing.sh
. scripts/dev/lib/testing.sh
case ${1:-} in -h | --help | "") usage; exit 0 ;; esac
[ $# -ge 3 ] || { usage >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
model=$(realpath "$2")
shift 2
edge=$(realpath "${PROGRAM:-target/release/edge-runtime}")
browser=$(chromium_path) || die "no Chromium"
need_root "a loop device"
work=$(mktemp -d)
profile=$work/browser
daemon=
loop=
finish() {
  [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
  umount -l "$work/media/stick" 2>/dev/null || true
  [ -z "$loop" ] || losetup --detach "$loop" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap finish EXIT

mkdir -p "$work"/{watched,media/stick,devices,files/films}
mapfile -d '' -t images < <(find "$@" -type f -print0 | sort -z)
[ ${#images[@]} -ge 4 ] || die "at least four images are needed"
on_stick=()
in_folder=()
for at in "${!images[@]}"; do
  if [ $((at % 2)) = 0 ]; then in_folder+=("${images[at]}"); else on_stick+=("${images[at]}"); fi
done
for image in "${on_stick[@]}"; do cp "$image" "$work/files/films/"; done
cp "${in_folder[0]}" "$work/files/the same under another name"
echo "Dear colleague" >"$work/files/letter.txt"

truncate -s $((64 + 2 * $(du -sm "$work/files" | cut -f 1)))M "$work/stick.img"
if grep -qw vfat /proc/filesystems || modprobe vfat 2>/dev/null; then
  kind=vfat
  mkfs.vfat -F 32 "$work/stick.img" >/dev/null
  mcopy -s -i "$work/stick.img" "$work"/files/* ::
else
  kind=ext4
  echo "this kernel does not read FAT32: the stick is ext4"
  mkfs.ext4 -q -d "$work/files" "$work/stick.img"
fi
before=$(sha256sum <"$work/stick.img")
# A loop device stays in the kernel's list when its file goes, so the daemon is given a list that loses it.
plug() {
  loop=$(losetup --find --show --read-only "$work/stick.img")
  device=$(cat "/sys/block/${loop#/dev/}/dev")
  : >"$work/devices/$device"
  mount -t "$kind" -o "ro,nosuid,nodev,noexec$([ $kind = vfat ] || echo ,noload)" "$loop" "$work/media/stick"
}
pull() {
  rm "$work/devices/$device"
  umount --lazy "$work/media/stick"
  losetup --detach "$loop"
  loop=
}

port=$(free_port)
cat >"$work/config.toml" <<CONFIG
[model]
file = "$model"
unchecked = ${UNCHECKED:-false}
[record]
folder = "$work/store"
reserve_mb = 0
[lights]
board = "sim"
[[folder]]
path = "$work/watched"
[stick]
under = ["$work/media"]
devices = "$work/devices"
[page]
listen = "127.0.0.1:$port"
CONFIG
page=http://127.0.0.1:$port
# until_said WORDS [TIMES]: until the daemon's log has said WORDS so often.
until_said() {
  for _ in $(seq 3000); do
    [ "$(grep -c -- "$1" "$out/log.txt")" -ge "${2:-1}" ] && return
    kill -0 "$daemon" 2>/dev/null || die "the daemon ended; see $out/log.txt"
    sleep 0.1
  done
  die "it never said: $1"
}
# shoot NAME URL [SIZES]
shoot() {
  local name=$1 url=$2 size
  for size in ${3:-800x480 390x844}; do screenshot "$out/$name-$size.png" "$size" "$url"; done
}
# keep_page NAME STATE: keeps the status page as it is served in a state that is too short for a browser; status 1 if it
# did not come.
keep_page() {
  local name=$1 state=$2
  for _ in $(seq 2000); do
    case $(reach /live) in "$state "*)
      reach "/?lang=en" | sed "s|<head>|<head><base href=\"$page/\">|" >"$work/$name.html"
      grep -q "class=\"tell $state\"" "$work/$name.html" && return ;;
    esac
  done
  return 1
}

begin "the daemon starts"
"$edge" run --config "$work/config.toml" 2>"$out/log.txt" &
daemon=$!
until_true 120 reaches /healthz || die "it did not become healthy; see $out/log.txt"
shoot ready "$page/?lang=en"

begin "${#in_folder[@]} images come into the watched folder"
began=$SECONDS
keep_page busy busy & keeping=$!
for image in "${in_folder[@]}"; do
  cp "$image" "$work/watched/.part"
  mv "$work/watched/.part" "$work/watched/$(basename "$image")"
done
wait $keeping || echo "no image took long enough for a screenshot of its screening"
until_true 600 recorded_at_least ${#in_folder[@]} || die "the folder was not recorded"
echo "   recorded after $((SECONDS - began)) s: $(recorded)"
# The most urgent of them is shown last.
sleep 3
shoot after-folder "$page/?lang=en"

begin "a stick with ${#on_stick[@]} more, one of the folder's and a letter is put in, and pulled half-way"
plug
half=$((${#in_folder[@]} + ${#on_stick[@]} / 2))
# At short intervals: it must be pulled before its end.
for _ in $(seq 3000); do ! recorded_at_least $half || break; sleep 0.05; done
pull
until_said "pulled"
echo "   pulled with $(recorded) recorded"
"$edge" records --store "$work/store" verify | sed 's/^/   /'

begin "it is put in again"
plug
until_said "read to its end"
echo "   recorded: $(recorded)"
[ "$(recorded)" = ${#images[@]} ] || echo "NOTE: ${#images[@]} images, $(recorded) records: equal images have one record"

begin "screenshots of the page"
"$edge" records --store "$work/store" list >"$out/records.txt"
number_of() { awk -v what="$1" 'index($0, what) { print $1; exit }' "$out/records.txt"; }
shoot after-stick "$page/?lang=en"
for kind in "pneumonia suspected" "no sign" "uncertain" "NO RESULT"; do
  number=$(number_of "$kind")
  if [ -z "$number" ]; then echo "   no record says: $kind"; continue; fi
  name=$(tr 'A-Z ' 'a-z-' <<<"$kind")
  shoot "record-$name" "$page/records/$number?lang=en"
  [ "$name" != pneumonia-suspected ] || shoot "report" "$page/records/$number/report?lang=en" 794x1123
done
shoot records "$page/records?lang=en"
shoot about "$page/about?lang=en"
[ ! -e "$work/busy.html" ] || shoot busy "file://$work/busy.html"
reach /metrics >"$out/metrics.txt"
reach /healthz >"$out/healthz.txt"

begin "the end"
pull
kill "$daemon"
wait "$daemon" || [ $? = 143 ] || die "it did not end by SIGTERM alone"
daemon=
"$edge" records --store "$work/store" list --json >"$out/records.json"
"$edge" records --store "$work/store" verify | tee "$out/verify.txt" | sed 's/^/   /'
[ "$before" = "$(sha256sum <"$work/stick.img")" ] || die "the stick was changed"
echo "   no bit of the stick was changed"
echo "recorded run: $(find "$out" -name '*.png' | wc -l) screenshots and the rest in $out"
