"""A real SMTP server on loopback (aiosmtpd), whose answers a test decides."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

LOGIN, PASSWORD = b"school", b"hush-hush"


@dataclass
class Taken:
    """A mail that the server took."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes
    options: list[str]


@dataclass
class Mailbox:
    """What the server answers instead of yes, by command, and what it took. `cut` names where it hangs up: "data", "answer" or "quit"."""

    answers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    taken: list[Taken] = field(default_factory=list)
    secured: bool = False

    def reset(self) -> None:
        self.answers.clear()
        self.taken.clear()
        self.cut = ""

    async def handle_MAIL(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        parsed = cast(EmailMessage, message_from_bytes(envelope.content, policy=default))
        self.secured = cast(Any, server).transport.get_extra_info("ssl_object") is not None
        self.taken.append(Taken(envelope.mail_from, envelope.rcpt_tos, parsed, envelope.content, envelope.mail_options))
        if self.cut == "answer":
            cast(Any, server).transport.abort()
        return "250 OK queued"


class HangingUp(SMTP):
    """Hangs up where the mailbox says so."""

    async def smtp_DATA(self, arg: str) -> None:
        if cast(Mailbox, self.event_handler).cut == "data":
            await self.push("354 Go on")
            cast(Any, self).transport.abort()
            return
        await super().smtp_DATA(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        if cast(Mailbox, self.event_handler).cut == "quit":
            cast(Any, self).transport.abort()
            return
        await super().smtp_QUIT(arg)


class MailServer(Controller):
    """`security` is as in the setting; with `wants_login` it takes mail of LOGIN with PASSWORD only."""

    def __init__(self, security: str = "none", certificate: ssl.SSLContext | None = None, wants_login: bool = False) -> None:
        self.mailbox = Mailbox()
        self.made: list[SMTP] = []
        more: dict[str, Any] = {"enable_SMTPUTF8": True}
        if security == "starttls":
            more |= {"tls_context": certificate, "require_starttls": True}
        if wants_login:
            more |= {"authenticator": _check, "auth_required": True, "auth_require_tls": security == "starttls"}
        super().__init__(self.mailbox, hostname="127.0.0.1", port=0, ssl_context=certificate if security == "tls" else None, **more)

    def factory(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that a login without TLS is a risk
            made = HangingUp(self.handler, **self.SMTP_kwargs)
        self.made.append(made)
        return made

    def stop(self, no_assert: bool = False) -> None:
        """Without the connections that are left, which the library would leave open."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(5)
        super().stop(no_assert)

    async def _hang_up(self) -> None:
        for one in self.made:
            if (transport := cast(Any, one).transport) is not None:
                transport.abort()
        others = asyncio.all_tasks() - {cast(Any, asyncio.current_task())}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _trigger_server(self) -> None:
        """The port is the system's choice; the library would connect to port 0."""
        self.port = cast(Any, self).server.sockets[0].getsockname()[1]
        super()._trigger_server()


def _check(server: SMTP, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    good = isinstance(given, LoginPassword) and (given.login, given.password) == (LOGIN, PASSWORD)
    return AuthResult(success=good, handled=False)
