"""Runs the scenarios on the emulated board; scripts/dev/emulated-pi.sh calls it."""

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
    """Status 0 if all checks passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--repository", type=Path, required=True)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--phantoms", type=Path, default=Path("/nonexistent"))
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--cuts", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--thaw", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--only", choices=["screening", "cuts"])
    args = parser.parse_args()
    image = pi.Image(args.work / "kernel", args.work / "pi.dtb", args.work / "initramfs")
    transcript = args.work / "serial.log"
    transcript.unlink(missing_ok=True)
    report = Report()
    try:
        if args.only != "cuts":
            stick = Stick(args.work / "stick.img", xrays(args.repository, args.phantoms, args.images))
            stick.make()
            card = Disk.format(args.work / "card.img", args.work / "state", 128).image
            setup = screening.Setup(
                image=image,
                work=args.work / "screening",
                card=card,
                stick=stick,
                model=args.model,
                program=args.program,
                transcript=transcript,
                full=args.full,
                pictures=args.pictures,
            )
            screening.run(setup, report)
        if args.only != "screening":
            disk = Disk.format(args.work / "disk.img", args.work / "state-small", 64)
            models = power_cuts.models(args.work / "packages")
            cuts = power_cuts.Setup(image, args.work / "cuts", disk, transcript, models)
            power_cuts.run(cuts, args.cuts, args.seed, args.thaw, report)
    except pi.Failed as failure:
        print(f"FAILED: {failure}\nthe output of the board is in {transcript}", file=sys.stderr)
        return 1
    print(f"emulated-pi: {report.checks} checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
