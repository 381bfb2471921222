"""The lights of the emulated board: the levels of its GPIO lines, sampled from outside."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass

import pi

# The lines of boards/pi3.toml.
LINES = {"red": 17, "yellow": 27, "green": 22, "buzzer": 23}
BUTTON = 24
SAMPLE_S = 0.02
# Seconds: longer than the longest part of any pattern (ready: 2.9 s dark).
LONGEST = 3.4


@dataclass(frozen=True)
class Interval:
    """A time in which no line changed."""

    begin: float
    end: float
    lit: frozenset[str]

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.begin


class LightWatcher:
    """Samples the lines in its own thread."""

    def __init__(self, board: pi.Pi):
        self._board = board
        self._changes: list[tuple[float, frozenset[str]]] = []
        self._seen = 0.0
        self._error: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._stop.is_set():
            try:
                word = self._board.lights.word(pi.LEVELS)
            except (OSError, ValueError, IndexError, pi.Failed) as error:
                # Reported by `wait`. If nobody waits, the board was switched off.
                self._error = repr(error)
                return
            lit = frozenset(name for name, line in LINES.items() if word >> line & 1)
            self._seen = time.monotonic()
            if not self._changes or self._changes[-1][1] != lit:
                self._changes.append((self._seen, lit))
            time.sleep(SAMPLE_S)

    def stop(self) -> None:
        """Ends the sampling."""
        self._stop.set()
        self._thread.join()

    def since(self, start: float) -> list[Interval]:
        """The intervals from then on."""
        changes = [*self._changes, (self._seen, frozenset())]
        return [
            Interval(max(begin, start), end, lit)
            for (begin, lit), (end, _) in itertools.pairwise(changes)
            if end > start and end > begin
        ]

    def shown(self) -> str | None:
        """The signal that is shown, recognised by its rhythm as people do; none if it cannot be recognised yet."""
        return signal(self.since(time.monotonic() - LONGEST))

    def wait(self, wanted: set[str], seconds: float) -> str:
        """Waits for one of these signals."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if (shown := self.shown()) in wanted:
                return str(shown)
            if self._error:
                raise pi.Failed(f"the lights cannot be sampled any more: {self._error}")
            time.sleep(0.1)
        seen = [(round(it.seconds, 2), sorted(it.lit)) for it in self.since(time.monotonic() - 6)]
        raise pi.Failed(f"the lights did not show {wanted}, but in the last seconds {seen}")


def signal(intervals: list[Interval]) -> str | None:
    """The signal in LONGEST seconds, by edge-runtime's patterns (standard.rs); none if it changed within them."""
    without_buzzer = [Interval(it.begin, it.end, it.lit - {"buzzer"}) for it in intervals]
    joined: list[Interval] = []
    for it in without_buzzer:
        if joined and joined[-1].lit == it.lit:
            joined[-1] = Interval(joined[-1].begin, it.end, it.lit)
        else:
            joined.append(it)
    if not joined or joined[-1].end - joined[0].begin < 1.5:
        return None
    # The last 1.5 seconds are enough for steady and fast patterns; ready and calm need all of it.
    last = [it for it in joined if it.end > joined[-1].end - 1.5]
    colours = {it.lit for it in last}
    steady = {frozenset({"green"}): "no sign", frozenset({"yellow"}): "no result"}
    if len(colours) == 1:
        lit = next(iter(colours))
        if lit in steady and last[0].seconds >= 1.4:
            return steady[lit]
        if lit == {"red", "yellow"}:
            return "uncertain"
    flashes = [it for it in joined[1:-1] if it.lit]
    if any("green" in it.lit for it in last):
        return None
    if colours == {frozenset({"red"}), frozenset()}:
        return "suspected"
    if colours == {frozenset({"red", "yellow"}), frozenset()} and len(last) > 5:
        return "fault"
    if all(it.lit <= {"yellow"} for it in joined):
        if colours == {frozenset({"yellow"}), frozenset()} and len(last) > 6:
            return "busy"
        if flashes and all(it.seconds < 0.5 for it in flashes) and len(flashes) <= 2:
            return "ready"
        if flashes and all(0.7 < it.seconds < 1.4 for it in flashes):
            return "may be pulled"
        if colours == {frozenset()} and joined[-1].seconds >= LONGEST - 0.2:
            return "dark"
    return None
