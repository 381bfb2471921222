"""Tests of check_links.py: `python3 -m unittest discover scripts/dev`."""

import tempfile
import unittest
from pathlib import Path

from check_links import Checker, Link, anchors, links, slug


class Links(unittest.TestCase):
    def test_links_pictures_and_references_are_found_with_their_lines(self) -> None:
        text = 'See [a](a.md) and ![p](p.png "title").\n\n[r]: r.md\n<img src="i.svg">\n'
        expected = [Link(1, "a.md"), Link(1, "p.png"), Link(3, "r.md"), Link(4, "i.svg")]
        self.assertEqual(links(text), expected)

    def test_a_picture_inside_a_link_and_a_wrapped_text_are_found(self) -> None:
        text = "one\n[![p](p.png)](big.png) and [two\nlines](two.md#x)\n"
        self.assertEqual({link.target for link in links(text)}, {"p.png", "big.png", "two.md#x"})
        self.assertIn(Link(2, "two.md#x"), links(text))

    def test_code_holds_no_links(self) -> None:
        self.assertEqual(links("`[a](b.md)`\n\n```sh\n[c](d.md)\n```\n~~~\n[e](f.md)\n```\n[g](h.md)\n~~~\n"), [])

    def test_a_table_row_keeps_its_links(self) -> None:
        self.assertEqual(links("| [a](a.md) | `x` [b](b.md) |\n"), [Link(1, "a.md"), Link(1, "b.md")])


class Anchors(unittest.TestCase):
    def test_slugs_are_those_of_github(self) -> None:
        for heading, expected in [
            ("On test", "on-test"),
            ("Rows of `records list`, `show` and `export`", "rows-of-records-list-show-and-export"),
            ("`[[folder]]`", "folder"),
            ("2. Lights and buzzer (10 minutes)", "2-lights-and-buzzer-10-minutes"),
            ("To change …", "to-change-"),
            ("A [link](x.md) in it", "a-link-in-it"),
            ("under_score", "under_score"),
        ]:
            self.assertEqual(slug(heading), expected)

    def test_equal_headings_are_numbered_and_code_is_no_heading(self) -> None:
        text = '# One\n## Two\n## Two\n```sh\n# no heading\n```\n<a id="by-hand"></a>\n'
        self.assertEqual(anchors(text), {"one", "two", "two-1", "by-hand"})


class Repository(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "docs/guide").mkdir(parents=True)
        self.write("README.md", "# Top\n")
        self.write("docs/SUMMARY.md", "- [a](guide/a.md)\n")
        self.write("docs/guide/a.md", "# A heading\n")

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def reasons(self, name: str) -> list[str]:
        return [problem.reason for problem in Checker(self.root).check(Path(name))]

    def test_links_that_hold(self) -> None:
        links = "[a](docs/guide/a.md#a-heading) [b](#top) [c](docs) [d](https://example.org/x)"
        self.write("README.md", f"# Top\n{links}\n")
        checker = Checker(self.root)
        self.assertEqual(checker.check(Path("README.md")), [])
        self.assertEqual((checker.internal, checker.external), (3, 1))

    def test_what_does_not_hold_is_named(self) -> None:
        wrong = ["b.md", "#none", "../../../x", "/etc/passwd", "../../README.md"]
        self.write("docs/guide/a.md", "".join(f"[a]({target})\n" for target in wrong))
        reasons = self.reasons("docs/guide/a.md")
        words = ["no such file", "anchor #none", "leaves the repository", "absolute", "leaves the book"]
        self.assertEqual(len(reasons), len(words))
        for reason, word in zip(reasons, words, strict=True):
            self.assertIn(word, reason)

    def test_a_link_to_a_readme_breaks_in_the_book_and_not_outside(self) -> None:
        self.write("docs/README.md", "# Index\n")
        self.write("docs/guide/a.md", "[a](../README.md)\n")
        self.write("README.md", "[a](docs/README.md)\n")
        self.assertIn("renames README", self.reasons("docs/guide/a.md")[0])
        self.assertEqual(self.reasons("README.md"), [])

    def test_a_chapter_that_the_table_of_contents_lacks_is_found(self) -> None:
        self.write("docs/guide/b.md", "# B\n")
        files = [Path("README.md"), Path("docs/SUMMARY.md"), Path("docs/guide/a.md"), Path("docs/guide/b.md")]
        missing = Checker(self.root).missing_chapters(files)
        self.assertEqual([problem.file for problem in missing], [Path("docs/guide/b.md")])


if __name__ == "__main__":
    unittest.main()
