#!/usr/bin/env python3
"""Checks that every build of the workspace compiles the crates of others with the same features.

    scripts/dev/shared_features.py

Building one program after the other, or the tests after a program, must compile no crate twice. Cargo compiles a crate
again when its features differ, so the features of each build's units are compared with those of `cargo test
--workspace`. What differs belongs into xray-features/Cargo.toml, whose lines are printed. Needs a few seconds: nothing
is compiled.

Exit status: 0 all the same, 1 some differ, 2 Cargo failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SMALL_BUILDS = (
    ("build", "-p", "edge-runtime"),
    ("build", "-p", "host-trainer"),
    ("build", "--workspace"),
)
WHOLE_BUILD = ("test", "--no-run", "--workspace")


@dataclass(frozen=True, order=True)
class Unit:
    """One compilation of a crate of others, without its features."""

    name: str
    version: str
    kind: str
    mode: str
    # Optimised units are linked into the programs; the others (build scripts, macros) run while building.
    optimised: bool


Features = dict[Unit, frozenset[frozenset[str]]]


def units(graph: dict) -> Features:
    """The features with which a build compiles each crate of others."""
    found: dict[Unit, set[frozenset[str]]] = {}
    for unit in graph["units"]:
        source, _, package = unit["pkg_id"].partition("#")
        if source.startswith("path+"):
            continue
        # Where the folder has the crate's name, Cargo leaves the name out.
        name, _, version = package.rpartition("@")
        name = name or source.rsplit("/", 1)[-1]
        optimised = unit["profile"]["opt_level"] != "0"
        key = Unit(name, version, unit["target"]["kind"][0], unit["mode"], optimised)
        found.setdefault(key, set()).add(frozenset(unit["features"]))
    return {unit: frozenset(features) for unit, features in found.items()}


def differences(small: Features, whole: Features) -> list[tuple[Unit, frozenset[str]]]:
    """Units of a small build that the whole build does not have with the same features; what they need in common."""
    found = []
    for unit, features in sorted(small.items()):
        if not features <= whole.get(unit, frozenset()):
            found.append((unit, frozenset().union(*features, *whole.get(unit, ()))))
    return found


def lines(found: Iterable[tuple[Unit, frozenset[str]]]) -> list[str]:
    """The lines for xray-features/Cargo.toml."""
    needed: dict[tuple[bool, str, str], set[str]] = {}
    for unit, features in found:
        needed.setdefault((unit.optimised, unit.name, unit.version), set()).update(features)
    text = []
    for optimised, section in ((True, "[dependencies]"), (False, "[build-dependencies]")):
        crates = [(name, version, it) for (linked, name, version), it in sorted(needed.items()) if linked == optimised]
        if crates:
            text.append(section)
        for name, version, features in crates:
            listed = json.dumps(sorted(features))
            text.append(f'{name} = {{ version = "{version}", default-features = false, features = {listed} }}')
    return text


def unit_graph(arguments: tuple[str, ...]) -> dict:
    """What Cargo would compile."""
    command = ["cargo", arguments[0], "--release", "--unit-graph", "-Z", "unstable-options", *arguments[1:]]
    environment = os.environ | {"RUSTC_BOOTSTRAP": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        raise SystemExit(2)
    return json.loads(done.stdout)


def main() -> int:
    """Status 1 if a crate would be compiled twice."""
    whole = units(unit_graph(WHOLE_BUILD))
    everything: list[tuple[Unit, frozenset[str]]] = []
    for arguments in SMALL_BUILDS:
        small = units(unit_graph(arguments))
        found = differences(small, whole)
        print(f"cargo {' '.join(arguments)}: {len(small)} units of other crates, {len(found)} differ")
        for unit, _ in found:
            print(f"  {unit.name} {unit.version} ({unit.kind}, {unit.mode})", file=sys.stderr)
        everything += found
    if not everything:
        return 0
    print("compiled twice; xray-features/Cargo.toml needs:", *lines(everything), sep="\n", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
