"""Tests of the emulated board's driver, without a board: python3 -m unittest discover scripts/dev/emulated-pi"""

import random
import struct
import unittest

import page
from disk import FLUSH, SECTOR, Entry, read_log, survive
from lights import LONGEST, Interval, signal

# On and off in seconds, by edge-runtime's patterns (standard.rs).
FAST, SLOW, CALM, FLASH = (0.125, 0.125), (0.7, 0.3), (1.0, 1.0), (0.1, 2.9)


def shown(phase: float, **parts: tuple[float, float]) -> str | None:
    """The signal that is recognised in lights that blink, from `phase` on; (1, 0) is always on."""
    step, intervals = 0.01, []
    for at in range(int(LONGEST / step)):
        time = phase + at * step
        lit = frozenset(name for name, (light, dark) in parts.items() if time % (light + dark) < light)
        if intervals and intervals[-1].lit == lit:
            intervals[-1] = Interval(intervals[-1].begin, time + step, lit)
        else:
            intervals.append(Interval(time, time + step, lit))
    return signal(intervals)


class Signals(unittest.TestCase):
    """Each signal is recognised, whenever the sampling begins."""

    def test_each_signal_is_recognised_by_its_rhythm(self) -> None:
        steady = (1.0, 0.0)
        patterns = {
            "busy": {"yellow": FAST},
            "ready": {"yellow": FLASH},
            "may be pulled": {"yellow": CALM},
            "no sign": {"green": steady},
            "no result": {"yellow": steady},
            "uncertain": {"red": steady, "yellow": steady},
            "suspected": {"red": SLOW},
            "fault": {"red": FAST, "yellow": FAST},
        }
        for name, parts in patterns.items():
            recognised = {shown(phase / 10, **parts) for phase in range(40)}
            # Nothing yet where a flash began before the sampling; never another signal.
            self.assertLessEqual(recognised, {name, None}, name)
            self.assertIn(name, recognised)
        self.assertEqual(shown(0.0), "dark")

    def test_beeps_do_not_matter(self) -> None:
        self.assertEqual(shown(0.0, green=(1.0, 0.0), buzzer=(0.1, 0.1)), "no sign")


def log(*entries: tuple[int, int, bytes]) -> bytes:
    """A log as QEMU's block/blklogwrites.c writes it."""
    text = struct.pack("<QQQI", 0x6A736677736872, 1, len(entries), SECTOR).ljust(SECTOR, b"\0")
    for sector, flags, data in entries:
        text += struct.pack("<4Q", sector, len(data) // SECTOR, flags, 0).ljust(SECTOR, b"\0") + data
    return text


class Disks(unittest.TestCase):
    """What a power cut leaves."""

    WRITES = tuple((at, 0, bytes([at]) * SECTOR * 2) for at in range(1, 9))

    def test_a_log_is_read_up_to_where_it_was_cut_off(self) -> None:
        text = log(*self.WRITES[:2], (0, FLUSH, b""), *self.WRITES[2:4])
        entries = read_log(text)
        self.assertEqual([it.sector for it in entries], [1, 2, 0, 3, 4])
        self.assertEqual(entries[3].data, bytes([3]) * SECTOR * 2)
        self.assertEqual(read_log(text[:-1]), entries[:-1])
        self.assertEqual(read_log(text + bytes(4096)), entries)

    def test_what_was_flushed_stays_and_of_the_rest_some(self) -> None:
        entries = [Entry(*it) for it in [*self.WRITES[:4], (0, FLUSH, b""), *self.WRITES[4:]]]
        lefts = set()
        for seed in range(200):
            left, loss = survive(entries, random.Random(seed))
            self.assertEqual(left[:4], entries[:4])
            self.assertEqual((loss.kept, loss.after), (4, 4))
            self.assertEqual(loss.lost + len(left) - 4, 4)
            lefts.add(tuple(it.sector for it in left[4:] if len(it.data) == 2 * SECTOR))
        self.assertIn((), lefts)
        self.assertIn((5, 6, 7, 8), lefts)
        self.assertIn((6, 8), lefts, "a later write can be there where an earlier one is not")


class Pages(unittest.TestCase):
    """What is read from the page."""

    def test_each_record_of_the_list_is_found(self) -> None:
        row = (
            '<li><a href="/records/{}"><span class="badge {}"><svg></svg></span><span class="what">x</span>\n'
            '<span class="when">1970 · stick<span class="digits"> · <code>{}</code></span></span></a></li>'
        )
        html = row.format(12, "no-result", "cef8601a") + row.format(11, "suspected", "51208cb1")
        self.assertEqual(page.rows(html), [("12", "no-result", "cef8601a"), ("11", "suspected", "51208cb1")])
        self.assertEqual(page.rows("<ul></ul>"), [])


if __name__ == "__main__":
    unittest.main()
