#!/usr/bin/env python3
"""How far a quantised model is from the float model of the same run, by ONNX Runtime.

    python scripts/oracle/quantised_report.py FLOAT.onnx INT8.onnx IMAGE-OR-FOLDER... [--count 64] [--seed 0]

Prints the ratio of signal to error of the pooled features for each backbone (decibels), and the distribution
of |dp| with the flipped verdicts. The quantised model runs with optimisations off: that is the reference for
every engine. LIST.csv instead of an image takes the images with the role `val` of a splits file; --root is
the folder that its paths start from. Needs numpy, onnx, onnxruntime and pillow.
"""

import argparse
import csv
import json
import random
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx_check import images_of, tensor

WIDTH = {"densenet169": 1664, "mobilenet-v2": 1280}


def session(path, optimised):
    settings = onnxruntime.SessionOptions()
    if not optimised:
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("float")
    parser.add_argument("int8")
    parser.add_argument("images", nargs="+")
    parser.add_argument("--root", type=Path, default=Path("."))
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    onnx.checker.check_model(options.int8, full_check=True)
    model = onnx.load(options.int8)
    contract = json.loads({e.key: e.value for e in model.metadata_props}["xray_edge.contract"])
    images = []
    for given in options.images:
        if given.endswith(".csv"):
            with open(given, newline="") as lines:
                images += [options.root / row["path"] for row in csv.DictReader(lines) if row["role"] == "val"]
        else:
            images += images_of([given])
    random.Random(options.seed).shuffle(images)
    images = images[: options.count]

    reference, rounded = session(options.float, True), session(options.int8, False)
    rows = []
    for path in images:
        image = tensor(path, contract["preprocessing"])
        rows.append([s.run(["probability", "features"], {"image": image}) for s in (reference, rounded)])
    features = [np.concatenate([row[side][1] for row in rows]).astype(np.float64) for side in (0, 1)]
    p, q = (np.array([row[side][0][0, 0] for row in rows], np.float64) for side in (0, 1))

    print(f"{len(rows)} images, {Path(options.int8).stat().st_size} bytes, {len(model.graph.node)} nodes")
    start = 0
    for backbone in contract["backbones"]:
        end = start + WIDTH[backbone["name"]]
        wanted, got = (f[:, start:end] for f in features)
        ratio = 10 * np.log10((wanted**2).sum() / ((wanted - got) ** 2).sum())
        centred = wanted - wanted.mean(0)
        of_variance = 10 * np.log10((centred**2).sum() / ((wanted - got) ** 2).sum())
        bias = 10 * np.log10((wanted**2).sum() / (len(wanted) * ((wanted - got).mean(0) ** 2).sum()))
        print(
            f"{backbone['name']}: {ratio:.1f} dB, {of_variance:.1f} dB over the images' variance, "
            f"{bias:.1f} dB for the mean of the error"
        )
        start = end
    dp = np.abs(p - q)
    quantiles = ", ".join(
        f"{name} {np.quantile(dp, at):.4f}" for name, at in [("median", 0.5), ("90%", 0.9), ("99%", 0.99), ("max", 1)]
    )
    threshold = contract["threshold"]
    print(f"|dp|: mean {dp.mean():.4f}, {quantiles}; mean of dp {(q - p).mean():+.4f}")
    flipped = [
        (str(path), round(float(a), 4), round(float(b), 4))
        for path, a, b in zip(images, p, q, strict=False)
        if (a >= threshold) != (b >= threshold)
    ]
    print(f"verdicts flipped at {threshold:.4f}: {len(flipped)}")
    for row in flipped:
        print("  ", *row)


if __name__ == "__main__":
    main()
