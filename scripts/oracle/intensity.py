#!/usr/bin/env python3
"""Golden numbers for xray-core/tests/integration/intensity.rs, from OpenCV.

    pip install opencv-python-headless numpy
    python scripts/oracle/intensity.py

Writes xray-core/tests/fixtures/preprocess/intensity.json: of pictures that script and test draw by the same integer
formula, SHA-256 of the picture, and of what equalizeHist, CLAHE and cvtColor make of it, with 16 levels to look at
when they differ.
"""

import hashlib
import json
import pathlib

import cv2
import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "xray-core/tests/fixtures/preprocess/intensity.json"
RULES = ["histogram", "clahe:2,8", "clahe:1,8", "clahe:4,4", "clahe:40,8", "clahe:2.5,16", "clahe:100,1", "clahe:1,32"]


def draw(kind, size, channel=0):
    y, x = np.mgrid[0:size, 0:size].astype(np.int64)
    grain = ((x * 2654435761 + y * 40503 + channel * 977) >> 7) & 7
    if kind == "chest":
        # A bright field with two dark ovals, a slope, grain, and black borders at both sides.
        left = (x * 64 // size - 20) ** 2 * 3 + (y * 64 // size - 32) ** 2
        right = (x * 64 // size - 44) ** 2 * 3 + (y * 64 // size - 32) ** 2
        level = np.where((left < 300) | (right < 300), 60, 140) + y * 40 // size + grain * 2 + channel * 9
        return np.where((x < size // 16) | (x >= size - size // 16), 0, level).astype(np.uint8)
    if kind == "pale":
        return (120 + (x + y) * 12 // size + grain).astype(np.uint8)
    if kind == "flat":
        return np.full((size, size), 77, np.uint8)
    if kind == "texture":
        return (((x * y // 16) ^ (x * 3 + y * 5) ^ (channel * 85)) & 255).astype(np.uint8)
    raise ValueError(kind)


def apply(rule, grey):
    if rule == "histogram":
        return cv2.equalizeHist(grey)
    clip, tiles = rule.removeprefix("clahe:").split(",")
    return cv2.createCLAHE(float(clip), (int(tiles), int(tiles))).apply(grey)


def row(kind, size, colour, rule):
    if colour:
        picture = np.stack([draw(kind, size, channel) for channel in range(3)], axis=-1)
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    else:
        picture = grey = draw(kind, size)
    result = apply(rule, np.ascontiguousarray(grey))
    return {
        "kind": kind,
        "size": size,
        "colour": colour,
        "rule": rule,
        "picture": hashlib.sha256(picture.tobytes()).hexdigest(),
        "result": hashlib.sha256(result.tobytes()).hexdigest(),
        "samples": [int(v) for v in result.ravel()[:: size * size // 16][:16]],
    }


rows = [row(kind, 224, False, rule) for kind in ("chest", "pale", "flat", "texture") for rule in RULES]
rows += [row("chest", 224, True, rule) for rule in ("histogram", "clahe:2,8")]
rows += [row("texture", 64, colour, rule) for colour in (False, True) for rule in ("histogram", "clahe:2,8")]
OUT.write_text("[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "\n]\n")
print("OpenCV", cv2.__version__, len(rows), "results")
