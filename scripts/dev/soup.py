#!/usr/bin/env python3
"""Writes docs/explanation/soup.md: the software of unknown provenance that is in the board's program, from Cargo.lock.

    scripts/dev/soup.py            write it
    scripts/dev/soup.py --check    check that it is what would be written

What is required of each crate that our own crates call stands in REQUIRED below; one without a line there is an error,
so that no dependency is added without saying what it is for.
Exit status: 0 written or equal, 1 the page is another or a line is missing, 2 Cargo failed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/deploy"))

import sbom  # noqa: E402 (its folder is only now known)

PAGE = ROOT / "docs/explanation/soup.md"

REQUIRED = {
    "anyhow": "carries errors with their context to the command line",
    "axum": "routes the page's requests; bounds the size of bodies",
    "base64": "writes numbers and pictures as text",
    "clap": "reads the command line and refuses what it does not know",
    "clap_complete": "writes shell completions; not used while screening",
    "clap_mangen": "writes manual pages; not used while screening",
    "csv": "writes exported records as CSV with every field quoted where needed",
    "dicom-core": "names tags and value representations",
    "dicom-dictionary-std": "numbers of tags and UIDs as in PS3.6",
    "dicom-encoding": "the forms in which elements are written",
    "dicom-object": "writes reports as DICOM files",
    "dicom-parser": "splits a data set into elements; lengths and nesting are checked by xray-intake",
    "dicom-transfer-syntax-registry": "the readers of the three forms of elements",
    "fast_image_resize": "resizes with the weights of Pillow's bilinear filter, to one level",
    "flate2": "inflates deflated data sets; the length is bounded by xray-intake",
    "font8x8": "the letters under DICOM captures",
    "gpiocdev": "drives and reads GPIO lines through the kernel's character device",
    "hayro-jpeg2000": "decodes JPEG 2000 exactly where it is lossless; its tables are bounded by xray-intake",
    "hyper": "speaks HTTP/1.1 with bounds on headers and time",
    "hyper-util": "connects hyper to sockets",
    "image": "decodes PPM and PBM, encodes PNG and JPEG",
    "landlock": "takes the right to open files from decoder children",
    "libc": "numbers of system calls and signals",
    "linuxvideo": "takes frames of USB cameras; their sizes are checked",
    "maud": "writes HTML with every text escaped",
    "minisign-verify": "verifies Ed25519 signatures over BLAKE2b hashes",
    "png": "decodes PNG within limits and checks its sums",
    "prost": "reads and writes ONNX (protocol buffers) within the bytes that it is given",
    "rayon": "runs parts of a network on several threads",
    "rcgen": "makes the page's own certificate",
    "rppal": "drives GPIO lines of old Raspberry Pi boards; retired, not the default",
    "rusqlite": "stores records; a committed record survives a power cut (synchronous=FULL)",
    "rustix": "system calls: mounting, limits, file flags",
    "rustls": "encrypts the page (TLS 1.2 and 1.3)",
    "sd-notify": "tells the service manager that the loop is alive",
    "seccompiler": "lets decoder children make the system calls of a list only",
    "serde": "reads and writes configuration, contract and rows",
    "serde_json": "reads and writes JSON; floats come back as they were",
    "sha2": "SHA-256 of images, models and records",
    "signal-hook": "takes SIGTERM, so that lights go out before the program ends",
    "subtle": "compares access words in constant time",
    "thiserror": "writes the messages of errors",
    "time": "reads and writes times (RFC 3339, UTC)",
    "tokio": "runs the page's connections in its own thread",
    "tokio-rustls": "connects rustls to sockets",
    "toml": "reads configuration and board files; refuses what is no TOML",
    "tracing": "log lines with fields",
    "tracing-subscriber": "writes log lines as text or JSON, foreign text escaped",
    "tract-core": "computes operators that the integer engine leaves to it; checked by the known answer",
    "tract-onnx": "reads ONNX graphs; only of models with a trusted signature",
    "walkdir": "lists folders without following links",
    "zune-core": "bytes and options for zune-jpeg",
    "zune-jpeg": "decodes JPEG streams that xray-intake walked to their last sample",
}

HEAD = """\
# Software of unknown provenance

Software that is in the board's program and was not made for it, in the words of IEC 62304. This page is written by
`scripts/dev/soup.py` from `Cargo.lock` for `{target}`; [risks](risk.md) says what protects against its faults.
Hashes and the dependencies of each are in the bill of materials that `scripts/deploy/sbom.py` writes.

Outside the program and not listed: the Linux kernel, the C library, systemd, and the firmware of the board.

"""


def supplier(package: dict) -> str:
    """Where it comes from."""
    return package["repository"] or f"https://crates.io/crates/{package['name']}"


def page() -> tuple[str, list[str]]:
    """The page, and the crates that lack a line in REQUIRED."""
    found = sbom.build(sbom.cargo_metadata(sbom.BOARD), "edge-runtime")
    foreign = [p for i, p in found.packages.items() if p["source"] is not None and i in found.linked]
    foreign.sort(key=lambda p: (p["name"], p["version"]))
    ours = [i for i, p in found.packages.items() if p["source"] is None and p["name"] != "xray-features"]
    called = {needed for i in [*ours, found.program["id"]] for needed in found.edges[i]}
    direct = [p for p in foreign if p["id"] in called]
    out = HEAD.format(target=sbom.BOARD)
    out += f"## What our crates call: {len(direct)}\n\n"
    out += "| crate | version | licence | what is required of it | from |\n| --- | --- | --- | --- | --- |\n"
    for p in direct:
        required = REQUIRED.get(p["name"], "")
        out += f"| {p['name']} | {p['version']} | {sbom.licence(p)} | {required} | <{supplier(p)}> |\n"
    libraries = [(p, *library) for p in foreign if (library := sbom.bundled(p))]
    out += "\n## Libraries in C that a crate brings along\n\n"
    out += "| library | version | licence | brought by | from |\n| --- | --- | --- | --- | --- |\n"
    for p, library, version in libraries:
        out += f"| {library.name} | {version} | {library.licence} | {p['name']} | <{library.supplier}> |\n"
    rest = [p for p in foreign if p not in direct]
    out += f"\n## What those call: {len(rest)}\n\n"
    out += "| crate | version | licence | from |\n| --- | --- | --- | --- |\n"
    for p in rest:
        out += f"| {p['name']} | {p['version']} | {sbom.licence(p)} | <{supplier(p)}> |\n"
    names = {p["name"] for p in direct}
    return out, sorted((names - REQUIRED.keys()) | (REQUIRED.keys() - names))


def main() -> int:
    if sys.argv[1:] not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        text, lines = page()
    except subprocess.CalledProcessError:
        return 2
    for name in lines:
        print(f"{name}: one of Cargo.lock and REQUIRED in scripts/dev/soup.py lacks it", file=sys.stderr)
    if sys.argv[1:]:
        same = PAGE.is_file() and PAGE.read_text() == text
        if not same:
            print(f"{PAGE.relative_to(ROOT)} is not that of Cargo.lock: run scripts/dev/soup.py", file=sys.stderr)
        return 1 if lines or not same else 0
    PAGE.write_text(text)
    print(f"{PAGE.relative_to(ROOT)}: {text.count(chr(10))} lines")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
