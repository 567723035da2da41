"""What a mail is made of: nobody can add headers to it, and programs know it by its Message-ID."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest
from flask import Flask

from studium.core.runtime import runtime
from studium.services.mail import Mail, outbox, send_mail
from studium.services.mail.composing import compose
from studium.services.mail.message_ids import is_ours, message_id
from studium.services.mail.settings import MailSettings

SETTINGS = MailSettings(host="smtp.example", sender="school@learn.example")
LONG = "https://learn.example/notifications/unsubscribe/" + "eyJ1c2VyIjo3LCJjaGFubmVsIjoiZW1haWwifQ." * 8


def mail(**more: object) -> Mail:
    return Mail(**{"key": "notice:7", "to": "anna@example.org", "subject": "Hello", "text": "Hi", "html": "<p>Hi</p>"} | more)  # type: ignore[arg-type]


def sent(app: Flask, **more: object) -> tuple[bytes, EmailMessage]:
    with app.app_context():
        raw = bytes(compose(mail(**more), SETTINGS))
    return raw, cast(EmailMessage, message_from_bytes(raw, policy=default))


@pytest.mark.parametrize("evil", [
    "x\r\nBcc: eve@evil.example", "x\nBcc: eve@evil.example", "x\r\n\r\nBody", "x\x00\x0bBcc: y", "x\u2028Bcc: y",
    "=?utf-8?q?x=0d=0aBcc:_eve@evil.example=0d=0a=0d=0aBody?=", "=?utf-8?b?eA0KQmNjOiBldmUNCg0KQm9keQ==?=", "=\x00?utf-8?q?=0aBcc:_y?=",
    "=?utf-8?q?=22_=3Ceve=40evil.example=3E,?=",
])
@pytest.mark.parametrize("where", ["subject", "name", "header"])
def test_nothing_in_a_mail_can_add_a_header(app: Flask, where: str, evil: str) -> None:
    raw, found = sent(app, **({"headers": {"X-Course": evil}} if where == "header" else {where: evil}))
    assert found["Bcc"] is None
    assert b"\nBcc:" not in raw
    assert found.get_body(("plain",)).get_content().strip() == "Hi"  # type: ignore[union-attr]
    assert [one.addr_spec for one in found["To"].addresses] == ["anna@example.org"]


def test_a_long_address_to_unsubscribe_stays_whole(app: Flask) -> None:
    raw, _found = sent(app, headers={"List-Unsubscribe": f"<{LONG}>"})
    assert f"List-Unsubscribe: <{LONG}>\r\n".encode() in raw


def test_a_mail_is_plain_seven_bit_in_short_lines(app: Flask) -> None:
    raw, found = sent(app, subject="Курс «Звук» " * 20, name="Анна Каренина", text="Привет\n" + "долго " * 400, html="<p>" + "долго " * 400)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert found["Subject"].startswith("Курс «Звук»")
    assert found["To"].addresses[0].display_name == "Анна Каренина"
    assert "долго" in found.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_mail_has_a_date_with_its_zone(app: Flask) -> None:
    _raw, found = sent(app)
    assert found["Date"].datetime.utcoffset().total_seconds() == 0


def test_a_message_id_is_the_same_for_each_try_and_proves_the_address(app: Flask) -> None:
    with app.app_context():
        one = message_id("notice:7", "Anna@example.org", "learn.example")
        assert one == message_id("notice:7", "Anna@example.org", "learn.example")
        assert one != message_id("notice:8", "Anna@example.org", "learn.example")
        assert one != message_id("notice:7", "b@example.org", "learn.example")
        assert is_ours(one, "anna@EXAMPLE.org")
        assert not is_ours(one, "boris@example.org")
        assert not is_ours(one.replace("<", "<0", 1), "anna@example.org")
        assert not is_ours("<1@mx.example>", "anna@example.org")
    assert "notice" not in one


def test_without_a_server_a_mail_lies_in_the_outbox_and_the_log_tells(app: Flask, log_lines: list[dict[str, object]]) -> None:
    with app.app_context():
        before = set(outbox.files())
        reference = send_mail(mail(subject="Lies there"))
        (path,) = set(outbox.files()) - before
        assert path.parent == runtime().settings.core.data_dir / "outbox"
        assert message_from_bytes(path.read_bytes(), policy=default)["Message-ID"] == reference
        assert outbox.find(path.name) == path
        assert outbox.find("../secret_key") is None
    assert [line["file"] for line in log_lines if line["event"] == "mail_in_outbox"] == [str(path)]


def test_the_outbox_does_not_grow_for_ever(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_FILES", 2)
    with app.app_context():
        for number in range(4):
            send_mail(mail(key=str(number), subject=f"Number {number}"))
        assert len(outbox.files()) == 2
        assert b"Number 3" in outbox.files()[0].read_bytes()
