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
# The power is cut at most so many seconds after the work began.
LONGEST_DELAY_S = 8.0
# How often a cut is tried again when the emulated machine itself fails.
ATTEMPTS = 4
# Images on a stick.
IMAGES = 40
# Installs one model after the other until the power is cut, and prints before and after each what it does.
UPDATES = (
    "while :; do for m in two one; do echo update begins: $m >/dev/ttyAMA0; "
    "edge-runtime model install /usr/share/models/$m.onnx --allow-downgrade --retry --trial 0 >/dev/null 2>&1 "
    "&& echo update done: $m >/dev/ttyAMA0; done; done"
)


@dataclass
class Observed:
    """What the board reported before the power was cut: all of it must stay true."""

    shown: dict[int, str] = field(default_factory=dict)
    started: str | None = None
    done: str | None = None


@dataclass
class Setup:
    """What a run needs."""

    image: pi.Image
    work: Path
    disk: Disk
    transcript: Path
    models: dict[str, str]


@dataclass
class Totals:
    """During what the power was cut, and what was found after it."""

    importing: int = 0
    updating: int = 0
    stayed_old: int = 0
    became_new: int = 0
    emulator_failures: int = 0
    losses: list[Loss] = field(default_factory=list)


def run(setup: Setup, count: int, seed: int, thaw: bool, report: Report) -> None:
    """Cuts the power `count` times and verifies the board after each cut; at the end no record is missing."""
    rng = random.Random(seed)
    frozen = freeze(setup, report) if thaw else None
    sticks = [stick.Stick(setup.work / "cuts.img", stick.noise_images(IMAGES, seed))]
    sticks[0].make()
    observed, totals = Observed(done="one"), Totals()
    report.step(f"{count} power cuts while a stick is imported and the model is updated (seed {seed})")
    for number in range(1, count + 1):
        machine, line, found = verified_board(setup, observed, sticks, frozen, rng, totals, report)
        machine.begin(UPDATES)
        delay = rng.uniform(0.0, LONGEST_DELAY_S)
        time.sleep(delay)
        machine.cut()
        note_output(machine, observed)
        importing = not any(board.READ_TO_END in output for _, output in machine.output[line:])
        totals.importing += importing
        totals.updating += observed.started not in (None, observed.done)
        totals.losses.append(setup.disk.cut(rng))
        if sticks[-1].contents() <= found:
            # All of it was recorded.
            sticks.append(stick.Stick(setup.work / "cuts.img", stick.noise_images(IMAGES, seed + len(sticks))))
            sticks[-1].make()
        report.info(
            f"cut {number}: after {delay:.1f} s, {len(observed.shown)} records shown, "
            f"{'importing' if importing else 'stick read'}; model {observed.done} in use, "
            f"{observed.started or 'none'} being installed; {totals.losses[-1]}"
        )
    report.step("the power stays on: the last stick is read to its end")
    machine, line, _ = verified_board(setup, observed, sticks, frozen, rng, totals, report)
    finish(machine, line, sticks, report)
    machine.cut()
    summary(count, totals, report)


def summary(count: int, totals: Totals, report: Report) -> None:
    """Prints the totals of all cuts."""
    hit, lost, torn = (
        sum(it) for it in zip(*((loss.lost > 0, loss.lost, loss.torn) for loss in totals.losses), strict=True)
    )
    report.info(
        f"{totals.importing} cuts came before the stick was read to its end, {totals.updating} while a model was being "
        f"installed: after {totals.stayed_old} of those the old one was in use, after {totals.became_new} the new one"
    )
    report.info(
        f"the emulated machine itself crashed or stalled {totals.emulator_failures} times; the cut was repeated"
    )
    report.check(True, f"{count} cuts, {hit} of which lost unflushed writes: {lost} writes lost, {torn} torn")


def verified_board(
    setup: Setup,
    observed: Observed,
    sticks: list[stick.Stick],
    frozen: Path | None,
    rng: random.Random,
    totals: Totals,
    report: Report,
) -> tuple[pi.Pi, int, set[str]]:
    """A board that was verified after a cut and now reads the stick, the number of its first line of output since then,
    and the image IDs of its records."""
    for _ in range(ATTEMPTS):
        machine = pi.Pi(setup.image, setup.work, setup.disk.nodes(), setup.transcript, frozen)
        try:
            plug(machine, sticks[-1])
            started, done = observed.started, observed.done
            found = verify(machine, setup, observed, sticks, report)
            if started and done != started:
                totals.stayed_old += observed.done == done
                totals.became_new += observed.done == started
            return machine, read(machine), found
        except pi.Stalled as stall:
            # Unflushed writes are lost as after a cut, but it is not counted as one.
            machine.cut()
            note_output(machine, observed)
            setup.disk.cut(rng)
            totals.emulator_failures += 1
            report.info(f"the emulated machine failed and is started again: {str(stall).splitlines()[0]}")
    raise pi.Failed(f"the emulated machine failed {ATTEMPTS} times in a row; its output is in {setup.transcript}")


def freeze(setup: Setup, report: Report) -> Path:
    """A board that has booted and has no disk yet."""
    with pi.Pi(setup.image, setup.work, [], setup.transcript) as machine:
        report.info(f"a board without a disk boots in {machine.booted():.0f} s and is frozen; each cut starts from it")
        frozen = setup.work / "frozen"
        machine.freeze(frozen)
    return frozen


def plug(machine: pi.Pi, source: stick.Stick) -> None:
    """Plugs in the drive, with the disk as the last cut left it and a stick, and mounts both."""
    machine.booted()
    node = {"driver": "file", "filename": str(source.image), "node-name": "stick", "read-only": True}
    machine.monitor.do("blockdev-add", **node)
    machine.monitor.do("device_add", driver="usb-bot", id="drive", bus="usb-bus.0", port="1")
    for unit, name in enumerate(("disk", "stick")):
        options = {"bus": "drive.0", "lun": unit, "drive": name, "scsi_version": pi.SCSI_VERSION}
        machine.monitor.do("device_add", driver="scsi-hd", **options)
    machine.monitor.do("qom-set", path=DRIVE, property="attached", value=True)
    try:
        board.mount(machine, board.unit(machine, 0))
        board.mount(machine, f"{board.unit(machine, 1)}1", "/media/stick", "vfat")
    except pi.Failed as failure:
        # The program has not been started yet.
        raise pi.Stalled(str(failure)) from None


def verify(machine: pi.Pi, setup: Setup, observed: Observed, sticks: list[stick.Stick], report: Report) -> set[str]:
    """Checks that the chain verifies and holds all records that were shown, and that the old or the new model runs."""
    found = board.records(machine) if board.has_store(machine) else []
    contents = [it["content"] for it in found]
    by_number = {it["sequence"]: it["content"] for it in found}
    if len(set(contents)) != len(contents):
        raise pi.Failed(f"an image is recorded twice: {contents}")
    missing = {number for number, content in observed.shown.items() if by_number.get(number) != content}
    if missing:
        raise pi.Failed(f"records {missing} were shown and are missing")
    unknown = set(contents) - set().union(*(it.contents() for it in sticks))
    if unknown:
        raise pi.Failed(f"records of images that were on no stick: {unknown}")
    machine.run(f"{board.PROGRAM} model status --check")
    active = board.active(machine)["sha256"]
    allowed = {setup.models[name] for name in (observed.done, observed.started) if name}
    if active not in allowed:
        raise pi.Failed(f"model {active} is in use, neither the old nor the new one: {allowed}")
    observed.done = next(name for name, sha256 in setup.models.items() if sha256 == active)
    observed.started = None
    report.checks += 4
    return set(contents)


def read(machine: pi.Pi) -> int:
    """Starts the daemon on the stick and waits until it is ready; the number of its first line of output."""
    # No time for the lights, and the disk on the same bus is no stick.
    board.configure(machine, "", "/^board/d", "/^mount_in/d", "s/^at_least_s.*/at_least_s = 0/")
    line = board.start(machine)
    machine.until(board.READY, 600, line)
    return line


def note_output(machine: pi.Pi, observed: Observed) -> None:
    """Adds what the board had reported when the power was cut."""
    for _, output in machine.output:
        if found := re.search(board.RECORD, output):
            observed.shown[int(found[1])] = found[2]
        elif found := re.search(r"update begins: (\w+)", output):
            observed.started = found[1]
        elif found := re.search(r"update done: (\w+)", output):
            observed.done, observed.started = found[1], None


def finish(machine: pi.Pi, line: int, sticks: list[stick.Stick], report: Report) -> None:
    """Waits until the last stick is read: then every file of every stick has one record."""
    machine.until(board.READ_TO_END, 1800, line)
    contents = sorted(it["content"] for it in board.records(machine))
    wanted = sorted(set().union(*(it.contents() for it in sticks)))
    report.check(contents == wanted, f"all {len(wanted)} files of {len(sticks)} stick(s) are recorded, each once")


def models(folder: Path) -> dict[str, str]:
    """SHA-256 of the small models, by name."""
    return {name: hashlib.sha256((folder / f"{name}.onnx").read_bytes()).hexdigest() for name in ("one", "two")}
