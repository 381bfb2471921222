"""The kernel modules that the emulated board needs, in an order in which they can be loaded."""

import re
import shutil
import sys
from pathlib import Path

# USB host, storage, FAT, the disk's file system, and the card slot.
WANTED = [
    "phy-generic", "dwc2", "sd_mod", "usb-storage", "nls_cp437", "nls_ascii", "vfat",
    "crc32c_generic", "ext4", "bcm2835",
]  # fmt: skip
# The kernel's test camera; loaded only for the scenario with a camera.
CAMERA = ["vivid"]
# A network card on USB; loaded only for the scenario with the page.
NETWORK = ["cdc-ether", "rndis-host"]


def in_order(folder: Path, wanted: list[str]) -> list[Path]:
    """The modules and their dependencies, each after what it needs, without those that are built into the kernel."""
    files = {name_of(path): path for path in folder.rglob("*.ko")}
    ordered: list[Path] = []

    def add(name: str, required: bool) -> None:
        path = files.get(name.replace("_", "-"))
        if path is None:
            if required:
                raise SystemExit(f"no module {name} below {folder}")
            return
        if path in ordered:
            return
        text = path.read_bytes()
        # `depends` is required; `softdep` is loaded if it exists.
        for key in (b"depends", b"softdep"):
            for found in re.findall(rb"(?<=\0)%s=([^\0]*)\0" % key, text):
                words = found.decode().replace("pre:", "").replace(",", " ").split()
                for other in words:
                    add(other, required=key == b"depends")
        ordered.append(path)

    for name in wanted:
        add(name, required=True)
    return ordered


def name_of(path: Path) -> str:
    """A module's name as `depends` may write it, with - for _."""
    return path.stem.replace("_", "-")


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.mkdir(parents=True, exist_ok=True)
    for name, wanted in (("order", WANTED), ("camera", CAMERA), ("network", NETWORK)):
        modules = [module for module in in_order(source, wanted) if not (target / module.name).exists()]
        for module in modules:
            shutil.copy(module, target)
        (target / name).write_text("".join(f"{module.name}\n" for module in modules))
