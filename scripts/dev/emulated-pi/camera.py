"""The board takes a picture: the kernel's test camera, a shot by the button, and a picture on which no film is."""

from __future__ import annotations

import json
import re

import board
import pi
from lights import Lamps
from report import Report

# A camera with one input, like a webcam: nothing of the television, radio and pens that vivid shows otherwise.
OPTIONS = "node_types=0x1 num_inputs=1 input_types=0x0"
SECTION = '[camera]\\nkind = "uvc"\\nfilm = true\\nwarm_up = 2\\ndeadline_s = 300\\n'


def run(on: pi.Pi, seen: Lamps, report: Report) -> None:
    """The daemon with a camera, and one press of the button."""
    report.step("a camera: vivid, the kernel's own; the button takes the shot")
    board.load(on, "camera", "vivid.ko", OPTIONS)
    board.wait_for(on, "/dev/video0", "c", 100)
    board.configure(on, "pi3")
    on.run(f"printf '{SECTION}' >>{board.CONFIG}")
    listed = json.loads(on.run(f"{board.PROGRAM} camera --formats --json --config {board.CONFIG}").lines[-1])
    report.figure(f"of its {len(listed['formats'])} formats the program takes {listed['chosen']}")
    before = len(board.records(on))
    line = board.start(on)
    on.until(r"ready\. ", 900, line)
    report.check(seen.wait({"ready"}, 60) == "ready", "with a camera: the lamps show `ready`")
    board.press(on)
    _, said = on.until(board.RECORDED, 900, line)
    outcome = re.search(board.RECORDED, said)[3]  # type: ignore[index]
    report.check(outcome == "no-result", f"a press takes a shot; colour bars are no film: {outcome}")
    report.check(seen.wait({"no result"}, 30) == "no result", "the lamps show `no result`, never `no sign`")
    board.stop(on)
    found = board.records(on)
    report.check(len(found) == before + 1, f"the shot has one record: {found[-1]['reasons']}", found[-1])
