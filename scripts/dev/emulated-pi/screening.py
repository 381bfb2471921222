"""The board screens: lights read from outside, a stick that is pulled and plugged in again, button, memory, answers."""

from __future__ import annotations

import hashlib
import json
import re
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import board
import camera
import lights
import network
import page
import pi
from lights import LightWatcher
from report import Report
from screenshots import Browser
from stick import Stick

# As in config.toml: how long the lights show a result.
RESULT_S = 60
# The wiring of a Raspberry Pi 3, by backend.
BOARD = "/etc/edge-runtime/pi3-{}.toml"
MEMORY_LIMIT_KB = 200_000
TOLERANCE = 1e-4


@dataclass
class Setup:
    """What a run needs."""

    image: pi.Image
    work: Path
    card: Path
    stick: Stick
    model: Path
    program: Path
    transcript: Path
    full: bool
    pictures: Path | None


def run(setup: Setup, report: Report) -> None:
    """The whole scenario."""
    report.step("a Raspberry Pi 3B is switched on: Debian's kernel and device tree, its state on a card")
    card = ["-drive", f"if=sd,format=raw,file={setup.card}"]
    with pi.Pi(setup.image, setup.work, card, setup.transcript) as machine:
        report.info(f"it accepts commands after {machine.booted():.0f} s")
        output = machine.run("tr -d '\\0' </proc/device-tree/model; echo; uname -r; grep MemTotal /proc/meminfo").lines
        report.info(", ".join(output))
        board.mount(machine, "/dev/mmcblk0")
        # On a board a resistor pulls the button's line up.
        machine.write(pi.SET, 1 << lights.BUTTON)
        watcher = LightWatcher(machine)
        selftests(machine, watcher, report)
        found = screen(setup, machine, watcher, report)
        if setup.full:
            screen_on_board(setup, machine, report)
        other_backend(machine, watcher, found, Browser(setup.pictures), report)
        camera.run(machine, watcher, report)
        watcher.stop()


def selftests(machine: pi.Pi, watcher: LightWatcher, report: Report) -> None:
    """The self-test switches each light on and off once, as seen from outside."""
    for backend in ("gpiocdev", "rppal"):
        began = time.monotonic()
        output = machine.run(f"{board.PROGRAM} selftest --board {BOARD.format(backend)}").text
        report.check("All lines follow" in output, f"{backend}: the self-test says that all lines follow")
        order = [next(iter(it.lit)) for it in watcher.since(began) if len(it.lit) == 1]
        report.check(
            order == list(lights.LINES),
            f"{backend}: from outside, GPIO 17, 27, 22 and 23 went high and low once, in this order",
            order,
        )


def screen(setup: Setup, machine: pi.Pi, watcher: LightWatcher, report: Report) -> list[dict]:
    """The daemon with its lights through the kernel's character device, and a stick; the records."""
    board.configure(machine, BOARD.format("gpiocdev"))
    began = time.monotonic()
    line = board.start(machine)
    ready, _ = machine.until(board.READY, 900, line)
    report.info(f"the daemon is ready {ready - began:.0f} s after its start (model checked by its known answer)")
    report.check(watcher.wait({"ready"}, 60) == "ready", "gpiocdev: the lights show `ready`, read from outside")

    count = len(setup.stick.contents())
    report.step(f"a stick with {count} X-rays of several formats is plugged in, and pulled after the first")
    plugged = time.monotonic()
    setup.stick.plug(machine)
    machine.until(board.RECORDED, 900, line)
    setup.stick.pull(machine)
    machine.until(board.PULLED, 900, line)
    half = len(board.records(machine))
    report.check(half < count, f"it was pulled half-way: {half} recorded")
    report.check(watcher.wait({"ready"}, 120) == "ready", "the lights show `ready` again")

    report.step("it is plugged in again")
    setup.stick.plug(machine)
    machine.until(board.READ_TO_END, 3600, line)
    recordings = [it for it in machine.output[line:] if re.search(board.RECORDED, it[1])]
    # The lights still have to show the last outcome.
    time.sleep(2.5)
    check_lights(watcher, recordings, plugged, report)
    press(machine, watcher, recordings, report)
    setup.stick.pull(machine)
    report.check(watcher.wait({"ready"}, 120) == "ready", "and `ready` once it is out")
    found = board.records(machine)
    contents = [it["content"] for it in found]
    report.check(
        sorted(contents) == sorted(setup.stick.contents()),
        f"each of its {len(contents)} X-rays has one record, the letter none; the record verifies",
        contents,
    )
    report.check(setup.stick.unchanged(), "no bit of the stick was changed")
    times = [int(re.search(board.RECORDED, it[1])[4]) / 1000 for it in recordings]  # type: ignore[index]
    report.info(f"per image, emulated: median {statistics.median(times):.1f} s (a real board is faster)")
    same_answers(setup, found, report)
    kilobytes = board.peak_memory(machine)
    report.check(kilobytes < MEMORY_LIMIT_KB, f"peak memory of the daemon: {kilobytes / 1000:.0f} MB, below 200 MB")
    board.stop(machine)
    report.check(watcher.wait({"dark"}, 60) == "dark", "SIGTERM: all lights are dark")
    return found


def check_lights(watcher: LightWatcher, recordings: list[tuple[float, str]], since: float, report: Report) -> None:
    """Checks that each outcome was shown after its record, and that green was on for `no sign` only."""
    signals = []
    for time_s, line in recordings:
        outcome = re.search(board.RECORDED, line)[3]  # type: ignore[index]
        signals.append(board.SIGNALS[outcome])
        # The lights follow the log line at once; the pattern is recognised after 1.5 of its 2 seconds.
        window = [it for it in watcher.since(time_s - 0.2) if it.begin < time_s + 1.9]
        lit = frozenset().union(*(it.lit for it in window if it.seconds > 0.3))
        wanted = {"suspected": {"red"}, "no sign": {"green"}, "no result": {"yellow"}, "uncertain": {"red", "yellow"}}
        if not wanted[signals[-1]] <= lit:
            raise pi.Failed(f"`{signals[-1]}` was recorded and not shown: {window}")
    counts = {signal: signals.count(signal) for signal in sorted(set(signals))}
    report.check(True, f"the lights showed each result when it was recorded: {counts}")
    green = [it for it in watcher.since(since) if "green" in it.lit]
    no_sign_times = [time_s for (time_s, _), signal in zip(recordings, signals, strict=True) if signal == "no sign"]
    # At the end the most urgent result is shown again; that is green if all were.
    unexpected = [it for it in green if not any(-0.5 < it.begin - time_s < 3 for time_s in no_sign_times)]
    allowed = set(signals) == {"no sign"}
    report.check(allowed or not unexpected, "green was on for `no sign` only", unexpected)
    blinked = any(it.lit == {"yellow"} and it.seconds < 0.3 for it in watcher.since(since))
    report.check(blinked, "yellow blinked fast while images were read")


def same_answers(setup: Setup, found: list[dict], report: Report) -> None:
    """Compares the board's records with this machine's answers for the same files."""
    here = answers(setup)
    there = {it["content"]: it["probability"] for it in found}
    compare(here, there, "the board's records and `screen --json` on this machine", report)


def answers(setup: Setup) -> dict[str, float | None]:
    """The probability of each image ID, from this machine's program."""
    folder = setup.work / "stick"
    for name, data in setup.stick.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    command = [str(setup.program), "screen", "--model", str(setup.model), "--json", str(folder)]
    output = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in output.splitlines()]
    return {hashlib.sha256(Path(row["file"]).read_bytes()).hexdigest(): row.get("probability") for row in rows}


def compare(here: dict, there: dict, what: str, report: Report) -> None:
    """Compares probabilities of the board with those of this machine."""
    worst, compared = 0.0, 0
    for content, probability in there.items():
        if (probability is None) != (here[content] is None):
            raise pi.Failed(f"{content}: {probability} on the board, {here[content]} here")
        if probability is not None:
            compared += 1
            worst = max(worst, abs(probability - here[content]))
    report.check(worst <= TOLERANCE and compared > 0, f"{what}: {compared} images, max |dp| = {worst:.1e}", worst)


def press(machine: pi.Pi, watcher: LightWatcher, recordings: list[tuple[float, str]], report: Report) -> None:
    """The most urgent result is shown until the button is pressed."""
    signals = {board.SIGNALS[re.search(board.RECORDED, line)[3]] for _, line in recordings}  # type: ignore[index]
    urgent = next(it for it in ("suspected", "uncertain", "no result", "no sign") if it in signals)
    report.check(
        watcher.wait({urgent}, 30) == urgent, f"after the last, the lights show the most urgent result: {urgent}"
    )
    board.press(machine)
    pressed = time.monotonic()
    report.check(
        watcher.wait({"may be pulled"}, RESULT_S / 2) == "may be pulled",
        "the button, pressed from outside, clears it; the lights say that the stick may be pulled",
        time.monotonic() - pressed,
    )


def other_backend(machine: pi.Pi, watcher: LightWatcher, found: list[dict], browser: Browser, report: Report) -> None:
    """The daemon with its lights through the registers, and its page on a network."""
    report.step("the daemon again, with its lights through rppal and its page on a network: QEMU's usb-net")
    board.configure(machine, BOARD.format("rppal"))
    token = page.configure(machine)
    port = network.plug(machine)
    line = board.start(machine)
    machine.until(board.READY, 900, line)
    report.check(watcher.wait({"ready"}, 60) == "ready", "rppal: the lights show `ready`, read from outside")
    site = page.listening(machine, line, port, token)
    page.check_idle(site, found, browser, report)
    page.check_verdict(machine, site, watcher, line, browser, report)
    board.stop(machine)
    report.check(watcher.wait({"dark"}, 60) == "dark", "SIGTERM: all lights are dark")


def screen_on_board(setup: Setup, machine: pi.Pi, report: Report) -> None:
    """`screen --json` on the board itself."""
    report.step("`edge-runtime screen --json` on the board")
    setup.stick.plug(machine)
    board.mount(machine, "/dev/sda1", "/mnt", "vfat")
    lines = machine.run(f"{board.PROGRAM} screen --json /mnt; true", 3600).lines
    sums = machine.run("find /mnt -type f -exec sha256sum {} +").lines
    by_file = {line[66:]: line[:64] for line in sums}
    rows = [json.loads(line) for line in lines if line.startswith("{")]
    there = {by_file[row["file"]]: row.get("probability") for row in rows if row["file"] in by_file}
    here = answers(setup)
    compare(
        here,
        {key: value for key, value in there.items() if key in here},
        "the board's answers and this machine's",
        report,
    )
    machine.run("umount /mnt")
    setup.stick.pull(machine)
