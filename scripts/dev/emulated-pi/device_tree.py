"""Disables Bluetooth in a Raspberry Pi's device tree: its chip uses the serial line that QEMU shows, and the kernel
would reserve the line for it."""

import struct
import sys
from pathlib import Path

MAGIC = 0xD00DFEED
BEGIN, END, PROPERTY, NOTHING, LAST = 1, 2, 3, 4, 9


def without(tree: bytes, node: str) -> bytes:
    """The tree with the property `compatible` removed from every node of that name, so that no driver binds to it."""
    changed = bytearray(tree)
    magic, _, at, names = struct.unpack_from(">4I", tree)
    if magic != MAGIC:
        raise SystemExit("not a device tree")
    path: list[bytes] = []
    while True:
        (token,) = struct.unpack_from(">I", tree, at)
        begin, at = at, at + 4
        if token == BEGIN:
            end = tree.index(b"\0", at)
            path.append(tree[at:end])
            at = (end + 4) & ~3
        elif token == END:
            path.pop()
        elif token == PROPERTY:
            length, name = struct.unpack_from(">2I", tree, at)
            at = (at + 8 + length + 3) & ~3
            name_at = names + name
            if path[-1] == node.encode() and tree[name_at : tree.index(b"\0", name_at)] == b"compatible":
                changed[begin:at] = struct.pack(">I", NOTHING) * ((at - begin) // 4)
        elif token == LAST:
            return bytes(changed)


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_bytes(without(source.read_bytes(), "bluetooth"))
