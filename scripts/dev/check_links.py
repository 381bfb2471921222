#!/usr/bin/env python3
"""Checks the links of all Markdown files of the repository: files that exist, anchors that are headings, chapters that
are in the book. Links to other hosts are counted, not fetched.

    scripts/dev/check_links.py             # all tracked Markdown files
    scripts/dev/check_links.py README.md   # these files only

Exit status: 0 all links hold, 1 some do not (each is printed with its file and line).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

BOOK = "docs"
SUMMARY = "docs/SUMMARY.md"

FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")
HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
# [text](target) and ![text](target "title"); the text may hold an image.
INLINE = re.compile(
    r"""\[ (?: [^\[\]] | \[ [^\[\]]* \] (?: \( [^()]* \) )? )* \]
        \( \s* <? ( [^\s()<>]+ (?: \( [^\s()]* \) [^\s()<>]* )* ) >? (?: \s+ "[^"]*" )? \s* \)""",
    re.VERBOSE,
)
REFERENCE = re.compile(r"^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s+\"[^\"]*\")?\s*$")
HTML = re.compile(r"<(?:a|img)\b[^>]*?\b(?:href|src)=\"([^\"]+)\"", re.IGNORECASE)
HTML_ANCHOR = re.compile(r"\b(?:id|name)=\"([^\"]+)\"", re.IGNORECASE)
CODE_SPAN = re.compile(r"(`+)(.+?)\1")


@dataclass(frozen=True)
class Link:
    """A link as it is written."""

    line: int
    target: str


@dataclass(frozen=True)
class Problem:
    """A link that does not hold, and why."""

    file: Path
    line: int
    target: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.target}: {self.reason}"


def text_lines(text: str) -> list[tuple[int, str]]:
    """The lines outside fenced code blocks, with their numbers from 1."""
    lines, fence = [], None
    for number, line in enumerate(text.splitlines(), 1):
        marker = FENCE.match(line)
        if fence is not None:
            if marker and marker[1][0] == fence[0] and len(marker[1]) >= len(fence):
                fence = None
            continue
        if marker:
            fence = marker[1]
            continue
        lines.append((number, line))
    return lines


def links(text: str) -> list[Link]:
    """All links of a Markdown text, code left out."""
    # A link's text may be wrapped: paragraphs are searched as one, with the line on which the link begins.
    found, lines = [], text_lines(text)
    paragraph: list[tuple[int, str]] = []
    for number, line in [*lines, (0, "")]:
        if line.strip():
            paragraph.append((number, line))
            continue
        found.extend(links_of_paragraph(paragraph))
        paragraph = []
    return found


def links_of_paragraph(paragraph: list[tuple[int, str]]) -> list[Link]:
    """The links of neighbouring lines."""
    found, joined, starts = [], "", []
    for number, line in paragraph:
        if reference := REFERENCE.match(line):
            found.append(Link(number, reference[1]))
            continue
        starts.append((len(joined), number))
        joined += line + "\n"
    # A code span keeps its length, so that places in the text stay what they are.
    joined = CODE_SPAN.sub(lambda span: " " * len(span[0]), joined)
    for pattern in (INLINE, HTML):
        for match in pattern.finditer(joined):
            number = max(number for start, number in starts if start <= match.start())
            found.append(Link(number, match[1]))
            if pattern is INLINE:
                # The picture inside a link's text.
                inner = joined[match.start() + 1 : match.start(1)]
                found.extend(Link(number, image[1]) for image in INLINE.finditer(inner))
    return sorted(found, key=lambda link: link.line)


def slug(heading: str) -> str:
    """The anchor that GitHub and mdBook make of a heading."""
    heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    heading = re.sub(r"[`*]", "", heading).strip().lower()
    heading = re.sub(r"[^\w\- ]", "", heading)
    return heading.replace(" ", "-")


def anchors(text: str) -> set[str]:
    """The anchors of a Markdown text; the second of two equal headings ends with -1."""
    found: set[str] = set()
    counts: dict[str, int] = {}
    for _, line in text_lines(text):
        found.update(HTML_ANCHOR.findall(line))
        if heading := HEADING.match(line):
            name = slug(heading[2])
            count = counts.get(name, 0)
            counts[name] = count + 1
            found.add(f"{name}-{count}" if count else name)
    return found


class Checker:
    """Checks files below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.external = 0
        self.internal = 0
        self.known_anchors: dict[Path, set[str]] = {}

    def check(self, file: Path) -> list[Problem]:
        """The links of one file that do not hold; `file` is below the root."""
        text = (self.root / file).read_text(encoding="utf-8")
        return [
            Problem(file, link.line, link.target, reason)
            for link in links(text)
            if (reason := self.reason(file, link.target))
        ]

    def reason(self, file: Path, target: str) -> str | None:
        """Why a link does not hold."""
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            self.external += 1
            return None
        self.internal += 1
        path = unquote(parts.path)
        if path.startswith("/"):
            return "an absolute path; write it relative to this file"
        goal = (self.root / file).parent / path if path else self.root / file
        goal = goal.resolve()
        if not goal.is_relative_to(self.root):
            return "it leaves the repository"
        if not goal.exists():
            return "there is no such file"
        inside = goal.relative_to(self.root)
        if file.parts[0] == BOOK and inside.parts[0] != BOOK:
            return "it leaves the book, where it would not be found; name the file as code instead"
        if file.parts[0] == BOOK and goal.name == "README.md" and file != Path(SUMMARY):
            return "mdBook renames README to index, which breaks links to it; link to another file"
        if parts.fragment and goal.suffix == ".md" and unquote(parts.fragment) not in self.anchors_of(goal):
            return f"there is no heading with the anchor #{parts.fragment}"
        return None

    def anchors_of(self, goal: Path) -> set[str]:
        """The anchors of a file, read once."""
        if goal not in self.known_anchors:
            self.known_anchors[goal] = anchors(goal.read_text(encoding="utf-8"))
        return self.known_anchors[goal]

    def missing_chapters(self, files: list[Path]) -> list[Problem]:
        """Files of the book that its table of contents does not name."""
        summary = self.root / SUMMARY
        if not summary.exists():
            return []
        named = {
            (summary.parent / unquote(urlsplit(link.target).path)).resolve()
            for link in links(summary.read_text(encoding="utf-8"))
        }
        return [
            Problem(file, 1, SUMMARY, "the table of contents does not name this file")
            for file in files
            if file.parts[0] == BOOK and file != Path(SUMMARY) and (self.root / file).resolve() not in named
        ]


def markdown_files(root: Path) -> list[Path]:
    """All Markdown files that Git knows or would add."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sorted({Path(name) for name in output.split("\0") if name and (root / name).exists()})


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks the links of Markdown files.")
    parser.add_argument("files", nargs="*", type=Path, help="files to check; without any, all of the repository")
    given = parser.parse_args().files
    root = Path(__file__).resolve().parents[2]
    checker = Checker(root)
    files = [file.resolve().relative_to(root) for file in given] or markdown_files(root)
    problems = [problem for file in files for problem in checker.check(file)]
    if not given:
        problems += checker.missing_chapters(files)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(
        f"{len(files)} files, {checker.internal} links inside the repository, {checker.external} to elsewhere "
        f"(not fetched), {len(problems)} broken"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
