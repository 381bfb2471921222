"""What a run says: a line a fact, at the moment when it is known."""

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
        """Something begins."""
        self._print("==", words)

    def figure(self, words: str) -> None:
        """Something was measured."""
        self._print("  ", words)

    def check(self, holds: bool, words: str, otherwise: object = "") -> None:
        """Something must hold."""
        if not holds:
            raise pi.Failed(f"NOT SO: {words} {otherwise}".rstrip())
        self.checks += 1
        self._print("ok", words)
