#!/usr/bin/env python3
"""Prints a command that README.md shows, so that CI runs exactly what a reader would.

    scripts/dev/readme_commands.py first    the first command of the first block
    scripts/dev/readme_commands.py test     the command that begins with `cargo test`
    scripts/dev/readme_commands.py all      every command of every block, one a line

Blocks are those marked as `sh`. A line that ends with a backslash goes on in the next one; comments are left out.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def commands(markdown: str) -> list[str]:
    """The commands of all blocks that are marked as `sh`."""
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```", markdown, re.MULTILINE | re.DOTALL):
        joined = block.replace("\\\n", " ")
        lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
        found += [re.sub(r"\s+", " ", line) for line in lines if line]
    return found


def choose(which: str, found: list[str]) -> str:
    """The one command that is asked for."""
    if which == "all":
        return "\n".join(found)
    chosen = found[:1] if which == "first" else [it for it in found if it.startswith("cargo test")]
    if len(chosen) != 1:
        raise SystemExit(f"{README}: {len(chosen)} commands are '{which}', and there must be one: {chosen}")
    return chosen[0]


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("first", "test", "all"):
        print(__doc__, file=sys.stderr)
        raise SystemExit(2)
    print(choose(sys.argv[1], commands(README.read_text())))
