"""A network for the emulated board: a card on its USB port, and the page on it asked from outside over TLS."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
from dataclasses import dataclass

import board
import pi

# What QEMU's own network gives its first guest; it reaches nothing but this machine's answers.
ADDRESS = "10.0.2.15"
PAGE_PORT = 8443


@dataclass(frozen=True)
class Reply:
    """What the page answered."""

    status: int
    kind: str
    body: bytes

    @property
    def text(self) -> str:
        """The body of a page."""
        return self.body.decode()


def plug(on: pi.Pi) -> int:
    """Puts a network card into the board, where it stays; the port of this machine behind which the page is.

    The board has one port, and a stick behind a hub is never read to its end: no stick from now on. Nor can the card be
    pulled again: QEMU 7.2 itself ends at that.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    board.load(on, "network")
    forward = [{"str": f"tcp:127.0.0.1:{port}-{ADDRESS}:{PAGE_PORT}"}]
    on.monitor.do("netdev_add", type="user", id="net", restrict=True, hostfwd=forward)
    on.monitor.do("device_add", driver="usb-net", id="card", netdev="net", bus="usb-bus.0", port="1")
    board.wait_for(on, "/sys/class/net/usb0", "e")
    on.run(f"ip link set lo up && ip link set usb0 up && ip addr add {ADDRESS}/24 dev usb0")
    return port


@dataclass(frozen=True)
class Page:
    """The board's page, as a machine on its network sees it."""

    port: int
    # SHA-256 of its certificate, as the board's log has it: hexadecimal pairs with colons.
    fingerprint: str
    word: str

    def get(self, path: str, known: bool = True) -> Reply:
        """One request, with the access word unless `known` is false; the board must be the one of the certificate."""
        context = ssl.create_default_context()
        # It vouches for itself; what is compared is its fingerprint.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        to = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
        try:
            to.connect()
            certificate = to.sock.getpeercert(binary_form=True)  # type: ignore[union-attr]
            found = hashlib.sha256(certificate or b"").hexdigest().upper()
            if found != self.fingerprint.replace(":", ""):
                raise pi.Failed(f"the page shows another certificate: {found}")
            to.request("GET", path, headers={"Authorization": f"Bearer {self.word}"} if known else {})
            answer = to.getresponse()
            return Reply(answer.status, answer.headers.get("Content-Type", ""), answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise pi.Failed(f"the page does not answer {path}: {error!r}") from None
        finally:
            to.close()
