#!/usr/bin/env python3
"""The first inputs of each fuzz target, written into fuzz/corpus; what fuzzing finds stays there beside them.

    pip install numpy onnx pillow
    python scripts/oracle/fuzz_corpus.py

Pictures are drawn here. Coded pixels are cut out of the DICOM files that dicom.py wrote, models are made by onnx, and
signatures are those that minisign.sh made.
"""

import io
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
DICOM = ROOT / "xray-intake/tests/fixtures/dicom"
PICTURES = ROOT / "xray-intake/tests/fixtures/pictures"
SIDE = 64


def save(target, name, data):
    folder = ROOT / "fuzz/corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def pictures():
    levels = np.random.default_rng(3).integers(60, 188, (SIDE, SIDE), dtype=np.uint8)
    grey = Image.fromarray(levels)
    save("picture", "raw.pgm", b"P5 64 64 255\n" + levels.tobytes())
    numbers = " ".join(map(str, levels.ravel()))
    save("picture", "plain.pgm", f"P2\n# drawn\n64 64\n255\n{numbers}\n")
    deep = levels.astype(np.uint16) * 257
    save("picture", "raw-16.pgm", b"P5 64 64 65535\n" + deep.astype(">u2").tobytes())
    save("picture", "grey.png", encoded(grey, "PNG"))
    save("picture", "grey-16.png", encoded(Image.fromarray(deep), "PNG"))
    save("picture", "colour.png", encoded(grey.convert("RGB"), "PNG"))
    save("picture", "alpha.png", encoded(grey.convert("LA"), "PNG"))
    for target in ("picture", "jpeg"):
        save(target, "grey.jpg", encoded(grey, "JPEG", quality=80))
        save(target, "colour.jpg", encoded(grey.convert("RGB"), "JPEG", quality=80))
    names = "base", "progressive", "progressive-restart", "colour-2", "scans", "scans-tinted-2"
    for name in names:
        save("jpeg", f"{name}.jpg", (PICTURES / f"{name}.jpg").read_bytes())


def dicom():
    for name in ("explicit-m2-u8", "implicit-m2-u12-table8", "big-m2-s16", "deflated-m2-u12-linear", "rle-m2-u8"):
        save("dicom", f"{name}.dcm", (DICOM / f"{name}.dcm").read_bytes())
    for file in sorted(DICOM.glob("*.dcm")):
        data = file.read_bytes()
        for target, begins, magic in (
            ("dicom-jpeg", "jpeg", b"\xff\xd8\xff"),
            ("dicom-jpeg2000", "j2k", b"\xff\x4f\xff\x51"),
        ):
            if file.name.startswith(begins) and "fragments" not in file.name:
                save(target, file.stem, data[data.index(magic) : data.rindex(b"\xff\xd9") + 2])


def models():
    shipped = next((ROOT / "models").glob("*.onnx"))
    metadata = {entry.key: entry.value for entry in onnx.load(shipped).metadata_props}
    contract = json.loads(metadata["xray_edge.contract"])
    for word in ("gate", "known_answer", "quantisation"):
        contract.pop(word, None)
    contract.update(features=3, precision="float32")
    contract["preprocessing"]["size"] = SIDE
    for name, heat in (("plain", False), ("heat-map", True)):
        nodes = [
            helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["features"]),
            helper.make_node("MatMul", ["features", "weight"], ["score"]),
            helper.make_node("Sigmoid", ["score"], ["probability"]),
        ]
        outputs = {"probability": [1, 1], "features": [1, 3]}
        tensors = [helper.make_tensor("weight", TensorProto.FLOAT, [3, 1], [2.0] * 3)]
        if heat:
            nodes.append(helper.make_node("Conv", ["pooled", "slope"], ["heat_map"]))
            tensors.append(helper.make_tensor("slope", TensorProto.FLOAT, [1, 3, 1, 1], [2.0] * 3))
            outputs["heat_map"] = [1, 1, 1, 1]
        value = {"image": [1, 3, SIDE, SIDE], **outputs}
        value = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in value.items()}
        graph = helper.make_graph(nodes, "mean", [value["image"]], [value[name] for name in outputs], tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        words = {"xray_edge.schema": metadata["xray_edge.schema"], "xray_edge.contract": json.dumps(contract)}
        helper.set_model_props(model, words)
        save("model", f"{name}.onnx", model.SerializeToString(deterministic=True))
    helper.set_model_props(model, {"xray_edge.schema": "\x1b[2J", "xray_edge.contract": "{}"})
    save("model", "escapes.onnx", model.SerializeToString(deterministic=True))
    for name in ("first", "second", "legacy"):
        file = ROOT / f"xray-core/tests/fixtures/signature/message.{name}.minisig"
        save("signature", name, file.read_bytes())


def texts():
    packaged = (ROOT / "edge-runtime/packaging/config.toml").read_text()
    save("configuration", "packaged.toml", packaged)
    # The examples in its comments, too.
    lines = (line.removeprefix("# ") for line in packaged.splitlines())
    keys = [line for line in lines if line.startswith("[") or (" = " in line and not line.startswith("file"))]
    save("configuration", "all-keys.toml", "\n".join(keys) + "\n")
    save("configuration", "smallest.toml", "[model]\nfile = 'm.onnx'\n[[folder]]\npath = '/srv/x'\n")
    for board in ("pi4", "jetson-orin-nano", "sim"):
        save("board-file", f"{board}.toml", (ROOT / f"edge-runtime/boards/{board}.toml").read_bytes())

    stick = "61 27 8:1 / /media/A\\040B\\134C ro,nosuid,nodev,noexec - vfat /dev/sda1 ro,utf8\n"
    disk = "36 35 98:0 / /mnt1 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n"
    for name, table in {"stick": stick, "disk": disk, "both": disk + stick}.items():
        save("mounts", name, table)

    rows = "".join(
        f"train/{path}.png,{role},p{path[-1]}\n"
        for path, role in {"NORMAL/a": "train", "NORMAL/b": "val", "PNEUMONIA/c": "train", "PNEUMONIA/d": "val"}.items()
    )
    for name, text in {
        "plain": rows,
        "windows": rows.replace("/", "\\"),
        "quoted": rows.replace("pa", '"p, ""a"""'),
    }.items():
        save("splits", f"{name}.csv", "path,role,patient\n" + text)

    # Changes of a good row: column, kind, length, value.
    save("record", "none", b"")
    save("record", "verdict", b"\x08\x03\x07no-sign\x09\x02\x08\0\0\0\0\0\0\xd0\x3f\x0a\x03\x02[]")
    save("record", "contradiction", b'\x08\x03\x07no-sign\x0a\x03\x09["empty"]')
    save("record", "kinds", b"\x00\x04\x01x\x02\x01\x08" + b"\xff" * 8)


pictures()
dicom()
models()
texts()
