#!/usr/bin/env python3
"""Whether DICOM files that fuzzing kept are read by pydicom, too, and to the same levels.

    pip install numpy pydicom pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg pylibjpeg-rle
    cargo build --release -p xray-intake --example read_dicom
    scripts/oracle/fuzz_pydicom.py target/fuzz/dicom [MOST=400] [--show]

Of the files in the folder, at most MOST are taken, evenly by name. Each that our reader reads must be read by pydicom,
be of the same size, and have its levels within one: modality and VOI functions are pydicom's, and what they leave open
is decided as in dicom.py. Files are counted apart where pydicom has no answer to compare with: elements of a kind that
it does not take, windows of no width, or a coding that it does not know.

Exit status: 0 alike, 1 some are not (each is named), 2 wrong arguments.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi_lut

ROOT = Path(__file__).resolve().parents[2]
READER = ROOT / "target/release/examples/read_dicom"
WITHIN = 1


def ours(file: Path, work: Path) -> np.ndarray | None:
    """The levels that our reader gives; none if it refuses the file."""
    out = work / "out.pgm"
    if subprocess.run([READER, file, out], capture_output=True, check=False).returncode:
        return None
    head, _, data = out.read_bytes().partition(b" 255\n")
    width, height = map(int, head.split()[1:])
    return np.frombuffer(data, np.uint8).reshape(height, width)


def theirs(file: Path) -> np.ndarray:
    """The levels by pydicom's functions."""
    ds = pydicom.dcmread(file, force=True)
    values = ds.pixel_array
    if values.ndim == 3:
        raise NotImplementedError("colours")
    bits = int(ds.BitsStored)
    ends = np.array([-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] if ds.PixelRepresentation else [0, 2**bits - 1])
    measured = apply_modality_lut(values, ds).astype(float)
    if "ModalityLUTSequence" in ds:
        low, high = 0.0, 2.0 ** ds.ModalityLUTSequence[0].LUTDescriptor[2] - 1
    else:
        low, high = sorted(apply_modality_lut(ends, ds).astype(float))
    if "VOILUTSequence" in ds:
        integers = np.floor(measured).astype(np.int64)
        share = apply_voi_lut(integers, ds) / (2.0 ** ds.VOILUTSequence[0].LUTDescriptor[2] - 1)
    elif "WindowCenter" in ds and ds.WindowCenter is not None:
        share = (apply_voi_lut(measured, ds) - low) / (high - low)
    else:
        share = (measured - low) / (high - low)
    level = np.floor(np.clip(share, 0, 1) * 255 + 0.5)
    return 255 - level if ds.PhotometricInterpretation == "MONOCHROME1" else level


def main() -> int:
    words = [word for word in sys.argv[1:] if word != "--show"]
    if not 1 <= len(words) <= 2 or not READER.is_file():
        print(__doc__, file=sys.stderr)
        return 2
    most = int(words[1]) if len(words) > 1 else 400
    files = sorted(Path(words[0]).iterdir())
    files = files[:: max(1, len(files) // most)][:most]
    alike, refused, apart, unlike = 0, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in files:
            found = ours(file, Path(folder))
            if found is None:
                refused += 1
                continue
            try:
                expected = theirs(file)
            except Exception as error:  # what pydicom cannot read ends in many kinds of errors
                apart += 1
                if "--show" in sys.argv:
                    print(f"{file.name}: pydicom: {type(error).__name__}: {error}")
                continue
            turned = "PatientOrientation" in pydicom.dcmread(file, force=True)
            same = expected.shape == found.shape and np.abs(expected - found.astype(float)).max() <= WITHIN
            alike += same
            if not same and turned:
                apart += 1
            elif not same:
                unlike += 1
                print(f"{file}: {found.shape} against {expected.shape}, or levels differ")
    print(
        f"{len(files)} files: {refused} refused by us, {alike} read alike, {apart} without an answer to compare with, "
        f"{unlike} read differently"
    )
    return 1 if unlike else 0


if __name__ == "__main__":
    sys.exit(main())
