"""The page where developers read the outbox."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from studium.plugins.email.channel import EmailChannel
from tests.plugins.email.letters_read import OutboxMails
from tests.plugins.email.test_channel import MESSAGE, NOTICE


def test_mail_is_read_on_a_page_and_its_styles_stay_in_a_frame(app: Flask, client: FlaskClient, outbox_mails: OutboxMails) -> None:
    assert "It is empty." in client.get("/simulators/mail").text
    with app.app_context():
        EmailChannel().send(MESSAGE)
    box = client.get("/simulators/mail").text
    assert NOTICE.subject in box
    (path,) = re.findall(r'href="(/simulators/mail/[^"]+)"', box)
    page = client.get(path)
    assert "List-Unsubscribe" in page.text
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    (frame,) = re.findall(r'iframe src="([^"]+)"', page.text)
    html = client.get(frame)
    assert "default-src 'none'; style-src 'unsafe-inline'" in html.headers["Content-Security-Policy"]
    assert html.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert NOTICE.action in html.text


def test_no_other_file_is_read(client: FlaskClient) -> None:
    for name in ("none.eml", "..%2Fsecret_key", "20261122T200000000000-0123456789ab-0000.eml"):
        assert client.get(f"/simulators/mail/{name}").status_code == 404
