#!/usr/bin/env bash
# Times this engine and others and writes the tables of docs/evidence/performance.md to target/performance.md, without the text
# between them.
#
#   scripts/research/bench/run.sh INT8.onnx FLOAT.onnx IMAGE...
#
# Both models are exported from one run; the images have 224 x 224 pixels. Makes a virtual environment of its own
# under target/. With INSTRUCTIONS=1 aarch64 instructions are counted as well (scripts/research/bench/instructions.sh).
set -euo pipefail
if [ $# -lt 3 ]; then
  sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
int8=$(realpath "$1") float=$(realpath "$2")
shift 2
images=()
for image in "$@"; do images+=("$(realpath "$image")"); done
cd "$(dirname "$0")/../../.."
target=$(realpath "${CARGO_TARGET_DIR:-target}")
cargo build --release --workspace --example time_runs --bin edge-runtime
venv=$target/bench-venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet onnxruntime==1.32.0 numpy pillow
"$venv/bin/pip" install --quiet openvino || echo "OpenVINO could not be installed: skipped" >&2
# Without its dependencies: torch is not needed to read ONNX.
ncnn=()
if "$venv/bin/pip" install --quiet ncnn && "$venv/bin/pip" install --quiet --no-deps pnnx; then
  mkdir -p "$target/ncnn" && cp "$float" "$target/ncnn/float.onnx"
  pnnx=$(find "$venv/lib" -path '*/site-packages/pnnx/pnnx' -print -quit)
  "$pnnx" "$target/ncnn/float.onnx" 'inputshape=[1,3,224,224]' fp16=0 >/dev/null &&
    ncnn=(--ncnn "$target/ncnn/float.ncnn.param")
else
  echo "ncnn could not be installed: skipped" >&2
fi
out=$target/performance.md
{
  echo "# Performance"
  echo
  echo "Made by \`scripts/research/bench/run.sh INT8.onnx FLOAT.onnx IMAGE...\` (the models: \`host-trainer export\` of one run, once with"
  echo "\`--precision int8\`, once with \`float32\`). Compare within a table only: every machine has its own."
  echo
  "$venv/bin/python" scripts/research/bench/bench.py --int8 "$int8" --float "$float" --target "$target" \
    "${ncnn[@]}" --rounds "${ROUNDS:-60}" "${images[@]}"
  echo "ncnn runs the float model that its converter pnnx made (its int8 format has other quantisation steps, from other"
  echo "calibration images, so it would be another model). LiteRT is not in the table: its wheel reads no ONNX graph, and a"
  echo "conversion through TensorFlow would change layouts and quantisation steps."
  echo
  echo "## Process start to first verdict"
  echo
  echo "The shortest of ten \`edge-runtime screen --threads 1\` on one image, and its largest resident memory:"
  echo
  "$venv/bin/python" scripts/research/bench/first_verdict.py "$target/release/edge-runtime" "$int8" "${images[0]}"
  echo
  echo "## Where the time goes"
  echo
  echo "\`edge-runtime model profile\`, one thread. What is not fused (the head, the last pooling, copying in and out) is the"
  echo "difference to the table above."
  echo
  echo '```'
  "$target/release/edge-runtime" model profile "$int8"
  echo '```'
  echo
  if [ "$(uname -m)" = x86_64 ] && cc -O2 scripts/research/bench/peak.c -o "$target/peak"; then
    echo "The most that one core of this machine does on registers alone (\`scripts/research/bench/peak.c\`):"
    echo
    "$target/peak" | sed 's/^/- /'
    echo
  fi
  if [ "${INSTRUCTIONS:-0}" = 1 ]; then
    echo "## aarch64 instructions an image"
    echo
    echo "Counted under qemu-user by \`scripts/research/bench/instructions.sh\`; no time can be derived from them."
    echo
    for cpu in cortex-a76 cortex-a72; do
      echo "- $(scripts/research/bench/instructions.sh "$int8" fused $cpu "${images[0]}") (int8)"
      echo "- $(scripts/research/bench/instructions.sh "$float" tract $cpu "${images[0]}") (float)"
    done
    echo
  fi
} >"$out.new"
mv "$out.new" "$out"
cat "$out"
