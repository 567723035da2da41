"""People are told the real time to wait, in words of their language."""

from __future__ import annotations

from gettext import NullTranslations

import pytest
from flask import Flask

from studium.services import waiting
from studium.services.waiting import texts_of_reader, waiting_words


@pytest.mark.parametrize(("seconds", "words"), [
    (0, "1 second"), (0.2, "1 second"), (1, "1 second"), (2, "2 seconds"), (59.5, "60 seconds"), (90, "90 seconds"), (91, "2 minutes"),
    (120, "2 minutes"), (121, "3 minutes"), (3600, "60 minutes"), (5400, "90 minutes"), (5401, "2 hours"), (7201, "3 hours"),
    (86400, "24 hours"),
])
def test_the_time_is_rounded_up_to_a_unit_that_one_can_picture(seconds: float, words: str) -> None:
    assert waiting_words(seconds, NullTranslations()) == f"Please wait {words}, then try again."


class Marked(NullTranslations):
    """Texts that show that they were asked for."""

    def ngettext(self, one: str, many: str, number: int) -> str:
        return f"{number}: %(number)s"


def test_the_number_decides_the_form() -> None:
    assert waiting_words(21 * 60, Marked()) == "21: 21"


@pytest.mark.parametrize(("headers", "language"), [
    ({"Accept-Language": "ru"}, "ru"), ({"Accept-Language": "de"}, "en"), ({"Cookie": "studium_language=ru"}, "ru"),
    ({"Authorization": "Bearer unknown", "Accept-Language": "ru"}, "en"),
])
def test_the_language_is_the_reader_s(app: Flask, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], language: str) -> None:
    spoken: list[str] = []
    monkeypatch.setattr(waiting, "translator", spoken.append)
    with app.test_request_context("/", headers=headers):
        texts_of_reader()
    assert spoken == [language]


def test_outside_of_requests_it_is_english(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    spoken: list[str] = []
    monkeypatch.setattr(waiting, "translator", spoken.append)
    with app.app_context():
        texts_of_reader()
    assert spoken == ["en"]
