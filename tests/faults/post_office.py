"""The far sides of channels, in the test's own process: a real SMTP server (aiosmtpd) and a Bot API, which write down what they take.

Both can be down, and can call `on_arrival` after they took a message and before they say so: whoever sent it cannot know by then.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, cast

from aiosmtpd.controller import Controller

SECONDS_TO_WAIT = 1  # what the Bot API asks for when it is asked too often


class Arrived(NamedTuple):
    """A message that a far side took: to whom, what it says, and the name that its sender gave it ("" where there is none)."""

    channel: str
    to: str
    subject: str
    key: str


class PostOffice:
    """Takes mail and Telegram messages from `open()` to `close()`."""

    def __init__(self, mail_port: int, bot_port: int) -> None:
        self.arrived: list[Arrived] = []
        self.down = threading.Event()
        self.refused: Counter[str] = Counter()
        self.impatient: set[str] = set()  # chats that the Bot API will ask to wait, once each
        self.on_arrival: Callable[[int], None] = lambda number: None
        self.mail_port, self.bot_port = mail_port, bot_port
        self._writing = threading.Lock()
        self._mail = Controller(_Mailbox(self), hostname="127.0.0.1", port=mail_port, ready_timeout=20)
        self._bot: ThreadingHTTPServer | None = None

    def open(self) -> None:
        """Until now both refuse connections."""
        self._mail.start()
        self._bot = ThreadingHTTPServer(("127.0.0.1", self.bot_port), cast(Any, type("Bot", (_BotApi,), {"office": self})))
        threading.Thread(target=self._bot.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Take nothing more."""
        if self._bot is not None:
            self._mail.stop()
            self._bot.shutdown()
            self._bot.server_close()

    def take(self, arrived: Arrived) -> None:
        """Write it down, and only then let happen what is to happen."""
        with self._writing:
            self.arrived.append(arrived)
            number = len(self.arrived)
        self.on_arrival(number)

    def refuses(self, channel: str) -> bool:
        """Whether it is down; counts how often that was seen."""
        if self.down.is_set():
            self.refused[channel] += 1
        return self.down.is_set()


class _Mailbox:
    """The handler of aiosmtpd."""

    def __init__(self, office: PostOffice) -> None:
        self.office = office

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        if self.office.refuses("email"):
            return "421 4.3.2 Out of service"
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = cast(EmailMessage, message_from_bytes(envelope.content, policy=policy.default))
        self.office.take(Arrived("email", envelope.rcpt_tos[0], str(mail["Subject"]), str(mail["Message-ID"])))
        return "250 OK"


class _BotApi(BaseHTTPRequestHandler):
    """The methods that send, of core.telegram.org/bots/api."""

    office: PostOffice
    protocol_version = "HTTP/1.0"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        to = str(asked.get("chat_id", ""))
        if self.office.refuses("telegram"):
            return self._answer(502, {"ok": False, "error_code": 502, "description": "Bad Gateway"})
        if to in self.office.impatient:
            self.office.impatient.discard(to)
            return self._answer(429, {"ok": False, "error_code": 429, "description": "Too Many Requests",
                                      "parameters": {"retry_after": SECONDS_TO_WAIT}})
        self.office.take(Arrived("telegram", to, asked["text"].partition("\n")[0], ""))
        return self._answer(200, {"ok": True, "result": {"message_id": len(self.office.arrived)}})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        """Nobody may be there to hear it."""
        content = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing to the terminal."""
