"""Notices by mail: what a mail program is told, that both parts say the same, and what becomes of an address that is dead."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.plugins.email.addresses import list_of
from studium.plugins.email.channel import EmailChannel
from studium.plugins.email.entities import EmailAddress
from studium.services.notifications.channels import AddressRefused, ChannelDown, Message, MessageRefused, NoticeText
from tests.plugins.email.letters_read import OutboxMails, part
from tests.services.mail.mail_server import MailServer

pytestmark = pytest.mark.usefixtures("inside_app")
ANNA = 7
ADDRESS = "anna@example.org"
SITE = "https://learn.example"
NOTICE = NoticeText("course_completed", "You completed “Tea”", "All 12 lessons.\nWell done <3", "To the course", f"{SITE}/courses/tea",
                    datetime(2026, 11, 22, 20, 30))
MESSAGE = Message("notice:5", ANNA, ADDRESS, "Anna", "en", "Europe/Moscow", NOTICE.subject, "", (NOTICE,), f"{SITE}/account#notifications",
                  f"{SITE}/notifications/unsubscribe/abc")
DIGEST = replace(MESSAGE, key="bundle:2", subject="3 notices", intro="What happened today:", notices=(
    NOTICE, NoticeText("payment_received", "Payment received", "", "", f"{SITE}/payments/1", NOTICE.at),
    NoticeText("broadcast", "A <b>new</b> course", "Look", "Open", f"{SITE}/courses/new", NOTICE.at)))


class Sink(HTMLParser):
    """The words and links of a page, and whether each tag that was opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.links, self.open, self.tags = "", [], [], set[str]()  # type: ignore[var-annotated]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in ("href", "src")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data


def read(html: str) -> Sink:
    sink = Sink()
    sink.feed(html)
    assert sink.open == []
    return sink


def keep_address(**more: Any) -> None:
    with transaction():
        EmailAddress(user_id=ANNA, address=ADDRESS, language="en", nonce="n", token_hash="h", asked_at=now(),
                     expires_at=now() + timedelta(days=3), **{"confirmed_at": now()} | more)


def test_programs_know_the_mail_how_to_end_it_and_not_to_answer(outbox_mails: OutboxMails) -> None:
    reference = EmailChannel().send(MESSAGE)
    (mail,) = outbox_mails()
    assert mail["Message-ID"] == reference
    assert (mail["Subject"], mail["To"], mail["Auto-Submitted"]) == (NOTICE.subject, f"Anna <{ADDRESS}>", "auto-generated")
    assert mail["List-Unsubscribe"] == f"<{SITE}/notifications/unsubscribe/abc>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Feedback-ID"] == "course_completed:notice:studium"


def test_one_click_unsubscribing_needs_https(outbox_mails: OutboxMails) -> None:
    EmailChannel().send(replace(MESSAGE, unsubscribe_url="http://127.0.0.1:8000/notifications/unsubscribe/abc"))
    EmailChannel().send(replace(MESSAGE, unsubscribe_url=""))
    local, without = outbox_mails()
    assert (local["List-Unsubscribe"] is not None, local["List-Unsubscribe-Post"]) == (True, None)
    assert without["List-Unsubscribe"] is None
    assert "Unsubscribe" not in part(without, "plain")


@pytest.mark.parametrize("message", [MESSAGE, DIGEST], ids=["notice", "digest"])
def test_both_parts_say_the_same(outbox_mails: OutboxMails, message: Message) -> None:
    EmailChannel().send(message)
    (mail,) = outbox_mails()
    html, text = read(part(mail, "html")), part(mail, "plain")
    for notice in message.notices:
        for said in (notice.subject, *notice.text.split("\n"), notice.action):
            assert said in html.words
            assert said in text
        assert notice.url in html.links
        assert notice.url in text
    for url in (message.settings_url, message.unsubscribe_url):
        assert url in html.links
        assert url in text


def test_nothing_in_a_notice_becomes_html(outbox_mails: OutboxMails) -> None:
    EmailChannel().send(DIGEST)
    html = part(outbox_mails()[0], "html")
    assert "A &lt;b&gt;new&lt;/b&gt; course" in html
    assert read(html).tags <= {"html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "a", "h1", "h2", "p", "br"}


def test_a_mail_loads_nothing_from_anywhere(outbox_mails: OutboxMails) -> None:
    EmailChannel().send(DIGEST)
    html = part(outbox_mails()[0], "html")
    assert not re.search(r"<img|<link|<script|@import|url\(", html)


def test_a_digest_tells_when_each_thing_was_where_the_reader_is(outbox_mails: OutboxMails) -> None:
    EmailChannel().send(DIGEST)
    EmailChannel().send(replace(DIGEST, language="ru"))
    english, russian = (part(mail, "plain") for mail in outbox_mails())
    assert english.replace("\u202f", " ").count("November 22, 11:30 PM") == 3
    assert russian.count("22 ноября, 23:30") == 3


@pytest.mark.parametrize("zone", ["UTC", "Nowhere/City", ""])
def test_who_never_said_where_they_are_reads_that_the_times_are_utc(outbox_mails: OutboxMails, zone: str) -> None:
    EmailChannel().send(replace(DIGEST, time_zone=zone))
    assert part(outbox_mails()[0], "plain").replace("\u202f", " ").count("November 22, 8:30 PM UTC") == 3


def test_a_digest_is_known_as_one(outbox_mails: OutboxMails) -> None:
    EmailChannel().send(DIGEST)
    assert outbox_mails()[0]["Feedback-ID"] == "digest:notice:studium"


@pytest.mark.parametrize(("answers", "error"), [
    ({"DATA": "451 4.3.0 later"}, ChannelDown), ({"DATA": "554 5.7.1 spam"}, MessageRefused), ({"RCPT": "550 5.1.1 who?"}, AddressRefused),
])
def test_what_a_server_says_is_what_the_channel_says(mail_server: MailServer, answers: dict[str, str], error: type[Exception]) -> None:
    mail_server.mailbox.answers |= answers
    with pytest.raises(error) as caught:
        EmailChannel().send(MESSAGE)
    assert ADDRESS not in str(caught.value)


def test_hook_channel_lost_tells_of_a_dead_address(mail_server: MailServer) -> None:
    lost: list[tuple[object, ...]] = []

    class Listening:
        @hookimpl
        def channel_lost(self, user_id: int, channel: str, address: str, reason: str) -> None:
            lost.append((user_id, channel, address, reason))

    keep_address()
    mail_server.mailbox.answers["RCPT"] = "550 5.1.1 who?"
    plugins, plugin = runtime().plugins, Listening()
    plugins.register(plugin)
    try:
        with pytest.raises(AddressRefused) as caught:
            EmailChannel().send(MESSAGE)
    finally:
        plugins.unregister(plugin)
    assert caught.value.reason == "bounced"
    assert lost == [(ANNA, "email", ADDRESS, "bounced")]
    assert [view.state for view in list_of(ANNA)] == ["refused"]


def test_an_address_that_works_again_is_shown_as_well(outbox_mails: OutboxMails) -> None:
    keep_address(refused_at=now(), refused_reason="bounced")
    EmailChannel().send(MESSAGE)
    assert [view.state for view in list_of(ANNA)] == ["confirmed"]


def test_the_same_message_has_the_same_id_and_each_message_its_own(outbox_mails: OutboxMails) -> None:
    channel = EmailChannel()
    assert channel.send(MESSAGE) == channel.send(MESSAGE)
    assert channel.send(MESSAGE) != channel.send(DIGEST)


def test_only_confirmed_addresses_are_found() -> None:
    keep_address(confirmed_at=None)
    assert EmailChannel().addresses_of([ANNA, 8, 9]) == {}
    assert EmailChannel().addresses_of([]) == {}
