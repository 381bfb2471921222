#!/usr/bin/env python3
"""Writes the software bill of materials of a program: every crate that is compiled into it, as CycloneDX 1.6 JSON.

    scripts/deploy/sbom.py [edge-runtime|host-trainer] [--target TRIPLE] [--out FILE] [--validate]

The default is edge-runtime for aarch64-unknown-linux-gnu, written to target/sbom/PROGRAM.cdx.json. Names, versions and
licences come from `cargo metadata`, hashes from Cargo.lock. The same Cargo.lock gives the same bytes: there is no time
and no random number in the file. --validate checks it against CycloneDX's own schema, for which it needs
`pip install 'cyclonedx-python-lib[json-validation]'`.

Crates that only run while building (build scripts, macros) have the scope `excluded`. Features are those of a build
of the whole workspace, so that a crate may be listed that a build of the program alone leaves out, never the other way.
Exit status: 0 written, 1 it is not valid, 2 Cargo failed or an option is wrong.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("edge-runtime", "host-trainer")
BOARD = "aarch64-unknown-linux-gnu"


@dataclass(frozen=True)
class Library:
    """A library in C that a crate brings along: its name, licence, and the line of a header that says its version."""

    name: str
    licence: str
    header: str
    version: re.Pattern[str]
    supplier: str


# SQLite dedicates its code to the public domain, for which SPDX has this word.
BUNDLED = {
    "libsqlite3-sys": Library(
        "SQLite",
        "blessing",
        "sqlite3/sqlite3.h",
        re.compile(r'#define SQLITE_VERSION\s+"([\d.]+)"'),
        "https://sqlite.org",
    )
}


@dataclass
class Build:
    """The crates of a program for one kind of machine."""

    program: dict
    # By package ID, without the program.
    packages: dict[str, dict]
    # Package IDs that are linked into the program; the others only run while building.
    linked: set[str]
    # Direct dependencies of each package ID.
    edges: dict[str, list[str]]


def cargo_metadata(target: str) -> dict:
    """What Cargo knows of the workspace for one target, with the versions of Cargo.lock."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def build(metadata: dict, program: str) -> Build:
    """The crates that a program needs, tests and their dependencies left out."""
    by_id = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = next(i for i in metadata["workspace_members"] if by_id[i]["name"] == program)

    def needs(package: str, kinds: set[str | None]) -> list[str]:
        found = (d["pkg"] for d in nodes[package]["deps"] if kinds & {kind["kind"] for kind in d["dep_kinds"]})
        return sorted(set(found))

    def is_macro(package: str) -> bool:
        return any("proc-macro" in target["kind"] for target in by_id[package]["targets"])

    def reached(start: list[str], kinds: set[str | None], through_macros: bool) -> set[str]:
        seen, waiting = set(), list(start)
        while waiting:
            package = waiting.pop()
            if package in seen or (not through_macros and is_macro(package)):
                continue
            seen.add(package)
            waiting.extend(needs(package, kinds))
        return seen

    every = reached([root], {None, "build"}, True)
    linked = reached([root], {None}, False)
    edges = {package: needs(package, {None, "build"}) for package in every}
    packages = {package: by_id[package] for package in sorted(every - {root})}
    return Build(by_id[root], packages, linked, edges)


def checksums() -> dict[tuple[str, str], str]:
    """SHA-256 of each crate of the registry, by name and version."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return {(p["name"], p["version"]): p["checksum"] for p in lock["package"] if "checksum" in p}


def licence(package: dict) -> str | None:
    """The licence as SPDX writes it; old crates put a slash between two."""
    text = package["license"]
    return text.replace("/", " OR ").replace("  ", " ") if text else None


def purl(package: dict) -> str:
    """The package URL; a plus stands for a blank in some readers."""
    return f"pkg:cargo/{package['name']}@{quote(package['version'], safe='')}"


def bundled(package: dict) -> tuple[Library, str] | None:
    """The library in C that a crate brings along, and its version."""
    library = BUNDLED.get(package["name"])
    if library is None:
        return None
    header = Path(package["manifest_path"]).parent / library.header
    found = library.version.search(header.read_text(errors="replace"))
    if found is None:
        raise SystemExit(f"sbom: {header} does not say the version of {library.name}; correct BUNDLED in this script")
    return library, found[1]


def component(package: dict, kind: str, scope: str | None, sums: dict[tuple[str, str], str]) -> dict:
    """A crate as CycloneDX describes it."""
    found = {"type": kind, "bom-ref": purl(package), "name": package["name"], "version": package["version"]}
    if scope:
        found["scope"] = scope
    checksum = sums.get((package["name"], package["version"]))
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if licence(package):
        found["licenses"] = [{"expression": licence(package)}]
    found["purl"] = purl(package)
    if package["repository"]:
        found["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    if library := bundled(package):
        described, version = library
        found["components"] = [
            {
                "type": "library",
                "bom-ref": f"{purl(package)}#{described.name}",
                "name": described.name,
                "version": version,
                "licenses": [{"license": {"id": described.licence}}],
                "externalReferences": [{"type": "website", "url": described.supplier}],
            }
        ]
    return found


def bill(found: Build, target: str) -> dict:
    """The whole file."""
    sums = checksums()
    all_packages = {found.program["id"]: found.program, **found.packages}
    dependencies = [
        {"ref": purl(all_packages[package]), "dependsOn": sorted(purl(all_packages[d]) for d in needed)}
        for package, needed in found.edges.items()
    ]
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": component(found.program, "application", None, sums),
            "properties": [{"name": "cargo:target", "value": target}],
        },
        "components": [
            component(package, "library", None if i in found.linked else "excluded", sums)
            for i, package in found.packages.items()
        ],
        "dependencies": sorted(dependencies, key=lambda d: d["ref"]),
    }
    content["components"].sort(key=lambda c: c["bom-ref"])
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return {**content, "serialNumber": f"urn:uuid:{number}"}


def validation_error(text: str) -> str | None:
    """What CycloneDX's schema says against the file."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return str(error) if error else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program", nargs="?", choices=PROGRAMS, default="edge-runtime")
    parser.add_argument("--target", default=BOARD, help=f"the machine that it is built for (default {BOARD})")
    parser.add_argument("--out", type=Path, help="file to write (default target/sbom/PROGRAM.cdx.json)")
    parser.add_argument("--validate", action="store_true", help="check it against CycloneDX's schema")
    options = parser.parse_args()
    try:
        found = build(cargo_metadata(options.target), options.program)
    except subprocess.CalledProcessError:
        return 2
    text = json.dumps(bill(found, options.target), indent=1, ensure_ascii=False) + "\n"
    out = options.out or ROOT / "target/sbom" / f"{options.program}.cdx.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    linked = len(found.linked) - 1
    print(f"{out}: {len(found.packages)} crates, {linked} of them in the program")
    if options.validate and (error := validation_error(text)):
        print(f"{out}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
