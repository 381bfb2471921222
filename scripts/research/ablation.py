#!/usr/bin/env python3
"""Fits the classifier head with one recipe after the other and writes a table of the results on validation images: as
they are, and as other hospitals might have taken them (the corruption suite). The test images are never read, since
recipes are chosen by this table.

    scripts/research/ablation.py --data chest_xray --splits splits.csv --train 1200 --out ablation.md

Needs nothing beyond Python 3.9 and `host-trainer` (--trainer). Features are cached, so a second call only trains heads.
With --train N a sample of the training images is used, drawn by a hash of their paths, to save time. All validation
images are used.
"""

import argparse
import csv
import hashlib
import json
import shlex
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

# Every row is `host-trainer fit`, whose default is the recipe `robust`, with these options. The first is what ships.
ROWS = [
    ("as shipped", ""),
    ("a larger step", "--learning-rate 3e-4"),
    ("chosen on clean images", "--choose-on clean"),
    ("chosen on clean images, Youden's index", "--choose-on clean --threshold youden"),
    ("threshold by Youden's index", "--threshold youden"),
    ("no temperature", "--no-calibration"),
    ("classes weigh as they come", "--class-weights none"),
    ("dropout .2", "--dropout 0.2"),
    ("dropout .7", "--dropout 0.7"),
    ("labels smoothed by .1", "--label-smoothing 0.1"),
    ("a small head", "--hidden 64,32"),
    ("varied training images", "--augment robust"),
    ("varied, one view", "--augment robust --views 1"),
    ("varied, a larger step", "--augment robust --learning-rate 3e-4"),
    ("varied, a larger step, 40 epochs", "--augment robust --learning-rate 3e-4 --epochs 40"),
    ("the same, dropout .2", "--augment robust --learning-rate 3e-4 --epochs 40 --dropout 0.2"),
    ("varied, dropout .2", "--augment robust --dropout 0.2"),
    ("varied without blur, sharpening, noise, borders", "--augment robust --blur 0 --sharpen 0 --noise 0 --borders 0"),
    ("article", "--recipe article"),
    ("mirror images", "--augment article"),
    ("histogram", "--intensity histogram"),
    ("CLAHE", "--intensity clahe"),
    ("DenseNet169 alone", "--backbones densenet169"),
    ("MobileNetV2 alone", "--backbones mobilenet-v2"),
]


def sample(data: Path, splits: Path, count: int, work: Path) -> tuple[Path, Path]:
    """A folder with copies of `count` training images and of all validation images, and its splits file."""
    with splits.open(newline="") as file:
        rows = list(csv.DictReader(file))
    order = sorted((r for r in rows if r["role"] == "train"), key=lambda r: hashlib.sha256(r["path"].encode()).digest())
    kept = order[:count] + [r for r in rows if r["role"] == "val"]
    folder = work / f"images-{count}"
    for row in kept:
        copy = folder / row["path"]
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists():
            shutil.copyfile(data / row["path"], copy)
    target = work / f"splits-{count}.csv"
    with target.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "role", "patient"])
        writer.writeheader()
        writer.writerows(kept)
    return folder, target


def fit(args, options: str, seed: int, out: Path) -> dict:
    record = out / "run.json"
    key = out / "options.txt"
    command = [
        args.trainer,
        "fit",
        "--data",
        str(args.data),
        "--out",
        str(out),
        "--seed",
        str(seed),
        "--quiet",
        "--json",
    ]
    command += ["--splits", str(args.splits)] if args.splits else []
    command += ["--corruptions", str(args.corruptions)]
    command += shlex.split(args.common) + shlex.split(options)
    if not (record.exists() and key.exists() and key.read_text() == shlex.join(command)):
        print("+", shlex.join(command), file=sys.stderr, flush=True)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        key.write_text(shlex.join(command))
    return json.loads(record.read_text())


def mean(values: list) -> str:
    values = [v for v in values if v is not None]
    return f"{statistics.mean(values):.4f}" if values else "-"


def spread(values: list) -> str:
    mean = f"{statistics.mean(values):.3f}"
    return f"{mean} ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else mean


def row(name: str, options: str, runs: list[dict]) -> str:
    clean = [run["validation"] for run in runs]
    changed = [run["shift"]["evaluation"] for run in runs]
    kinds = {}
    for run in runs:
        for kind in run["shift"]["kinds"]:
            if kind["auroc"] is not None:
                kinds.setdefault(kind["kind"], []).append(kind["auroc"])
    worst = min(kinds, key=lambda kind: statistics.mean(kinds[kind]))

    def rate(side, what):
        return mean([figures[what]["value"] for figures in side])

    cells = [
        name,
        f"`{options}`" if options else "",
        mean([figures["auroc"] for figures in clean]),
        rate(clean, "accuracy"),
        rate(clean, "sensitivity"),
        rate(clean, "specificity"),
        spread([figures["auroc"] for figures in changed]),
        spread([figures["accuracy"]["value"] for figures in changed]),
        rate(changed, "sensitivity"),
        rate(changed, "specificity"),
        f"{worst} {statistics.mean(kinds[worst]):.3f}",
        str(len(runs)),
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the class folders")
    parser.add_argument("--splits", type=Path, help="the splits file")
    parser.add_argument("--train", type=int, help="training images to take; all if not given; needs --splits")
    parser.add_argument("--seeds", default="42,43,44", help="a row is the mean over these")
    parser.add_argument("--rows", help="numbers of the rows to make, from 0, with commas; all if not given")
    parser.add_argument("--corruptions", type=int, default=6, help="changes that each validation image is seen under")
    parser.add_argument("--common", default="", help="options that every fit gets, such as '--cache DIR'")
    parser.add_argument("--work", type=Path, default=Path("runs/ablation"), help="folder for the runs")
    parser.add_argument("--trainer", default="host-trainer", help="the program")
    parser.add_argument("--out", type=Path, default=Path("ablation.md"), help="the table")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    if args.train:
        if not args.splits:
            parser.error("--train needs --splits")
        args.data, args.splits = sample(args.data, args.splits, args.train, args.work)
    seeds = [int(seed) for seed in args.seeds.split(",")]
    chosen = [int(n) for n in args.rows.split(",")] if args.rows else range(len(ROWS))
    lines = [
        "| recipe | options | AUROC | accuracy | sensitivity | specificity | AUROC, changed | accuracy, changed"
        " | sensitivity, changed | specificity, changed | worst kind | seeds |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for number in chosen:
        name, options = ROWS[number]
        runs = [fit(args, options, seed, args.work / f"{number:02}-{seed}") for seed in seeds]
        lines.append(row(name, options, runs))
        args.out.write_text("\n".join(lines) + "\n")
        print(lines[-1], flush=True)


if __name__ == "__main__":
    main()
