"""The board screens: lamps read from outside, a stick that is pulled and put in again, the button, memory, answers."""

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
from lights import Lamps
from report import Report
from screenshots import Browser
from stick import Stick

# As in config.toml: how long a result stays on the lamps.
RESULT_S = 60
CEILING_KB = 200_000
TOLERANCE = 1e-4


@dataclass
class Place:
    """What a run is made of."""

    image: pi.Image
    work: Path
    card: Path
    stick: Stick
    model: Path
    program: Path
    transcript: Path
    full: bool
    pictures: Path | None


def run(place: Place, report: Report) -> None:
    """The whole scenario."""
    report.step("a Raspberry Pi 3B is switched on: Debian's kernel and device tree, its state on a card")
    card = ["-drive", f"if=sd,format=raw,file={place.card}"]
    with pi.Pi(place.image, place.work, card, place.transcript) as on:
        report.figure(f"it takes commands after {on.booted():.0f} s")
        said = on.run("tr -d '\\0' </proc/device-tree/model; echo; uname -r; grep MemTotal /proc/meminfo").lines
        report.figure(", ".join(said))
        board.mount(on, "/dev/mmcblk0")
        # A resistor holds the button's line up; QEMU has none, so it is held from outside.
        on.write(pi.SET, 1 << lights.BUTTON)
        seen = Lamps(on)
        selftests(on, seen, report)
        found = screen(place, on, seen, report)
        if place.full:
            same_again(place, on, report)
        other_backend(on, seen, found, Browser(place.pictures), report)
        camera.run(on, seen, report)
        seen.stop()


def selftests(on: pi.Pi, seen: Lamps, report: Report) -> None:
    """Each lamp goes on and off once: said by the program, seen from outside."""
    for backend, name in (("rppal", "pi3"), ("gpiocdev", "/etc/edge-runtime/pi3-gpiocdev.toml")):
        began = time.monotonic()
        said = on.run(f"{board.PROGRAM} selftest --board {name}").text
        report.check("All lines follow" in said, f"{backend}: the self-test says that all lines follow")
        order = [next(iter(it.on)) for it in seen.since(began) if len(it.on) == 1]
        report.check(
            order == list(lights.LINES),
            f"{backend}: from outside, GPIO 17, 27, 22 and 23 went high and low once, in this order",
            order,
        )


def screen(place: Place, on: pi.Pi, seen: Lamps, report: Report) -> list[dict]:
    """The daemon with its lamps through rppal, and a stick; what it recorded."""
    board.configure(on, "pi3")
    began = time.monotonic()
    line = board.start(on)
    ready, _ = on.until(r"ready\. ", 900, line)
    report.figure(f"the daemon is ready {ready - began:.0f} s after its start (model checked by its known answer)")
    report.check(seen.wait({"ready"}, 60) == "ready", "rppal: the lamps show `ready`, read from outside")

    report.step(
        f"a stick with {len(place.stick.contents())} X-rays of several formats is put in, and pulled after the first"
    )
    plugged = time.monotonic()
    place.stick.plug(on)
    on.until(board.RECORDED, 900, line)
    place.stick.pull(on)
    on.until("pulled before its end", 900, line)
    half = len(board.records(on))
    report.check(half < len(place.stick.contents()), f"it was pulled half-way: {half} recorded")
    report.check(seen.wait({"ready"}, 120) == "ready", "the lamps show `ready` again")

    report.step("it is put in again")
    place.stick.plug(on)
    on.until("read to its end", 3600, line)
    told = [it for it in on.said[line:] if re.search(board.RECORDED, it[1])]
    # The last outcome has only just been told.
    time.sleep(2.5)
    check_lamps(seen, told, plugged, report)
    press(on, seen, told, report)
    place.stick.pull(on)
    report.check(seen.wait({"ready"}, 120) == "ready", "and `ready` once it is out")
    found = board.records(on)
    contents = [it["content"] for it in found]
    report.check(
        sorted(contents) == sorted(place.stick.contents()),
        f"each of its {len(contents)} X-rays has one record, the letter none; the record verifies",
        contents,
    )
    report.check(place.stick.unchanged(), "no bit of the stick was changed")
    times = [int(re.search(board.RECORDED, it[1])[4]) / 1000 for it in told]  # type: ignore[index]
    report.figure(f"per image, emulated: median {statistics.median(times):.1f} s (this says nothing of a real board)")
    same_answers(place, found, report)
    kilobytes = board.peak(on)
    report.check(kilobytes < CEILING_KB, f"most memory of the daemon: {kilobytes / 1000:.0f} MB, below 200 MB")
    board.stop(on)
    report.check(seen.wait({"dark"}, 60) == "dark", "SIGTERM: all lamps are dark")
    return found


def check_lamps(seen: Lamps, told: list[tuple[float, str]], since: float, report: Report) -> None:
    """After each record its outcome was on show, and green was never on but for `no sign`."""
    signals = []
    for moment, line in told:
        outcome = re.search(board.RECORDED, line)[3]  # type: ignore[index]
        signals.append(board.SHOWN[outcome])
        # The lamps follow the line at once; the pattern is told after 1.5 of its 2 seconds.
        window = [it for it in seen.since(moment - 0.2) if it.begin < moment + 1.9]
        on_show = frozenset().union(*(it.on for it in window if it.seconds > 0.3))
        wanted = {"suspected": {"red"}, "no sign": {"green"}, "no result": {"yellow"}, "uncertain": {"red", "yellow"}}
        if not wanted[signals[-1]] <= on_show:
            raise pi.Failed(f"`{signals[-1]}` was recorded and not shown: {window}")
    counts = {signal: signals.count(signal) for signal in sorted(set(signals))}
    report.check(True, f"each result was on the lamps when it was recorded: {counts}")
    green = [it for it in seen.since(since) if "green" in it.on]
    reasons = [moment for (moment, _), signal in zip(told, signals, strict=True) if signal == "no sign"]
    # At the end of a round the most urgent result is shown once more; that is green if all were.
    apart = [it for it in green if not any(moment - 0.5 < it.begin < moment + 3 for moment in reasons)]
    allowed = set(signals) == {"no sign"}
    report.check(allowed or not apart, "green was on for `no sign` only", apart)
    seen_busy = any(it.on == {"yellow"} and it.seconds < 0.3 for it in seen.since(since))
    report.check(seen_busy, "yellow blinked fast while images were read")


def same_answers(place: Place, found: list[dict], report: Report) -> None:
    """What the board recorded against what this machine says of the same files."""
    here = answers(place)
    there = {it["content"]: it["probability"] for it in found}
    compare(here, there, "the board's records against `screen --json` here", report)


def answers(place: Place) -> dict[str, float | None]:
    """Probability by content, as this machine's program gives it."""
    folder = place.work / "stick"
    for name, data in place.stick.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    command = [str(place.program), "screen", "--model", str(place.model), "--json", str(folder)]
    said = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in said.splitlines()]
    return {hashlib.sha256(Path(row["file"]).read_bytes()).hexdigest(): row.get("probability") for row in rows}


def compare(here: dict, there: dict, what: str, report: Report) -> None:
    """Holds probabilities against each other."""
    worst, compared = 0.0, 0
    for content, probability in there.items():
        if (probability is None) != (here[content] is None):
            raise pi.Failed(f"{content}: {probability} on the board, {here[content]} here")
        if probability is not None:
            compared += 1
            worst = max(worst, abs(probability - here[content]))
    report.check(worst <= TOLERANCE and compared > 0, f"{what}: {compared} images, max |dp| = {worst:.1e}", worst)


def press(on: pi.Pi, seen: Lamps, told: list[tuple[float, str]], report: Report) -> None:
    """The most urgent result stands until somebody presses the button, whose line is pulled down from outside."""
    signals = {board.SHOWN[re.search(board.RECORDED, line)[3]] for _, line in told}  # type: ignore[index]
    urgent = next(it for it in ("suspected", "uncertain", "no result", "no sign") if it in signals)
    report.check(seen.wait({urgent}, 30) == urgent, f"after the last, the most urgent result is on the lamps: {urgent}")
    board.press(on)
    pressed = time.monotonic()
    report.check(
        seen.wait({"may be pulled"}, RESULT_S / 2) == "may be pulled",
        "the button, pressed from outside, takes it off; the lamps say that the stick may be pulled",
        time.monotonic() - pressed,
    )


def other_backend(on: pi.Pi, seen: Lamps, found: list[dict], browser: Browser, report: Report) -> None:
    """The daemon with its lamps through the kernel's character device, and with its page on a network."""
    report.step("the daemon again, with its lamps through gpiocdev and its page on a network: QEMU's usb-net")
    board.configure(on, "/etc/edge-runtime/pi3-gpiocdev.toml")
    word = page.configure(on)
    port = network.plug(on)
    line = board.start(on)
    on.until(r"ready\. ", 900, line)
    report.check(seen.wait({"ready"}, 60) == "ready", "gpiocdev: the lamps show `ready`, read from outside")
    asked = page.listening(on, line, port, word)
    page.look(asked, found, browser, report)
    page.verdict(on, asked, seen, line, browser, report)
    board.stop(on)
    report.check(seen.wait({"dark"}, 60) == "dark", "SIGTERM: all lamps are dark")


def same_again(place: Place, on: pi.Pi, report: Report) -> None:
    """`screen --json` on the board itself."""
    report.step("`edge-runtime screen --json` on the board")
    place.stick.plug(on)
    board.mount(on, "/dev/sda1", "/mnt", "vfat")
    lines = on.run(f"{board.PROGRAM} screen --json /mnt; true", 3600).lines
    sums = on.run("find /mnt -type f -exec sha256sum {} +").lines
    by_file = {line[66:]: line[:64] for line in sums}
    rows = [json.loads(line) for line in lines if line.startswith("{")]
    there = {by_file[row["file"]]: row.get("probability") for row in rows if row["file"] in by_file}
    here = answers(place)
    compare(here, {key: value for key, value in there.items() if key in here}, "its answers against those here", report)
    on.run("umount /mnt")
    place.stick.pull(on)
