#!/usr/bin/env python3
"""A camera's frames, decoded by OpenCV. Writes edge-runtime/tests/fixtures/camera.

    scripts/oracle/camera.py

frame-70x64.yuyv  a YUYV frame whose rows have 150 bytes, of which 140 are pixels
frame-70x64.grey  its grey levels by cv2.cvtColor(COLOR_YUV2GRAY_YUY2)
frame.jpg         a colour JPEG by cv2.imencode, which leaves the usual Huffman tables in
"""

from pathlib import Path

import cv2
import numpy as np

OUT = Path(__file__).parents[2] / "edge-runtime/tests/fixtures/camera"
OUT.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(11)

frame = random.integers(0, 256, (64, 70, 2), dtype=np.uint8)
rows = np.zeros((64, 150), np.uint8)
rows[:, :140] = frame.reshape(64, 140)
rows[:, 140:] = 99
(OUT / "frame-70x64.yuyv").write_bytes(rows.tobytes())
(OUT / "frame-70x64.grey").write_bytes(cv2.cvtColor(frame, cv2.COLOR_YUV2GRAY_YUY2).tobytes())

y, x = np.mgrid[0:64, 0:80]
picture = np.stack([x * 3, y * 4, (x + y) % 64 * 4], -1).astype(np.uint8)
done, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])
assert done
(OUT / "frame.jpg").write_bytes(coded.tobytes())
