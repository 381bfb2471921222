#!/usr/bin/env python3
"""Homographies and warps of OpenCV. Writes xray-intake/tests/fixtures/film.

    scripts/oracle/film.py

homographies.csv  eight numbers of four corners, then where six places of the unit square go by
                  cv2.getPerspectiveTransform, two numbers each
picture.pgm       a smooth picture, 96 × 80
corners.csv       four corners on it
rectangle.pgm     the result of cv2.warpPerspective with these corners: 60 × 48, each pixel from its centre.
                  OpenCV rounds places to a 32nd of a pixel.
"""

from pathlib import Path

import cv2
import numpy as np

OUT = Path(__file__).parents[2] / "xray-intake/tests/fixtures/film"
OUT.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(5)
SQUARE = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]])
PLACES = np.float64([[0, 0], [1, 1], [0.5, 0.5], [0.25, 0.75], [0.9, 0.1], [0.33, 0.66]])


def moved(matrix, places):
    seen = np.column_stack([places, np.ones(len(places))]) @ matrix.T
    return seen[:, :2] / seen[:, 2:]


lines = []
for _ in range(12):
    corners = np.float32([[100, 80], [900, 120], [850, 700], [60, 640]]) + random.uniform(-60, 60, (4, 2)).astype(
        np.float32
    )
    matrix = cv2.getPerspectiveTransform(SQUARE, corners)
    lines.append(",".join(f"{value:.9g}" for value in [*corners.ravel(), *moved(matrix, PLACES).ravel()]))
(OUT / "homographies.csv").write_text("\n".join(lines) + "\n")

y, x = np.mgrid[0:80, 0:96]
picture = np.round(127 + 70 * np.sin(x / 9) * np.cos(y / 7) + 40 * np.sin((x + 2 * y) / 15)).astype(np.uint8)
corners = np.float32([[12.5, 8.25], [83.0, 15.5], [78.25, 71.0], [6.0, 62.75]])
width, height = 60, 48
# Pixel x of the rectangle has its centre at (x + .5) / width of the side.
pixels = SQUARE * np.float32([width, height]) - 0.5
matrix = cv2.getPerspectiveTransform(pixels.astype(np.float32), corners)
rectangle = cv2.warpPerspective(picture, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
cv2.imwrite(str(OUT / "picture.pgm"), picture)
cv2.imwrite(str(OUT / "rectangle.pgm"), rectangle)
(OUT / "corners.csv").write_text(",".join(f"{value:g}" for value in corners.ravel()) + "\n")
