"""What people are really sent, in Russian and English: the words of the site's own events, and the headings of several notices."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from postcards import PostcardChannel

from studium.plugins.notifications.packing import Packed, Parcel, message_of
from studium.plugins.notifications.wording import Words, words_of
from studium.services.money import Money
from studium.services.notifications.channels import Message
from studium.services.notifications.values import Day, Moment, Title, Value, to_json
from studium.services.people import Person, find_person
from tests.plain_spaces import plain

AT = datetime(2027, 3, 28, 1, 30)
RIVERS, BASIC = Title({"en": "Rivers", "ru": "Реки"}), Title({"en": "Basic", "ru": "Базовый"})
SONYA = Person(1, "Соня", "Соня", "ru", "Europe/Moscow")
NOBODY_KNOWS = Person(2, "Sam", "Sam")  # neither language nor time zone

pytestmark = pytest.mark.usefixtures("in_app")


def words(event: str, language: str | None = "ru", zone: str = "Europe/Moscow", **values: Value) -> Words:
    found = words_of(event, json.dumps(to_json(values)), language, zone)
    return Words(plain(found.subject), plain(found.text), plain(found.action))


def message(count: int, person: Person = SONYA, kind: str = "daily") -> Message:
    details = json.dumps(to_json({"number": 5, "course": RIVERS, "tier": BASIC, "until": Moment(AT)}))
    packed = tuple(Packed(number, "access_ending", details, "/courses/rivers", AT) for number in range(count))
    return message_of(Parcel("bundle:1", kind, PostcardChannel(), person, "here", packed, AT))


@pytest.mark.parametrize(("number", "russian", "english"), [
    (1, "1 день", "1 day"), (2, "2 дня", "2 days"), (5, "5 дней", "5 days"), (11, "11 дней", "11 days"), (21, "21 день", "21 days"),
])
def test_days_are_counted_in_the_forms_of_the_language(number: int, russian: str, english: str) -> None:
    assert words("access_ending", number=number, course=RIVERS).subject == f"Доступ к курсу «Реки» закончится через {russian}"
    assert words("access_ending", "en", number=number, course=RIVERS).subject == f"Your access to Rivers ends in {english}"


@pytest.mark.parametrize(("count", "russian", "english"), [
    (2, "2 уведомления", "2 notices"), (5, "5 уведомлений", "5 notices"), (21, "21 уведомление", "21 notices"),
])
def test_several_notices_are_counted_in_the_heading(count: int, russian: str, english: str) -> None:
    assert russian in message(count).subject.split(": ")[-1]
    assert message(count, NOBODY_KNOWS).subject == f"{english} from Studium"


@pytest.mark.parametrize(("left", "russian"), [
    (1, "1 более раннее"), (2, "2 более ранних"), (5, "5 более ранних"), (21, "21 более раннее"),
])
def test_those_that_are_left_out_are_counted(left: int, russian: str) -> None:
    assert message(50 + left).intro.startswith(f"Что произошло со времени прошлой сводки: Ещё {russian} ")


def test_a_person_without_language_and_time_zone_reads_english_and_that_it_is_utc() -> None:
    found = message(1, NOBODY_KNOWS, kind="")
    assert (found.language, found.time_zone, found.subject) == ("en", "UTC", "Your access to Rivers ends in 5 days")
    assert plain(found.notices[0].text) == "It ends on March 28, 2027, 1:30 AM UTC. Tier: Basic."
    assert message(2, SONYA, kind="quiet").intro == "Что произошло за ваши тихие часы:"


@pytest.mark.parametrize(("zone", "time"), [("Europe/Moscow", "04:30"), ("Europe/Berlin", "03:30"), ("America/New_York", "21:30")])
def test_a_moment_is_told_where_the_reader_is(zone: str, time: str) -> None:
    day = 27 if zone.startswith("America") else 28
    assert f"{day} марта 2027 г., {time}. Тариф: Базовый." in words("access_ending", zone=zone, until=Moment(AT), tier=BASIC).text


def test_a_date_that_ends_a_sentence_has_one_full_stop() -> None:
    assert "28 марта 2027 г. Тариф" in words("access_ending", until=Day(AT.date()), tier=BASIC).text
    assert "March 28, 2027. Tier" in words("access_ending", "en", until=Day(AT.date()), tier=BASIC).text


@pytest.mark.parametrize(("amount", "russian", "english"), [
    (Money("2900", "RUB"), "2 900 ₽", "RUB 2,900"), (Money("49.50", "USD"), "49,50 $", "$49.50"), (Money(5000, "JPY"), "5 000 ¥", "¥5,000"),
    (Money("1.250", "KWD"), "1,250 KWD", "KWD 1.250"),
])
def test_money_is_written_as_the_reader_writes_it(amount: Money, russian: str, english: str) -> None:
    assert words("payment_received", amount=amount).subject == f"Мы получили ваш платёж: {russian}"
    assert words("payment_refunded", amount=amount).subject == f"Мы вернули вам {russian}"
    assert words("payment_received", "en", amount=amount).subject == f"We have received your payment of {english}"


def test_a_title_without_the_reader_s_language_is_told_in_the_one_it_has() -> None:
    assert words("access_given", course=Title({"en": "Rivers"})).subject == "Курс «Rivers» теперь открыт для вас"


@pytest.mark.parametrize(("browser", "language"), [("ru-RU,ru;q=0.9", "ru"), ("de, en;q=0.1", "en"), ("de", None)])
def test_who_never_chose_is_written_to_in_the_language_of_the_browser(client: FlaskClient, browser: str, language: str | None) -> None:
    user = client.post("/auth/dev", json={"telegram_id": 7, "first_name": "Anna"}, headers={"Accept-Language": browser}).get_json()["data"]
    person = find_person(user["id"])
    assert person is not None
    assert person.language == language
    assert message(1, person, kind="").language == (language or "en")
