#!/usr/bin/env bash
# Runs each fuzz target (fuzz/) under libFuzzer for some seconds and prints a table of executions and findings.
#
#   scripts/dev/fuzz.sh [SECONDS] [TARGET...]      60 seconds for each of all targets
#
# A target stops at its first finding, which is kept in target/fuzz/findings; to see it again:
#   target/release/fuzz-TARGET FILE
# What is worth keeping of the inputs is in target/fuzz/TARGET, from where a later run goes on. The target `jpeg` compares
# with libjpeg-turbo's djpeg (Debian: libjpeg-turbo-progs).
#
# CARGO names another program than cargo. Exit status: 0 no findings, 1 some, 2 wrong arguments or no djpeg.
set -euo pipefail
cd "$(dirname "$0")/../.."

targets=(picture jpeg dicom dicom-jpeg dicom-jpeg2000 model signature configuration board-file record mounts splits)
seconds=${1:-60}
if [[ ! $seconds =~ ^[1-9][0-9]*$ ]]; then
  sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
if [ $# -gt 1 ]; then targets=("${@:2}"); fi
if [[ " ${targets[*]} " == *" jpeg "* ]] && ! command -v djpeg >/dev/null; then
  echo "there is no djpeg; install it: apt-get install libjpeg-turbo-progs" >&2
  exit 2
fi

# Longest input in bytes: above it, nothing new is learnt and each execution takes longer.
declare -A longest=([picture]=16384 [jpeg]=16384 [dicom]=16384 [dicom-jpeg]=16384 [dicom-jpeg2000]=16384 [model]=8192)
# Folders of inputs beside those in the folder of the target in fuzz/corpus.
declare -A more=(
  [picture]=xray-intake/tests/fixtures/pictures
  [jpeg]=xray-intake/tests/fixtures/pictures
  [dicom]=xray-intake/tests/fixtures/dicom
  [board-file]=edge-runtime/boards
)
out=target/fuzz
mkdir -p $out/findings

export CARGO_PROFILE_RELEASE_LTO=off CARGO_TERM_PROGRESS_WHEN=never
RUSTC_WORKSPACE_WRAPPER=$PWD/scripts/dev/lib/fuzz-rustc.sh \
  "${CARGO:-cargo}" build --release -p xray-fuzz --bins --features libfuzzer

# number LOG WORD: the number behind a word of libFuzzer's last statistics.
number() { sed -n "s/^stat::$2: *//p" "$1" | tail -n 1; }

failed=0
printf '%-16s %12s %8s %9s %7s  %s\n' target executions seconds branches inputs findings
for target in "${targets[@]}"; do
  log=$out/$target.log
  mkdir -p "$out/$target"
  folders=("$out/$target" "fuzz/corpus/$target")
  if [ -n "${more[$target]:-}" ]; then folders+=("${more[$target]}"); fi
  began=$SECONDS status=0
  "target/release/fuzz-$target" "${folders[@]}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -max_len="${longest[$target]:-4096}" -artifact_prefix="$out/findings/$target-" -print_final_stats=1 \
    -verbosity=1 >"$log" 2>&1 || status=$?
  finding=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  branches=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  if [ $status -ne 0 ]; then
    failed=1
    : "${finding:=status $status, see $log}"
  fi
  printf '%-16s %12s %8s %9s %7s  %s\n' "$target" "$(number "$log" number_of_executed_units)" $((SECONDS - began)) \
    "${branches:-0}" "$(find "$out/$target" -type f | wc -l)" "${finding:-0}"
done
exit $failed
