"""A simulated Acme Pay on HTTP: its API, its pay page and its webhooks. Play with it: `python -m tests.simulator --help`."""

from __future__ import annotations

import argparse
import hmac
import html
import json
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.service import Body, Refused, Service

HEADER = "X-Signature"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Acme Pay (simulated)</title>
<h1>{title}</h1><p>{amount} {currency} in minor units: {status}</p>
<form method="post"><button name="do" value="pay">Pay</button> <button name="do" value="decline">Have it declined</button></form>"""


def sign(secret: str, raw: bytes, at: int) -> str:
    """The header of a webhook: HMAC-SHA256 over the second of sending, a dot, and the body."""
    return f"t={at},v1={hmac.new(secret.encode(), b'%d.' % at + raw, 'sha256').hexdigest()}"


def serve(service: Service, port: int = 0) -> ThreadingHTTPServer:
    """The service on loopback, in threads of this process; port 0 is any free one."""
    handler = type("Handler", (_Handler,), {"service": service})
    server = _Server(("127.0.0.1", port), handler)
    service.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name="simulator").start()
    return server


def send_webhook(url: str, secret: str, body: Body) -> None:
    """Send an event; three tries."""
    raw = json.dumps(body).encode()
    for pause in (0.1, 1.0, 5.0):
        time.sleep(pause)
        headers = {"Content-Type": "application/json", HEADER: sign(secret, raw, int(time.time()))}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, raw, headers), timeout=5) as answer:
                print(f"webhook {body['type']}: {answer.status}", flush=True)
                return
        except OSError as error:
            print(f"webhook {body['type']}: {error}", flush=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # five are too few for buyers who come at once

    def handle_error(self, request: object, client_address: object) -> None:
        """Callers that give up in the middle are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def do_GET(self) -> None:
        """The API and the pay page."""
        self._answer({})

    def do_POST(self) -> None:
        """The API and the buttons."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path.split("/")
        if path[1] == "pay":
            self._press(path[2], parse_qs(raw.decode()).get("do", [""])[0])
        else:
            self._answer(json.loads(raw))

    def log_message(self, format: str, *args: object) -> None:
        """No access log."""

    def _answer(self, body: Body) -> None:
        path = [unquote(part) for part in urlsplit(self.path).path.split("/")][1:]
        if path[0] == "pay":
            self._page(path[1])
            return
        self._note_key(path)
        fault = self.service.fault
        if fault == "slow":
            time.sleep(self.service.patience)
        if fault == "garbage":
            self._send(502, "<html>Bad gateway</html>", "text/html")
        elif fault in ("error", "slow"):
            self._json(500, {"error": {"code": "internal", "message": "Something broke."}})
        else:
            status, told = self._call(path, body)
            if fault == "lost-answer":
                self.close_connection = True  # it is done, and nobody hears of it
            else:
                self._json(status, told)

    def _call(self, path: list[str], body: Body) -> tuple[int, Body]:
        key = self.headers.get("Idempotency-Key", "")
        try:
            if self.headers.get("Authorization") != f"Bearer {self.service.key}":
                raise Refused(401, "unauthorized", "The key is wrong.")
            if self.command == "POST" and self.service.fault == "refuse":
                raise Refused(422, "account", "The account may not do this.")
            match (self.command, path):
                case ("POST", ["v1", "payments"]):
                    return 201, self.service.create(body, key)
                case ("POST", ["v1", "payments", payment_id, "refunds"]):
                    return 201, self.service.refund(payment_id, body, key)
                case ("GET", ["v1", "payments"]):
                    since = float(parse_qs(urlsplit(self.path).query)["changed_since"][0])
                    return 200, {"items": self.service.changed_since(since)}
                case ("GET", ["v1", "payments", payment_id]):
                    return 200, self.service.find(payment_id)
            raise Refused(404, "unknown-address", "There is nothing here.")
        except Refused as error:
            return error.status, {"error": {"code": error.code, "message": str(error)}}

    def _note_key(self, path: list[str]) -> None:
        if self.command == "POST":
            self.service.keys["refund" if path[-1] == "refunds" else "begin"].append(self.headers.get("Idempotency-Key", ""))

    def _page(self, payment_id: str) -> None:
        try:
            found = self.service.find(payment_id)
        except Refused:
            self._send(404, "Not found", "text/plain")
            return
        shown = {name: html.escape(str(found[name])) for name in ("title", "amount", "currency", "status")}
        self._send(200, PAGE.format(**shown), "text/html; charset=utf-8")

    def _press(self, payment_id: str, button: str) -> None:
        try:
            {"pay": self.service.pay, "decline": self.service.decline}[button](payment_id)
        except (KeyError, Refused):
            self._send(404, "Not found", "text/plain")
            return
        self.send_response(303)
        self.send_header("Location", self.service.find(payment_id)["return_url"])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, status: int, body: Body) -> None:
        self._send(status, json.dumps(body), "application/json")

    def _send(self, status: int, text: str, kind: str) -> None:
        raw = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def main() -> None:
    """Run it for a site on this machine."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=9300)
    parser.add_argument("--webhook", default="http://127.0.0.1:8000/webhooks/acme-pay", help="where events are sent; empty for nowhere")
    parser.add_argument("--key", default="test_key")
    parser.add_argument("--secret", default="whsec_play")
    given = parser.parse_args()
    service = Service(given.key, given.secret)
    if given.webhook:
        service.send = lambda body: _in_background(given.webhook, given.secret, body)
    serve(service, given.port)
    print(f"Acme Pay (simulated) at {service.address}. Start the site with:\n"
          f"  STUDIUM_ACME_PAY_API_BASE={service.address}/v1 STUDIUM_ACME_PAY_API_KEY={given.key} "
          f"STUDIUM_ACME_PAY_WEBHOOK_SECRET={given.secret}", flush=True)
    threading.Event().wait()


def _in_background(url: str, secret: str, body: dict[str, Any]) -> None:
    threading.Thread(target=send_webhook, args=(url, secret, body), daemon=True).start()


if __name__ == "__main__":
    main()
