#!/usr/bin/env python3
"""Checks the paths that texts, comments and scripts name: paths of this repository must exist.

    scripts/dev/check_paths.py

A path begins with a top-level folder (`xray-core/src/...`), from the root or from the crate that names it, and may hold
`*`, which matches slashes, too. Markdown may name a source file by its last parts (`gpio/board.rs`) in a code span.
Paths below models/ are not checked: that folder is filled by its users.

Exit status: 0 all exist, 1 some do not (each is printed with its file and line).
"""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

UNCHECKED_FOLDERS = {"models"}
UNCHECKED_FILES = re.compile(r"(^|/)(fixtures/|test_\w+\.py$|Cargo\.lock$)|\.(png|svg|onnx)$")
# What follows a path that is only the beginning of a name, which is completed when the script runs.
CONTINUED = re.compile(r"[-/.]?[$<{%]")
SOURCE_FILE = re.compile(r"`([\w/*-]+\.(?:rs|py|sh))`")


def path_pattern(top_level_folders: set[str]) -> re.Pattern[str]:
    """Matches paths that begin with one of the folders."""
    return re.compile(rf"(?<![\w/.$}}~-])(?:{'|'.join(map(re.escape, sorted(top_level_folders)))})/[\w./*-]*[\w*]")


class Paths:
    """The files and folders of a repository."""

    def __init__(self, files: list[str]) -> None:
        self.files = files
        self.known = set(files)
        for file in files:
            self.known.update(str(parent) for parent in PurePosixPath(file).parents)
        self.folders = {file.split("/")[0] for file in files if "/" in file}
        self.pattern = path_pattern(self.folders - UNCHECKED_FOLDERS)

    def exists(self, path: str, named_in: str) -> bool:
        """Whether a path exists, from the root or from the top-level folder of the file that names it."""
        candidates = (path, f"{named_in.split('/')[0]}/{path}")
        if "*" in path:
            return any(fnmatchcase(file, candidate) for candidate in candidates for file in self.files)
        return any(candidate in self.known for candidate in candidates)

    def is_source_file(self, name: str) -> bool:
        """Whether a source file has these last parts."""
        return any(fnmatchcase(f"/{file}", f"*/{name}") for file in self.files)

    def missing(self, file: str, text: str) -> list[tuple[int, str]]:
        """Line and path of what a file names and does not exist."""
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            if "--features" in line:
                # CRATE/FEATURE looks like a path.
                continue
            for match in self.pattern.finditer(line):
                path = match[0]
                if not CONTINUED.match(line, match.end()) and not self.exists(path, file):
                    found.append((number, path))
            if file.endswith(".md"):
                names = SOURCE_FILE.findall(line)
                found.extend((number, name) for name in names if not self.is_source_file(name))
        return found


def tracked_files(root: Path) -> list[str]:
    """All files that Git knows or would add."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sorted({name for name in output.split("\0") if name and (root / name).exists()})


def main() -> int:
    root = Path(__file__).resolve().parents[2]
    paths = Paths(tracked_files(root))
    count = 0
    for file in paths.files:
        if UNCHECKED_FILES.search(file):
            continue
        text = (root / file).read_text(encoding="utf-8", errors="replace")
        for number, path in paths.missing(file, text):
            count += 1
            print(f"{file}:{number}: {path}: there is no such file or folder", file=sys.stderr)
    print(f"{len(paths.files)} files, {count} paths that do not exist")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
