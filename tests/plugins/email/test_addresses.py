"""An address counts once a link that was sent there is followed; nobody learns of anybody else's, and nobody can be flooded."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from studium.core.database import query, reading
from studium.plugins.auth.deletion import delete_account
from studium.plugins.email.addresses import CHANNEL, refuse
from studium.plugins.email.channel import EmailChannel
from studium.plugins.email.entities import EmailAddress
from studium.plugins.email.letter_limits import TO_AN_ADDRESS
from studium.services.notifications.registry import channels
from tests.conftest import Clock, SignIn
from tests.plugins.email.letters_read import OutboxMails, link_in, part
from tests.services.mail.mail_server import MailServer

ADDRESS = "anna@example.org"
RunJobs = Callable[[], int]
TOKENS: WeakKeyDictionary[FlaskClient, str] = WeakKeyDictionary()  # against forgery


def send(client: FlaskClient, path: str, **form: str) -> TestResponse:
    """The answer to a form."""
    if client not in TOKENS:
        TOKENS[client] = client.get("/api/v1/session").get_json()["data"]["csrf_token"]
    return client.post(path, data=form | {"csrf_token": TOKENS[client]})


def say(client: FlaskClient, path: str, **form: str) -> str:
    """The page after a form."""
    answer = send(client, path, **form)
    return client.get(answer.location).text if answer.status_code == 303 else answer.text


def ask(client: FlaskClient, address: str = ADDRESS) -> str:
    return say(client, "/account/email", address=address)


def address_of(app: Flask, user_id: int) -> str | None:
    with app.app_context():
        return EmailChannel().addresses_of([user_id]).get(user_id)


def button(page: str, words: str, address: str = ADDRESS) -> str:
    """Where the form of this button goes."""
    found = re.search(rf'action="([^"]+)">(?:(?!</form>).)*?aria-label="{words}: {re.escape(address)}"', page, re.DOTALL)
    assert found is not None, f"no button {words}"
    return found[1]


def confirmed(client: FlaskClient, run_jobs: RunJobs, outbox_mails: OutboxMails, address: str = ADDRESS) -> str:
    send(client, "/account/email", address=address)
    run_jobs()
    link = link_in(outbox_mails()[-1])
    send(client, link)
    return link


def test_hook_register_notification_channels_offers_email(app: Flask) -> None:
    with app.app_context():
        assert isinstance(channels()[CHANNEL], EmailChannel)


def test_an_address_counts_when_its_link_was_pressed_and_not_before(
    app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    page = ask(client)
    assert "We sent a link" in page
    assert "not confirmed yet" in page
    run_jobs()
    (mail,) = outbox_mails()
    assert mail["To"] == ADDRESS
    link = link_in(mail)
    assert client.get(link).status_code == 200, "a scanner opens it"
    assert address_of(app, anna) is None
    assert "The address is confirmed." in say(client, link)
    assert address_of(app, anna) == ADDRESS


def test_the_link_works_on_a_device_where_nobody_is_signed_in(
    app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    send(client, "/account/email", address=ADDRESS)
    run_jobs()
    phone = app.test_client()
    page = phone.get(link_in(outbox_mails()[0]))
    assert "for Anna go to this address" in page.text
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "same-origin")
    assert "email/confirm" not in "".join(re.findall(r'href="([^"]*)', page.text)), "an address that would be told elsewhere"
    assert "The address is confirmed" in say(phone, link_in(outbox_mails()[0]))
    assert address_of(app, anna) == ADDRESS


def test_a_link_works_once_more_for_the_same_and_never_after_its_time(
    app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails, frozen_clock: Clock
) -> None:
    link = confirmed(client, run_jobs, outbox_mails)
    assert "The address is confirmed" in say(client, link), "a double click is no error"
    send(client, "/account/email", address="other@example.org")
    run_jobs()
    late = link_in(outbox_mails()[-1])
    frozen_clock.advance(3 * 24 * 3600 + 1)
    for old in (late, link, "/email/confirm/none"):
        assert client.get(old).status_code == 404
    assert address_of(app, anna) == ADDRESS


def test_a_newer_link_ends_the_older_one(app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails) -> None:
    page = ask(client)
    run_jobs()
    send(client, button(page, "Send a new link"))
    run_jobs()
    first, second = (link_in(mail) for mail in outbox_mails())
    assert client.get(first).status_code == 404
    send(client, first)
    assert address_of(app, anna) is None
    send(client, second)
    assert address_of(app, anna) == ADDRESS


def test_another_address_takes_the_place_of_the_first_when_it_is_confirmed(
    app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    old = confirmed(client, run_jobs, outbox_mails)
    send(client, "/account/email", address="new@пример.рф")
    assert address_of(app, anna) == ADDRESS
    run_jobs()
    page = say(client, link_in(outbox_mails()[-1]))
    assert address_of(app, anna) == "new@xn--e1afmkfd.xn--p1ai"
    assert "new@пример.рф" in page
    assert ADDRESS not in page
    assert client.get(old).status_code == 404
    bell = client.get("/notifications").text
    assert "Your mail goes to n…@xn--e1afmkfd.xn--p1ai from now on" in bell, "it may have been somebody at a forgotten screen"


def test_a_removed_address_gets_nothing_and_its_link_is_over(
    app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    link = confirmed(client, run_jobs, outbox_mails)
    page = say(client, button(client.get("/account").text, "Remove"))
    assert "The address is removed." in page
    assert address_of(app, anna) is None
    assert f"Nothing is sent to {ADDRESS[0]}…@{ADDRESS.partition('@')[2]} any more" in client.get("/notifications").text
    assert client.get(link).status_code == 404


def test_a_first_address_and_one_that_was_never_confirmed_make_no_fuss(
    client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    send(client, button(ask(client), "Remove"))
    confirmed(client, run_jobs, outbox_mails)
    assert "from now on" not in client.get("/notifications").text
    assert "any more" not in client.get("/notifications").text


def test_a_link_that_waits_in_a_job_is_not_sent_once_the_address_is_removed(
    client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    send(client, button(ask(client), "Remove"))
    run_jobs()
    assert outbox_mails() == []


@pytest.mark.parametrize("typed", ["", "anna", "anna@example.org\r\nBcc: eve@evil.example", "<script>@example.org"])
def test_what_is_no_address_stays_in_the_form_with_a_sentence(client: FlaskClient, anna: int, typed: str) -> None:
    page = ask(client, typed)
    assert "Write an address like name@example.org." in page
    assert 'aria-invalid="true"' in page
    assert "<script>@" not in page
    assert "Write an address like" not in client.get("/account").text, "once is enough"


def test_a_confirmed_address_needs_no_second_link(client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails) -> None:
    confirmed(client, run_jobs, outbox_mails)
    assert "This address is confirmed already." in ask(client, ADDRESS.replace("example", "EXAMPLE"))
    run_jobs()
    assert len(outbox_mails()) == 1


def test_nobody_learns_that_somebody_else_has_an_address(
    app: Flask, client: FlaskClient, anna: int, sign_in: SignIn, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    confirmed(client, run_jobs, outbox_mails)
    boris = app.test_client()
    sign_in(boris, 8, "Boris")
    known, unknown = ask(boris), ask(boris, "nobody@example.org")
    shown = [re.sub(r'csrf_token" value="[^"]+|[?&]email=\w+|/email/\d+/|form_id" value="[^"]+|content="[^"]+"', "", page)
             .replace(ADDRESS, "X").replace("nobody@example.org", "X") for page in (known, unknown)]
    assert re.findall(r"<section[^>]*id=\"email\".*?</section>", shown[0], re.DOTALL) == re.findall(
        r"<section[^>]*id=\"email\".*?</section>", shown[1], re.DOTALL)
    assert address_of(app, anna) == ADDRESS


def test_a_person_can_cause_few_letters(client: FlaskClient, anna: int) -> None:
    answers = [send(client, "/account/email", address=f"somebody{number}@example.org").location for number in range(6)]
    assert ["sent" in location for location in answers] == [True] * 5 + [False]
    assert 'id="email-problem"' in client.get(answers[5]).text


def test_who_deletes_the_account_and_comes_back_causes_no_more_letters(app: Flask, sign_in: SignIn) -> None:
    answers = []
    for number in range(6):
        eve = app.test_client()
        user = sign_in(eve, 66, "Eve")
        answers.append(send(eve, "/account/email", address=f"somebody{number}@example.org").location)
        with app.app_context():
            delete_account(user["id"])
    assert ["sent" in location for location in answers] == [True] * 5 + [False]


def test_an_address_gets_few_letters_whoever_asks_and_nobody_is_told(
    app: Flask, sign_in: SignIn, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    most = int(TO_AN_ADDRESS.partition("/")[0])
    for number in range(most + 2):
        stranger = app.test_client()
        sign_in(stranger, 100 + number, f"Stranger {number}")
        assert "email=sent" in send(stranger, "/account/email", address=ADDRESS).location
    run_jobs()
    assert len(outbox_mails()) == most


def test_other_spellings_of_a_mailbox_bring_it_no_more_letters(
    app: Flask, sign_in: SignIn, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    most = int(TO_AN_ADDRESS.partition("/")[0])
    for number in range(most + 3):
        stranger = app.test_client()
        sign_in(stranger, 100 + number, f"Stranger {number}")
        local = ("an.na", "Anna", f"anna+{number}", f"a.nna+{number}.x")[number % 4]
        assert "email=sent" in send(stranger, "/account/email", address=f"{local}@example.org").location
    run_jobs()
    assert len(outbox_mails()) == most


def test_one_person_alone_cannot_keep_letters_from_the_owner_of_an_address(
    app: Flask, client: FlaskClient, anna: int, sign_in: SignIn, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    eve = app.test_client()
    sign_in(eve, 66, "Eve")
    answers = [send(eve, "/account/email", address=f"anna+{number}@example.org").location for number in range(5)]
    assert ["sent" in location for location in answers] == [True] * 3 + [False] * 2
    run_jobs()
    confirmed(client, run_jobs, outbox_mails)
    assert address_of(app, anna) == ADDRESS


def test_an_earlier_link_stays_good_when_no_newer_one_is_sent(
    app: Flask, client: FlaskClient, anna: int, sign_in: SignIn, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    page = ask(client)
    run_jobs()
    for number in range(int(TO_AN_ADDRESS.partition("/")[0])):
        stranger = app.test_client()
        sign_in(stranger, 100 + number, f"Stranger {number}")
        send(stranger, "/account/email", address=ADDRESS)
    send(client, button(page, "Send a new link"))
    send(client, link_in(outbox_mails()[0]))
    assert address_of(app, anna) == ADDRESS


def test_a_mail_server_s_words_with_the_address_in_them_are_kept_nowhere(
    app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, mail_server: MailServer, log_lines: list[Any]
) -> None:
    mail_server.mailbox.answers["RCPT"] = f"450 4.2.0 <{ADDRESS}> is busy"
    send(client, "/account/email", address=ADDRESS)
    run_jobs()
    with app.app_context(), reading():
        told = [row[0] for row in query("SELECT text FROM job_line WHERE text LIKE '%450 4.2.0%'")]
    assert told
    assert not [line for line in told if ADDRESS in line]
    run = next(line for line in log_lines if line["event"] == "job_run_failed")
    assert ADDRESS not in run.get("exception", "")


def test_the_letter_says_nothing_that_a_stranger_could_have_written(
    app: Flask, sign_in: SignIn, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    eve = app.test_client()
    sign_in(eve, 66, "WIN 1000 at evil.example")
    send(eve, "/account/email", address=ADDRESS)
    run_jobs()
    assert "evil" not in outbox_mails()[0].as_string() + part(outbox_mails()[0], "html")


def test_the_database_holds_no_link(app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails) -> None:
    send(client, "/account/email", address=ADDRESS)
    run_jobs()
    token = link_in(outbox_mails()[0]).rpartition("/")[2]
    with app.app_context(), reading():
        held = str(query("SELECT * FROM email_address")) + str(query("SELECT params, result FROM job"))
    assert token not in held
    assert ADDRESS in held


def test_a_letter_is_the_same_when_its_job_runs_again(
    app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, mail_server: MailServer, frozen_clock: Clock
) -> None:
    mail_server.mailbox.cut = "answer"  # it was taken, and the worker cannot know
    send(client, "/account/email", address=ADDRESS)
    run_jobs()
    mail_server.mailbox.cut = ""
    frozen_clock.advance(60)
    run_jobs()
    first, second = (taken.message for taken in mail_server.mailbox.taken)
    assert first["Message-ID"] == second["Message-ID"]
    assert link_in(first) == link_in(second)
    send(client, link_in(first))
    assert address_of(app, anna) == ADDRESS


def test_an_address_that_does_not_exist_is_said_on_the_page(
    client: FlaskClient, anna: int, run_jobs: RunJobs, mail_server: MailServer
) -> None:
    mail_server.mailbox.answers["RCPT"] = "550 5.1.1 no such user"
    send(client, "/account/email", address=ADDRESS)
    run_jobs()
    assert "there is no such mailbox" in client.get("/account").text


def test_who_confirms_a_dead_address_anew_gets_notices_again(
    app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    def is_switched_off() -> bool:
        with app.app_context(), reading():
            return bool(query("SELECT 1 FROM notification_silence WHERE user_id = ? AND channel = 'email'", [anna]))

    confirmed(client, run_jobs, outbox_mails)
    with app.app_context():
        assert refuse(ADDRESS, "bounced") == [anna]
    assert is_switched_off()
    page = client.get("/account").text
    assert "mail came back" in page
    send(client, button(page, "Send a new link"))
    assert address_of(app, anna) is None
    run_jobs()
    send(client, link_in(outbox_mails()[-1]))
    assert address_of(app, anna) == ADDRESS
    assert not is_switched_off()


def test_addresses_that_nobody_confirmed_go_after_a_while(
    app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails, frozen_clock: Clock
) -> None:
    confirmed(client, run_jobs, outbox_mails)
    send(client, "/account/email", address="other@example.org")
    from studium.plugins.email.trimming import remove_some

    with app.app_context():
        assert remove_some() == 0
        frozen_clock.advance(11 * 24 * 3600)
        assert remove_some() == 1
    assert address_of(app, anna) == ADDRESS


def test_a_deleted_account_leaves_no_address(
    app: Flask, client: FlaskClient, anna: int, run_jobs: RunJobs, outbox_mails: OutboxMails
) -> None:
    confirmed(client, run_jobs, outbox_mails)
    with app.app_context():
        delete_account(anna)
        run_jobs()
        with reading():
            assert EmailAddress.select().count() == 0


def test_the_page_speaks_of_no_mail_where_the_school_sends_none(
    app: Flask, client: FlaskClient, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Any = app.extensions["studium"].settings
    with app.app_context():
        monkeypatch.setattr(settings, "core", settings.core.model_copy(update={"env": "production"}))
        assert CHANNEL not in channels()
        assert EmailChannel().is_available() is False
    monkeypatch.setattr("studium.plugins.email.section.mail_is_set_up", lambda: False)
    assert 'id="email"' not in client.get("/account").text
