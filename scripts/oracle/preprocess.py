#!/usr/bin/env python3
"""Golden numbers for xray-core/tests/integration/preprocess.rs, from Pillow and torchvision.

    pip install torch torchvision pillow numpy
    python scripts/oracle/preprocess.py [FOLDER_WITH_ORIGINALS]

Writes xray-core/tests/fixtures/preprocess/: drawn pictures, and for each `NAME.levels`, the levels 0..255 that
Pillow and torchvision's Resize give on 224 x 224, every fourth row and column, red-green-blue for colour;
`NAME.unit.f32` and `NAME.imagenet.f32` are torchvision's tensors (little endian, channel by channel, every
sixteenth row and column). With the folder of originals it also writes originals.json: means of blocks of
16 x 16 and 512 scattered levels a file, no images.
"""

import hashlib
import json
import pathlib
import sys

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision import transforms as T

HERE = pathlib.Path(__file__).resolve().parents[2] / "xray-core/tests/fixtures/preprocess"
SIZE = 224
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
RESIZE = T.Resize((SIZE, SIZE), interpolation=T.InterpolationMode.BILINEAR, antialias=True)


def draw(width, height, seed):
    """A field of waves, edges and a little noise, 0..1."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    field = np.zeros((height, width))
    for _ in range(6):
        a, b, phase = rng.uniform(-25, 25), rng.uniform(-25, 25), rng.uniform(0, 6.28)
        field += np.sin(a * x + b * y + phase)
    field = (field - field.min()) / (field.max() - field.min())
    field[((x - 0.4) ** 2 + (y - 0.4) ** 2) < 0.04] *= 0.4
    return np.clip(field + rng.normal(0, 0.006, field.shape), 0, 1)


def colour(width, height, seed):
    return np.stack([draw(width, height, seed + i) for i in range(3)], axis=-1)


def golden(name, picture):
    resized = RESIZE(picture)
    levels = np.asarray(resized)
    assert levels.dtype == np.uint8 and levels.shape[:2] == (SIZE, SIZE)
    (HERE / f"{name}.levels").write_bytes(levels[::4, ::4].tobytes())
    return resized


def tensors(name, resized):
    unit = T.ToTensor()(resized.convert("RGB"))
    for preset, tensor in (("unit", unit), ("imagenet", T.Normalize(MEAN, STD)(unit))):
        sampled = tensor[:, ::16, ::16].contiguous().numpy().astype("<f4")
        (HERE / f"{name}.{preset}.f32").write_bytes(sampled.tobytes())


def pictures():
    for width, height in ((224, 224), (640, 512)):
        tag, seed = f"{width}x{height}", width
        grey = Image.fromarray((draw(width, height, seed) * 255).round().astype(np.uint8))
        rgb = Image.fromarray((colour(width, height, seed) * 255).round().astype(np.uint8))
        small = width == SIZE
        saved = [
            (f"grey-{tag}.jpg", grey, {"quality": 85}),
            (f"colour-420-{tag}.jpg", rgb, {"quality": 80, "subsampling": "4:2:0"}),
        ]
        if small:
            saved += [
                # As the training set stores its X-rays: three equal channels.
                (f"equal-{tag}.jpg", grey.convert("RGB"), {"quality": 85}),
                (f"colour-444-{tag}.jpg", rgb, {"quality": 80, "subsampling": "4:4:4"}),
                (f"grey-{tag}.png", grey, {"optimize": True}),
                (f"grey-{tag}.pgm", grey, {}),
            ]
        else:
            saved += [
                (f"smooth-{tag}.png", grey.resize((80, 64)).resize((width, height), Image.BICUBIC), {"optimize": True})
            ]
        for name, picture, options in saved:
            picture.save(HERE / name, **options)
            reread = Image.open(HERE / name)
            resized = golden(name, reread)
            if small and name.startswith(("grey-224x224.png", "equal-")):
                tensors(name, resized)
    # Pillow has no defined way from sixteen bits to eight: the rule round(v / 257) is taken first.
    deep = (draw(SIZE, 160, 16) * 65535).round().astype(np.uint16)
    Image.fromarray(deep).save(HERE / "grey16-224x160.png", optimize=True)
    golden("grey16-224x160.png", Image.fromarray(np.rint(deep / 257.0).astype(np.uint8)))


def originals(folder):
    rows = []
    for file in sorted(folder.rglob("*.jpeg")):
        picture = Image.open(file)
        levels = np.asarray(RESIZE(picture.convert("RGB")))
        blocks = levels.astype(np.float64).mean(axis=2).reshape(14, 16, 14, 16).mean(axis=(1, 3))
        where = (np.arange(512) * 7919 + 13) % (SIZE * SIZE)
        rows.append(
            {
                "file": file.relative_to(folder).as_posix(),
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                "mode": picture.mode,
                "blocks": [round(float(v), 3) for v in blocks.ravel()],
                "samples": [int(v) for v in levels.reshape(-1, 3)[where][:, 0]],
            }
        )
    (HERE / "originals.json").write_text(
        "[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "\n]\n"
    )


HERE.mkdir(parents=True, exist_ok=True)
print("pillow", Image.__version__, "torch", torch.__version__, "torchvision", torchvision.__version__)
pictures()
if len(sys.argv) > 1:
    originals(pathlib.Path(sys.argv[1]))
