#!/bin/sh
# Compares an exported model with ONNX Runtime.
#
#   scripts/oracle/onnx.sh MODEL.onnx ANSWERS.jsonl IMAGE-OR-FOLDER...
#   scripts/oracle/onnx.sh --shrink OUT SIZE IMAGE-OR-FOLDER...   PNG copies at the model's input size
#
# ANSWERS.jsonl is our engine's answers for the same images:
#   edge-runtime screen --model MODEL.onnx --json FOLDER > ANSWERS.jsonl
# Exit status: 0 within the tolerance, 1 beyond it or a check failed, 2 usage.
# The Python environment is made once beside this file; PYTHON names the interpreter to make it with.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
venv="$here/.venv"
stamp="$venv/.onnx-ready"
if [ $# -lt 3 ]; then
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
if [ ! -f "$stamp" ]; then
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check \
        onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 pillow==13.0.0
    : > "$stamp"
fi
exec "$venv/bin/python" "$here/onnx_check.py" "$@"
