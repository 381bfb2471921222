"""A network for the emulated board: a card on its USB port, and requests to its page over TLS from outside."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
from dataclasses import dataclass

import board
import pi

# QEMU's user network gives its first guest this address; the guest cannot reach any other machine.
ADDRESS = "10.0.2.15"
PAGE_PORT = 8443


@dataclass(frozen=True)
class Reply:
    """An answer of the page."""

    status: int
    kind: str
    body: bytes

    @property
    def text(self) -> str:
        """The body of a page."""
        return self.body.decode()


def plug(machine: pi.Pi) -> int:
    """Plugs a network card into the board, where it stays; the port of this machine that leads to the page.

    The board has one port, and a stick behind a hub is never read to its end: no stick can be used from now on. Nor can
    the card be pulled: QEMU 7.2 crashes.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    board.load(machine, "network")
    forward = [{"str": f"tcp:127.0.0.1:{port}-{ADDRESS}:{PAGE_PORT}"}]
    machine.monitor.do("netdev_add", type="user", id="net", restrict=True, hostfwd=forward)
    machine.monitor.do("device_add", driver="usb-net", id="card", netdev="net", bus="usb-bus.0", port="1")
    board.wait_for(machine, "/sys/class/net/usb0", "e")
    machine.run(f"ip link set lo up && ip link set usb0 up && ip addr add {ADDRESS}/24 dev usb0")
    return port


@dataclass(frozen=True)
class Page:
    """The board's page, as a machine on its network sees it."""

    port: int
    # SHA-256 of its certificate as in the board's log: hexadecimal pairs with colons.
    fingerprint: str
    token: str

    def get(self, path: str, authorised: bool = True) -> Reply:
        """One request, with the access token unless `authorised` is false; the certificate must be the board's."""
        context = ssl.create_default_context()
        # It is self-signed: its fingerprint is compared.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
        try:
            connection.connect()
            certificate = connection.sock.getpeercert(binary_form=True)  # type: ignore[union-attr]
            found = hashlib.sha256(certificate or b"").hexdigest().upper()
            if found != self.fingerprint.replace(":", ""):
                raise pi.Failed(f"the page has another certificate: {found}")
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"} if authorised else {})
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers.get("Content-Type", ""), answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise pi.Failed(f"the page does not answer {path}: {error!r}") from None
        finally:
            connection.close()
