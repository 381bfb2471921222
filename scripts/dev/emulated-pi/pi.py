"""A Raspberry Pi 3B in QEMU, driven over its serial line and QEMU's monitor."""

from __future__ import annotations

import atexit
import json
import re
import shlex
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

QEMU = "qemu-system-aarch64"
COMMAND_LINE = "console=ttyAMA0,115200 iomem=relaxed rdinit=/init printk.devkmsg=on panic=-1 quiet"
# The SCSI version that drives report. With SPC-3 (5, QEMU's default) Linux requests 96 bytes of sense data, and QEMU's
# usb-storage pads its answer with zeros up to the 512 bytes that the Pi's USB controller requests. They overwrite the
# kernel's memory behind the buffer, and sometimes it crashes.
SCSI_VERSION = 4
# What the kernel prints when it crashes.
CRASH = r"Internal error: |Kernel panic|Unable to handle kernel|kernel BUG at|BUG: "
# GPIO registers of the BCM2835 for lines 0 to 31: levels, set, clear.
LEVELS, SET, CLEAR = 0x3F200034, 0x3F20001C, 0x3F200028


class Failed(Exception):
    """A check failed."""


class Stalled(Failed):
    """The emulated machine itself crashed or stalled; this says nothing about the program."""


@dataclass
class Image:
    """The files that a board boots from."""

    kernel: Path
    tree: Path
    initramfs: Path


@dataclass
class Answer:
    """Output and exit status of a command on the board."""

    lines: list[str] = field(default_factory=list)
    status: int | None = None

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines)


class Monitor:
    """A connection to QEMU's monitor."""

    def __init__(self, path: Path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(120)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rw")
        self._lock = threading.Lock()
        json.loads(self._file.readline())
        self.do("qmp_capabilities")

    def do(self, command: str, **arguments: object) -> object:
        """Sends a command and returns its answer; events in between are ignored."""
        with self._lock:
            self._file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            self._file.flush()
            while True:
                answer = json.loads(self._file.readline())
                if "error" in answer:
                    raise Failed(f"QEMU: {command}: {answer['error']['desc']}")
                if "return" in answer:
                    return answer["return"]

    def word(self, address: int) -> int:
        """A word of the machine's memory or registers, read without its processor."""
        output = str(self.do("human-monitor-command", **{"command-line": f"xp /1xw {address:#x}"}))
        try:
            return int(output.split()[1], 16)
        except (ValueError, IndexError):
            raise Failed(f"QEMU: xp gives {output!r}") from None


class Pi:
    """A board that is on until its power is cut."""

    def __init__(
        self,
        image: Image,
        folder: Path,
        drives: list[str],
        transcript: Path | None = None,
        frozen: Path | None = None,
    ):
        """Switches it on; with `frozen`, continues a board with the same drives that `freeze` saved."""
        folder.mkdir(parents=True, exist_ok=True)
        self.image, self._folder = image, folder
        sockets = {name: folder / name for name in ("monitor", "lights", "gdb")}
        for path in sockets.values():
            path.unlink(missing_ok=True)
        command = [
            QEMU, "-M", "raspi3b", "-display", "none", "-no-reboot", "-monitor", "none", "-serial", "stdio",
            "-kernel", str(image.kernel), "-dtb", str(image.tree), "-initrd", str(image.initramfs),
            "-append", COMMAND_LINE, "-gdb", f"unix:{sockets['gdb']},server=on,wait=off",
        ]  # fmt: skip
        for name in ("monitor", "lights"):
            command += ["-qmp", f"unix:{sockets[name]},server=on,wait=off"]
        if frozen:
            command += ["-incoming", f"exec:cat {shlex.quote(str(frozen))}"]
        self.began = time.monotonic()
        self._errors = (folder / "qemu").open("w")
        self._process = subprocess.Popen(
            command + drives, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, bufsize=0
        )
        # QEMU ends however this program ends.
        atexit.register(self._process.kill)
        self._transcript = transcript.open("a") if transcript else None
        self._changed = threading.Condition()
        # A frozen board has booted.
        self._answers: dict[int, Answer] = {0: Answer(status=0 if frozen else None)}
        # Lines that are no answers, such as the daemon's log, each with the time at which it came.
        self.output: list[tuple[float, str]] = []
        self._commands = 0
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.monitor = self._connect(sockets["monitor"])
        self.lights = self._connect(sockets["lights"])
        self._gdb = sockets["gdb"]
        if frozen:
            self._until_status("query-status", "running")

    def _connect(self, path: Path) -> Monitor:
        end = time.monotonic() + 30
        while True:
            try:
                return Monitor(path)
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise Failed(f"QEMU did not start: {(self._folder / 'qemu').read_text()}") from None
                time.sleep(0.05)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for raw in self._process.stdout:
            line = raw.decode(errors="replace").rstrip("\r\n")
            if self._transcript:
                self._transcript.write(f"{time.monotonic() - self.began:8.2f} {line}\n")
                self._transcript.flush()
            with self._changed:
                answer = re.match(r"@(\d+) (= (\d+)$)?(.*)", line)
                if answer is None:
                    self.output.append((time.monotonic(), line))
                elif answer[2]:
                    self._answers[int(answer[1])].status = int(answer[3])
                else:
                    self._answers[int(answer[1])].lines.append(answer[4])
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _wait(self, ready, seconds: float, what: str):
        end = time.monotonic() + seconds
        with self._changed:
            while (found := ready()) is None:
                left = end - time.monotonic()
                if crash := next((line for _, line in self.output if re.search(CRASH, line)), None):
                    raise Stalled(f"the kernel crashed: {crash}")
                if left <= 0 or self._process.poll() is not None:
                    last = "\n  ".join(line for _, line in self.output[-12:])
                    how = "in time" if left <= 0 else "before QEMU ended"
                    raise Failed(f"{what} did not come {how}; the board's last output:\n  {last}")
                self._changed.wait(min(left, 1))
        return found

    def booted(self, seconds: float = 900) -> float:
        """Waits until the board accepts commands; the seconds since power-on."""
        self._wait(lambda: self._answers[0].status, seconds, "the end of booting")
        return time.monotonic() - self.began

    def begin(self, command: str) -> Answer:
        """Starts a command without waiting for its end."""
        self._commands += 1
        with self._changed:
            answer = self._answers[self._commands] = Answer()
        assert self._process.stdin is not None
        self._process.stdin.write(f"{self._commands} {command}\n".encode())
        return answer

    def end(self, answer: Answer, what: str, seconds: float = 300) -> Answer:
        """Waits for the end of a command."""
        self._wait(lambda: answer.status, seconds, f"the end of `{what}`")
        return answer

    def run(self, command: str, seconds: float = 300, must_succeed: bool = True) -> Answer:
        """Runs a command; status 0 is required unless `must_succeed` is false."""
        answer = self.end(self.begin(command), command, seconds)
        if must_succeed and answer.status != 0:
            raise Failed(f"`{command}` ended with status {answer.status}:\n{answer.text}")
        return answer

    def until(self, pattern: str, seconds: float = 300, after: int = 0) -> tuple[float, str]:
        """Waits for a line of output, not one of the first `after`; its time and text."""

        def found():
            return next((it for it in self.output[after:] if re.search(pattern, it[1])), None)

        return self._wait(found, seconds, f"a line with {pattern!r}")

    def freeze(self, into: Path) -> None:
        """Writes the whole state of the machine to a file; the machine is paused from then on."""
        self.monitor.do("migrate", uri=f"exec:cat >{shlex.quote(str(into))}")
        self._until_status("query-migrate", "completed")

    def _until_status(self, question: str, wanted: str) -> None:
        end = time.monotonic() + 300
        while (output := self.monitor.do(question)) and output.get("status") != wanted:  # type: ignore[attr-defined]
            if output.get("status") == "failed" or time.monotonic() > end:  # type: ignore[attr-defined]
                raise Failed(f"QEMU: {question} gives {output}")
            time.sleep(0.05)

    def write(self, address: int, word: int) -> None:
        """Writes a word to a register of the machine without its processor, as a signal from outside would."""
        with socket.socket(socket.AF_UNIX) as gdb:
            gdb.settimeout(30)
            gdb.connect(str(self._gdb))
            data = word.to_bytes(4, "little").hex()
            # The machine is paused while a debugger is connected: it is detached before the connection is closed.
            for packet in ("Qqemu.PhyMemMode:1", f"M{address:x},4:{data}", "D"):
                _exchange(gdb, packet)
        self.monitor.do("cont")

    def cut(self) -> None:
        """Cuts the power."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        atexit.unregister(self._process.kill)
        self._errors.close()
        if self._transcript:
            self._transcript.close()

    def __enter__(self) -> Pi:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()


def _exchange(gdb: socket.socket, packet: str) -> None:
    total = sum(packet.encode()) % 256
    gdb.sendall(f"${packet}#{total:02x}".encode())
    answer = b""
    # The report that the machine stopped is skipped.
    while not re.search(rb"\$(?!T)[^#]*#..", answer):
        more = gdb.recv(4096)
        if not more:
            raise Failed(f"the debugger's connection was closed at {packet}")
        answer += more
    gdb.sendall(b"+")
    if b"$OK#" not in answer:
        raise Failed(f"the debugger: {packet}: {answer!r}")
