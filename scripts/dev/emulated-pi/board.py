"""What is done on the emulated board, in its own words."""

from __future__ import annotations

import json
import re
import time

import lights
import pi

PROGRAM = "edge-runtime"
STATE = "/var/lib/edge-runtime"
STORE = f"{STATE}/store"
CONFIG = "/run/config.toml"
PID = "/run/edge-runtime.pid"
# The line in which the daemon says that a record was made.
RECORDED = r"recorded record=(\d+) content=(\w+) .*outcome=\"?([\w-]+)\"?.* ms=(\d+)"
# What an image is shown as, by the word for its outcome in the record and the log.
SHOWN = {
    "pneumonia-suspected": "suspected",
    "no-sign": "no sign",
    "uncertain": "uncertain",
    "no-result": "no result",
}


def load(on: pi.Pi, name: str, module: str = "", options: str = "") -> None:
    """Loads the kernel modules of a list that kernel_modules.py made; `options` are for `module`."""
    do = f'''o=; [ "$m" != "{module}" ] || o="{options}"; insmod /modules/$m $o || echo "$m could not be loaded"'''
    said = on.run(f"while read -r m; do {do}; done </modules/{name}").lines
    if said:
        raise pi.Failed(", ".join(said))


def mount(on: pi.Pi, device: str, at: str = STATE, kind: str = "ext4") -> None:
    """Mounts a device, once it is there: the disk where the program keeps its state, or a stick as udev would."""
    options = "rw" if kind == "ext4" else "ro,nosuid,nodev,noexec,umask=0222"
    wait_for(on, device)
    on.run(f"mkdir -p {at} && mount -t {kind} -o {options} {device} {at}")


def wait_for(on: pi.Pi, device: str, kind: str = "b", tries: int = 600) -> None:
    """Waits until the kernel has found a device; `kind` is the shell's letter for what it is in the tree of files."""
    there = f"[ -{kind} {device} ]"
    on.run(f"n=0; until {there} || [ $n -ge {tries} ]; do sleep 0.2; n=$((n + 1)); done; {there}")


def unit(on: pi.Pi, number: int) -> str:
    """The device that the kernel made of a unit of a USB drive; it names them in the order in which they answer."""
    listed = f"$(ls /sys/bus/scsi/devices/*:0:0:{number}/block 2>&-)"
    return (
        "/dev/"
        + on.run(
            f'n=0; until [ -n "{listed}" ] || [ $n -ge 600 ]; do sleep 0.2; n=$((n + 1)); done; echo {listed}'
        ).lines[0]
    )


def configure(on: pi.Pi, lamps: str, *changes: str) -> None:
    """Writes the configuration: the installed model, these lamps, and what `changes` (for sed) make of the rest."""
    model = f"{STATE}/models/{active(on)['sha256']}.onnx"
    edits = " ".join(f"-e '{it}'" for it in (f"s|@MODEL@|{model}|", f"s|@BOARD@|{lamps}|", *changes))
    on.run(f"sed {edits} /etc/edge-runtime/config.toml >{CONFIG}")


def start(on: pi.Pi) -> int:
    """Starts the daemon; from which of its lines on it is this start's."""
    line = len(on.said)
    on.run(f"setsid {PROGRAM} run --config {CONFIG} </dev/null >/dev/ttyAMA0 2>&1 & echo $! >{PID}")
    return line


def stop(on: pi.Pi) -> None:
    """Ends the daemon as the service manager does."""
    on.run(f"p=$(cat {PID}); kill -TERM $p; while [ -e /proc/$p/exe ]; do sleep 0.1; done")


def press(on: pi.Pi) -> None:
    """Presses the button, whose line is pulled down from outside for a second."""
    on.write(pi.CLEAR, 1 << lights.BUTTON)
    time.sleep(1)
    on.write(pi.SET, 1 << lights.BUTTON)


def peak(on: pi.Pi) -> int:
    """The most memory that the daemon had, in kB."""
    said = on.run(f"grep VmHWM /proc/$(cat {PID})/status").text
    return int(re.findall(r"\d+", said)[0])


def records(on: pi.Pi) -> list[dict]:
    """All records; the store must verify to the last image."""
    said = on.run(f"{PROGRAM} records verify --json --store {STORE}", 600).lines
    verified = json.loads(said[-1])
    if verified["problems"]:
        raise pi.Failed(f"the record does not verify: {verified['problems']}")
    lines = on.run(f"{PROGRAM} records export --json --store {STORE}", 600).lines
    found = [json.loads(line) for line in lines]
    if len(found) != verified["records"]:
        raise pi.Failed(f"{verified['records']} records verified, {len(found)} listed")
    return found


def has_store(on: pi.Pi) -> bool:
    """Whether anything was ever recorded."""
    return on.run(f"[ -e {STORE}/records.sqlite ]", well=False).status == 0


def active(on: pi.Pi) -> dict:
    """The model in use."""
    state = json.loads(on.run(f"{PROGRAM} model status --json").lines[-1])
    return state[state["active"]]
