#!/usr/bin/env python3
"""Golden numbers for host-trainer/src/data/augment/hardened_tests.rs and host-trainer/src/audit/tests.rs.

    apt-get install python3-torch python3-scipy
    /usr/bin/python3 scripts/oracle/hardened.py

Soft boxes from scipy.ndimage, mixed amplitudes from numpy.fft, affine maps from PyTorch's affine_grid and grid_sample,
and filled corners from a sparse solver, all of one drawn picture of 24 x 20 pixels. Every third level is written.
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter
from scipy.sparse import lil_matrix
from scipy.sparse.linalg import spsolve

OUT = pathlib.Path(__file__).resolve().parents[2] / "host-trainer/tests/fixtures"
WIDTH, HEIGHT = 24, 20


def picture(a=37, b=59, c=3):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return ((x * a + y * b + x * y * c) % 256).astype(np.float64)


def other():
    return picture(11, 7, 5)


def thirds(levels):
    return [round(float(v), 4) for v in np.asarray(levels).ravel()[::3]]


def frame(left, right, top, bottom, softness):
    box = np.zeros((HEIGHT, WIDTH))
    box[top:bottom, left:right] = 1
    weights = gaussian_filter(box, softness, mode="nearest") if softness else box
    return {
        "left": left,
        "right": right,
        "top": top,
        "bottom": bottom,
        "softness": softness,
        "levels": thirds(picture() * weights + other() * (1 - weights)),
    }


def amplitude(weight, band):
    own, lent = np.fft.rfft2(picture()), np.fft.rfft2(other())
    down = np.abs(np.fft.fftfreq(HEIGHT)) * 2
    across = np.abs(np.fft.rfftfreq(WIDTH)) * 2
    mixed = np.maximum(down[:, None], across[None, :]) <= band
    size = np.where(mixed, (1 - weight) * np.abs(own) + weight * np.abs(lent), np.abs(own))
    result = np.fft.irfft2(size * np.exp(1j * np.angle(own)), s=(HEIGHT, WIDTH))
    return {"weight": weight, "band": band, "levels": thirds(result.clip(0, 255))}


def affine(degrees, scale, aspect, shear, shift, flip, fill):
    angle, f = math.radians(degrees), -1.0 if flip else 1.0
    matrix = [
        [math.cos(angle) * scale * f * aspect, -math.sin(angle) * scale + shear],
        [math.sin(angle) * scale * f, math.cos(angle) * scale / aspect],
    ]
    theta = torch.tensor([[matrix[0] + [shift[0]], matrix[1] + [shift[1]]]], dtype=torch.float64)
    grid = F.affine_grid(theta, (1, 1, HEIGHT, WIDTH), align_corners=False)
    image = torch.from_numpy(picture())[None, None]
    mode = "border" if fill == "edge" else "zeros"
    result = F.grid_sample(image, grid, mode="bilinear", padding_mode=mode, align_corners=False)
    return {"matrix": matrix, "shift": shift, "edge": fill == "edge", "levels": thirds(result.numpy())}


def corners(side):
    levels = picture()
    inside = np.zeros((HEIGHT, WIDTH), bool)
    for rows in (slice(0, side), slice(HEIGHT - side, HEIGHT)):
        for columns in (slice(0, side), slice(WIDTH - side, WIDTH)):
            inside[rows, columns] = True
    number = -np.ones((HEIGHT, WIDTH), int)
    number[inside] = np.arange(inside.sum())
    matrix, right = lil_matrix((inside.sum(), inside.sum())), np.zeros(inside.sum())
    for y, x in zip(*np.nonzero(inside), strict=True):
        row = number[y, x]
        for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= v < HEIGHT and 0 <= u < WIDTH:
                matrix[row, row] += 1
                if inside[v, u]:
                    matrix[row, number[v, u]] -= 1
                else:
                    right[row] += levels[v, u]
    levels[inside] = spsolve(matrix.tocsr(), right)
    return {"side": side, "levels": thirds(levels)}


BOXES = [(4, 20, 3, 17, 0.0), (4, 20, 3, 17, 1.0), (6, 18, 5, 16, 2.5), (2, 22, 1, 19, 1.7)]
MIXES = [(0.0, 1.0), (1.0, 1.0), (0.35, 1.0), (0.8, 0.25)]
MAPS = [
    (0.0, 1.0, 1.0, 0.0, [0.0, 0.0], False),
    (0.0, 0.62, 1.0, 0.0, [0.2, -0.1], False),
    (14.0, 1.12, 1.1, 0.12, [-0.22, 0.22], False),
    (-9.0, 0.8, 0.87, -0.07, [0.1, 0.05], True),
]
golden = {
    "frame": [frame(*box) for box in BOXES],
    "amplitude": [amplitude(*mix) for mix in MIXES],
    "affine": [affine(*place, fill) for place in MAPS for fill in ("edge", 0)],
}
(OUT / "augment/hardened.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
(OUT / "audit").mkdir(exist_ok=True)
(OUT / "audit/corners.json").write_text(json.dumps([corners(4), corners(7)], separators=(",", ":")) + "\n")
