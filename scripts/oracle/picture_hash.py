#!/usr/bin/env python3
"""The golden hash for host-trainer/src/data/leaks/hash.rs, from scipy's DCT.

    pip install scipy numpy
    python scripts/oracle/picture_hash.py

Writes host-trainer/tests/fixtures/picture_hash.json: the bits of a picture and of its mirror image, lowest bit first.
"""

import json
import pathlib

import numpy as np
from scipy.fft import dctn

OUT = pathlib.Path(__file__).resolve().parents[2] / "host-trainer/tests/fixtures/picture_hash.json"

y, x = np.mgrid[0:64, 0:64]
ovals = ((x - 20) ** 2 * 3 + (y - 30) ** 2 < 400) | ((x - 46) ** 2 * 3 + (y - 30) ** 2 < 400)
picture = np.where(ovals, 60, 140) + y + (x * 37 + y * 59 + x * y * 3) % 29
assert picture.max() < 256


def bits(picture):
    thumbnail = picture.astype(np.float64).reshape(32, 2, 32, 2).mean(axis=(1, 3))
    low = dctn(thumbnail, norm="ortho")[:16, :16].ravel()
    above = low - np.median(low[1:]) > 1e-6
    return np.packbits(above, bitorder="little").tolist()


OUT.write_text(json.dumps({"plain": bits(picture), "mirrored": bits(picture[:, ::-1])}) + "\n")
