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
from disk import Disk
from report import Report

# The disk and the stick are two units of one USB drive: the emulated board has one port, and a hub keeps it too busy.
DRIVE = "/machine/peripheral/drive"
RECORDED = r"recorded record=(\d+) content=(\w+)"
# The power goes between the moment when work begins and so many seconds later.
LONGEST_S = 12.0
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


def run(place: Place, count: int, seed: int, thaw: bool, report: Report) -> None:
    """`count` cuts, after each of which the board is looked at; at the end nothing is missing."""
    chance = random.Random(seed)
    frozen = freeze(place, report) if thaw else None
    sticks = [stick.Stick(place.work / "cuts.img", stick.many(PICTURES, seed))]
    sticks[0].make()
    seen, losses = Seen(done="one"), []
    report.step(f"{count} power cuts while a stick is imported and the model is updated (seed {seed})")
    for number in range(1, count + 1):
        on = switch_on(place, sticks[-1], frozen)
        found = look(on, place, seen, sticks, report)
        begun = begin(on)
        delay = chance.uniform(0.0, LONGEST_S)
        time.sleep(delay)
        on.cut()
        seen = after(on, begun, seen)
        losses.append(place.disk.cut(chance))
        if sticks[-1].contents() <= found:
            # All of it was recorded: the next one, please.
            sticks.append(stick.Stick(place.work / "cuts.img", stick.many(PICTURES, seed + len(sticks))))
            sticks[-1].make()
        report.figure(
            f"cut {number}: after {delay:.1f} s, {len(seen.shown)} records shown, model {seen.done} in use, "
            f"{seen.begun or 'none'} being installed: {losses[-1]}"
        )
    on = switch_on(place, sticks[-1], frozen)
    look(on, place, seen, sticks, report)
    finish(on, sticks, report)
    on.cut()
    hit, lost = sum(loss.lost > 0 for loss in losses), sum(loss.lost for loss in losses)
    report.check(True, f"{count} cuts, {hit} of which took unflushed writes with them, {lost} writes in all")


def freeze(place: Place, report: Report) -> Path:
    """A board that has booted and has no disk yet."""
    with pi.Pi(place.image, place.work, [], place.transcript) as on:
        report.figure(f"a board without a disk boots in {on.booted():.0f} s and is frozen; each cut begins from there")
        frozen = place.work / "frozen"
        on.freeze(frozen)
    return frozen


def switch_on(place: Place, source: stick.Stick, frozen: Path | None) -> pi.Pi:
    """A board with a stick, and with the disk as the last cut left it, mounted."""
    on = pi.Pi(place.image, place.work, place.disk.nodes(), place.transcript, frozen)
    on.booted()
    node = {"driver": "file", "filename": str(source.image), "node-name": "stick", "read-only": True}
    on.monitor.do("blockdev-add", **node)
    on.monitor.do("device_add", driver="usb-bot", id="drive", bus="usb-bus.0", port="1")
    for unit, name in enumerate(("disk", "stick")):
        on.monitor.do("device_add", driver="scsi-hd", bus="drive.0", lun=unit, drive=name)
    on.monitor.do("qom-set", path=DRIVE, property="attached", value=True)
    board.mount(on, board.unit(on, 0))
    board.mount(on, f"{board.unit(on, 1)}1", "/media/stick", "vfat")
    return on


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


def begin(on: pi.Pi) -> int:
    """Begins to import and to update; from which of the board's lines on."""
    line = read(on)
    on.until(r"ready\. ", 600, line)
    on.begin(UPDATES)
    return line


def read(on: pi.Pi) -> int:
    """Starts the daemon on the stick."""
    # Nothing is to wait for a lamp, and the disk on the same bus is no stick.
    board.configure(on, "", "/^board/d", "/^mount_in/d", "s/^at_least_s.*/at_least_s = 0/")
    return board.start(on)


def after(on: pi.Pi, line: int, before: Seen) -> Seen:
    """What the board had said when the power went."""
    seen = Seen(dict(before.shown), done=before.done)
    for _, said in on.said[line:]:
        if found := re.search(RECORDED, said):
            seen.shown[int(found[1])] = found[2]
        elif found := re.search(r"update begins: (\w+)", said):
            seen.begun = found[1]
        elif found := re.search(r"update done: (\w+)", said):
            seen.done, seen.begun = found[1], None
    return seen


def finish(on: pi.Pi, sticks: list[stick.Stick], report: Report) -> None:
    """The last stick is read to its end: then every file of every stick has one record."""
    report.step("the power stays on: the last stick is read to its end")
    line = read(on)
    on.until("read to its end", 1800, line)
    contents = sorted(it["content"] for it in board.records(on))
    wanted = sorted(set().union(*(it.contents() for it in sticks)))
    report.check(contents == wanted, f"all {len(wanted)} files of {len(sticks)} stick(s) are recorded, each once")


def models(folder: Path) -> dict[str, str]:
    """SHA-256 of the small models, by name."""
    return {name: hashlib.sha256((folder / f"{name}.onnx").read_bytes()).hexdigest() for name in ("one", "two")}
