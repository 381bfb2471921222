"""Computes the colours of heat maps: xray-core/src/heat_map/colour_scale.rs.

A path through OKLab (Ottosson 2020, bottosson.github.io/posts/oklab) from dark violet over red to pale yellow.
Lightness only rises, so that colour-blind people see the order of two colours, and neighbours are equally distant.

    python3 heat_colours.py
"""

import numpy as np

# Lightness, chroma and hue (degrees) of the path, from weakest to strongest.
PATH = np.array(
    [
        (0.25, 0.10, 295),
        (0.36, 0.15, 318),
        (0.46, 0.17, 348),
        (0.56, 0.18, 375),
        (0.66, 0.17, 400),
        (0.76, 0.15, 425),
        (0.86, 0.13, 450),
        (0.95, 0.09, 465),
    ],
    dtype=float,
)
COUNT = 17

TO_LMS = np.array([[0.3963377774, 0.2158037573], [-0.1055613458, -0.0638541728], [-0.0894841775, -1.2914855480]])
TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def linear_rgb(lab):
    lms = (lab[..., :1] + lab[..., 1:] @ TO_LMS.T) ** 3
    return lms @ TO_RGB.T


def main():
    at = np.linspace(0, len(PATH) - 1, 20001)
    lightness, chroma, hue = (np.interp(at, np.arange(len(PATH)), column) for column in PATH.T)
    hue = np.radians(hue)
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    rgb = linear_rgb(lab)
    assert (rgb > -1e-3).all() and (rgb < 1 + 1e-3).all(), (rgb.min(axis=0), rgb.max(axis=0))
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=1))])
    even = np.linspace(0, length[-1], COUNT)
    rgb = np.stack([np.interp(even, length, channel) for channel in rgb.T], axis=1).clip(0, 1)
    srgb = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
    for colour in np.rint(srgb * 255).astype(int):
        print(f"    [{', '.join(map(str, colour))}],")


main()
