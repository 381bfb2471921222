#!/usr/bin/env python3
"""Golden numbers for tests.rs of host-trainer/src/data/augment and corrupt, from scipy.ndimage.

    pip install scipy numpy
    python scripts/oracle/warp.py

Writes host-trainer/tests/fixtures/augment/warp.json: placements of one drawn picture of 24 x 20 pixels, and every third
level that comes out, for both ways to fill what lies outside; and blur.json: the same picture, blurred.
"""

import json
import pathlib

import numpy as np
from scipy.ndimage import affine_transform, gaussian_filter

OUT = pathlib.Path(__file__).resolve().parents[2] / "host-trainer/tests/fixtures/augment"
WIDTH, HEIGHT = 24, 20


def picture():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return ((x * 37 + y * 59 + x * y * 3) % 256).astype(np.float64)


def forward(flip, zoom, shear, rotation):
    """Exchanged, enlarged, slanted, turned; on columns (right, down)."""
    angle = np.radians(rotation)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[1.0, np.tan(np.radians(shear))], [0.0, 1.0]])
    return turn @ slant @ np.diag([zoom, zoom]) @ np.diag([-1.0 if flip else 1.0, 1.0])


def row(flip, zoom, shear, rotation, shift, fill):
    back = np.linalg.inv(forward(flip, zoom, shear, rotation))
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    moved = np.array(shift) * [WIDTH, HEIGHT]
    # scipy counts (row, column).
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    matrix = swap @ back @ swap
    offset = swap @ (middle - back @ (middle + moved))
    mode = {"mode": "nearest"} if fill == "edge" else {"mode": "grid-constant", "cval": fill}
    result = affine_transform(picture(), matrix, offset, order=1, **mode)
    return {
        "flip": flip,
        "zoom": zoom,
        "shear": shear,
        "rotation": rotation,
        "shift": shift,
        "fill": fill,
        "levels": [round(float(v), 3) for v in result.ravel()[::3]],
    }


PLACES = [
    (False, 1.0, 0.0, 7.5, [0.0, 0.0]),
    (False, 1.15, 0.0, 0.0, [0.0, 0.0]),
    (False, 0.85, 0.0, 0.0, [0.0, 0.0]),
    (False, 1.0, 12.0, 0.0, [0.0, 0.0]),
    (False, 1.0, 0.0, 0.0, [0.07, -0.05]),
    (True, 1.1, -6.0, -8.0, [-0.06, 0.04]),
    (True, 0.9, 5.0, 170.0, [0.3, 0.2]),
]
rows = [row(*place, fill) for place in PLACES for fill in ("edge", 40)]
blurred = [
    {"deviation": d, "levels": [round(float(v), 3) for v in gaussian_filter(picture(), d, mode="nearest").ravel()[::3]]}
    for d in (0.6, 1.0, 1.6)
]
OUT.mkdir(parents=True, exist_ok=True)
for name, all_rows in (("warp", rows), ("blur", blurred)):
    text = ",\n".join(json.dumps(r, separators=(",", ":")) for r in all_rows)
    (OUT / f"{name}.json").write_text(f"[\n{text}\n]\n")
print(len(rows), "placements")
