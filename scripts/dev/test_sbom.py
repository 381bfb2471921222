"""Tests of scripts/deploy/sbom.py: `python3 -m unittest discover scripts/dev`."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deploy"))

import sbom


def package(name: str, kind: str = "lib") -> dict:
    return {
        "id": name,
        "name": name,
        "version": "1.0.0+meta",
        "license": "MIT/Apache-2.0",
        "repository": None,
        "source": None if name == "program" else "registry",
        "targets": [{"kind": [kind]}],
    }


def edge(name: str, kind: str | None) -> dict:
    return {"pkg": name, "dep_kinds": [{"kind": kind}]}


NEEDS = {
    "program": [edge("library", None), edge("macro", None), edge("script", "build"), edge("test", "dev")],
    "macro": [edge("syntax", None)],
    "library": [],
    "script": [],
    "syntax": [],
    "test": [],
}
METADATA = {
    "packages": [package(name, "proc-macro" if name == "macro" else "lib") for name in NEEDS],
    "resolve": {"nodes": [{"id": name, "deps": deps} for name, deps in NEEDS.items()]},
    "workspace_members": ["program"],
}


class Bill(unittest.TestCase):
    def test_what_only_runs_while_building_is_not_in_the_program(self) -> None:
        found = sbom.build(METADATA, "program")
        self.assertEqual(set(found.packages), {"library", "macro", "script", "syntax"})
        self.assertEqual(found.linked, {"program", "library"})

    def test_the_same_crates_give_the_same_bill(self) -> None:
        bills = [sbom.bill(sbom.build(METADATA, "program"), "a") for _ in range(2)]
        self.assertEqual(bills[0], bills[1])
        scopes = {c["name"]: c.get("scope") for c in bills[0]["components"]}
        self.assertEqual(scopes, {"library": None, "macro": "excluded", "script": "excluded", "syntax": "excluded"})
        self.assertEqual(bills[0]["metadata"]["component"]["licenses"], [{"expression": "MIT OR Apache-2.0"}])
        self.assertEqual(bills[0]["dependencies"][0]["ref"], "pkg:cargo/library@1.0.0%2Bmeta")


if __name__ == "__main__":
    unittest.main()
