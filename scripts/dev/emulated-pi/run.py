"""Runs the emulated board; scripts/dev/emulated-pi.sh calls it."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import pi
import power_cuts
import screening
from disk import Disk
from report import Report
from stick import Stick, xrays


def main() -> int:
    """Status 0 if all held."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--work", type=Path, required=True)
    ask.add_argument("--repository", type=Path, required=True)
    ask.add_argument("--program", type=Path, required=True)
    ask.add_argument("--model", type=Path, required=True)
    ask.add_argument("--phantoms", type=Path, default=Path("/nonexistent"))
    ask.add_argument("--images", type=int, default=2)
    ask.add_argument("--cuts", type=int, default=1)
    ask.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    ask.add_argument("--thaw", action="store_true")
    ask.add_argument("--full", action="store_true")
    ask.add_argument("--pictures", type=Path)
    ask.add_argument("--only", choices=["screening", "cuts"])
    args = ask.parse_args()
    image = pi.Image(args.work / "kernel", args.work / "pi.dtb", args.work / "initramfs")
    transcript = args.work / "serial.log"
    transcript.unlink(missing_ok=True)
    report = Report()
    try:
        if args.only != "cuts":
            stick = Stick(args.work / "stick.img", xrays(args.repository, args.phantoms, args.images))
            stick.make()
            card = Disk.format(args.work / "card.img", args.work / "state", 128).image
            place = screening.Place(
                image,
                args.work / "screening",
                card,
                stick,
                args.model,
                args.program,
                transcript,
                args.full,
                args.pictures,
            )
            screening.run(place, report)
        if args.only != "screening":
            disk = Disk.format(args.work / "disk.img", args.work / "state-small", 64)
            where = power_cuts.Place(
                image, args.work / "cuts", disk, transcript, power_cuts.models(args.work / "packages")
            )
            power_cuts.run(where, args.cuts, args.seed, args.thaw, report)
    except pi.Failed as failure:
        print(f"FAILED: {failure}\nwhat the board said lies in {transcript}", file=sys.stderr)
        return 1
    print(f"emulated-pi: {report.checks} checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
