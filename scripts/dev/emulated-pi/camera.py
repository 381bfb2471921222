"""The board takes a photograph: the kernel's test camera, triggered by the button; no film is in the photograph."""

from __future__ import annotations

import json
import re

import board
import pi
from lights import LightWatcher
from report import Report

# One camera with one input, like a webcam, without the other devices that vivid can emulate.
OPTIONS = "node_types=0x1 num_inputs=1 input_types=0x0"
SECTION = '[camera]\\nkind = "uvc"\\nfilm = true\\nwarm_up = 2\\ndeadline_s = 300\\n'


def run(machine: pi.Pi, watcher: LightWatcher, report: Report) -> None:
    """The daemon with a camera, and one press of the button."""
    report.step("a camera: vivid, the kernel's test driver; the button triggers it")
    board.load(machine, "camera", "vivid.ko", OPTIONS)
    board.wait_for(machine, "/dev/video0", "c", 100)
    board.configure(machine, "/etc/edge-runtime/pi3-gpiocdev.toml")
    machine.run(f"printf '{SECTION}' >>{board.CONFIG}")
    listed = json.loads(machine.run(f"{board.PROGRAM} camera --formats --json --config {board.CONFIG}").lines[-1])
    report.info(f"of its {len(listed['formats'])} formats the program chooses {listed['chosen']}")
    before = len(board.records(machine))
    line = board.start(machine)
    machine.until(board.READY, 900, line)
    report.check(watcher.wait({"ready"}, 60) == "ready", "with a camera: the lights show `ready`")
    board.press(machine)
    _, output = machine.until(board.RECORDED, 900, line)
    outcome = re.search(board.RECORDED, output)[3]  # type: ignore[index]
    report.check(outcome == "no-result", f"a press takes a photograph; colour bars are no film: {outcome}")
    report.check(watcher.wait({"no result"}, 30) == "no result", "the lights show `no result`, never `no sign`")
    board.stop(machine)
    found = board.records(machine)
    report.check(len(found) == before + 1, f"the photograph has one record: {found[-1]['reasons']}", found[-1])
