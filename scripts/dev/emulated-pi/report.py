"""The output of a run: one line for each fact."""

from __future__ import annotations

import time

import pi


class Report:
    """Counts checks and prints them."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.checks = 0

    def _print(self, mark: str, words: str) -> None:
        print(f"{time.monotonic() - self._began:7.1f} s  {mark} {words}", flush=True)

    def step(self, words: str) -> None:
        """A part of the run begins."""
        self._print("==", words)

    def info(self, words: str) -> None:
        """A measured value."""
        self._print("  ", words)

    def check(self, holds: bool, words: str, otherwise: object = "") -> None:
        """Raises unless `holds`; `otherwise` is the value that was found instead."""
        if not holds:
            raise pi.Failed(f"not so: {words} {otherwise}".rstrip())
        self.checks += 1
        self._print("ok", words)
