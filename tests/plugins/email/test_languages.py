"""Both parts of a mail are in the language of its reader, from the heading to the foot, with the times where they are."""

from __future__ import annotations

from datetime import datetime

import pytest

from studium.plugins.email.confirmation_job import _mail
from studium.plugins.email.notice_mail import mail_of
from studium.services.notifications.channels import Message, NoticeText
from studium.services.translation import translator
from tests.plain_spaces import plain
from tests.plugins.email.test_channel import read

pytestmark = pytest.mark.usefixtures("inside_app")
SITE = "https://learn.example"
WINTER, SUMMER = datetime(2027, 3, 28, 0, 30), datetime(2027, 3, 28, 1, 30)  # Berlin's clock leaps between them
FOOT = {"ru": ["Вы получили это письмо", "Выбрать, о чём сообщать", "Отписаться"],
        "en": ["You get this mail because", "Choose what you are told", "Unsubscribe"]}


def parts(language: str, zone: str, *times: datetime) -> tuple[str, str]:
    """What the text and the HTML part of a mail with a notice for each of the times say."""
    _ = translator(language).gettext
    words = "course_completed", _("Nothing here yet"), "", _("Open the course"), f"{SITE}/courses/1"
    notices = tuple(NoticeText(*words, at) for at in times)
    mail = mail_of(Message("bundle:1", 1, "sonya@example.org", "Соня", language, zone, "Тема", "", notices, f"{SITE}/account",
                           f"{SITE}/notifications/unsubscribe/x"))
    assert mail.html is not None
    assert f'<html lang="{language}"' in mail.html
    return plain(" ".join(mail.text.split())), plain(" ".join(read(mail.html).words.split()))


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_foot_and_the_button_are_in_both_parts(language: str) -> None:
    for said in parts(language, "UTC", WINTER):
        assert [words for words in FOOT[language] if words not in said] == []
        assert {"ru": "Открыть курс", "en": "Open the course"}[language] in said
        assert not any(words in said for other in FOOT if other != language for words in FOOT[other])


@pytest.mark.parametrize(("language", "zone", "shown"), [
    ("ru", "Europe/Berlin", ["28 марта, 01:30", "28 марта, 03:30"]), ("en", "Europe/Berlin", ["March 28, 1:30 AM", "March 28, 3:30 AM"]),
    ("ru", "Asia/Kolkata", ["28 марта, 06:00", "28 марта, 07:00"]), ("en", "America/New_York", ["March 27, 8:30 PM", "March 27, 9:30 PM"]),
    ("ru", "UTC", ["28 марта, 00:30 UTC", "28 марта, 01:30 UTC"]), ("en", "Nowhere", ["March 28, 12:30 AM UTC", "March 28, 1:30 AM UTC"]),
])
def test_times_of_a_digest_are_those_of_the_reader_in_both_parts(language: str, zone: str, shown: list[str]) -> None:
    for said in parts(language, zone, WINTER, SUMMER):
        assert [time for time in shown if said.count(time) != 1] == []


@pytest.mark.parametrize(("language", "subject", "button"), [
    ("ru", "Подтвердите адрес", "Подтвердить адрес"), ("en", "Confirm your e-mail address: Studium", "Confirm the address"),
    ("de", "Confirm your e-mail", "Confirm the address"),
])
def test_the_letter_that_confirms_an_address_is_in_the_language_of_who_asked(language: str, subject: str, button: str) -> None:
    mail = _mail("sonya@example.org", "n", language)
    assert mail.subject.startswith(subject)
    assert button in mail.text
    assert button in read(mail.html or "").words
