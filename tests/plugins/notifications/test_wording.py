"""A notice is worded for its reader: their language, currency format, time zone. A slip in a sentence keeps nothing from anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime

import pytest

from studium.plugins.notifications.wording import words_of
from studium.services.money import Money
from studium.services.notifications import registry
from studium.services.notifications.events import NotificationEvent
from studium.services.notifications.values import Day, Moment, Title, Value, to_json

CODE = "postcards.probe"


@pytest.fixture(autouse=True)
def probe(in_app: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    event = NotificationEvent(CODE, "Probe", "Postcards", "{value}", "{value}", "See {value}")
    monkeypatch.setitem(registry.events(), CODE, event)
    yield


def shown(value: Value, language: str = "en", zone: str = "Europe/Berlin") -> str:
    return words_of(CODE, json.dumps(to_json({"value": value})), language, zone).text.replace("\u202f", " ").replace("\xa0", " ")


def declare(monkeypatch: pytest.MonkeyPatch, subject: str, text: str = "", plural: str = "") -> None:
    monkeypatch.setitem(registry.events(), CODE, NotificationEvent(CODE, "Probe", "Postcards", subject, text, plural=plural))


@pytest.mark.parametrize(("value", "english", "russian"), [
    ("Tea", "Tea", "Tea"),
    (12345, "12,345", "12 345"),
    (Money("2900", "EUR"), "€2,900", "2 900 €"),
    (Money("49.50", "USD"), "$49.50", "49,50 $"),
    (Day(date(2025, 6, 2)), "June 2, 2025", "2 июня 2025 г."),
    (Moment(datetime(2025, 6, 2, 22, 30)), "June 3, 2025, 12:30 AM", "3 июня 2025 г., 00:30"),
    (Title({"en": "Sound", "ru": "Звук"}), "Sound", "Звук"),
    (Title({"de": "Klang"}), "Klang", "Klang"),
    (Title({}), "…", "…"),
])
def test_values_are_shown_as_their_reader_writes_them(value: Value, english: str, russian: str) -> None:
    assert (shown(value), shown(value, "ru")) == (english, russian)


def test_who_never_said_where_they_are_reads_that_the_time_is_utc() -> None:
    assert shown(Moment(datetime(2025, 6, 2, 22, 30)), zone="UTC") == "June 2, 2025, 10:30 PM UTC"
    assert shown(Moment(datetime(2025, 6, 2, 22, 30)), zone="Nowhere/City") == "June 2, 2025, 10:30 PM UTC"


def test_subject_is_one_line_and_the_text_keeps_its_lines() -> None:
    words = words_of(CODE, json.dumps({"value": "two\r\nBcc: x@example.org\n\nlines"}), "en", "UTC")
    assert words.subject == "two Bcc: x@example.org lines"
    assert "\n\n" in words.text


def test_a_number_chooses_the_plural_form(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, "{number} card", plural="{number} cards")
    assert [words_of(CODE, json.dumps({"number": number}), "en", "UTC").subject for number in (1, 2, 0)] == ["1 card", "2 cards", "0 cards"]
    assert words_of(CODE, "{}", "en", "UTC").subject == "… card"


@pytest.mark.parametrize("sentence", ["{", "}", "{}", "{0}", "100 %", "%(value)s", "{value.__class__}"])
def test_a_slip_in_a_sentence_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch, sentence: str) -> None:
    declare(monkeypatch, sentence)
    expected = "…" if sentence == "{0}" else sentence
    assert words_of(CODE, json.dumps({"value": "Tea"}), "en", "UTC").subject == expected


def test_braces_in_a_value_mean_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, "{value} and {other}")
    assert words_of(CODE, json.dumps({"value": "{other}", "other": "Tea"}), "en", "UTC").subject == "{other} and Tea"


def test_an_event_that_is_gone_still_has_words() -> None:
    words = words_of("shop.gone", '{"value": 1}', "en", "UTC")
    assert words.subject
    assert (words.text, words.action) == ("", "")


def test_a_value_of_a_newer_version_and_no_language_at_all_do_not_fail() -> None:
    assert words_of(CODE, '{"value": {"colour": "red"}}', None, "").subject == "{'colour': 'red'}"


def test_every_event_of_the_site_has_words_in_both_languages_whatever_values_are_missing() -> None:
    for code in registry.events():
        for language in ("en", "ru", "xx"):
            assert words_of(code, "{}", language, "UTC").subject
