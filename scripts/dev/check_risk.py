#!/usr/bin/env python3
"""Checks docs/explanation/risk.md: each control has a test, and each test that it names is in the sources.

    scripts/dev/check_risk.py

A row of a table with the column `test` names functions or files in code spans; a function must be defined in a Rust
source or a Python script of this repository, a file must exist.
Exit status: 0 all are there, 1 some are not (each is printed with its line).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from check_paths import tracked_files

ROOT = Path(__file__).resolve().parents[2]
PAGE = "docs/explanation/risk.md"
SPAN = re.compile(r"`([^`]+)`")
DEFINED = re.compile(r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:fn|def) (\w+)", re.MULTILINE)


def named_tests(text: str) -> list[tuple[int, list[str]]]:
    """Line and named tests of each row of the tables that have a column `test`."""
    found, column = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            column = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if column is None:
            column = cells.index("test") if "test" in cells else -1
        elif column >= 0 and not set(line) <= set("|-: "):
            found.append((number, SPAN.findall(cells[column]) if column < len(cells) else []))
    return found


def problems(text: str, defined: set[str], files: set[str]) -> list[str]:
    """What does not hold, as lines of text."""
    rows = named_tests(text)
    found = [] if rows else [f"{PAGE}: no table with a column `test`"]
    for number, tests in rows:
        if not tests:
            found.append(f"{PAGE}:{number}: this control has no test")
        for test in tests:
            if test not in defined and test not in files:
                found.append(f"{PAGE}:{number}: {test}: there is no such test")
    return found


def main() -> int:
    files = tracked_files(ROOT)
    sources = [f for f in files if f.endswith((".rs", ".py"))]
    defined = {name for f in sources for name in DEFINED.findall((ROOT / f).read_text(errors="replace"))}
    text = (ROOT / PAGE).read_text()
    found = problems(text, defined, set(files))
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{PAGE}: {len(named_tests(text))} controls, {sum(len(t) for _, t in named_tests(text))} tests named")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
