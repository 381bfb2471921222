"""The lists of docs/reference against the source: `python3 -m unittest discover scripts/dev`."""

import re
import tomllib
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EDGE = ROOT / "edge-runtime/src"


def page(name: str) -> str:
    return (ROOT / "docs/reference" / name).read_text(encoding="utf-8")


def source(name: str) -> str:
    """A source file without its tests."""
    return (EDGE / name).read_text(encoding="utf-8").split("#[cfg(test)]")[0]


def first_cells(markdown: str) -> set[str]:
    """The code in the first cell of every row of every table."""
    cells = re.findall(r"^\| (`[^|]+`) \|", markdown, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


class Reference(unittest.TestCase):
    def test_metrics(self) -> None:
        named = set(re.findall(r"\"(xray_edge_\w+)\"", source("ui/web/metrics/mod.rs")))
        self.assertEqual(first_cells(page("metrics.md")), named)

    def test_keys_of_the_configuration(self) -> None:
        # `"[section]"` and `"key",` as config/keys.rs lists them.
        text = source("config/keys.rs")
        sections = set(re.findall(r"header: \"(\[+\w+\]+)\"", text))
        keys = set(re.findall(r"\bkey\(\s*\"(\w+)\"", text))
        markdown = page("configuration.md")
        self.assertEqual(set(re.findall(r"^## `(\[+\w+\]+)`", markdown, re.MULTILINE)), sections)
        self.assertEqual(first_cells(markdown), keys)

    def test_reasons(self) -> None:
        with (EDGE / "ui/i18n/en.toml").open("rb") as file:
            shown = set(tomllib.load(file)["reason"])
        markdown = page("reasons.md")
        listed = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", markdown))
        self.assertEqual(shown - listed, set(), "reasons that the page shows and docs/reference/reasons.md lacks")
        # A path that does not exist, and one reason that only rows have.
        self.assertEqual(first_cells(markdown) - shown, {"not-found"})

    def test_paths_of_the_page(self) -> None:
        paths = set(re.findall(r"\.route\(\s*\"([^\"]+)\"", source("ui/web/routes.rs")))
        listed = {path.split("?")[0].replace("/N", "/{sequence}") for path in first_cells(page("http.md"))}
        self.assertEqual(listed, paths)


if __name__ == "__main__":
    unittest.main()
