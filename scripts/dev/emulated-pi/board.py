"""Commands that run on the emulated board."""

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
# Lines of the daemon's log: regular expressions.
READY = r"ready\. "
READ_TO_END = "read to its end"
PULLED = "pulled before its end"
# A record, whose line may be incomplete; with its outcome and milliseconds.
RECORD = r"recorded record=(\d+) content=(\w+)"
RECORDED = RECORD + r" .*outcome=\"?([\w-]+)\"?.* ms=(\d+)"
# The signal of the lights for each outcome in the record and the log.
SIGNALS = {
    "pneumonia-suspected": "suspected",
    "no-sign": "no sign",
    "uncertain": "uncertain",
    "no-result": "no result",
}


def load(machine: pi.Pi, name: str, module: str = "", options: str = "") -> None:
    """Loads the kernel modules of a list that kernel_modules.py made; `options` are for `module`."""
    do = f'''o=; [ "$m" != "{module}" ] || o="{options}"; insmod /modules/$m $o || echo "$m could not be loaded"'''
    output = machine.run(f"while read -r m; do {do}; done </modules/{name}").lines
    if output:
        raise pi.Failed(", ".join(output))


def mount(machine: pi.Pi, device: str, at: str = STATE, kind: str = "ext4") -> None:
    """Waits for a device and mounts it: the disk for the program's state, or a stick as udev would."""
    options = "rw" if kind == "ext4" else "ro,nosuid,nodev,noexec,umask=0222"
    wait_for(machine, device)
    machine.run(f"mkdir -p {at} && mount -t {kind} -o {options} {device} {at}")


def wait_for(machine: pi.Pi, device: str, kind: str = "b", tries: int = 600) -> None:
    """Waits until the kernel has found a device; `kind` is the letter of the shell's test for its type of file."""
    exists = f"[ -{kind} {device} ]"
    machine.run(f"n=0; until {exists} || [ $n -ge {tries} ]; do sleep 0.2; n=$((n + 1)); done; {exists}")


def unit(machine: pi.Pi, number: int) -> str:
    """The device name of a unit of a USB drive; the kernel names them in the order in which they answer."""
    listed = f"$(ls /sys/bus/scsi/devices/*:0:0:{number}/block 2>&-)"
    command = f'n=0; until [ -n "{listed}" ] || [ $n -ge 600 ]; do sleep 0.2; n=$((n + 1)); done; echo {listed}'
    return "/dev/" + machine.run(command).lines[0]


def configure(machine: pi.Pi, wiring: str, *changes: str) -> None:
    """Writes the configuration: the installed model, this board, and further `changes` for sed."""
    model = f"{STATE}/models/{active(machine)['sha256']}.onnx"
    edits = " ".join(f"-e '{it}'" for it in (f"s|@MODEL@|{model}|", f"s|@BOARD@|{wiring}|", *changes))
    machine.run(f"sed {edits} /etc/edge-runtime/config.toml >{CONFIG}")


def start(machine: pi.Pi) -> int:
    """Starts the daemon; the number of its first line of output."""
    line = len(machine.output)
    machine.run(f"setsid {PROGRAM} run --config {CONFIG} </dev/null >/dev/ttyAMA0 2>&1 & echo $! >{PID}")
    return line


def stop(machine: pi.Pi) -> None:
    """Ends the daemon as the service manager does."""
    machine.run(f"p=$(cat {PID}); kill -TERM $p; while [ -e /proc/$p/exe ]; do sleep 0.1; done")


def press(machine: pi.Pi) -> None:
    """Presses the button: its line is pulled down from outside for a second."""
    machine.write(pi.CLEAR, 1 << lights.BUTTON)
    time.sleep(1)
    machine.write(pi.SET, 1 << lights.BUTTON)


def peak_memory(machine: pi.Pi) -> int:
    """The peak memory of the daemon, in kB."""
    output = machine.run(f"grep VmHWM /proc/$(cat {PID})/status").text
    return int(re.findall(r"\d+", output)[0])


def records(machine: pi.Pi) -> list[dict]:
    """All records; the store must verify to the last image."""
    output = machine.run(f"{PROGRAM} records verify --json --store {STORE}", 600).lines
    verified = json.loads(output[-1])
    if verified["problems"]:
        raise pi.Failed(f"the record does not verify: {verified['problems']}")
    lines = machine.run(f"{PROGRAM} records export --json --store {STORE}", 600).lines
    found = [json.loads(line) for line in lines]
    if len(found) != verified["records"]:
        raise pi.Failed(f"{verified['records']} records verified, {len(found)} listed")
    return found


def has_store(machine: pi.Pi) -> bool:
    """Whether anything was ever recorded."""
    return machine.run(f"[ -e {STORE}/records.sqlite ]", must_succeed=False).status == 0


def active(machine: pi.Pi) -> dict:
    """The model in use."""
    state = json.loads(machine.run(f"{PROGRAM} model status --json").lines[-1])
    return state[state["active"]]
