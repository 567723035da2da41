"""`studium mail test` and what `studium doctor` says about the mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from studium.core.findings import Finding
from studium.core.settings import CoreSettings
from studium.plugins.email.commands import mail
from studium.plugins.email.doctor import look_at_mail
from studium.services.mail.settings import MailSettings
from tests.plugins.email.letters_read import OutboxMails
from tests.services.mail.mail_fixtures import SendsBy
from tests.services.mail.mail_server import MailServer

pytestmark = pytest.mark.usefixtures("inside_app")
Looked = Callable[..., dict[str, Finding]]


def test_a_mail_is_sent_by_hand(app: Flask, mail_server: MailServer) -> None:
    result = app.test_cli_runner().invoke(mail, ["test", "anna@example.org", "--language", "ru"])
    assert result.exit_code == 0, result.output
    assert "127.0.0.1 took the mail" in result.output
    assert mail_server.mailbox.taken[0].recipients == ["anna@example.org"]


def test_without_a_server_the_command_says_where_the_mail_lies(app: Flask, outbox_mails: OutboxMails) -> None:
    assert "outbox" in app.test_cli_runner().invoke(mail, ["test", "anna@example.org"]).output
    assert len(outbox_mails()) == 1


def test_the_command_says_what_went_wrong(app: Flask, mail_server: MailServer) -> None:
    mail_server.mailbox.answers["RCPT"] = "550 5.1.1 who?"
    result = app.test_cli_runner().invoke(mail, ["test", "anna@example.org"])
    assert (result.exit_code, "550 5.1.1" in result.output) == (1, True)
    assert app.test_cli_runner().invoke(mail, ["test", "nobody"]).exit_code == 1


@pytest.fixture
def looked(app: Flask, monkeypatch: pytest.MonkeyPatch, sends_by: SendsBy) -> Looked:
    """`looked(env="production", public_url=..., **mail)` is what the doctor says, by name."""
    settings: Any = app.extensions["studium"].settings

    def do(env: str = "production", public_url: str | None = "https://learn.example") -> dict[str, Finding]:
        core = settings.core.model_copy(update={"env": env, "public_url": public_url})
        monkeypatch.setitem(settings._sections, CoreSettings, core)
        monkeypatch.setattr(settings, "core", core)
        found = list(look_at_mail(settings))
        assert all(finding.fix for finding in found if finding.level != "ok")
        return {finding.name: finding for finding in found}

    return do


def test_the_doctor_finds_a_server_that_takes_mail(looked: Looked, mail_server: MailServer) -> None:
    found = looked()
    assert {name: finding.level for name, finding in found.items()} == {"Mail server": "ok"}


@pytest.mark.parametrize(("given", "fix"), [
    ({"security": "starttls"}, "STUDIUM_MAIL_SECURITY"), ({"port": 1}, "STUDIUM_MAIL_HOST"),
    ({"username": "a", "password": "hush-hush"}, "STUDIUM_MAIL_PASSWORD"),
])
def test_the_doctor_says_which_setting_is_wrong(
    looked: Looked, mail_server: MailServer, sends_by: SendsBy, given: dict[str, Any], fix: str
) -> None:
    sends_by(mail_server, **given)
    finding = looked()["Mail server"]
    assert (finding.level, fix in finding.fix) == ("red", True), finding
    assert "hush-hush" not in str(finding)


def test_the_doctor_sees_that_the_sender_is_not_accepted(looked: Looked, mail_server: MailServer) -> None:
    mail_server.mailbox.answers["MAIL"] = "553 5.1.8 no"
    assert "STUDIUM_MAIL_SENDER" in looked()["Mail server"].fix


@pytest.mark.parametrize(("public_url", "level"), [(None, "red"), ("http://learn.example", "warning")])
def test_the_doctor_sees_where_links_lead(looked: Looked, mail_server: MailServer, public_url: str | None, level: str) -> None:
    assert looked(public_url=public_url)["Links in mail"].level == level


@pytest.mark.parametrize(("env", "level"), [("production", "warning"), ("development", "ok")])
def test_the_doctor_without_a_server(looked: Looked, app: Flask, monkeypatch: pytest.MonkeyPatch, env: str, level: str) -> None:
    monkeypatch.setitem(app.extensions["studium"].settings._sections, MailSettings, MailSettings())
    assert looked(env, None)["Mail server"].level == level
