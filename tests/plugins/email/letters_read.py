"""What somebody reads in the mail that the site wrote."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest
from flask import Flask

from studium.services.mail import outbox

OutboxMails = Callable[[], list[EmailMessage]]


@pytest.fixture
def outbox_mails(app: Flask) -> OutboxMails:
    """`outbox_mails()` are the mails of this test, the oldest first."""
    with app.app_context():
        shutil.rmtree(outbox.folder(), ignore_errors=True)

    def do() -> list[EmailMessage]:
        with app.app_context():
            return [cast(EmailMessage, message_from_bytes(path.read_bytes(), policy=default)) for path in reversed(outbox.files())]

    return do


def part(mail: EmailMessage, subtype: str) -> str:
    """The text of a part, "plain" or "html"."""
    body = mail.get_body((subtype,))
    assert body is not None, f"no {subtype} part"
    return str(body.get_content())


def link_in(mail: EmailMessage) -> str:
    """The path of the link that confirms an address."""
    found = re.search(r"https?://[^/\s]+(/email/confirm/\S+)", part(mail, "plain"))
    assert found is not None
    return found[1]
