"""The power is cut while the board imports a stick and while its model is updated."""

from __future__ import annotations

import hashlib
import random
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import board
import pi
import stick
from disk import Disk, Loss
from report import Report

# The disk and the stick are two units of one USB drive: the emulated board has one port, and a hub keeps it too busy.
DRIVE = "/machine/peripheral/drive"
RECORDED = r"recorded record=(\d+) content=(\w+)"
# The power goes between the moment when work begins and so many seconds later.
LONGEST_S = 8.0
# A cut that the emulated machine spoils by itself is begun again, so often in a row.
PATIENCE = 4
# On a stick.
PICTURES = 40
# Installs the one model after the other until the power goes, and says before and after each what it does.
UPDATES = (
    "while :; do for m in two one; do echo update begins: $m >/dev/ttyAMA0; "
    "edge-runtime model install /usr/share/models/$m.onnx --allow-downgrade --retry --trial 0 >/dev/null 2>&1 "
    "&& echo update done: $m >/dev/ttyAMA0; done; done"
)


@dataclass
class Seen:
    """What the board said before the power went: all of it must be true ever after."""

    shown: dict[int, str] = field(default_factory=dict)
    begun: str | None = None
    done: str | None = None


@dataclass
class Place:
    """What a run is made of."""

    image: pi.Image
    work: Path
    disk: Disk
    transcript: Path
    models: dict[str, str]


@dataclass
class Tally:
    """Where the power went, and what was seen after it."""

    importing: int = 0
    updating: int = 0
    stayed_old: int = 0
    became_new: int = 0
    spoilt: int = 0
    losses: list[Loss] = field(default_factory=list)


def run(place: Place, count: int, seed: int, thaw: bool, report: Report) -> None:
    """`count` cuts, after each of which the board is looked at; at the end nothing is missing."""
    chance = random.Random(seed)
    frozen = freeze(place, report) if thaw else None
    sticks = [stick.Stick(place.work / "cuts.img", stick.many(PICTURES, seed))]
    sticks[0].make()
    seen, tally = Seen(done="one"), Tally()
    report.step(f"{count} power cuts while a stick is imported and the model is updated (seed {seed})")
    for number in range(1, count + 1):
        on, begun, found = working(place, seen, sticks, frozen, chance, tally, report)
        on.begin(UPDATES)
        delay = chance.uniform(0.0, LONGEST_S)
        time.sleep(delay)
        on.cut()
        listen(on, seen)
        importing = not any("read to its end" in said for _, said in on.said[begun:])
        tally.importing += importing
        tally.updating += seen.begun not in (None, seen.done)
        tally.losses.append(place.disk.cut(chance))
        if sticks[-1].contents() <= found:
            # All of it was recorded: the next one, please.
            sticks.append(stick.Stick(place.work / "cuts.img", stick.many(PICTURES, seed + len(sticks))))
            sticks[-1].make()
        report.figure(
            f"cut {number}: after {delay:.1f} s, {len(seen.shown)} records shown, {'more to come' if importing else 'stick read'}; "
            f"model {seen.done} in use, {seen.begun or 'none'} being installed; {tally.losses[-1]}"
        )
    report.step("the power stays on: the last stick is read to its end")
    on, begun, _ = working(place, seen, sticks, frozen, chance, tally, report)
    finish(on, begun, sticks, report)
    on.cut()
    summary(count, tally, report)


def summary(count: int, tally: Tally, report: Report) -> None:
    """What all the cuts came to."""
    hit, lost, torn = (
        sum(it) for it in zip(*((loss.lost > 0, loss.lost, loss.torn) for loss in tally.losses), strict=True)
    )
    report.figure(
        f"{tally.importing} cuts came before the stick was read to its end, {tally.updating} while a model was being "
        f"installed: after {tally.stayed_old} of those the old one was in use, after {tally.became_new} the new one"
    )
    report.figure(f"{tally.spoilt} times the emulated machine itself crashed or stood still; the cut was begun again")
    report.check(True, f"{count} cuts, {hit} of which took unflushed writes with them: {lost} writes lost, {torn} torn")


def working(
    place: Place,
    seen: Seen,
    sticks: list[stick.Stick],
    frozen: Path | None,
    chance: random.Random,
    tally: Tally,
    report: Report,
) -> tuple[pi.Pi, int, set[str]]:
    """A board that was looked at after a cut and now reads the stick; from which of its lines on, and what it had
    recorded."""
    for _ in range(PATIENCE):
        on = pi.Pi(place.image, place.work, place.disk.nodes(), place.transcript, frozen)
        try:
            plug(on, sticks[-1])
            begun, done = seen.begun, seen.done
            found = look(on, place, seen, sticks, report)
            if begun and done != begun:
                tally.stayed_old += seen.done == done
                tally.became_new += seen.done == begun
            return on, read(on), found
        except pi.Stalled as stall:
            # What it had written is a matter of chance, as after every cut; it is not counted as one.
            on.cut()
            listen(on, seen)
            place.disk.cut(chance)
            tally.spoilt += 1
            report.figure(f"the emulated machine failed, again from its last cut on: {str(stall).splitlines()[0]}")
    raise pi.Failed(f"the emulated machine failed {PATIENCE} times in a row; what it said lies in {place.transcript}")


def freeze(place: Place, report: Report) -> Path:
    """A board that has booted and has no disk yet."""
    with pi.Pi(place.image, place.work, [], place.transcript) as on:
        report.figure(f"a board without a disk boots in {on.booted():.0f} s and is frozen; each cut begins from there")
        frozen = place.work / "frozen"
        on.freeze(frozen)
    return frozen


def plug(on: pi.Pi, source: stick.Stick) -> None:
    """Puts in the drive, with the disk as the last cut left it and a stick, and mounts both."""
    on.booted()
    node = {"driver": "file", "filename": str(source.image), "node-name": "stick", "read-only": True}
    on.monitor.do("blockdev-add", **node)
    on.monitor.do("device_add", driver="usb-bot", id="drive", bus="usb-bus.0", port="1")
    for unit, name in enumerate(("disk", "stick")):
        on.monitor.do("device_add", driver="scsi-hd", bus="drive.0", lun=unit, drive=name, scsi_version=pi.SCSI_VERSION)
    on.monitor.do("qom-set", path=DRIVE, property="attached", value=True)
    try:
        board.mount(on, board.unit(on, 0))
        board.mount(on, f"{board.unit(on, 1)}1", "/media/stick", "vfat")
    except pi.Failed as failure:
        # The program has not been started yet.
        raise pi.Stalled(str(failure)) from None


def look(on: pi.Pi, place: Place, seen: Seen, sticks: list[stick.Stick], report: Report) -> set[str]:
    """The record verifies and holds all that was shown; the model is the old or the new one and runs."""
    found = board.records(on) if board.has_store(on) else []
    contents = [it["content"] for it in found]
    by_number = {it["sequence"]: it["content"] for it in found}
    if len(set(contents)) != len(contents):
        raise pi.Failed(f"a content is recorded twice: {contents}")
    missing = {number for number, content in seen.shown.items() if by_number.get(number) != content}
    if missing:
        raise pi.Failed(f"records {missing} were shown and are not there any more")
    strange = set(contents) - set().union(*(it.contents() for it in sticks))
    if strange:
        raise pi.Failed(f"records of what was on no stick: {strange}")
    on.run(f"{board.PROGRAM} model status --check")
    active = board.active(on)["sha256"]
    allowed = {place.models[name] for name in (seen.done, seen.begun) if name}
    if active not in allowed:
        raise pi.Failed(f"model {active} is in use, neither the old nor the new one: {allowed}")
    seen.done = next(name for name, sha256 in place.models.items() if sha256 == active)
    seen.begun = None
    report.checks += 4
    return set(contents)


def read(on: pi.Pi) -> int:
    """Starts the daemon on the stick, and waits until it reads; from which of its lines on."""
    # Nothing is to wait for a lamp, and the disk on the same bus is no stick.
    board.configure(on, "", "/^board/d", "/^mount_in/d", "s/^at_least_s.*/at_least_s = 0/")
    line = board.start(on)
    on.until(r"ready\. ", 600, line)
    return line


def listen(on: pi.Pi, seen: Seen) -> None:
    """Adds what the board had said when the power went."""
    for _, said in on.said:
        if found := re.search(RECORDED, said):
            seen.shown[int(found[1])] = found[2]
        elif found := re.search(r"update begins: (\w+)", said):
            seen.begun = found[1]
        elif found := re.search(r"update done: (\w+)", said):
            seen.done, seen.begun = found[1], None


def finish(on: pi.Pi, line: int, sticks: list[stick.Stick], report: Report) -> None:
    """The last stick is read to its end: then every file of every stick has one record."""
    on.until("read to its end", 1800, line)
    contents = sorted(it["content"] for it in board.records(on))
    wanted = sorted(set().union(*(it.contents() for it in sticks)))
    report.check(contents == wanted, f"all {len(wanted)} files of {len(sticks)} stick(s) are recorded, each once")


def models(folder: Path) -> dict[str, str]:
    """SHA-256 of the small models, by name."""
    return {name: hashlib.sha256((folder / f"{name}.onnx").read_bytes()).hexdigest() for name in ("one", "two")}
