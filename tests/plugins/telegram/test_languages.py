"""What the bot really says in Russian and English: answers, how long one has to wait, and messages that carry notices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask

from studium.core.database import transaction
from studium.plugins.auth.entities import User
from studium.plugins.telegram import bot_answers
from studium.plugins.telegram.bot_answers import answers
from studium.plugins.telegram.bot_messages import BotMessage
from studium.plugins.telegram.bot_reading import BotUpdate, Sender
from studium.plugins.telegram.notice_text import compose
from studium.services.notifications.channels import Message, NoticeText
from tests.conftest import SignIn

SONYA, MINUTE, HOUR = 7001, 60, 3600
AT = datetime(2027, 3, 5, 13, 30)
HELLO = {"ru": "Здравствуйте, Соня! Это бот сайта «Studium».", "en": "Hello, Соня! This is the bot of Studium."}


@pytest.fixture(autouse=True)
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def say(verb: str = "start", telegram: str = "ru", **more: str) -> BotMessage:
    update = BotUpdate(update_id=1, sender=Sender(id=SONYA, first_name="Соня", language_code=telegram), verb=verb, **more)  # type: ignore[arg-type]
    with transaction():
        (said,) = answers(update)
    return said


@pytest.mark.parametrize(("telegram", "account", "language"), [
    ("ru", "en", "en"), ("en-GB", "ru", "ru"), ("ru", "", "ru"), ("ru-RU", None, "ru"), ("de", "ru", "ru"), ("", "", "en"),
    ("de", None, "en"),
])
def test_it_greets_in_the_language_of_the_account_then_of_telegram(
        app: Flask, sign_in: SignIn, telegram: str, account: str | None, language: str) -> None:
    if account is not None:
        sign_in(app.test_client(), SONYA, "Соня")
        with transaction():
            User.get(telegram_id=SONYA).language = account
    assert say(telegram=telegram).text.startswith(HELLO[language])


@pytest.mark.parametrize(("verb", "russian", "english"), [
    ("help", "Я помогаю войти на сайт «Studium»:\n\n1. Откройте http", "I sign people in to Studium:\n\n1. Open http"),
    ("stop", "Новостей больше не будет.", "I bring you no more news."),
    ("other", "Я помогаю войти", "I sign people in"),
])
def test_its_commands_are_answered_in_both_languages(verb: str, russian: str, english: str) -> None:
    assert say(verb).text.startswith(russian)
    assert say(verb, "en").text.startswith(english)


@pytest.mark.parametrize(("seconds", "russian", "english"), [
    (1, "1 секунду", "1 second"), (2, "2 секунды", "2 seconds"), (5, "5 секунд", "5 seconds"), (21, "21 секунду", "21 seconds"),
    (2 * MINUTE, "2 минуты", "2 minutes"), (5 * MINUTE, "5 минут", "5 minutes"), (21 * MINUTE, "21 минуту", "21 minutes"),
    (2 * HOUR, "2 часа", "2 hours"), (5 * HOUR, "5 часов", "5 hours"), (21 * HOUR, "21 час", "21 hours"),
])
def test_it_says_how_long_to_wait(monkeypatch: pytest.MonkeyPatch, seconds: int, russian: str, english: str) -> None:
    monkeypatch.setattr(bot_answers, "seconds_refused", lambda _sender: seconds)
    assert f"Подождите {russian} и попробуйте ещё раз." in say(token_hash="?").text
    assert f"Please wait {english}, then try again." in say(telegram="en", token_hash="?").text


@pytest.mark.parametrize(("count", "russian", "english"), [
    (41, "И ещё 1 на сайте", "And 1 more on the site"), (61, "И ещё 21 на сайте", "And 21 more on the site"),
])
def test_a_message_counts_the_notices_that_do_not_fit(count: int, russian: str, english: str) -> None:
    notice = NoticeText("course_completed", "Вы прошли курс «Реки»", "", "", "https://school.example/courses/rivers", AT)
    for language, expected in (("ru", russian), ("en", english)):
        found = compose(Message("bundle:1", 1, str(SONYA), "Соня", language, "UTC", "Тема", "", (notice,) * count,
                                "https://school.example/account", "https://school.example/notifications/unsubscribe/x"))
        assert found.text.endswith(expected)
