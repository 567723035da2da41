"""Mail against a real server on loopback: what it takes, and what each way to fail means."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from studium.services.mail import Mail, MailDown, MessageRefused, RecipientRefused, send_mail
from studium.services.mail.errors import MailError
from studium.services.mail.transport import probe
from tests.services.mail.mail_fixtures import SENDER, SendsBy, StartServer
from tests.services.mail.mail_server import LOGIN, PASSWORD, MailServer

pytestmark = pytest.mark.usefixtures("inside_app")
ANNA = "anna@example.org"
MAIL = Mail(key="notice:7", to=ANNA, subject="Hello", text="Hello Anna", html="<p>Hello Anna</p>", name="Anna")


def test_a_mail_arrives_with_both_parts_and_an_answer_that_names_it(mail_server: MailServer) -> None:
    reference = send_mail(MAIL)
    (taken,) = mail_server.mailbox.taken
    assert (taken.sender, taken.recipients) == (SENDER, [ANNA])
    assert taken.message["Message-ID"] == reference
    assert [part.get_content().strip() for part in taken.message.iter_parts()] == ["Hello Anna", "<p>Hello Anna</p>"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_by_tls_with_a_login(
    start_server: StartServer, sends_by: SendsBy, certificate: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = start_server(security, wants_login=True)
    sends_by(server, security=security, username=LOGIN.decode(), password=PASSWORD.decode())
    send_mail(MAIL)
    assert len(server.mailbox.taken) == 1
    assert server.mailbox.secured


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_unknown_certificate_stops_the_mail(start_server: StartServer, sends_by: SendsBy, security: str) -> None:
    server = start_server(security)
    sends_by(server, security=security)
    with pytest.raises(MailDown, match="no safe connection"):
        send_mail(MAIL)
    assert server.mailbox.taken == []


def test_without_starttls_nothing_goes_in_the_open(mail_server: MailServer, sends_by: SendsBy) -> None:
    sends_by(mail_server, security="starttls")
    with pytest.raises(MailDown, match="no TLS"):
        send_mail(MAIL)
    assert mail_server.mailbox.taken == []


def test_a_wrong_password_may_be_mended_and_is_not_told(start_server: StartServer, sends_by: SendsBy) -> None:
    server = start_server("none", wants_login=True)
    settings = sends_by(server, username="school", password="guessed-wrong")
    for attempt in (lambda: send_mail(MAIL), lambda: probe(settings)):
        with pytest.raises(MailDown, match="535") as caught:
            attempt()
        assert "guessed-wrong" not in str(caught.value)


@pytest.mark.parametrize(("command", "answer", "expected"), [
    ("RCPT", "550 5.1.1 <anna@example.org>: no such user", RecipientRefused),
    ("RCPT", "550 no such user here", RecipientRefused),
    ("RCPT", "550 5.2.1 mailbox disabled", RecipientRefused),
    ("RCPT", "556 5.1.10 domain takes no mail", RecipientRefused),
    ("RCPT", "552 5.2.2 mailbox full", MessageRefused),
    ("RCPT", "550 5.7.1 refused by policy", MessageRefused),
    ("RCPT", "554 5.7.1 <anna@example.org>: Relay access denied", MailDown),
    ("RCPT", "530 5.7.0 Authentication required", MailDown),
    ("RCPT", "450 4.2.1 busy", MailDown),
    ("RCPT", "451 4.7.1 greylisted", MailDown),
    ("RCPT", "421 4.3.0 going down", MailDown),
    ("MAIL", "553 5.1.8 sender refused", MailDown),
    ("MAIL", "550 5.7.1 you may not send as anna@example.org", MailDown),
    ("MAIL", "451 4.3.0 later", MailDown),
    ("MAIL", "552 5.3.4 too large", MessageRefused),
    ("DATA", "451 4.3.0 later", MailDown),
    ("DATA", "554 5.7.1 looks like spam", MessageRefused),
    ("DATA", "552 5.3.4 too large", MessageRefused),
    ("DATA", "550 no", MessageRefused),
    ("DATA", "550 5.1.1 no such user, as we now know", RecipientRefused),
])
def test_what_a_refusal_means(mail_server: MailServer, command: str, answer: str, expected: type[MailError]) -> None:
    mail_server.mailbox.answers[command] = answer
    with pytest.raises(MailError) as caught:
        send_mail(MAIL)
    assert type(caught.value) is expected
    assert ANNA not in str(caught.value)
    assert answer[:3] in str(caught.value)
    assert mail_server.mailbox.taken == []


@pytest.mark.parametrize("cut", ["data", "answer"])
def test_a_connection_that_breaks_before_the_answer_means_once_more(mail_server: MailServer, cut: str) -> None:
    mail_server.mailbox.cut = cut
    with pytest.raises(MailDown):
        send_mail(MAIL)
    mail_server.mailbox.cut = ""
    send_mail(MAIL)
    ids = [taken.message["Message-ID"] for taken in mail_server.mailbox.taken]
    assert len(ids) == (2 if cut == "answer" else 1)
    assert len(set(ids)) == 1, "a repeat has to be known as one"


def test_a_server_that_hangs_up_after_it_took_the_mail_has_it(mail_server: MailServer) -> None:
    mail_server.mailbox.cut = "quit"
    assert send_mail(MAIL)
    assert len(mail_server.mailbox.taken) == 1


def test_nobody_listens(mail_server: MailServer, sends_by: SendsBy) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        sends_by(mail_server, port=unused.getsockname()[1])
        with pytest.raises(MailDown, match="does not answer"):
            send_mail(MAIL)


def test_a_silent_server_does_not_hold_a_worker(mail_server: MailServer, sends_by: SendsBy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sends_by(mail_server, port=silent.getsockname()[1], timeout=0.05)
        with pytest.raises(MailDown, match="does not answer"):
            send_mail(MAIL)


def test_bounces_and_answers_go_where_the_settings_say(mail_server: MailServer, sends_by: SendsBy) -> None:
    sends_by(mail_server, return_path="bounces@learn.example", reply_to="help@learn.example")
    send_mail(MAIL)
    (taken,) = mail_server.mailbox.taken
    assert taken.sender == "bounces@learn.example"
    assert taken.message["Reply-To"] == "help@learn.example"
    assert SENDER in taken.message["From"]


def test_an_address_in_other_letters_arrives(mail_server: MailServer) -> None:
    send_mail(Mail(key="k", to="почта@xn--e1afmkfd.example", subject="Привет", text="Привет", html="<p>Привет</p>", name="Анна"))
    (taken,) = mail_server.mailbox.taken
    assert taken.recipients == ["почта@xn--e1afmkfd.example"]
    assert "SMTPUTF8" in taken.options
    assert "Анна" in taken.raw.decode()


def test_the_doctor_asks_for_the_sender_and_sends_nothing(mail_server: MailServer, sends_by: SendsBy) -> None:
    settings = sends_by(mail_server)
    probe(settings)
    mail_server.mailbox.answers["MAIL"] = "553 5.1.8 sender refused"
    with pytest.raises(MailDown, match="sender: 553"):
        probe(settings)
    assert mail_server.mailbox.taken == []
