"""The disk of the emulated board: one that loses what it was not told to keep when its power goes.

QEMU alone loses nothing: what the board wrote lies in a file of this machine, whatever becomes of QEMU. So every
write and every flush goes through QEMU's filter `blklogwrites`, which keeps them in their order. After a cut the
disk is made anew from the state before the board was on: all that was written before the last flush, and of what
came after it each write by chance, or half of it. That is what a drive with a volatile cache does, and it is harder
than a card, which loses nothing that it has taken.
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
    """What a cut took."""

    kept: int
    after: int
    lost: int
    torn: int

    def __str__(self) -> str:
        return f"{self.kept} writes flushed; of {self.after} after the last flush {self.lost} lost, {self.torn} torn"


def read_log(log: bytes) -> list[Entry]:
    """All entries of a log that QEMU wrote; the last may be cut off."""
    magic, _, _, size = struct.unpack_from("<QQQI", log)
    if magic != MAGIC or size != SECTOR:
        raise ValueError("not a log of blklogwrites")
    entries, at = [], SECTOR
    while at + 32 <= len(log):
        sector, count, flags, _ = struct.unpack_from("<4Q", log, at)
        at += SECTOR
        if count == 0 and flags == 0:
            break
        # A discard has no data; nor is it one that this board's file system makes.
        length = 0 if flags & DISCARD else count * SECTOR
        if at + length > len(log):
            break
        entries.append(Entry(sector, flags, log[at : at + length]))
        at += length
    return entries


def survive(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], Loss]:
    """Which writes are on the disk after a cut."""
    flushes = [at for at, entry in enumerate(entries) if entry.flags & FLUSH]
    safe = flushes[-1] + 1 if flushes else 0
    kept = [entry for entry in entries[:safe] if entry.data]
    after = [entry for entry in entries[safe:] if entry.data]
    left, torn = [], 0
    # Now and then all of it or nothing: both happen more often than by tossing a coin for each.
    share = chance.choice([0.0, 0.5, 0.5, 0.5, 1.0])
    for entry in after:
        if entry.flags & FUA or chance.random() < share:
            left.append(entry)
        elif chance.random() < 0.1 and len(entry.data) > SECTOR:
            part = chance.randrange(1, len(entry.data) // SECTOR) * SECTOR
            left.append(Entry(entry.sector, entry.flags, entry.data[:part]))
            torn += 1
    loss = Loss(len(kept), len(after), len(after) - len(left), torn)
    # A cache writes in the order that it likes; where two are for one place the later one wins all the same.
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
        """What QEMU is to be told of it; the last node, `disk`, is the disk."""
        # The board changes a copy: the image itself stays as it was when the power came.
        shutil.copyfile(self.image, self._written)
        self._log.write_bytes(b"")
        return [
            "-blockdev", f"driver=file,node-name=written,filename={self._written}",
            "-blockdev", f"driver=file,node-name=log,filename={self._log}",
            "-blockdev", "driver=blklogwrites,node-name=disk,file=written,log=log,log-super-update-interval=1",
        ]  # fmt: skip

    def entries(self) -> list[Entry]:
        """What was written since the power came."""
        return read_log(self._log.read_bytes())

    def cut(self, chance: random.Random) -> Loss:
        """The power went: the image becomes what is left."""
        left, loss = survive(self.entries(), chance)
        write(self.image, left)
        return loss


def write(image: Path, entries: list[Entry]) -> None:
    """Puts writes on an image, in order."""
    with image.open("r+b") as file:
        for entry in entries:
            file.seek(entry.sector * SECTOR)
            file.write(entry.data)
