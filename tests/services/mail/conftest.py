"""Fixtures of the tests about mail."""

from __future__ import annotations

from tests.services.mail.mail_fixtures import certificate, inside_app, mail_server, plain_server, sends_by, start_server

__all__ = ["certificate", "inside_app", "mail_server", "plain_server", "sends_by", "start_server"]
