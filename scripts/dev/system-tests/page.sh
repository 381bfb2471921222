#!/usr/bin/env bash
# Takes screenshots of the page in headless Chromium, as a 7-inch touch screen and a phone show it, in each language, and
# checks the reports with pydicom and the metrics with Prometheus' parser. On phantoms; look at the screenshots afterwards.
#
#   scripts/dev/system-tests/page.sh OUT_FOLDER
#
# Needs: chromium, curl; target/release/host-trainer and edge-runtime. PYTHON: an interpreter with pydicom, numpy and
# prometheus-client; without it the reports and metrics are not checked. MODEL: another model than the demo's.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=scripts/dev/lib/testing.sh
. scripts/dev/lib/testing.sh
[ $# -eq 1 ] || { usage >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
edge=$PWD/target/release/edge-runtime
trainer=$PWD/target/release/host-trainer
browser=$(chromium_path) || die "no Chromium"
work=$(mktemp -d)
profile=$work/browser
daemon=
finish() { [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT

model=${MODEL:-}
if [ -z "$model" ]; then
  "$trainer" demo --out "$work/demo" >/dev/null
  model=$work/demo/model.onnx
fi
"$trainer" phantoms --out "$work/phantoms" --count 4 --seed 5 >/dev/null
port=$(free_port)
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
said=$work/log
until_true 120 reaches /healthz || die "the daemon did not become healthy"

count=0
# put FILE: puts a file into the watched folder and waits for its record.
put() {
  cp "$1" "$work/.part"
  mv "$work/.part" "$work/watched/$count"
  count=$((count + 1))
  until_true 120 recorded_at_least "$count" || die "image $count was not recorded"
}
for picture in $(find "$work/phantoms" -name '*.png' | sort | head -n 4); do put "$picture"; done
echo "Dear colleague" >"$work/letter"
put "$work/letter"

# shoot NAME SIZE PATH
shoot() { screenshot "$out/$1-$2.png" "$2" "$page$3"; }
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
  echo "PYTHON is not set: reports and metrics were NOT checked"
fi
# A fault: the watched folder is missing.
mv "$work/watched" "$work/gone"
shows_fault() { reach /live | grep -q fault; }
until_true 10 shows_fault || die "the page shows no fault without the watched folder"
for size in 800x480 390x844; do shoot en-fault "$size" "/?lang=en"; done
echo "page: $(find "$out" -name '*.png' | wc -l) screenshots in $out"
