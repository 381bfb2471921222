#!/usr/bin/env python3
"""DICOM files for xray-intake/tests/integration/dicom.rs, and the grey levels or colours that pydicom shows them with.

    apt-get install dcmtk
    pip install numpy pillow pydicom pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg pylibjpeg-rle
    python scripts/oracle/dicom.py

Writes xray-intake/tests/fixtures/dicom/: drawn pictures of 68 x 64 pixels as NAME.dcm, each with NAME.levels, and
cases.json. Stored values come from pydicom's decoders; those of lossless files must equal what was drawn. pydicom's
modality and VOI functions give the rest; what they leave open is decided here: the range that they map to becomes
0..255, rounded, MONOCHROME1 is inverted, and without a window the whole range of the stored bits counts.
"""

import io
import json
import pathlib
import struct
import subprocess
import tempfile

import numpy as np
import openjpeg.utils
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.pixels.processing import convert_color_space
from pydicom.sequence import Sequence
from pydicom.uid import UID

HERE = pathlib.Path(__file__).resolve().parents[2] / "xray-intake/tests/fixtures/dicom"
WIDTH, HEIGHT = 68, 64
IMPLICIT, EXPLICIT, BIG, DEFLATED = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".2", ".1.99"))
RLE = "1.2.840.10008.1.2.5"
JPEG, JPEG_ANY, JPEG_SV1 = (f"1.2.840.10008.1.2.4.{end}" for end in (50, 57, 70))
J2K_LOSSLESS, J2K = (f"1.2.840.10008.1.2.4.{end}" for end in (90, 91))
CR, DX, SC = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("1", "1.1", "7"))
CASES = []


def draw(seed, low, high, width=WIDTH, height=HEIGHT):
    """Waves and a little noise from `low` to `high`, both reached."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / width
    field = np.sin(5 * x + seed) + np.sin(7 * y) + np.sin(9 * (x + y)) + rng.normal(0, 0.02, x.shape)
    field = (field - field.min()) / (field.max() - field.min())
    return np.rint(low + field * (high - low)).astype(np.int64)


def dataset(stored, bits, photometric="MONOCHROME2", signed=False, allocated=None, high=None, sop=DX, modality="DX"):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = sop, "1.2.826.0.1.3680043.8.498.1"
    ds.Modality = modality
    # No error, log or test may ever show these.
    ds.PatientName, ds.PatientID = "Secret^Patient", "SECRET-4711"
    ds.PatientBirthDate, ds.AccessionNumber = "19010203", "SECRET-12"
    ds.SamplesPerPixel = 3 if stored.ndim == 3 else 1
    ds.PhotometricInterpretation = photometric
    ds.Rows, ds.Columns = stored.shape[:2]
    ds.BitsAllocated = allocated or (8 if bits == 8 else 16)
    ds.BitsStored, ds.HighBit = bits, high if high is not None else bits - 1
    ds.PixelRepresentation = int(signed)
    if stored.ndim == 3:
        ds.PlanarConfiguration = 0
    return ds


def table(first, entries, bits, vr="US", packed=None):
    """A LUT item whose descriptor is of the kind that `first` asks for."""
    item = Dataset()
    count = len(entries) % 65536
    item.add_new(0x00283002, "SS" if first < 0 else "US", [count, first, bits])
    if vr == "US":
        item.add_new(0x00283006, "US", [int(v) for v in entries])
    else:
        item.add_new(0x00283006, "OW", packed or struct.pack(f"<{len(entries)}H", *entries))
    return Sequence([item])


def levels_of(ds, values, interest=None):
    """Levels of stored values, by pydicom's functions; `interest` replaces its VOI function by shares 0..1."""
    measured = apply_modality_lut(values, ds)
    if interest is not None:
        share = interest(measured)
    elif "VOILUTSequence" in ds:
        integers = np.floor(measured).astype(np.int64)
        share = apply_voi_lut(integers, ds) / (2.0 ** ds.VOILUTSequence[0].LUTDescriptor[2] - 1)
    else:
        ends = (
            np.array([-(2 ** (ds.BitsStored - 1)), 2 ** (ds.BitsStored - 1) - 1])
            if ds.PixelRepresentation
            else np.array([0, 2**ds.BitsStored - 1])
        )
        if "ModalityLUTSequence" in ds:
            low, high = 0, 2 ** ds.ModalityLUTSequence[0].LUTDescriptor[2] - 1
        else:
            low, high = apply_modality_lut(ends, ds).astype(float)
        if "WindowCenter" in ds:
            share = (apply_voi_lut(measured, ds) - low) / (high - low)
        else:
            low, high = min(low, high), max(low, high)
            share = (measured - low) / (high - low)
    level = np.clip(share, 0, 1) * 255
    tie = np.abs(level % 1 - 0.5)
    assert tie.min() > 1e-7, "a level is between two: choose another window"
    level = np.floor(level + 0.5).astype(np.uint8)
    return 255 - level if ds.PhotometricInterpretation == "MONOCHROME1" else level


def write(name, ds, syntax, pixels, vr="OW", change=None):
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.add_new(0x7FE00010, vr, pixels)
    if UID(syntax).is_encapsulated:
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    path = HERE / f"{name}.dcm"
    ds.save_as(path, enforce_file_format=True, little_endian=syntax != BIG, implicit_vr=syntax == IMPLICIT)
    if change:
        path.write_bytes(change(path.read_bytes()))
    return path


def note(name, expected, within=0):
    (HERE / f"{name}.levels").write_bytes(expected.astype(np.uint8).tobytes())
    height, width = expected.shape[:2]
    CASES.append({"file": name, "width": width, "height": height, "colour": expected.ndim == 3, "within": within})


def packed(values, allocated, big=False):
    kind = {8: "u1", 16: ">u2" if big else "<u2"}[allocated]
    return (values & (2**allocated - 1)).astype(kind).tobytes()


def grey(
    name, values, bits, syntax=EXPLICIT, raw=None, vr="OW", pixels=None, interest=None, change=None, reads=True, **form
):
    """A grey file of `values`; `form` also takes elements to set."""
    elements = {k: form.pop(k) for k in list(form) if k[0].isupper()}
    ds = dataset(values, bits, **form)
    for key, value in elements.items():
        setattr(ds, key, value)
    if pixels is None:
        pixels = packed(raw if raw is not None else values, ds.BitsAllocated, syntax == BIG)
        pixels += b"\0" * (len(pixels) % 2)
    path = write(name, ds, syntax, pixels, vr, change)
    read = pydicom.dcmread(path)
    if reads:
        assert np.array_equal(read.pixel_array, values), name
    note(name, levels_of(read, values, interest))
    return path


def native():
    eight, twelve, sixteen = draw(1, 0, 255), draw(2, 0, 4095), draw(3, 0, 65535)
    signed12, signed16 = draw(4, -2048, 2047), draw(5, -32768, 32767)
    grey("explicit-m2-u8", eight, 8)
    grey("explicit-m1-u8-odd", draw(6, 0, 255, 67, 65), 8, photometric="MONOCHROME1", sop=SC, modality="OT")
    grey("explicit-m1-u10-linear", draw(7, 0, 1023), 10, photometric="MONOCHROME1", WindowCenter=500.2, WindowWidth=700)
    grey(
        "implicit-m2-u12-rescale-linear",
        twelve,
        12,
        IMPLICIT,
        sop=CR,
        modality="CR",
        RescaleSlope=2.5,
        RescaleIntercept=-100,
        WindowCenter=5000.3,
        WindowWidth=6000.7,
    )
    grey("explicit-m2-u12-rescale-down", twelve, 12, RescaleSlope=-1, RescaleIntercept=4095)
    grey(
        "explicit-m2-u14-exact",
        draw(8, 0, 16383),
        14,
        WindowCenter=8000.13,
        WindowWidth=9000.5,
        VOILUTFunction="LINEAR_EXACT",
    )
    grey("explicit-m2-u16-sigmoid", sixteen, 16, WindowCenter=30000, WindowWidth=20000, VOILUTFunction="SIGMOID")
    grey("explicit-m2-s12-linear", signed12, 12, signed=True, WindowCenter=100.2, WindowWidth=2500)
    grey("explicit-m1-s16", signed16, 16, signed=True, photometric="MONOCHROME1", PresentationLUTShape="INVERSE")
    grey("explicit-m2-s8", draw(9, -128, 127), 8, signed=True)
    grey("explicit-m2-u12-step", twelve, 12, WindowCenter=2000, WindowWidth=1)
    grey("explicit-m2-u12-two-windows", twelve, 12, WindowCenter=["1500.2", "3000"], WindowWidth=["2000", "100"])
    # Overlays of old devices lie above the stored bits; others store at the top of the word.
    noise = np.random.default_rng(10).integers(0, 16, twelve.shape)
    grey("explicit-m2-u12-overlay", twelve, 12, raw=twelve | noise << 12, reads=False)
    grey("explicit-m2-s12-top", signed12, 12, raw=(signed12 & 4095) << 4 | noise, signed=True, high=15, reads=False)
    grey("big-m2-u12-linear", twelve, 12, BIG, WindowCenter=2000.2, WindowWidth=3000)
    grey("big-m2-s16", signed16, 16, BIG, signed=True)
    swapped = eight.astype(np.uint8).tobytes()
    swapped = bytes(b for pair in zip(swapped[1::2], swapped[::2], strict=False) for b in pair)
    grey("big-m2-u8-words", eight, 8, BIG, pixels=swapped)
    grey("big-m2-u8-bytes", eight, 8, BIG, vr="OB")
    grey("deflated-m2-u12-linear", twelve, 12, DEFLATED, WindowCenter=2000.2, WindowWidth=3000)

    # A private sequence of kind UN and undefined length, whose content is implicit, and one that is not.
    item = (
        struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
        + struct.pack("<HHI", 9, 0x1002, 4)
        + b"abcd"
        + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    )
    unknown = struct.pack("<HH2sHI", 9, 0x1001, b"UN", 0, 0xFFFFFFFF) + item + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    known = (
        struct.pack("<HH2sHI", 9, 0x1003, b"SQ", 0, 0xFFFFFFFF)
        + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
        + struct.pack("<HH2sH", 9, 0x1002, b"LO", 4)
        + b"abcd"
        + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
        + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    )

    def insert(data):
        at = data.index(struct.pack("<HH", 0x10, 0x10))
        return data[:at] + unknown + known + data[at:]

    grey("explicit-m2-u8-unknown-sequence", eight, 8, change=insert)


def tables():
    twelve, signed12 = draw(21, 0, 4095), draw(22, -2048, 2047)
    curve = np.rint(255 * np.linspace(0, 1, 3000) ** 0.6).astype(int)
    deep = np.rint(65535 * np.linspace(0, 1, 2000) ** 1.7).astype(int)

    def both(name, values, *args, **form):
        grey(f"explicit-{name}", values, *args, **form)
        grey(f"implicit-{name}", values, *args, syntax=IMPLICIT, **form)

    # pydicom keeps the index into 8-bit entries in 8 bits (3.0), and reads words only.
    def eight(values):
        return curve[np.clip(values - 500, 0, 2999)] / 255

    both("m2-u12-table8", twelve, 12, VOILUTSequence=table(500, curve, 8), interest=eight)
    both("m2-s12-table16", signed12, 12, signed=True, VOILUTSequence=table(-1900, deep, 16))
    grey("big-m1-u12-table16", twelve, 12, BIG, photometric="MONOCHROME1", VOILUTSequence=table(20, deep, 16))
    grey(
        "explicit-m2-u12-table8-bytes",
        twelve,
        12,
        VOILUTSequence=table(500, curve, 8, "OW", bytes(curve.astype(np.uint8))),
        interest=eight,
    )
    grey(
        "explicit-m2-u12-table-before-window",
        twelve,
        12,
        WindowCenter=10,
        WindowWidth=10,
        VOILUTSequence=table(0, np.arange(4095, -1, -1), 12),
    )
    grey(
        "explicit-m2-s12-rescale-table",
        signed12,
        12,
        signed=True,
        RescaleSlope=1,
        RescaleIntercept=-1000,
        VOILUTSequence=table(-2500, deep, 16),
    )
    grey(
        "explicit-m2-u12-modality-table",
        twelve,
        12,
        ModalityLUTSequence=table(100, deep, 16),
        WindowCenter=20000.2,
        WindowWidth=30000,
    )


def colours():
    rgb = np.stack([draw(31 + i, 0, 255) for i in range(3)], axis=-1)
    raw = rgb.astype(np.uint8)
    for name, photometric, planar in (("rgb", "RGB", 0), ("rgb-planes", "RGB", 1), ("ybr", "YBR_FULL", 0)):
        ds = dataset(rgb, 8, photometric, sop=SC, modality="OT")
        ds.PlanarConfiguration = planar
        pixels = (raw.transpose(2, 0, 1) if planar else raw).tobytes()
        read = pydicom.dcmread(write(f"explicit-{name}", ds, EXPLICIT, pixels, "OB"))
        shown = convert_color_space(raw, "YBR_FULL", "RGB") if photometric == "YBR_FULL" else read.pixel_array
        note(f"explicit-{name}", shown, 1 if photometric == "YBR_FULL" else 0)


def coded(name, ds, syntax, streams, drawn=None, within=0):
    """A file of one image in one or more fragments; `drawn` is what a lossless one must give."""
    path = write(name, ds, syntax, encapsulate(streams[:1]) if len(streams) == 1 else fragments(streams))
    read = pydicom.dcmread(path)
    values = read.pixel_array
    assert drawn is None or np.array_equal(values, drawn), name
    note(name, values if values.ndim == 3 else levels_of(read, values), within)


def fragments(streams):
    """One image in several fragments behind an empty table of offsets."""

    def item(data):
        return struct.pack("<HHI", 0xFFFE, 0xE000, len(data)) + data

    return b"".join([item(b"")] + [item(s) for s in streams]) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def tool(program, *options):
    """Has a program of dcmtk recode a file."""

    def run(name, native, values, within=0):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "out.dcm"
            subprocess.run([program, *options, native, out], check=True)
            read = pydicom.dcmread(out)
        # The patient, as the tool left it; not its own time stamps.
        read.save_as(HERE / f"{name}.dcm", enforce_file_format=True)
        found = pydicom.dcmread(HERE / f"{name}.dcm").pixel_array
        assert np.array_equal(found, values), name
        note(name, found if found.ndim == 3 else levels_of(read, found), within)

    return run


def lossless():
    rgb = np.stack([draw(41 + i, 0, 255) for i in range(3)], axis=-1)
    sources = {
        "m2-u8": (draw(44, 0, 255), 8, {}),
        "m1-u12-linear": (
            draw(45, 0, 4095),
            12,
            dict(photometric="MONOCHROME1", WindowCenter=2000.2, WindowWidth=3000),
        ),
        "m2-u16": (draw(46, 0, 65535), 16, {}),
        "m2-s16-linear": (draw(47, -32768, 32767), 16, dict(signed=True, WindowCenter=100.2, WindowWidth=40000)),
        "rgb": (rgb, 8, dict(photometric="RGB", sop=SC, modality="OT")),
    }
    for tag, (values, bits, form) in sources.items():
        elements = {k: form.pop(k) for k in list(form) if k[0].isupper()}

        def fresh(syntax, values=values, bits=bits, form=form, elements=elements):
            ds = dataset(values, bits, **form)
            for key, value in elements.items():
                setattr(ds, key, value)
            return ds

        with tempfile.TemporaryDirectory() as folder:
            plain = pathlib.Path(folder) / "plain.dcm"
            ds = fresh(EXPLICIT)
            ds.file_meta = FileMetaDataset()
            ds.file_meta.TransferSyntaxUID = UID(EXPLICIT)
            ds.add_new(0x7FE00010, "OW", packed(values, ds.BitsAllocated))
            ds.save_as(plain, enforce_file_format=True)
            tool("dcmcrle")(f"rle-{tag}", plain, values)
            tool("dcmcjpeg", "+e1")(f"jpeg-sv1-{tag}", plain, values)
            if tag in ("m1-u12-linear", "m2-u16"):
                for predictor in ("2", "4", "6", "7"):
                    tool("dcmcjpeg", "+el", "+sv", predictor)(f"jpeg-sv{predictor}-{tag}", plain, values)
        ds = fresh(J2K_LOSSLESS)
        kind = np.int16 if form.get("signed") else np.uint8 if bits == 8 else np.uint16
        stream = openjpeg.utils.encode_array(
            values.astype(kind), bits_stored=bits, photometric_interpretation=1 if values.ndim == 3 else 2
        )
        if values.ndim == 3:
            ds.PhotometricInterpretation = "YBR_RCT"
        coded(f"j2k-lossless-{tag}", ds, J2K_LOSSLESS, [stream], values)
    for name, bits, options in (
        ("jpeg-sv1-m2-u12-restart", 12, dict(restart_rows=5)),
        ("jpeg-sv5-m2-u16-restart", 16, dict(predictor=5, restart_rows=3)),
        ("jpeg-sv3-m2-u10", 10, dict(predictor=3)),
    ):
        values = draw(bits, 0, 2**bits - 1)
        coded(name, dataset(values, bits), JPEG_ANY, [lossless_jpeg(values, bits, **options)], values)
    twelve = draw(48, -2048, 2047)
    # The stream says unsigned, its DICOM header signed, as some archives write it.
    stream = openjpeg.utils.encode_array(
        (twelve & 4095).astype(np.uint16), bits_stored=12, photometric_interpretation=2
    )
    coded("j2k-lossless-m2-s12-unsigned-stream", dataset(twelve, 12, signed=True), J2K_LOSSLESS, [stream], twelve)


def lossless_jpeg(values, bits, predictor=1, restart_rows=0):
    """Lossless JPEG (ITU-T T.81, annex H) with what dcmtk does not write: restart markers."""
    height, width = values.shape
    stream, hold, held = bytearray(), 0, 0

    def put(value, count):
        nonlocal hold, held
        hold, held = hold << count | value, held + count
        while held >= 8:
            held -= 8
            byte = hold >> held & 255
            stream.extend([255, 0] if byte == 255 else [byte])
        hold &= (1 << held) - 1

    for y in range(height):
        first = y == 0 or (restart_rows and y % restart_rows == 0)
        if first and y:
            if held:
                put((1 << 8 - held) - 1, 8 - held)
            stream.extend([255, 0xD0 + (y // restart_rows - 1) % 8])
        for x in range(width):
            a, b, c = (int(values[y, x - 1]) if x else 0, int(values[y - 1, x]), int(values[y - 1, x - 1]))
            if first:
                guess = a if x else 1 << (bits - 1)
            else:
                guess = [a, b, c, a + b - c, a + (b - c >> 1), b + (a - c >> 1), a + b >> 1][predictor - 1] if x else b
            difference = (int(values[y, x]) - guess + 32768) % 65536 - 32768
            size = abs(difference).bit_length()
            # All seventeen categories have five bits.
            put(size, 5)
            if 0 < size < 16:
                put(difference if difference > 0 else difference + (1 << size) - 1, size)
    if held:
        put((1 << 8 - held) - 1, 8 - held)

    def segment(marker, body):
        return struct.pack(">BBH", 255, marker, len(body) + 2) + body

    return (
        b"\xff\xd8"
        + segment(0xC3, struct.pack(">BHHB", bits, height, width, 1) + bytes([1, 0x11, 0]))
        + segment(0xC4, bytes([0] + [0] * 4 + [17] + [0] * 11) + bytes(range(17)))
        + (segment(0xDD, struct.pack(">H", restart_rows * width)) if restart_rows else b"")
        + segment(0xDA, bytes([1, 1, 0, predictor, 0, 0]))
        + bytes(stream)
        + b"\xff\xd9"
        + b"\0" * (len(stream) % 2)
    )


def lossy():
    eight = draw(51, 0, 255)
    rgb = np.stack([draw(52 + i, 0, 255) for i in range(3)], axis=-1)

    def jpeg(values, **options):
        file = io.BytesIO()
        Image.fromarray(values.astype(np.uint8)).save(file, "JPEG", **options)
        data = file.getvalue()
        return data + b"\0" * (len(data) % 2)

    stream = jpeg(eight, quality=90)
    coded("jpeg-m2-u8", dataset(eight, 8), JPEG, [stream], within=1)
    coded(
        "jpeg-m1-u8-fragments",
        dataset(eight, 8, "MONOCHROME1"),
        JPEG,
        [stream[:400], stream[400:900], stream[900:]],
        within=1,
    )
    stream = jpeg(rgb, quality=90, subsampling="4:4:4")
    coded("jpeg-ybr", dataset(rgb, 8, "YBR_FULL", sop=SC, modality="OT"), JPEG, [stream], within=3)
    stream = jpeg(rgb, quality=90, subsampling="4:2:2")
    coded("jpeg-ybr-422", dataset(rgb, 8, "YBR_FULL_422", sop=SC, modality="OT"), JPEG, [stream], within=4)
    stream = jpeg(eight, quality=90, restart_marker_rows=2)
    coded("jpeg-m2-u8-restart", dataset(eight, 8), JPEG, [stream], within=1)
    stream = jpeg(rgb, quality=90, subsampling="4:4:4", keep_rgb=True)
    coded("jpeg-rgb", dataset(rgb, 8, "RGB", sop=SC, modality="OT"), JPEG, [stream], within=1)
    twelve = draw(55, 0, 4095)
    for tag, values, bits, kind, photometric in (
        ("m2-u8", eight, 8, np.uint8, "MONOCHROME2"),
        ("m2-u12", twelve, 12, np.uint16, "MONOCHROME2"),
        ("ict", rgb, 8, np.uint8, "YBR_ICT"),
    ):
        stream = openjpeg.utils.encode_array(
            values.astype(kind),
            bits_stored=bits,
            compression_ratios=[5],
            photometric_interpretation=1 if values.ndim == 3 else 2,
        )
        form = dict(sop=SC, modality="OT") if values.ndim == 3 else {}
        coded(f"j2k-{tag}", dataset(values, bits, photometric, **form), J2K, [stream], within=1)


HERE.mkdir(parents=True, exist_ok=True)
for old in HERE.iterdir():
    old.unlink()
print("pydicom", pydicom.__version__, "numpy", np.__version__, "openjpeg", openjpeg.__version__)
native()
tables()
colours()
lossless()
lossy()
(HERE / "cases.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in CASES) + "\n]\n")
print(len(CASES), "files,", sum(f.stat().st_size for f in HERE.iterdir()), "bytes")
