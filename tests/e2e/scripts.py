"""The site's scripts in a real Chromium without a site: a server of web/static whose API answers as a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

STATIC = Path(__file__).parents[2] / "web" / "static"
PROBLEM = "application/problem+json"
PROGRESS = {"covered": 0.5, "position": 1, "completed": False, "missing": []}


@dataclass(frozen=True)
class Refusal:
    """An answer to a beat other than success; by default as Studium's own errors look."""

    status: int
    kind: str = PROBLEM
    body: dict[str, Any] = field(default_factory=lambda: {"type": "urn:studium:problem:some", "detail": "refused"})
    retry_after: str | None = None


def problem(status: int, code: str = "some", **extra: Any) -> Refusal:
    """A problem of Studium; `field="beats.0.sid"` names what is wrong."""
    errors = {"errors": [{"field": extra.pop("field"), "message": "wrong"}]} if "field" in extra else {}
    body = {"type": f"urn:studium:problem:{code}", "code": code, "detail": "refused"} | errors
    return Refusal(status, PROBLEM, body, **extra)


class ScriptServer(ThreadingHTTPServer):
    """Serves web/static, an empty page, and an API; keeps what was posted.

    `refuse` says by sid which beats are not taken, `missing` what is still unwatched after each, `sids` the sessions that can be opened.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(STATIC)))
        self.posted: list[dict[str, Any]] = []
        self.refuse: dict[str, Refusal] = {}
        self.missing: list[list[int]] = []
        self.sids: list[str] = []
        self.closed_door: Refusal | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def beats(self) -> list[dict[str, Any]]:
        """All beats that came, refused ones too."""
        return [beat for body in self.posted for beat in body["beats"]]


class Handler(SimpleHTTPRequestHandler):
    server: ScriptServer

    def do_GET(self) -> None:
        if self.path == "/blank":
            self.answer(200, "<!doctype html><html lang=en><title>blank</title><p>blank", "text/html")
        elif self.path.startswith("/api/v1/session"):
            self.answer(200, json.dumps({"data": {"csrf_token": None}}))
        else:
            super().do_GET()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/sessions"):
            self.open_session()
            return
        self.server.posted.append(body)
        beats = body["beats"]
        refusal = next((self.server.refuse[beat["sid"]] for beat in beats if beat["sid"] in self.server.refuse), None)
        if refusal:
            self.refuse(refusal)
            return
        progress = PROGRESS | {"missing": self.server.missing}
        self.answer(200, json.dumps({"data": [{"sid": beat["sid"], "seq": beat["seq"], "progress": progress} for beat in beats]}))

    def open_session(self) -> None:
        if self.server.closed_door or not self.server.sids:
            self.refuse(self.server.closed_door or Refusal(503))
            return
        opened = {"sid": self.server.sids.pop(0), "duration": 100_000, "segments": [], **PROGRESS, "position": 40_000}
        self.answer(200, json.dumps({"data": opened}))

    def refuse(self, refusal: Refusal) -> None:
        self.answer(refusal.status, json.dumps(refusal.body | {"status": refusal.status}), refusal.kind, refusal.retry_after)

    def answer(self, status: int, text: str, kind: str = "application/json", retry_after: str | None = None) -> None:
        raw = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Be quiet."""


@dataclass(frozen=True)
class Scripts:
    """An empty page that can load the site's modules, and its server."""

    page: Page
    server: ScriptServer

    def run(self, modules: str, body: str, argument: Any = None) -> Any:
        """Run `body` with the exports of the named modules in scope; `argument` is `given`."""
        imports = "".join(f"Object.assign(scope, await import('/js/{name}.js'));" for name in modules.split())
        script = (
            f"async (given) => {{ const scope = {{}}; {imports} const run = new Function('scope', 'given', "
            f"`with (scope) {{ return (async () => {{ ${{{json.dumps(body)}}} }})(); }}`); return run(scope, given); }}"
        )
        return self.page.evaluate(script, argument)

    def warnings(self) -> list[str]:
        """A list that grows with the page's warnings."""
        found: list[str] = []
        self.page.on("console", lambda message: found.append(message.text) if message.type == "warning" else None)
        return found


@contextmanager
def opened(browser: Browser) -> Iterator[Scripts]:
    """A page and a server of its own for one test."""
    with ScriptServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        context = browser.new_context()
        try:
            page = context.new_page()
            page.goto(f"{server.url}/blank")
            yield Scripts(page, server)
        finally:
            context.close()
            server.shutdown()
            thread.join()
