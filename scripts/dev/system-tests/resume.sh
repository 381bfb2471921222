#!/usr/bin/env bash
# Kills `host-trainer fit` (SIGKILL) at random times, resumes it, and checks that the head is the one of a fit that
# nobody killed, byte by byte, and that nothing was computed again that lay in the cache.
#
#   scripts/dev/system-tests/resume.sh [KILLS] [SEED] [DATA FIT OPTION...]
#
# Default: 10 kills, seed 1. Without DATA: phantoms and random backbones. The kills are spread evenly over the time that
# a whole fit takes.
set -euo pipefail
kills=${1:-10} seed=${2:-1}
here=$(cd "$(dirname "$0")/../../.." && pwd)
trainer=${HOST_TRAINER:-$here/target/release/host-trainer}
[ -x "$trainer" ] || { echo "build it first: cargo build --release -p host-trainer" >&2; exit 1; }
# shellcheck source=scripts/dev/lib/testing.sh
. "$here/scripts/dev/lib/testing.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ $# -gt 2 ]; then
  data=$3
  options=("${@:4}")
else
  data=$work/phantoms
  # Few images to calibrate on and many passes: kills are to come before the features, among them and in training.
  options=(--backbones random --learning-rate 1e-3 --epochs 300 --calibrate-on 4)
  "$trainer" phantoms --out "$data" --count 16 --seed 5 >/dev/null
fi

fit() { # RUN CACHE [OPTION...]
  exec "$trainer" fit --data "$data" --device cpu --quiet --json --out "$1" --cache "$2" "${options[@]}" "${@:3}"
}
now() { date +%s.%N; }
# Name, inode and time of everything in a cache.
listed() { [ ! -d "$1" ] || find "$1" -name '*.f32' -printf '%P %i %T@\n' | LC_ALL=C sort; }
# Images and views whose features are there, of every backbone.
complete() {
  [ -d "$1" ] || { echo 0; return; }
  find "$1" -name '*.f32' -printf '%f\n' | sort | uniq -c | awk -v nets="$nets" '$1 == nets' | wc -l
}
value() { python3 -c 'import json, sys; run = json.load(sys.stdin); print(eval(sys.argv[1], {"run": run}))' "$1"; }

started=$(now)
(fit "$work/whole" "$work/cache-whole" >"$work/whole.json")
seconds=$(echo "$(now) $started" | awk '{ print $1 - $2 }')
head=$(sha256sum <"$work/whole/head.safetensors")
total=$(value 'run["timings"]["computed"]' <"$work/whole.json")
# Features of int8 backbones are together, those of float ones in one folder a net.
nets=$(value '1 if run.get("int8") or run.get("base") else len(run["backbones"])' <"$work/whole.json")
found=0
echo "a whole fit: $seconds s, $total images and views; head ${head:0:16}"

for kill in $(seq "$kills"); do
  run=$work/run cache=$work/cache
  rm -rf "$run" "$cache"
  # Evenly over the fit, at random within each part, the last of it left out since no two fits take the same time.
  delay=$(awk -v k="$kill" -v n="$kills" -v t="$seconds" -v s="$((seed * 1000 + kill))" \
    'BEGIN { srand(s); print (k - 1 + rand()) / n * t * 0.95 }')
  fit "$run" "$cache" >/dev/null &
  child=$!
  sleep "$delay"
  kill -9 "$child" 2>/dev/null || die "kill $kill at $delay s: the fit had ended"
  wait "$child" 2>/dev/null || true
  listed "$cache" >"$work/before"
  cached=$(complete "$cache")
  epochs=0
  [ ! -f "$run/metrics-so-far.csv" ] || epochs=$(($(wc -l <"$run/metrics-so-far.csv") - 1))
  (fit "$run" "$cache" --resume >"$work/run.json")
  [ "$(sha256sum <"$run/head.safetensors")" = "$head" ] || die "kill $kill at $delay s: another head"
  computed=$(value 'run["timings"]["computed"]' <"$work/run.json")
  # Equal images are one in the cache, so that it can save more than it has files.
  [ "$computed" -le $((total - cached)) ] || die "kill $kill at $delay s: $cached were there, $computed of $total computed"
  listed "$cache" | LC_ALL=C comm -23 "$work/before" - >"$work/touched"
  [ ! -s "$work/touched" ] || die "kill $kill at $delay s: $(wc -l <"$work/touched") files in the cache were written again"
  found=$((found + cached))
  printf 'kill %2d at %6.2f s: %4d of %d features were cached, %3d epochs were done; the same head\n' \
    "$kill" "$delay" "$cached" "$total" "$epochs"
done
# Else nothing was there that could have been computed again, and nothing was shown.
[ "$found" -gt 0 ] || die "no kill came after the first features"
echo "$kills kills: the same head each time, no cached features computed again"
