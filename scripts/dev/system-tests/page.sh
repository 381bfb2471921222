#!/usr/bin/env bash
# Photographs the page in headless Chromium as a 7-inch touch screen and a phone show it, in each language, and holds the
# reports against pydicom and the metrics against Prometheus' parser. On phantoms; the pictures are for looking at.
#
#   scripts/dev/system-tests/page.sh OUT_FOLDER
#
# Needs: chromium, curl; target/release/host-trainer and edge-runtime. PYTHON: an interpreter with pydicom, numpy and
# prometheus-client; without it the reports and metrics are not held against anything, which is said. MODEL: another
# model than the demo's.
set -euo pipefail
cd "$(dirname "$0")/../../.."
[ $# -eq 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
die() { echo "FAILED: $*" >&2; exit 1; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
edge=$PWD/target/release/edge-runtime
trainer=$PWD/target/release/host-trainer
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || die "no Chromium"
work=$(mktemp -d)
daemon=
finish() { [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT

model=${MODEL:-}
if [ -z "$model" ]; then
  "$trainer" demo --out "$work/demo" >/dev/null
  model=$work/demo/model.onnx
fi
"$trainer" phantoms --out "$work/phantoms" --count 4 --seed 5 >/dev/null
port=$((20000 + RANDOM % 10000))
mkdir "$work/watched"
cat >"$work/config.toml" <<CONFIG
[model]
file = "$model"
unchecked = true
[record]
folder = "$work/store"
reserve_mb = 0
[lights]
at_least_s = 0
fault_s = 30
[[folder]]
path = "$work/watched"
settle_s = 0
every_s = 0.1
[page]
listen = "127.0.0.1:$port"
CONFIG
"$edge" run --config "$work/config.toml" 2>"$work/log" &
daemon=$!
page=http://127.0.0.1:$port
reach() { curl -fsS --max-time 10 "$page$1"; }
for _ in $(seq 600); do reach /healthz >/dev/null 2>&1 && break; sleep 0.2; done
reach /healthz >/dev/null || { cat "$work/log"; die "it did not become healthy"; }

count=0
put() {
  cp "$1" "$work/.part"
  mv "$work/.part" "$work/watched/$count"
  count=$((count + 1))
  for _ in $(seq 600); do
    [ "$(reach /metrics | awk '/^xray_edge_records_total/ { sum += $2 } END { print sum }')" -ge "$count" ] && return
    sleep 0.2
  done
  die "image $count was not recorded"
}
for picture in $(find "$work/phantoms" -name '*.png' | sort | head -n 4); do put "$picture"; done
echo "Dear colleague" >"$work/letter"
put "$work/letter"

shoot() {
  local name=$1 size=$2 path=$3 width=${2%x*} height=${2#*x}
  "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/browser" \
    --window-size="$width,$height" --screenshot="$out/$name-$size.png" "$page$path" >/dev/null 2>&1 ||
    die "no picture of $path"
}
for size in 800x480 390x844; do
  for language in en fr sw zh; do
    shoot "$language-status" "$size" "/?lang=$language"
    shoot "$language-record" "$size" "/records/1?lang=$language"
    shoot "$language-no-result" "$size" "/records/$count?lang=$language"
    shoot "$language-records" "$size" "/records?lang=$language"
    shoot "$language-about" "$size" "/about?lang=$language"
  done
done
shoot report 794x1123 "/records/1/report?lang=en"

if [ -n "${PYTHON:-}" ]; then
  "$edge" report --store "$work/store" --record 1 --format sc --out "$out/image.dcm"
  "$edge" report --store "$work/store" --record 1 --format sr --out "$out/report.dcm"
  "$edge" report --store "$work/store" --record 1 --out "$out/report.html" --force
  "$edge" records --store "$work/store" show 1 --json >"$work/record.json"
  "$PYTHON" scripts/oracle/reports.py "$out/image.dcm" "$out/report.dcm" "$work/record.json"
  reach /metrics | "$PYTHON" scripts/oracle/reports.py --metrics
else
  echo "PYTHON is not set: reports and metrics were NOT held against anything"
fi
# A fault: a folder that is gone.
mv "$work/watched" "$work/gone"
for _ in $(seq 50); do reach /live | grep -q fault && break; sleep 0.2; done
for size in 800x480 390x844; do shoot en-fault "$size" "/?lang=en"; done
echo "page: $(find "$out" -name '*.png' | wc -l) pictures in $out"
