"""Screenshots of the board's page, in headless Chromium as a 7-inch touch screen shows it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pi
from network import Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
SIZE = (800, 480)


class Browser:
    """Takes screenshots into a folder; without a folder it takes none."""

    def __init__(self, folder: Path | None):
        self._folder = folder
        self._browser = next(filter(None, map(shutil.which, NAMES)), None) if folder else None
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            if self._browser is None:
                raise pi.Failed("screenshots need Chromium: apt-get install chromium")

    def screenshot(self, page: Page, path: str, name: str, size: tuple[int, int] = SIZE) -> None:
        """Writes `emulated-NAME.png`, of so many pixels."""
        if self._folder is None or self._browser is None:
            return
        # Chromium takes no access token and no self-signed certificate from the command line: a proxy adds them.
        proxy = ThreadingHTTPServer(("127.0.0.1", 0), _handler(page))
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        into = self._folder / f"emulated-{name}.png"
        into.unlink(missing_ok=True)
        try:
            with tempfile.TemporaryDirectory() as profile:
                command = [
                    self._browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                    "--hide-scrollbars", f"--user-data-dir={profile}", "--window-size={},{}".format(*size),
                    f"--screenshot={into}", f"http://127.0.0.1:{proxy.server_port}{path}",
                ]  # fmt: skip
                subprocess.run(command, check=False, capture_output=True, timeout=180)
        except subprocess.TimeoutExpired:
            pass
        finally:
            proxy.shutdown()
            proxy.server_close()
        if not into.exists():
            raise pi.Failed(f"Chromium took no screenshot of {path}")


def _handler(page: Page) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Forwards Chromium's requests to the board."""

        def do_GET(self) -> None:
            """One request."""
            try:
                reply = page.get(self.path)
            except pi.Failed as failure:
                self.send_error(502, str(failure))
                return
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.kind)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
            except ConnectionError:
                # Chromium has its screenshot and closes while its script still polls.
                pass

        def log_message(self, format: str, *args: object) -> None:
            """Logs nothing."""

    return Handler
