"""The board's page, looked at from outside: over the network, with the lamps beside it."""

from __future__ import annotations

import json
import re
import secrets

import board
import network
import pi
from lights import Lamps
from network import Page
from report import Report
from screenshots import Browser

# Pixels of a picture of the list.
LIST = (800, 900)
WORD_FILE = "/run/page.token"
FOLDER = "/run/folder"
SECTIONS = (
    f'[page]\\nlisten = "0.0.0.0:{network.PAGE_PORT}"\\ntoken_file = "{WORD_FILE}"\\nlanguage = "en"\\n'
    f'[[folder]]\\npath = "{FOLDER}"\\nsettle_s = 0\\nevery_s = 0.3\\n'
)
LISTENS = r"page: https://0\.0\.0\.0:\d+/.*certificate ([0-9A-F:]{95})"


def configure(on: pi.Pi) -> str:
    """Adds the page and a folder to the configuration; the access word. By itself the page would be for programs on the
    board only."""
    word = secrets.token_hex(16)
    on.run(f"printf '{SECTIONS}' >>{board.CONFIG}; mkdir -p {FOLDER}; (umask 077; echo {word} >{WORD_FILE})")
    return word


def listening(on: pi.Pi, line: int, port: int, word: str) -> Page:
    """The page of a daemon that was started; its certificate is the one of which the log speaks."""
    _, said = on.until(LISTENS, 900, line)
    return Page(port, re.search(LISTENS, said)[1], word)  # type: ignore[index]


def look(page: Page, found: list[dict], browser: Browser, report: Report) -> None:
    """What the page says while the board waits, with `found` recorded."""
    health = page.get("/healthz")
    said = json.loads(health.text)
    well = health.status == 200 and said["status"] == "ok" and said["self_test"] == "passed"
    report.check(
        well and said["signal"] == "ready", "/healthz, asked from outside over TLS: ok, self-test passed, ready", said
    )
    report.check(page.get("/records", known=False).status == 401, "without the access word it answers 401")
    shown = {int(number): (kind, content) for number, kind, content in rows(page.get("/records").text)}
    wanted = {it["sequence"]: (class_of(it["outcome"]), it["content"][:8]) for it in found}
    report.check(
        shown == wanted, f"its list has the stick's {len(found)} X-rays, each with the verdict of its record", shown
    )
    unreported = metric(page, "xray_edge_store_unreported_records")
    report.check(unreported == len(found), f"/metrics: {unreported:.0f} records that nobody was handed yet", unreported)
    browser.picture(page, "/", "ready")
    browser.picture(page, "/records", "records", LIST)


def verdict(on: pi.Pi, page: Page, seen: Lamps, line: int, browser: Browser, report: Report) -> None:
    """A picture comes into the watched folder: lamps and page show the same."""
    on.run(f"cp /usr/share/phantom.png {FOLDER}/.part && mv {FOLDER}/.part {FOLDER}/phantom.png")
    _, said = on.until(board.RECORDED, 900, line)
    number, _, outcome, _ = re.search(board.RECORDED, said).groups()  # type: ignore[union-attr]
    signal = board.SHOWN[outcome]
    report.check(seen.wait({signal}, 30) == signal, f"a phantom in a watched folder: gpiocdev's lamps show `{signal}`")
    # The state that the page watches: signal, record, whether it is one of several, the stick.
    state = page.get("/live").text
    report.check(state == f"{class_of(outcome)} {number} one absent", f"and so does the page: `{state}`", state)
    total = metric(page, f'xray_edge_records_total{{verdict="{outcome}"}}')
    report.check(total == 1, f"/metrics counts it: {outcome}", total)
    kind = page.get(f"/records/{number}/image.jpg")
    report.check(
        kind.status == 200 and kind.body[:2] == b"\xff\xd8",
        f"its picture is {len(kind.body)} bytes of JPEG",
        kind.status,
    )
    browser.picture(page, "/", class_of(outcome))


def class_of(outcome: str) -> str:
    """What the page calls an outcome, in its first colour and in the state that it watches."""
    return board.SHOWN[outcome].replace(" ", "-")


def rows(html: str) -> list[tuple[str, str, str]]:
    """Number, signal and first digits of the content of each record in the list."""
    return re.findall(r'href="/records/(\d+)"><span class="badge ([\w-]+)">.*?<code>(\w{8})</code>', html, re.DOTALL)


def metric(page: Page, name: str) -> float:
    """A number of /metrics."""
    reply = page.get("/metrics")
    found = re.search(rf"^{re.escape(name)} (\S+)$", reply.text, re.MULTILINE)
    if reply.status != 200 or found is None:
        raise pi.Failed(f"/metrics, status {reply.status}, has no {name}")
    return float(found[1])
