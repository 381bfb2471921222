"""What the lamps of the emulated board show: the levels of its GPIO lines, sampled from outside."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass

import pi

# The lines of boards/pi3.toml.
LINES = {"red": 17, "yellow": 27, "green": 22, "buzzer": 23}
BUTTON = 24
SAMPLE = 0.02
# Longer than the longest part of any pattern (ready: 2.9 s dark).
LONGEST = 3.4


@dataclass(frozen=True)
class Stretch:
    """A time in which nothing changed."""

    begin: float
    end: float
    on: frozenset[str]

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.end - self.begin


class Lamps:
    """Samples the lines in a thread of its own."""

    def __init__(self, board: pi.Pi):
        self._board = board
        self._changes: list[tuple[float, frozenset[str]]] = []
        self._seen = 0.0
        self._trouble: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._stop.is_set():
            try:
                word = self._board.lamps.word(pi.LEVELS)
            except (OSError, ValueError, IndexError, pi.Failed) as error:
                # Said to whoever waits for a lamp; if nobody does, the board was switched off.
                self._trouble = repr(error)
                return
            on = frozenset(name for name, line in LINES.items() if word >> line & 1)
            self._seen = time.monotonic()
            if not self._changes or self._changes[-1][1] != on:
                self._changes.append((self._seen, on))
            time.sleep(SAMPLE)

    def stop(self) -> None:
        """Samples no more."""
        self._stop.set()
        self._thread.join()

    def since(self, moment: float) -> list[Stretch]:
        """What was seen from then on."""
        changes = [*self._changes, (self._seen, frozenset())]
        pairs = itertools.pairwise(changes)
        return [Stretch(max(begin, moment), end, on) for (begin, on), (end, _) in pairs if end > moment and end > begin]

    def shown(self) -> str | None:
        """The signal that is on show, told by its rhythm as people tell it; none if it cannot be told yet."""
        return signal(self.since(time.monotonic() - LONGEST))

    def wait(self, wanted: set[str], seconds: float) -> str:
        """Waits for one of these signals."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if (shown := self.shown()) in wanted:
                return str(shown)
            if self._trouble:
                raise pi.Failed(f"the lamps cannot be sampled any more: {self._trouble}")
            time.sleep(0.1)
        seen = [(round(it.seconds, 2), sorted(it.on)) for it in self.since(time.monotonic() - 6)]
        raise pi.Failed(f"the lamps did not show {wanted}, but in the last seconds {seen}")


def signal(stretches: list[Stretch]) -> str | None:
    """The signal of a stretch of LONGEST seconds, by src/outputs/lights/patterns/standard.rs; none if it changed within."""
    lamps = [Stretch(it.begin, it.end, it.on - {"buzzer"}) for it in stretches]
    joined: list[Stretch] = []
    for it in lamps:
        if joined and joined[-1].on == it.on:
            joined[-1] = Stretch(joined[-1].begin, it.end, it.on)
        else:
            joined.append(it)
    if not joined or joined[-1].end - joined[0].begin < 1.5:
        return None
    # The last 1.5 seconds tell the steady and the fast ones; ready and calm need all of it.
    last = [it for it in joined if it.end > joined[-1].end - 1.5]
    colours = {it.on for it in last}
    steady = {frozenset({"green"}): "no sign", frozenset({"yellow"}): "no result"}
    if len(colours) == 1:
        on = next(iter(colours))
        if on in steady and last[0].seconds >= 1.4:
            return steady[on]
        if on == {"red", "yellow"}:
            return "uncertain"
    flashes = [it for it in joined[1:-1] if it.on]
    if any("green" in it.on for it in last):
        return None
    if colours == {frozenset({"red"}), frozenset()}:
        return "suspected"
    if colours == {frozenset({"red", "yellow"}), frozenset()} and len(last) > 5:
        return "fault"
    if all(it.on <= {"yellow"} for it in joined):
        if colours == {frozenset({"yellow"}), frozenset()} and len(last) > 6:
            return "busy"
        if flashes and all(it.seconds < 0.5 for it in flashes) and len(flashes) <= 2:
            return "ready"
        if flashes and all(0.7 < it.seconds < 1.4 for it in flashes):
            return "may be pulled"
        if colours == {frozenset()} and joined[-1].seconds >= LONGEST - 0.2:
            return "dark"
    return None
