"""Mail that comes back, as a mail server pipes it in: a dead address is switched off, and no forged bounce can do that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask

from studium.core.clock import now
from studium.core.database import UNAVAILABLE, transaction
from studium.plugins.email import addresses
from studium.plugins.email.addresses import list_of
from studium.plugins.email.entities import EmailAddress
from studium.services.mail.message_ids import message_id

ADDRESS = "Anna@example.org"
ANNA = 7
Pipe = Callable[[str], Result]


@pytest.fixture
def pipe(app: Flask) -> Iterator[Pipe]:
    """`pipe(mail)` gives the mail to `studium mail bounce`."""
    with app.app_context():
        with transaction():
            EmailAddress(user_id=ANNA, address=ADDRESS, language="en", nonce="n", token_hash="h", asked_at=now(),
                         expires_at=now() + timedelta(days=3), confirmed_at=now())

        ours = message_id("notice:5", ADDRESS, "learn.example")

        def do(mail: str) -> Result:
            from studium.plugins.email.commands import bounce

            return app.test_cli_runner().invoke(bounce, input=mail.replace("{ours}", ours))

        yield do


def dsn(status: str = "5.1.1", action: str = "failed", recipient: str = f"rfc822; {ADDRESS}", returned: str = "{ours}",
        diagnostic: str = "smtp; 550 5.1.1 no such user", kind: str = "text/rfc822-headers", report: str = "delivery-status") -> str:
    """A notification as Postfix writes it; `pipe` puts the Message-ID of a mail to Anna in the place of {ours}."""
    return f"""From: MAILER-DAEMON@mx.example
To: bounces@learn.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type={report}; boundary="B"

--B
Content-Type: text/plain

I am sorry.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Sun, 22 Nov 2026 20:00:00 +0000

Final-Recipient: {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}

--B
Content-Type: {kind}

From: school@learn.example
To: {ADDRESS}
Message-ID: {returned}
Subject: x

--B--
"""


def state() -> str:
    (view,) = list_of(ANNA)
    return view.state


@pytest.mark.parametrize("mail", [
    dsn(), dsn(kind="message/rfc822"), dsn(recipient="rfc822;anna@EXAMPLE.org"), dsn(status="5.2.1", diagnostic="x"),
    dsn(status="5.0.0", diagnostic="smtp; 550 unknown"), dsn().replace("\n", "\r\n"),
    dsn(recipient="rfc822; other@host.example\nOriginal-Recipient: rfc822; " + ADDRESS),
], ids=["headers", "whole", "case", "disabled", "vague", "crlf", "forwarded"])
def test_a_dead_address_is_switched_off(pipe: Pipe, mail: str) -> None:
    result = pipe(mail)
    assert (result.exit_code, "switched off for 1" in result.output) == (0, True), result.output
    assert state() == "refused"


@pytest.mark.parametrize("mail", [
    dsn(returned=""), dsn(returned="<1.2@learn.example>"), dsn(returned="<" + "0" * 32 + "." + "0" * 32 + "@learn.example>"),
], ids=["none", "foreign", "guessed"])
def test_a_forged_bounce_does_nothing(pipe: Pipe, mail: str) -> None:
    assert "passed over, not of a mail of this site" in pipe(mail).output
    assert state() == "confirmed"


def test_a_bounce_of_ones_own_mail_cannot_switch_off_somebody_else(pipe: Pipe) -> None:
    returned = message_id("notice:9", "eve@evil.example", "learn.example")
    assert "not of a mail of this site" in pipe(dsn(returned=returned)).output
    assert state() == "confirmed"


@pytest.mark.parametrize("mail", [
    dsn(status="4.4.1", action="delayed"), dsn(status="5.2.2", diagnostic="smtp; 552 5.2.2 full"),
    dsn(status="5.7.1", diagnostic="smtp; 550 5.7.1 spam"), dsn(action="delivered", status="2.0.0"), dsn(status="", diagnostic=""),
    dsn(recipient=""), dsn(recipient="rfc822"), dsn(status="\n x"), dsn(report="disposition-notification"),
    "Subject: Hello\n\nI am on holiday until Monday", "", "\x00\x01\udcff", dsn()[:300],
], ids=["delayed", "full", "spam", "delivered", "no status", "nobody", "no type", "folded", "read", "holiday", "empty", "binary", "cut"])
def test_any_other_mail_is_passed_over_without_an_error(pipe: Pipe, mail: str) -> None:
    result = pipe(mail.encode("utf-8", "replace").decode())
    assert result.exit_code == 0, result.output
    assert state() == "confirmed"


@pytest.mark.parametrize("part", ["Content-Type: message/rfc822\n\n", "--B{0}\nContent-Type: multipart/mixed; boundary=B{1}\n\n"])
def test_a_mail_within_mails_without_end_is_passed_over(pipe: Pipe, part: str) -> None:
    nested = "".join(part.format(depth or "", depth + 1) for depth in range(2_000))
    result = pipe(f'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\n\n--B\n{nested}')
    assert (result.exit_code, result.output) == (0, "This is no bounce.\n")


def test_a_busy_database_has_the_mail_server_try_again(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(address: str, reason: str) -> list[int]:
        raise UNAVAILABLE[0]("database is locked")

    monkeypatch.setattr(addresses, "refuse", busy)
    assert pipe(dsn()).exit_code == 75
