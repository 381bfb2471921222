"""The board's page, requested over the network, compared with the lights."""

from __future__ import annotations

import json
import re
import secrets

import board
import network
import pi
from lights import LightWatcher
from network import Page
from report import Report
from screenshots import Browser

# Pixels of a screenshot of the list.
LIST_SIZE = (800, 900)
TOKEN_FILE = "/run/page.token"
FOLDER = "/run/folder"
SECTIONS = (
    f'[page]\\nlisten = "0.0.0.0:{network.PAGE_PORT}"\\ntoken_file = "{TOKEN_FILE}"\\nlanguage = "en"\\n'
    f'[[folder]]\\npath = "{FOLDER}"\\nsettle_s = 0\\nevery_s = 0.3\\n'
)
LISTENS = r"page: https://0\.0\.0\.0:\d+/.*certificate ([0-9A-F:]{95})"


def configure(machine: pi.Pi) -> str:
    """Adds the page, reachable from the network, and a watched folder to the configuration; the access token."""
    token = secrets.token_hex(16)
    machine.run(f"printf '{SECTIONS}' >>{board.CONFIG}; mkdir -p {FOLDER}; (umask 077; echo {token} >{TOKEN_FILE})")
    return token


def listening(machine: pi.Pi, line: int, port: int, token: str) -> Page:
    """The page of a daemon that was started, with the certificate that its log names."""
    _, output = machine.until(LISTENS, 900, line)
    return Page(port, re.search(LISTENS, output)[1], token)  # type: ignore[index]


def check_idle(page: Page, found: list[dict], browser: Browser, report: Report) -> None:
    """Checks the page while the board is idle and has the records `found`."""
    health = page.get("/healthz")
    state = json.loads(health.text)
    healthy = health.status == 200 and (state["status"], state["self_test"], state["signal"]) == (
        "ok",
        "passed",
        "ready",
    )
    report.check(healthy, "/healthz, over TLS from outside: ok, self-test passed, ready", state)
    report.check(page.get("/records", authorised=False).status == 401, "without the access token it answers 401")
    shown = {int(number): (kind, content) for number, kind, content in rows(page.get("/records").text)}
    wanted = {it["sequence"]: (class_of(it["outcome"]), it["content"][:8]) for it in found}
    report.check(
        shown == wanted, f"its list has the stick's {len(found)} X-rays, each with the verdict of its record", shown
    )
    unreported = metric(page, "xray_edge_store_unreported_records")
    report.check(unreported == len(found), f"/metrics: {unreported:.0f} records that are in no report yet", unreported)
    browser.screenshot(page, "/", "ready")
    browser.screenshot(page, "/records", "records", LIST_SIZE)


def check_verdict(
    machine: pi.Pi, page: Page, watcher: LightWatcher, line: int, browser: Browser, report: Report
) -> None:
    """An image comes into the watched folder: lights and page show the same."""
    machine.run(f"cp /usr/share/phantom.png {FOLDER}/.part && mv {FOLDER}/.part {FOLDER}/phantom.png")
    _, output = machine.until(board.RECORDED, 900, line)
    number, _, outcome, _ = re.search(board.RECORDED, output).groups()  # type: ignore[union-attr]
    signal = board.SIGNALS[outcome]
    report.check(watcher.wait({signal}, 30) == signal, f"a phantom in a watched folder: the lights show `{signal}`")
    # The state that the page polls: signal, record, whether it is one of several, the stick.
    state = page.get("/live").text
    report.check(state == f"{class_of(outcome)} {number} one absent", f"and so does the page: `{state}`", state)
    total = metric(page, f'xray_edge_records_total{{verdict="{outcome}"}}')
    report.check(total == 1, f"/metrics counts it: {outcome}", total)
    kind = page.get(f"/records/{number}/image.jpg")
    report.check(
        kind.status == 200 and kind.body[:2] == b"\xff\xd8",
        f"its image is {len(kind.body)} bytes of JPEG",
        kind.status,
    )
    browser.screenshot(page, "/", class_of(outcome))


def class_of(outcome: str) -> str:
    """The page's CSS class for an outcome, which is also in the state that its script polls."""
    return board.SIGNALS[outcome].replace(" ", "-")


def rows(html: str) -> list[tuple[str, str, str]]:
    """Number, signal and first digits of the image ID of each record in the list."""
    return re.findall(r'href="/records/(\d+)"><span class="badge ([\w-]+)">.*?<code>(\w{8})</code>', html, re.DOTALL)


def metric(page: Page, name: str) -> float:
    """A value of /metrics."""
    reply = page.get("/metrics")
    found = re.search(rf"^{re.escape(name)} (\S+)$", reply.text, re.MULTILINE)
    if reply.status != 200 or found is None:
        raise pi.Failed(f"/metrics, status {reply.status}, has no {name}")
    return float(found[1])
