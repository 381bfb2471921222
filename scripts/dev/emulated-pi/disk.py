"""The disk of the emulated board, which loses unflushed writes when its power is cut.

QEMU alone loses nothing: what the board wrote is in a file of this machine. So every write and every flush goes
through QEMU's filter `blklogwrites`, which logs them in order. After a cut the disk is rebuilt from its state before
power-on: all writes before the last flush, and each later write at random, or half of it. A drive with a volatile cache
behaves so. It is harder than a card, which loses no write that it has acknowledged.
"""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


@dataclass(frozen=True)
class Entry:
    """One write, or a flush, in the log."""

    sector: int
    flags: int
    data: bytes


@dataclass(frozen=True)
class Loss:
    """What was lost in a cut."""

    kept: int
    after: int
    lost: int
    torn: int

    def __str__(self) -> str:
        return f"{self.kept} writes flushed; of {self.after} after the last flush {self.lost} lost, {self.torn} torn"


def read_log(log: bytes) -> list[Entry]:
    """All entries of a log that QEMU wrote; the last may be incomplete."""
    magic, _, _, size = struct.unpack_from("<QQQI", log)
    if magic != MAGIC or size != SECTOR:
        raise ValueError("not a log of blklogwrites")
    entries, at = [], SECTOR
    while at + 32 <= len(log):
        sector, count, flags, _ = struct.unpack_from("<4Q", log, at)
        at += SECTOR
        if count == 0 and flags == 0:
            break
        # A discard has no data; this board's file system makes none.
        length = 0 if flags & DISCARD else count * SECTOR
        if at + length > len(log):
            break
        entries.append(Entry(sector, flags, log[at : at + length]))
        at += length
    return entries


def survive(entries: list[Entry], rng: random.Random) -> tuple[list[Entry], Loss]:
    """The writes that are on the disk after a cut."""
    flushes = [at for at, entry in enumerate(entries) if entry.flags & FLUSH]
    safe = flushes[-1] + 1 if flushes else 0
    kept = [entry for entry in entries[:safe] if entry.data]
    after = [entry for entry in entries[safe:] if entry.data]
    left, torn = [], 0
    # All or nothing happens more often than independent draws would give.
    probability = rng.choice([0.0, 0.5, 0.5, 0.5, 1.0])
    for entry in after:
        if entry.flags & FUA or rng.random() < probability:
            left.append(entry)
        elif rng.random() < 0.1 and len(entry.data) > SECTOR:
            part = rng.randrange(1, len(entry.data) // SECTOR) * SECTOR
            left.append(Entry(entry.sector, entry.flags, entry.data[:part]))
            torn += 1
    loss = Loss(len(kept), len(after), len(after) - len(left), torn)
    # A cache may write in any order, but of two writes to one sector the later one stays.
    return kept + left, loss


class Disk:
    """A disk whose content is the file `image`."""

    def __init__(self, image: Path):
        self.image = image
        self._written = image.with_suffix(".written")
        self._log = image.with_suffix(".log")

    @staticmethod
    def format(image: Path, content: Path, megabytes: int) -> Disk:
        """A new disk with an ext4 file system that holds a folder's content."""
        image.unlink(missing_ok=True)
        command = ["mke2fs", "-q", "-F", "-t", "ext4", "-d", str(content), "-L", "disk", str(image), f"{megabytes}M"]
        subprocess.run(command, check=True)
        return Disk(image)

    def nodes(self) -> list[str]:
        """QEMU's options for it; the last node, `disk`, is the disk."""
        # The board changes a copy: the image stays as it was at power-on.
        shutil.copyfile(self.image, self._written)
        self._log.write_bytes(b"")
        return [
            "-blockdev", f"driver=file,node-name=written,filename={self._written}",
            "-blockdev", f"driver=file,node-name=log,filename={self._log}",
            "-blockdev", "driver=blklogwrites,node-name=disk,file=written,log=log,log-super-update-interval=1",
        ]  # fmt: skip

    def entries(self) -> list[Entry]:
        """What was written since power-on."""
        return read_log(self._log.read_bytes())

    def cut(self, rng: random.Random) -> Loss:
        """After a power cut: the image becomes what is left."""
        left, loss = survive(self.entries(), rng)
        write(self.image, left)
        return loss


def write(image: Path, entries: list[Entry]) -> None:
    """Applies writes to an image, in order."""
    with image.open("r+b") as file:
        for entry in entries:
            file.seek(entry.sector * SECTOR)
            file.write(entry.data)
