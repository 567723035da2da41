"""Fixtures of the tests about e-mail."""

from __future__ import annotations

from tests.plugins.email.letters_read import outbox_mails
from tests.services.mail.mail_fixtures import certificate, inside_app, mail_server, plain_server, sends_by, start_server

__all__ = ["certificate", "inside_app", "mail_server", "outbox_mails", "plain_server", "sends_by", "start_server"]
