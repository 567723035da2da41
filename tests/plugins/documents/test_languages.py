"""What a learning report and a certificate really say in Russian and English: counted days and lessons, lengths, days, time zones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from studium.plugins.documents import certificate_pdf
from studium.plugins.documents.certificates import CertificateView
from studium.plugins.documents.report_formats import Formats
from studium.plugins.documents.report_values import Amount, CourseLine, Report
from studium.plugins.documents.report_words import words_of
from studium.services.people import Person
from tests.plain_spaces import plain

MADE_AT = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)  # half an hour after Berlin's clock leapt from 2 to 3


@pytest.fixture(autouse=True)
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def report(language: str, number: int = 5, zone: str = "Europe/Berlin") -> dict[str, Any]:
    """The words of a report in which everything is there `number` times, and one hour, one minute and some seconds were watched."""
    made_at = MADE_AT.astimezone(ZoneInfo(zone))
    days = {made_at.date() - timedelta(days=one): Amount() for one in range(30)} | {made_at.date(): Amount(3665, 45)}
    course = CourseLine("Реки", 45, number, 30, made_at, made_at, (), number)
    person = Person(1, "Соня", "Соня", language, zone)
    found = words_of(Report(person, made_at, None, days, number, number, number, (course,), ()), language)
    return dict(plain(found))


@pytest.mark.parametrize(("number", "days", "lessons"), [
    (1, "1 день", "ещё не открыт 1 урок"), (2, "2 дня", "ещё не открыты 2 урока"), (5, "5 дней", "ещё не открыто 5 уроков"),
    (21, "21 день", "ещё не открыт 21 урок"),
])
def test_a_russian_report_counts_in_its_forms(number: int, days: str, lessons: str) -> None:
    words = report("ru", number)
    assert (words["tiles"][2]["value"], words["tiles"][2]["note"]) == (days, f"рекорд: {days}")
    assert words["courses"][0]["facts"] == [
        f"Пройдено уроков: {number} из 30", "Курс пройден 28 марта 2027 г.", "Последнее занятие 28 марта 2027 г.", lessons]


@pytest.mark.parametrize(("number", "days", "lessons"), [
    (1, "1 day", "1 lesson not opened yet"), (2, "2 days", "2 lessons not opened yet"), (21, "21 days", "21 lessons not opened yet"),
])
def test_an_english_report_counts_in_its_forms(number: int, days: str, lessons: str) -> None:
    words = report("en", number)
    assert (words["tiles"][2]["value"], words["courses"][0]["facts"][-1]) == (days, lessons)
    assert words["courses"][0]["facts"][1] == "Course completed on March 28, 2027"


def test_lengths_and_periods_are_written_in_the_language() -> None:
    russian, english = report("ru"), report("en")
    assert (russian["tiles"][0]["value"], russian["tiles"][0]["note"]) == ("1 ч 1 мин", "нового: 45 с")
    assert (english["tiles"][0]["value"], english["tiles"][0]["note"]) == ("1 hr 1 min", "45 sec of it new")
    assert (russian["title"], english["title"]) == ("Отчёт об обучении", "Learning report")
    assert "2027" in russian["period"]
    assert "мар" in russian["period"]


@pytest.mark.parametrize(("language", "seconds", "length"), [
    ("ru", 0, "0 мин"), ("ru", 59, "59 с"), ("ru", 7200, "2 ч"), ("en", 7200, "2 hr"), ("ru", 360_000, "100 ч"), ("en", 3599, "1 hr"),
])
def test_a_length_is_as_short_as_it_can_be(language: str, seconds: int, length: str) -> None:
    assert plain(Formats(language).duration(seconds)) == length


@pytest.mark.parametrize(("zone", "city", "russian", "english"), [
    ("Europe/Berlin", ("Берлин", "Berlin"), "28 марта 2027 г., 03:30", "March 28, 2027, 3:30 AM"),
    ("America/New_York", ("Нью-Йорк", "New York"), "27 марта 2027 г., 21:30", "March 27, 2027, 9:30 PM"),
    ("UTC", ("UTC", "UTC"), "28 марта 2027 г., 01:30", "March 28, 2027, 1:30 AM"),
])
def test_it_says_when_it_was_made_where_its_reader_is_and_names_the_time_zone(
        zone: str, city: tuple[str, str], russian: str, english: str) -> None:
    notes = report("ru", zone=zone)["notes"][-1], report("en", zone=zone)["notes"][-1]
    assert notes[0].startswith(f"Составлен {russian};")
    assert notes[0].endswith(f" {city[0]}.")
    assert notes[1] == f"Made on {english}; days are those of the time zone {city[1]}."


def test_a_certificate_is_in_one_language_but_for_the_name() -> None:
    day, titles = date(2027, 3, 28), {"ru": "Реки", "en": "Rivers"}
    certificate = CertificateView("018NTEH9KNH1GDPE", 1, 1, "Соня", titles, "ru", day, day, datetime(2027, 3, 28), "", None, None, "", "")
    russian, english = (plain(certificate_pdf._values(certificate, language)) for language in ("ru", "en"))
    shown = ("title", "subtitle", "certifies", "name", "completed", "course", "date_label", "date")
    assert [russian[name] for name in shown] == [
        "Сертификат", "о прохождении курса", "Настоящий сертификат подтверждает, что", "Соня", "успешно завершил(а) курс", "Реки",
        "Курс завершён", "28 марта 2027 г."]
    assert [english[name] for name in shown] == [
        "Certificate", "of completion", "This certifies that", "Соня", "has successfully completed the course", "Rivers", "Completed on",
        "March 28, 2027"]
