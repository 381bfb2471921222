"""USB sticks for the emulated board: FAT32 in a file, made by dosfstools and mtools without root."""

from __future__ import annotations

import hashlib
import subprocess
import time
from pathlib import Path

import pi

MEGABYTES = 64
# The first byte of the partition, as on most sticks.
PARTITION = 2048 * 512


class Stick:
    """A stick and its files."""

    def __init__(self, image: Path, files: dict[str, bytes]):
        self.image = image
        self.files = files
        self._hash = ""

    def contents(self) -> set[str]:
        """The image IDs (SHA-256) of all files on it but letters."""
        return {hashlib.sha256(data).hexdigest() for name, data in self.files.items() if not name.endswith(".txt")}

    def make(self) -> None:
        """Writes the image: a partition table with one FAT32 partition."""
        self.image.unlink(missing_ok=True)
        sectors = MEGABYTES * 2048 - 2048
        table = bytearray(512)
        table[446:462] = (
            bytes([0, 0, 2, 0, 0x0C, 0, 2, 0]) + (2048).to_bytes(4, "little") + sectors.to_bytes(4, "little")
        )
        table[510:] = b"\x55\xaa"
        with self.image.open("wb") as file:
            file.write(table)
            file.truncate(MEGABYTES * 2048 * 512)
        tool = ["mkfs.vfat", "-F", "32", "-n", "XRAYS", "--offset", "2048", str(self.image), str(sectors // 2)]
        subprocess.run(tool, check=True, stdout=subprocess.DEVNULL)
        where = f"{self.image}@@{PARTITION}"
        folders = sorted({str(Path(name).parent) for name in self.files} - {"."})
        for folder in folders:
            subprocess.run(["mmd", "-i", where, f"::{folder}"], check=True)
        for name, data in self.files.items():
            subprocess.run(["mcopy", "-i", where, "-", f"::{name}"], input=data, check=True)
        self._hash = self._image_hash()

    def _image_hash(self) -> str:
        return hashlib.sha256(self.image.read_bytes()).hexdigest()

    def unchanged(self) -> bool:
        """Whether no bit of it changed since it was made."""
        return self._hash == self._image_hash()

    def plug(self, board: pi.Pi) -> None:
        """Plugs it into the board."""
        # The stick is writable: the board must not write.
        node = {"driver": "file", "filename": str(self.image), "node-name": "stick"}
        board.monitor.do("blockdev-add", **node)
        # With an explicit port: otherwise QEMU adds a hub, which is polled every millisecond and keeps the board busy.
        board.monitor.do("device_add", driver="usb-bot", id="stick", bus="usb-bus.0", port="1")
        board.monitor.do(
            "device_add", driver="scsi-hd", bus="stick.0", lun=0, drive="stick", scsi_version=pi.SCSI_VERSION
        )
        board.monitor.do("qom-set", path="/machine/peripheral/stick", property="attached", value=True)

    @staticmethod
    def pull(board: pi.Pi) -> None:
        """Pulls it from the board."""
        board.monitor.do("device_del", id="stick")
        for _ in range(200):
            try:
                board.monitor.do("blockdev-del", **{"node-name": "stick"})
                return
            except pi.Failed:
                time.sleep(0.05)
        raise pi.Failed("QEMU does not release the stick")


def xrays(repository: Path, phantoms: Path, count: int) -> dict[str, bytes]:
    """Files as on a clinic's stick: phantoms, test images of every format, in folders, any names, and a letter."""
    named = {
        "DCIM/film.jpg": "preprocess/grey-640x512.jpg",
        "DCIM/colour.jpeg": "preprocess/colour-420-640x512.jpg",
        "scans/sixteen.png": "preprocess/grey16-224x160.png",
        "scans/no ending": "preprocess/grey-224x224.pgm",
        "archive/IM000001": "dicom/explicit-m2-u12-two-windows.dcm",
        "archive/IM000002": "dicom/jpeg-sv1-m2-u16.dcm",
    }
    files = {name: fixture(repository, path).read_bytes() for name, path in named.items()}
    drawn = sorted(phantoms.rglob("*.png"))[:count] if phantoms.is_dir() else []
    files |= {f"phantom{at}.png": path.read_bytes() for at, path in enumerate(drawn)}
    files["letter.txt"] = b"Dear colleague, the films of this week.\n"
    return files


def fixture(repository: Path, name: str) -> Path:
    """A file of the libraries' test fixtures."""
    found = next(repository.glob(f"xray-*/tests/fixtures/{name}"), None)
    if found is None:
        raise SystemExit(f"no xray-*/tests/fixtures/{name} in {repository}")
    return found


def noise_images(count: int, seed: int) -> dict[str, bytes]:
    """Different images of random noise, each 64 KB: few of them fill the disk's cache."""
    side = 256
    files = {}
    for at in range(count):
        noise = hashlib.shake_128(f"{seed} {at}".encode()).digest(side * side)
        files[f"case{at:03}/film.pgm"] = b"P5 %d %d 255\n" % (side, side) + noise
    return files
