#!/usr/bin/env python3
"""JPEG and PNG files for xray-intake/tests/integration/picture_kinds.rs, and what must be read from each.

    apt-get install libjpeg-turbo-progs
    pip install numpy pillow
    python scripts/oracle/intake_pictures.py

Writes xray-intake/tests/fixtures/pictures/: a drawn chest of 104 x 80 pixels in the forms that cameras, archives and
damaged sticks leave, and cases.json with `expected` (read, refused, or the name of the file that it must equal), the
largest difference of a level, and the word that a reason must hold. Whole files are checked against Pillow here, and
damaged ones against djpeg, whose warnings count.
"""

import io
import json
import pathlib
import struct
import subprocess
import zlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parents[2] / "xray-intake/tests/fixtures/pictures"
WIDTH, HEIGHT = 104, 80
CASES = []


def chest():
    """Two dark lungs in a bright body, ribs, and a little grain; brighter on the left, so that turns are seen."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    level = 150 + 30 * np.cos((x - 20) / 40)
    for centre in (32, 72):
        level -= 90 * np.exp(-((((x - centre) / 15) ** 2 + ((y - 42) / 28) ** 2) ** 2))
    level += 8 * np.sin(y / 2.5 + np.abs(x - WIDTH / 2) / 9) + np.random.default_rng(17).normal(0, 2, x.shape)
    return np.clip(np.rint(level), 0, 255).astype(np.uint8)


def tinted(grey):
    """The picture in colours that go from warm to cold."""
    level = np.asarray(grey).astype(float)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / WIDTH
    channels = [level * (0.7 + 0.3 * x), level * (1 - 0.2 * y), level * (1 - 0.4 * x)]
    return Image.fromarray(np.clip(np.rint(np.stack(channels, -1)), 0, 255).astype(np.uint8))


def save(name, data, expected, within=0, reason=""):
    (HERE / name).write_bytes(data)
    CASES.append(dict(file=name, expected=expected, within=within, reason=reason))
    return data


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **{"quality": 92, **options})
    return out.getvalue()


def jpegtran(data, *options):
    return subprocess.run(["jpegtran", *options], input=data, capture_output=True, check=True).stdout


def segments(data):
    """Marker, start and end of each segment up to the first scan's header."""
    at = 2
    while True:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield data[at + 1], at, end
        if data[at + 1] == 0xDA:
            return
        at = end


def scan_at(data):
    return list(segments(data))[-1][2]


def exif(number):
    block = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, number, 0, 0)
    return b"Exif\0\0" + block


def with_segment(data, marker, body):
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + data[2:]


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def with_chunk(data, kind, body):
    return data[:33] + chunk(kind, body) + data[33:]


# Exif's number: how an upright picture is stored, so that the number turns it back.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def strict(data):
    """Whether libjpeg-turbo reads it without a warning."""
    command = ["djpeg", "-strict", "-outfile", "/dev/null"]
    return subprocess.run(command, input=data, check=False, capture_output=True).returncode == 0


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    for old in HERE.iterdir():
        old.unlink()
    picture = chest()
    grey = Image.fromarray(picture)
    ref = save("ref.png", png(grey), "read")
    base = save("base.jpg", jpeg(grey), "read")
    same = {
        "progressive.jpg": jpegtran(base, "-progressive"),
        "progressive-restart.jpg": jpegtran(base, "-progressive", "-restart", "7B"),
        "optimised.jpg": jpegtran(base, "-optimize"),
        "restart.jpg": jpegtran(base, "-restart", "1"),
        "padded.jpg": base + bytes(4096),
        "two.jpg": base + base,
        "adobe.jpg": with_segment(base, 0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 1)),
    }
    for name, data in same.items():
        assert strict(data), name
        save(name, data, "base.jpg")
    for sampling in (0, 1, 2):
        colour = jpeg(grey.convert("RGB"), subsampling=sampling)
        save(f"colour-{sampling}.jpg", colour, "ref.png", 24)
        save(f"colour-{sampling}-progressive.jpg", jpegtran(colour, "-progressive"), f"colour-{sampling}.jpg", 2)
    (HERE / "scans.txt").write_text("0;\n1;\n2;\n")
    whole = jpeg(grey.convert("RGB"), subsampling=0)
    save("scans.jpg", jpegtran(whole, "-scans", str(HERE / "scans.txt")), "colour-0.jpg")
    reduced = jpeg(grey.convert("RGB"), subsampling=2)
    save("scans-reduced.jpg", jpegtran(reduced, "-scans", str(HERE / "scans.txt")), "colour-2.jpg", 1)
    # Colours that change from place to place, as libjpeg-turbo spreads them. A table of restarts goes with each scan.
    for sampling in (1, 2):
        colours = jpeg(tinted(grey), subsampling=sampling)
        shown = subprocess.run(["djpeg", "-dct", "int"], input=colours, capture_output=True, check=True).stdout
        save(f"tinted-{sampling}.png", png(Image.open(io.BytesIO(shown))), "read")
        apart = jpegtran(colours, "-restart", "1", "-scans", str(HERE / "scans.txt"))
        assert strict(apart)
        save(f"scans-tinted-{sampling}.jpg", apart, f"tinted-{sampling}.png", 2)
    (HERE / "scans.txt").write_text("0;\n1 2;\n")
    save("scans-two.jpg", jpegtran(reduced, "-scans", str(HERE / "scans.txt")), "refused", reason="a scan of two")
    (HERE / "scans.txt").unlink()
    pnm = io.BytesIO()
    grey.convert("RGB").save(pnm, "PPM")
    for name, sampling, expected, reason in [
        ("sampling-4x1", "4x1,1x1,1x1", "ref.png", ""),
        ("sampling-colours", "1x1,2x1,1x1", "refused", "more samples"),
        ("sampling-3x1", "3x1,1x1,1x1", "refused", "uncommon form"),
    ]:
        data = subprocess.run(
            ["cjpeg", "-quality", "92", "-sample", sampling], input=pnm.getvalue(), capture_output=True, check=True
        ).stdout
        save(f"{name}.jpg", data, expected, 24, reason)
    inks = Image.merge("CMYK", [Image.new("L", grey.size)] * 3 + [grey.point(lambda v: 255 - v)])
    save("cmyk.jpg", jpeg(inks), "ref.png", 24)
    fine = jpeg(grey, quality=100)
    save("fine.jpg", fine, "read")
    for number, stored in STORED.items():
        turned = grey.transpose(stored)
        save(f"exif-{number}.jpg", with_segment(jpeg(turned, quality=100), 0xE1, exif(number)), "fine.jpg", 4)
        save(f"exif-{number}.png", with_chunk(png(turned), b"eXIf", exif(number)[6:]), "ref.png")
    save("exif-0.jpg", with_segment(fine, 0xE1, exif(0)), "fine.jpg")

    # Damage. The scan's data reach from `start` to the end marker.
    damaged = {}
    for kind, data in {"base": base, "restart": same["restart.jpg"], "progressive": same["progressive.jpg"]}.items():
        start, end = scan_at(data), len(data) - 2
        for share in (0.5, 0.9):
            at = int(start + (end - start) * share)
            at -= data[at - 1] == 0xFF
            damaged[f"{kind}-cut-{int(share * 100)}.jpg"] = data[:at] + b"\xff\xd9"
        at = (start + end) // 2
        damaged[f"{kind}-zeros.jpg"] = data[:at] + bytes(96) + data[at + 96 :]
        damaged[f"{kind}-lost.jpg"] = data[:at] + data[at + 64 :]
        damaged[f"{kind}-left.jpg"] = data[:-2] + b"\x5a\x17\x33" + data[-2:]
    marks = [
        at
        for at in range(len(same["restart.jpg"]) - 1)
        if same["restart.jpg"][at] == 0xFF and 0xD0 <= same["restart.jpg"][at + 1] <= 0xD7
    ]
    damaged["restart-interval.jpg"] = same["restart.jpg"][: marks[2]] + same["restart.jpg"][marks[3] :]
    scans = [
        at for at in range(len(same["progressive.jpg"]) - 1) if same["progressive.jpg"][at : at + 2] == b"\xff\xda"
    ]
    damaged["progressive-scan.jpg"] = same["progressive.jpg"][: scans[-1]] + b"\xff\xd9"
    for name, data in damaged.items():
        save(name, data, "refused", reason="copy it again")

    # Values and sums of PNG.
    twelve = Image.fromarray(picture.astype(np.uint16) * 16)
    save("twelve-in-sixteen.png", png(twelve), "refused", reason="scaled to the whole range")
    pale = Image.fromarray((picture // 4 + 90).astype(np.uint8))
    for name, data in {
        "pale.png": png(pale),
        "pale.jpg": jpeg(pale),
        "pale-colour.jpg": jpeg(pale.convert("RGB")),
    }.items():
        save(name, data, "refused", reason="scaled to the whole range")
    save("sixteen.png", png(Image.fromarray(picture.astype(np.uint16) * 257)), "ref.png")
    bomb = zlib.compress(bytes(16 << 20), 9)
    save("profile.png", with_chunk(ref, b"iCCP", b"p\0\0" + bomb), "ref.png")
    save("text.png", with_chunk(ref, b"zTXt", b"t\0\0" + bomb), "ref.png")
    flipped = bytearray(ref)
    flipped[len(ref) // 2] ^= 4
    save("bit.png", bytes(flipped), "refused", reason="copy it again")
    save("cut.png", ref[: len(ref) * 2 // 3], "refused", reason="copy it again")
    save("no-end.png", ref[:-12], "refused", reason="copy it again")

    # Formats by name.
    for kind, word in {"GIF": "GIF", "BMP": "BMP", "TIFF": "TIFF", "WEBP": "WebP"}.items():
        out = io.BytesIO()
        grey.save(out, kind)
        save(f"{kind.lower()}.jpg", out.getvalue(), "refused", reason=word)
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
    save("pointer.jpg", pointer, "refused", reason="git lfs pull")
    save("newline.jpg", b"\n" + base, "refused", reason="before its beginning")
    (HERE / "cases.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in CASES) + "\n]\n")
    print(len(CASES), "cases,", sum(file.stat().st_size for file in HERE.iterdir()), "bytes")


main()
