#!/usr/bin/env bash
# Counts the aarch64 instructions of ONNX Runtime for one image under qemu-user, as instructions.sh does for
# the engines of this project: its aarch64 wheel runs in Debian's aarch64 Python, which is unpacked below target/.
#
#   scripts/research/bench/instructions_ort.sh MODEL.onnx CPU
#
# Needs what instructions.sh needs, and the architecture arm64 (dpkg --add-architecture arm64; apt-get update).
set -euo pipefail
if [ $# -ne 2 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
model=$(realpath "$1") cpu=$2
cd "$(dirname "$0")/../../.."
target=$(realpath "${CARGO_TARGET_DIR:-target}")
root=$target/aarch64-root
if [ ! -f "$root/.ready" ]; then
  mkdir -p "$root/debs" "$root/wheels" "$root/site"
  (
    cd "$root/debs"
    apt-get download --quiet python3.11-minimal:arm64 libpython3.11-minimal:arm64 libpython3.11-stdlib:arm64 \
      libc6:arm64 libgcc-s1:arm64 libstdc++6:arm64 zlib1g:arm64 libexpat1:arm64 libssl3:arm64 libffi8:arm64
    for package in *.deb; do dpkg -x "$package" ..; done
  )
  python3 -m pip download --quiet --only-binary=:all: --no-deps --python-version 3.11 --dest "$root/wheels" \
    --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux2014_aarch64 \
    onnxruntime==1.23.2 numpy==2.2.6 flatbuffers packaging protobuf
  for wheel in "$root"/wheels/*.whl; do python3 -m zipfile -e "$wheel" "$root/site"; done
  touch "$root/.ready"
fi
plugin=$target/count.so
cc -O2 -shared -fPIC scripts/research/bench/count.c -o "$plugin"

count() {
  QEMU_CPU=$cpu PYTHONPATH=$root/site qemu-aarch64 -L "$root" -plugin "$plugin" "$root/usr/bin/python3.11" -c '
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
entry = session.get_inputs()[0]
image = numpy.full([1, 3, 224, 224], .25, numpy.float32)
for _ in range(int(sys.argv[2])):
    session.run(None, {entry.name: image})
' "$model" "$1" 2>&1 >/dev/null | tail -n 1
}

one=$(count 1)
three=$(count 3)
echo "ONNX Runtime $(basename "$root"/site/onnxruntime-*.dist-info | sed 's/onnxruntime-\(.*\).dist-info/\1/') on $cpu: $(((three - one) / 2000000)) million instructions an image"
