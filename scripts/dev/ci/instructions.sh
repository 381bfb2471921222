#!/usr/bin/env bash
# Counts the aarch64 instructions of the fused engine for one image, and compares them with the counts that are recorded.
#
#   scripts/dev/ci/instructions.sh MODEL.onnx IMAGE
#
# More than 2 % above the recorded count is a failure; more than 2 % below it as well, so that the record is kept up. The
# count depends on the model, which must be that of `host-trainer demo`, and hardly on the compiler. With WRITE=1 the file
# is written again.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
model=$(realpath "$1") image=$(realpath "$2")
cd "$(dirname "$0")/../../.."
record=scripts/dev/ci/instructions.txt
status=0
new=$(mktemp)
trap 'rm -f "$new"' EXIT
grep '^#' "$record" >"$new"
for cpu in cortex-a76 cortex-a72; do
  line=$(scripts/research/bench/instructions.sh "$model" fused $cpu "$image")
  millions=$(grep -oE '[0-9]+ million' <<<"$line" | cut -d ' ' -f 1)
  recorded=$(awk -v cpu=$cpu '$1 == cpu { print $2 }' "$record")
  echo "$line; recorded: ${recorded:-none}"
  echo "$cpu $millions" >>"$new"
  if [ -z "$recorded" ] || [ $((millions * 100)) -gt $((recorded * 102)) ] || [ $((millions * 100)) -lt $((recorded * 98)) ]; then
    status=1
  fi
done
if [ "${WRITE:-0}" = 1 ]; then
  cp "$new" "$record"
elif [ $status -ne 0 ]; then
  echo "$record does not have these counts: find out why they changed, then write it with WRITE=1" >&2
  exit $status
fi
