#!/usr/bin/env python3
"""What the device makes of hostile, damaged and unlucky files: outcome, memory and time of each, as Markdown tables.

    cargo build --release --workspace --bins --examples
    scripts/research/hostile_files.py CASES --model MODEL.onnx [--damage X-RAYS] [--programs target/release]

CASES holds manifest.csv (file, id, expected, note, within, also_acceptable), the files that it names, and repro/ with
programs that make files. Of the manifest each file is decoded alone, by the example `read_dicom`, for its levels,
memory and time; `edge-runtime screen` gives the outcome. What the programs of repro/ make is screened, with the decoder
child. --damage takes a data folder with the split test: 40 X-rays of each class are cut at half, cut at nine tenths,
and lose a cluster, each closed as a whole JPEG, and are screened. Needs Python alone; only the tables are written.

Exit status: 0 every expectation is met, 1 some are not, 2 something is missing.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 60
# Peaks of the programs of repro/ are those of the whole `screen`, with model and child.
CLASSES = ("NORMAL", "PNEUMONIA")
OF_EACH_CLASS = 40
CLUSTER = 32 * 1024


@dataclass
class Run:
    """A process that ended."""

    status: int
    output: str
    peak_mb: float
    seconds: float


def run(command: list[str | Path]) -> Run:
    """Runs a command; its peak is that of itself or of its largest child."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        deadline = began + LIMIT_S
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                child.kill()
            time.sleep(0.001)
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return Run(child.returncode, text, usage.ru_maxrss / 1024, time.monotonic() - began)


def rows_of(text: str) -> list[dict]:
    """The rows of `screen --json`."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def outcome(row: dict) -> str:
    return "; ".join(row.get("reasons", [])) or row["verdict"]


def levels(pgm: Path) -> tuple[bytes, bytes]:
    """Header and levels of a PGM that `read_dicom` wrote."""
    head, _, rest = pgm.read_bytes().partition(b" 255\n")
    return head, rest


def difference(one: Path, other: Path) -> int | None:
    """The largest difference of a level; none if the sizes differ."""
    (head, a), (other_head, b) = levels(one), levels(other)
    return max((abs(x - y) for x, y in zip(a, b, strict=True)), default=0) if head == other_head else None


class Cases:
    """The files of a manifest, each decoded once."""

    def __init__(self, folder: Path, programs: Path, work: Path) -> None:
        self.folder, self.programs, self.work = folder, programs, work
        self.runs: dict[str, Run] = {}

    def pgm(self, file: str) -> Path:
        return self.work / (file.replace("/", "-") + ".pgm")

    def decode(self, file: str) -> Run:
        if file not in self.runs:
            self.runs[file] = run([self.programs / "examples/read_dicom", self.folder / file, self.pgm(file)])
        return self.runs[file]

    def equals(self, file: str, other: str, within: int) -> tuple[bool, str]:
        if self.decode(file).status != 0 or self.decode(other).status != 0:
            return False, "not read"
        worst = difference(self.pgm(file), self.pgm(other))
        return worst is not None and worst <= within, "another size" if worst is None else f"≤ {worst}"

    def judge(self, case: dict, screened: str) -> tuple[str, str]:
        """How the outcome stands to what is expected, and the largest difference of a level."""
        file, within = case["file"], int(case["within"] or 0)
        read = self.decode(file).status == 0
        # The gate knows blank pictures by their levels; what else it says of a drawn chest proves nothing.
        refused = not read or screened == "blank"

        def holds(expected: str) -> tuple[bool, str]:
            if expected.startswith("equal-to:"):
                return self.equals(file, expected.removeprefix("equal-to:"), within)
            if expected.startswith("refused"):
                return refused, ""
            return (read if expected.startswith("read") else False), ""

        met, detail = holds(case["expected"])
        if met:
            return "met", detail
        other, other_detail = holds(case["also_acceptable"]) if case["also_acceptable"] else (False, "")
        return ("acceptable", other_detail) if other else ("NOT MET", detail)


def manifest(cases: Cases, model: Path) -> int:
    """The table of the manifest; gives how many expectations are not met."""
    with (cases.folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        all_cases = list(csv.DictReader(file))
    files = [cases.folder / case["file"] for case in all_cases]
    screened = rows_of(run([cases.programs / "edge-runtime", "screen", "--model", model, "--json", *files]).output)
    by_file = {row["file"]: row for row in screened}
    print("| file | expected | outcome of `screen` | | levels differ by | decoding: peak MB | s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    counts: dict[str, int] = {}
    for case, path in zip(all_cases, files, strict=True):
        found = outcome(by_file[str(path)])
        judgement, detail = cases.judge(case, found)
        counts[judgement] = counts.get(judgement, 0) + 1
        decoded = cases.decode(case["file"])
        print(
            f"| {case['file']} | {case['expected']} | {found} | {judgement} | {detail} "
            f"| {decoded.peak_mb:.0f} | {decoded.seconds:.2f} |"
        )
    print("\n" + ", ".join(f"{count} {judgement}" for judgement, count in sorted(counts.items())) + "\n")
    return counts.get("NOT MET", 0)


def repro(cases: Cases, model: Path) -> int:
    """The table of the programs that make files; gives how many got a verdict or ended the program."""
    programs, made = cases.folder / "repro", cases.work / "repro"
    made.mkdir()
    ref = cases.folder / "jpeg/ref.jpg"
    makers = {
        "dicom_bombs.py precincts": ["dicom_bombs.py", "precincts", made / "precincts.dcm"],
        "dicom_bombs.py tiles": ["dicom_bombs.py", "tiles", made / "tiles.dcm"],
        "dicom_bombs.py fragments": ["dicom_bombs.py", "fragments", made / "fragments.dcm"],
        "png_iccp_bomb.py (1 GiB)": ["png_iccp_bomb.py", made / "iccp.png"],
        "jpeg_cmyk_big.py": ["jpeg_cmyk_big.py", made / "cmyk.jpg"],
        "jpeg_half.py eoi": ["jpeg_half.py", ref, made / "eoi.jpg", "eoi"],
        "jpeg_half.py zeros": ["jpeg_half.py", ref, made / "zeros.jpg", "zeros"],
        "junk_stick.py (20 files of 1 MB)": ["junk_stick.py", made / "junk", "20", "1000"],
    }
    print("| program | file, bytes | outcome of `screen` | status | peak MB | s |")
    print("| --- | --- | --- | --- | --- | --- |")
    wrong = 0
    for name, (program, *options) in makers.items():
        subprocess.run([sys.executable, programs / program, *options], check=True, stdout=subprocess.DEVNULL)
        target = next(Path(o) for o in options if str(o).startswith(str(made)))
        size = sum(f.stat().st_size for f in ([target] if target.is_file() else target.iterdir()))
        found = run([cases.programs / "edge-runtime", "screen", "--model", model, "--json", target])
        rows = rows_of(found.output)
        outcomes = sorted({outcome(row) for row in rows})
        # Status 3: all was told, some could not be read. 0 with a reason of the gate: it was read.
        scored = any(row["verdict"] != "no-result" for row in rows)
        wrong += scored or found.status not in (0, 3) or not rows
        print(
            f"| {name} | {size:,} | {', '.join(outcomes) or 'NO ROW'} | {found.status} "
            f"| {found.peak_mb:.0f} | {found.seconds:.2f} |"
        )
    shown = [
        ("evil_onnx.py", made / "evil.onnx", [cases.programs / "edge-runtime", "model", "show", made / "evil.onnx"]),
    ]
    for name, target, command in shown:
        subprocess.run([sys.executable, programs / name, target], check=True, stdout=subprocess.DEVNULL)
        found = run(command)
        controls = sum((ord(c) < 32 and c != "\n") or ord(c) == 127 for c in found.output)
        wrong += controls > 0 or found.status != 1
        size = target.stat().st_size
        said = f"refused, {controls} control characters on the terminal"
        print(f"| {name} | {size:,} | {said} | {found.status} | {found.peak_mb:.0f} | {found.seconds:.2f} |")
    print()
    return wrong


def scan_start(data: bytes) -> int:
    """Where the entropy-coded data of the first scan begin."""
    at = 2
    while True:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xDA:
            return end
        at = end


def cut(data: bytes, share: float) -> bytes:
    """The stream up to that share of its scan, ended as if it were whole."""
    start = scan_start(data)
    at = int(start + (len(data) - start) * share)
    at -= data[at - 1] == 0xFF
    return data[:at] + b"\xff\xd9"


def zeros(data: bytes) -> bytes:
    """A cluster, or half the rest of the scan, in the middle is zero."""
    start = scan_start(data)
    at = (start + len(data)) // 2
    length = min(CLUSTER, (len(data) - at) // 2)
    return data[:at] + bytes(length) + data[at + length :]


def damage(folder: Path, cases: Cases, model: Path) -> int:
    """The table of damaged X-rays; gives how many of them got a score."""
    kinds = {
        "whole": lambda data: data,
        "lower half missing": lambda data: cut(data, 0.5),
        "last tenth missing": lambda data: cut(data, 0.9),
        "a cluster of zeros": zeros,
    }
    print("| damage | n | with a score | reasons |")
    print("| --- | --- | --- | --- |")
    scored = 0
    for kind, change in kinds.items():
        files = []
        for name in CLASSES:
            for path in sorted((folder / "test" / name).iterdir())[:OF_EACH_CLASS]:
                files.append(cases.work / f"{len(files):03}-{name}.jpg")
                files[-1].write_bytes(change(path.read_bytes()))
        found = run([cases.programs / "edge-runtime", "screen", "--model", model, "--json", *files])
        rows = rows_of(found.output)
        verdicts = sum(row["verdict"] != "no-result" for row in rows)
        reasons: dict[str, int] = {}
        for row in rows:
            for reason in row.get("reasons", []):
                reasons[reason] = reasons.get(reason, 0) + 1
        told = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
        print(f"| {kind} | {len(rows)} | {verdicts} | {told} |")
        scored += 0 if kind == "whole" else verdicts
    print()
    return scored


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("cases", type=Path, help="folder with manifest.csv and repro/")
    parser.add_argument("--model", type=Path, required=True, help="the model that screens")
    parser.add_argument("--damage", type=Path, metavar="X-RAYS", help="a data folder whose test images are damaged")
    parser.add_argument("--programs", type=Path, default=Path("target/release"), help="where the programs are")
    options = parser.parse_args()
    programs = options.programs.resolve()
    for needed in (programs / "edge-runtime", programs / "examples/read_dicom", options.cases / "manifest.csv"):
        if not needed.is_file():
            print(f"{needed}: missing; see --help", file=sys.stderr)
            return 2
    with tempfile.TemporaryDirectory() as work:
        cases = Cases(options.cases, programs, Path(work))
        print("### Each file of the manifest\n")
        wrong = manifest(cases, options.model)
        print("### What the programs make\n")
        wrong += repro(cases, options.model)
        if options.damage:
            print("### Damaged X-rays\n")
            wrong += damage(options.damage, cases, options.model)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
