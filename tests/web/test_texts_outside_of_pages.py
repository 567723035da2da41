"""What leaves the site other than as a page is translated too: notices, mail, what the bot says, PDFs; tried in the pseudo-language."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from studium.core.database import transaction
from studium.plugins.documents import certificate_pdf
from studium.plugins.documents.certificates import all_issued
from studium.plugins.email.confirmation_job import _mail
from studium.plugins.email.notice_mail import mail_of
from studium.plugins.notifications.wording import words_of
from studium.plugins.payments import receipt_pdf
from studium.plugins.payments.receipt_values import find_receipt
from studium.plugins.telegram.bot_answers import answers
from studium.plugins.telegram.bot_reading import BotUpdate, Sender
from studium.plugins.telegram.notice_text import compose
from studium.services.money import Money
from studium.services.notifications.channels import Message, NoticeText
from studium.services.notifications.registry import events
from studium.services.notifications.values import Day, Moment, Title, to_json
from tests.web.conftest import MakeCourse
from tests.web.pseudo_language import speak_pseudo, untranslated
from tests.web.whole_school import WholeSchool

AT = datetime(2027, 3, 5, 13, 30)
VALUES = {
    "amount": Money("29", "USD"), "number": 21, "at": Moment(AT), "until": Day(AT.date()), "course": Title({"en": "Реки", "ru": "Реки"}),
    "title": Title({"en": "Привет", "ru": "Привет"}), "text": Title({"en": "Мир", "ru": "Мир"}),
}
NOTICE = NoticeText("payment_received", "Тема", "Текст", "Открыть", "https://school.example/payments", AT)


@pytest.fixture(autouse=True)
def pseudo(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    speak_pseudo(monkeypatch)


def test_notices(app: Flask) -> None:
    with app.app_context():
        stored = json.dumps(to_json(VALUES))
        words = {code: words_of(code, stored, "ru", "Europe/Moscow") for code in [*events(), "gone"]}
    assert len(words) > 10
    assert left([part for one in words.values() for part in (one.subject, one.text, one.action)]) == []


@pytest.mark.parametrize("count", [1, 3])
def test_mail_and_messages_that_carry_notices(app: Flask, count: int) -> None:
    message = Message("notice:1", 1, "соня@школа.рф", "Соня", "ru", "Europe/Moscow", "Тема", "", (NOTICE,) * count,
                      "https://school.example/account", "https://school.example/notifications/unsubscribe/x")
    with app.app_context():
        mail, letter = mail_of(message), compose(message)
    assert left([mail.subject, mail.text, letter.text, *(letter.button[:1] if letter.button else ())]) == []
    assert untranslated(mail.html or "") == []


def test_the_mail_that_confirms_an_address(app: Flask) -> None:
    with app.app_context():
        mail = _mail("соня@школа.рф", "n", "ru")
    assert left([mail.subject, mail.text]) == []
    assert untranslated(mail.html or "") == []


@pytest.mark.parametrize("asked", [
    {"verb": "start"}, {"verb": "start", "token_hash": "?"}, {"verb": "help"}, {"verb": "stop"}, {"verb": "other"},
    {"verb": "choice", "choice": "1:10", "message_id": 1, "callback_id": "1"},
], ids=lambda asked: " ".join(map(str, asked.values())))
def test_the_bot(app: Flask, asked: dict[str, Any]) -> None:
    update = BotUpdate(update_id=1, sender=Sender(id=501, first_name="Соня", language_code="ru"), **asked)
    with app.app_context(), transaction():
        said = answers(update)
    assert said
    assert left([*(one.text for one in said), *(button.shown for one in said for row in one.buttons for button in row)]) == []


def test_certificates_and_receipts(app: Flask, make_course: MakeCourse) -> None:
    school = WholeSchool(app, make_course())
    with app.app_context():
        certificate = certificate_pdf._values(all_issued(school.ids["student"])[0], "ru")
        receipt = receipt_pdf._values(find_receipt(school.ids["student"], school.things["payment_id"][0]), "ru")
    for values in (certificate, receipt):
        data = {"language", "qr", "url", "shown_site", "name", "code", "number", "tier"}
        assert left(texts({name: value for name, value in values.items() if name not in data})) == []


def left(parts: list[str] | Iterator[str]) -> list[str]:
    """What nobody translated of plain texts."""
    return [text for part in parts for text in untranslated(part.replace("<", " "))]


def texts(value: object) -> Iterator[str]:
    """All texts within."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)


