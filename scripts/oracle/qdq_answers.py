#!/usr/bin/env python3
"""Answers of ONNX Runtime for host-trainer/tests/integration/quantised.rs.

    XRAY_EDGE_WRITE=FOLDER cargo test --release -p host-trainer --test integration quantised -- --ignored
    python scripts/oracle/qdq_answers.py FOLDER > host-trainer/tests/fixtures/qdq.json

Checks the file with onnx.checker, runs it with optimisations off on the image that the tests hash, and prints
the answers beside the calibration that the file was written with. Needs numpy, onnx and onnxruntime.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

SIZE, STEP = 64, 46
U64 = np.uint64


def hashed(name, count):
    """Uniform in 0..1 from FNV-1a of the name and SplitMix64 of the index, as in export_fixtures.py."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) % 2**64
    with np.errstate(over="ignore"):
        z = U64(seed) + (np.arange(count, dtype=U64) + U64(1)) * U64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> U64(27))) * U64(0x94D049BB133111EB)
        z = z ^ (z >> U64(31))
    return (z >> U64(40)).astype(np.float64) / 2**24


folder = Path(sys.argv[1])
path = folder / "model.onnx"
onnx.checker.check_model(str(path), full_check=True)
settings = onnxruntime.SessionOptions()
settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
image = (hashed("image", 3 * SIZE * SIZE) * 4 - 2).astype(np.float32).reshape(1, 3, SIZE, SIZE)
probability, features = session.run(["probability", "features"], {"image": image})
calibration = json.loads((folder / "calibration.json").read_text())
print(
    json.dumps(
        {
            "feature_step": STEP,
            "probability": float(probability[0, 0]),
            "features": [round(float(f), 7) for f in features[0, ::STEP]],
            "calibration": calibration,
        },
        indent=0,
    )
)
