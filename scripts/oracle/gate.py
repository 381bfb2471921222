"""Answers of numpy, OpenCV, scipy and scikit-learn for the tests of the quality gate in xray-core and host-trainer.

    python -m pip install numpy scipy scikit-learn opencv-python-headless
    python scripts/oracle/gate.py xray-core/tests/fixtures/quality_gate.json host-trainer/tests/fixtures/gate.json

Blur is OpenCV's mean of nine, as in doi 10.1117/12.702790; colour and coherence are numpy's deviations and products.
The position of an image is scipy's Mahalanobis distance under the covariance that the whitening removes, on
coordinates that are projected here with an independent SplitMix64. The shrunk covariance is scikit-learn's LedoitWolf.
"""

import base64
import json
import sys

import cv2
import numpy as np
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import LedoitWolf

MASK = (1 << 64) - 1


def splitmix(index):
    z = (0x67617465 + (index + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def signs(dims, features):
    words = (dims + 63) // 64

    def bit(f, d):
        return splitmix(f * words + d // 64) >> (d % 64) & 1

    return np.array([[2.0 * bit(f, d) - 1.0 for f in range(features)] for d in range(dims)])


def numbers(array):
    return base64.b64encode(np.asarray(array, "<f4").tobytes()).decode()


def looks(picture):
    grey = picture.astype(np.float64)

    def along(axis):
        size = (9, 1) if axis == 1 else (1, 9)
        soft = cv2.blur(grey, size, borderType=cv2.BORDER_REPLICATE)
        sharp, soft = np.abs(np.diff(grey, axis=axis)), np.abs(np.diff(soft, axis=axis))
        return 1 - np.maximum(0, sharp - soft).sum() / sharp.sum()

    off = grey - grey.mean()
    coherence = (np.mean(off[:, 1:] * off[:, :-1]) + np.mean(off[1:] * off[:-1])) / 2 / grey.var()
    ends = np.percentile(picture, [1, 99], method="nearest")
    _height, width = picture.shape
    return {
        "width": width,
        "grey": base64.b64encode(picture.tobytes()).decode(),
        "blur": max(along(0), along(1)),
        "coherence": coherence,
        "span": int(ends[1]) - int(ends[0]),
    }


def core():
    rng = np.random.default_rng(8)
    pictures = [rng.integers(0, 256, (20, 31)), np.add.outer(np.arange(24) * 3, np.arange(40) * 4)]
    pictures.append(cv2.GaussianBlur(rng.integers(0, 256, (33, 28)).astype(np.float32), (0, 0), 2).round())
    dims, features = 70, 90
    x = rng.normal(1, 2, (300, features)).astype(np.float32)
    mean, scale = x.mean(0).astype(np.float32), (1 / x.std(0) / np.sqrt(features)).astype(np.float32)

    def project(rows):
        return (rows.astype(float) - mean.astype(float)) * scale.astype(float) @ signs(dims, features).T

    covariance = LedoitWolf().fit(project(x)).covariance_
    whitening = np.linalg.inv(np.linalg.cholesky(covariance)).astype(np.float32)
    inverse = whitening.T.astype(float) @ whitening.astype(float)
    shown = rng.normal(1, 2, (5, features)).astype(np.float32)
    shown[1:] += rng.normal(0, 1, (4, features)).astype(np.float32)
    other = whitening @ project(shown[2:3] + 1)[0]
    at = np.linalg.solve(whitening.astype(float), other.astype(np.float32).astype(float))
    return {
        "looks": [looks(picture.astype(np.uint8)) for picture in pictures],
        "colour": [
            {
                "rgb": pixels.tolist(),
                "colour": float(np.hypot(*(np.std(pixels[:, c].astype(float) - pixels[:, 1]) for c in (0, 2)))),
            }
            for pixels in [rng.integers(0, 256, (50, 3))]
        ],
        "record": {
            "dims": dims,
            "mean": numbers(mean),
            "scale": numbers(scale),
            "whitening": numbers(whitening[np.tril_indices(dims)]),
            "limit": 1e9,
            "centres": [{"kind": "turned", "at": numbers(other), "margin": 0.0}],
            "fit": {"fitted_on": 300, "validation": 5, "refused": 0},
        },
        "shown": [row.tolist() for row in shown],
        "distance": [mahalanobis(row, np.zeros(dims), inverse) for row in project(shown)],
        "other": [mahalanobis(row, at, inverse) for row in project(shown)],
    }


def fit():
    rng = np.random.default_rng(9)
    sets = [
        rng.normal(size=(40, 6)) @ rng.normal(size=(6, 6)) + 3,
        rng.normal(size=(5, 8)),
        rng.normal(size=(30, 2)) * [9, 1],
    ]
    answers = []
    for rows in sets:
        model = LedoitWolf().fit(rows)
        inverse = np.linalg.inv(model.covariance_)
        answers.append(
            {
                "rows": rows.tolist(),
                "mean": model.location_.tolist(),
                "covariance": model.covariance_.ravel().tolist(),
                "shrunk": model.shrinkage_,
                "distances": [mahalanobis(row, model.location_, inverse) for row in rows],
            }
        )
    return answers


for path, answers in zip(sys.argv[1:], [core(), fit()], strict=False):
    with open(path, "w") as file:
        json.dump(answers, file)
        file.write("\n")
