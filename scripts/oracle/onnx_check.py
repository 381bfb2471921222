#!/usr/bin/env python3
"""Checks an exported model and compares our engine's probabilities with ONNX Runtime's.

Everything from the image file to the probability is done here with Pillow, numpy and ONNX Runtime, so that
intake, preprocessing and engine are checked together.
"""

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image

SUFFIXES = {".jpg", ".jpeg", ".png", ".pgm"}
SCALING = {
    "imagenet": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    "unit": ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0]),
}


def images_of(paths):
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES)
        else:
            yield path


def calibrated(probability, contract):
    """What a device shows: the logit divided by the temperature of the contract (Guo 2017, arXiv:1706.04599)."""
    temperature = contract.get("temperature", 1.0)
    if temperature == 1.0 or not 0.0 < probability < 1.0:
        return probability
    return 1.0 / (1.0 + math.exp(-math.log(probability / (1.0 - probability)) / temperature))


def tensor(path, preprocessing):
    if preprocessing["resize"] != "bilinear-antialias":
        sys.exit(f"unknown resize {preprocessing['resize']!r}: teach it to {__file__}")
    size = preprocessing["size"]
    image = Image.open(path)
    if image.mode.startswith("I"):
        # 16 bit grey: Pillow would cut values above 255 off instead of scaling them.
        image = Image.fromarray(np.round(np.asarray(image, np.float64) / 257).astype(np.uint8))
    image = image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    mean, std = (np.array(v, np.float32) for v in SCALING[preprocessing["scaling"]])
    pixels = (np.asarray(image, np.float32) / 255 - mean) / std
    return pixels.transpose(2, 0, 1)[None]


def answers_of(path):
    answers = {}
    for number, line in enumerate(Path(path).read_text().splitlines(), 1):
        if not line.strip():
            continue
        entry = json.loads(line)
        if entry.get("probability") is None:
            print(f"{path}:{number}: no probability for {entry.get('file')}; left out", file=sys.stderr)
            continue
        key = Path(entry["file"]).resolve()
        if key in answers:
            sys.exit(f"{path}:{number}: {entry['file']} is answered twice")
        answers[key] = float(entry["probability"])
    return answers


def shrink(arguments):
    """Writes PNG copies of images at a model's input size. A network can turn one grey level of a decoder's or
    a resizer's rounding into more than the tolerance; on such copies only the model is compared."""
    parser = argparse.ArgumentParser(description=shrink.__doc__, prog="onnx.sh --shrink")
    parser.add_argument("out", type=Path)
    parser.add_argument("size", type=int)
    parser.add_argument("images", nargs="+")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(images_of(options.images)):
        copy = Image.open(path).convert("L").resize((options.size, options.size), Image.BILINEAR)
        copy.save(options.out / f"{number:04}-{path.stem}.png")
    return 0


def main():
    if sys.argv[1] == "--shrink":
        return shrink(sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, prog="onnx.sh")
    parser.add_argument("model")
    parser.add_argument("answers", help="JSON lines with file and probability, from edge-runtime screen --json")
    parser.add_argument("images", nargs="+")
    parser.add_argument("--tolerance", type=float, default=1e-3)
    options = parser.parse_args()

    onnx.checker.check_model(options.model, full_check=True)
    model = onnx.load(options.model)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    contract = json.loads(metadata["xray_edge.contract"])
    print(
        f"onnx.checker: ok, opset {model.opset_import[0].version}, {len(model.graph.node)} nodes, "
        f"{Path(options.model).stat().st_size} bytes, {contract['precision']}"
    )

    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(options.model, settings, providers=["CPUExecutionProvider"])
    answers = answers_of(options.answers)
    worst, compared, unanswered = (0.0, None), 0, []
    for path in images_of(options.images):
        key = path.resolve()
        if key not in answers:
            unanswered.append(path)
            continue
        image = tensor(path, contract["preprocessing"])
        probability = float(session.run(["probability"], {"image": image})[0][0, 0])
        # Written so that a NaN on either side counts as the worst there is.
        difference = abs(calibrated(probability, contract) - answers[key])
        if not difference <= worst[0]:
            worst = (difference if difference == difference else float("inf"), path)
        compared += 1
    for path in unanswered:
        print(f"{path}: our engine gave no answer", file=sys.stderr)
    print(f"{compared} images compared, max |dp| = {worst[0]:.3e}" + (f" at {worst[1]}" if worst[1] else ""))
    if unanswered or not compared or worst[0] > options.tolerance:
        print(f"FAILED: tolerance {options.tolerance}, {len(unanswered)} without an answer", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
