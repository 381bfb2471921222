"""Tests of check_paths.py: `python3 -m unittest discover scripts/dev`."""

import unittest

from check_paths import Paths

FILES = ["README.md", "docs/guide/board.md", "edge/src/gpio/board.rs", "edge/tests/run.rs", "models/README.md"]


class MissingPaths(unittest.TestCase):
    def missing(self, text: str, file: str = "README.md") -> list[str]:
        return [path for _, path in Paths(FILES).missing(file, text)]

    def test_files_folders_and_patterns_are_found(self) -> None:
        self.assertEqual(self.missing("`edge/src/gpio`, edge/src/gpio/board.rs. 'edge/src/*board*'"), [])

    def test_what_does_not_exist_is_named_with_its_line(self) -> None:
        text = "one\nedge/src/lights.rs, `edge/src/*lamp*`\n"
        self.assertEqual(Paths(FILES).missing("a.sh", text), [(2, "edge/src/lights.rs"), (2, "edge/src/*lamp*")])

    def test_a_crate_names_its_files_from_its_own_folder(self) -> None:
        files = [*FILES, "tests/README.md"]
        self.assertEqual(Paths(files).missing("edge/Cargo.toml", 'path = "tests/run.rs"'), [])
        self.assertEqual(Paths(files).missing("README.md", 'path = "tests/run.rs"'), [(1, "tests/run.rs")])

    def test_installed_paths_and_names_that_are_completed_later_are_no_paths(self) -> None:
        self.assertEqual(self.missing("/usr/share/edge/boards docs/guide/$name.md $out/edge/x models/first.onnx"), [])

    def test_markdown_names_source_files_by_their_last_parts(self) -> None:
        self.assertEqual(self.missing("`gpio/board.rs` and `gpio/wiring.rs`"), ["gpio/wiring.rs"])
        self.assertEqual(self.missing("`gpio/wiring.rs`", "edge/src/gpio/board.rs"), [])


if __name__ == "__main__":
    unittest.main()
