"""A redirect within the site says no host, so a Host that a client made up is not repeated to the next one."""

from __future__ import annotations

import pytest
from flask import Flask, redirect
from flask.testing import FlaskClient

from studium.core.relative_redirects import init_relative_redirects


def test_the_sites_own_redirect_repeats_no_host(client: FlaskClient) -> None:
    answer = client.get("/courses//tea?x=1", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["Location"]) == (308, "/courses/tea?x=1")


@pytest.mark.parametrize(("given", "sent"), [
    ("http://localhost/there", "/there"), ("http://localhost//evil.example", "/evil.example"), ("http://localhost/", "/"),
    ("https://oauth.telegram.org/auth", "https://oauth.telegram.org/auth"), ("/there?x=http://localhost/", "/there?x=http://localhost/"),
    ("http://localhost.evil.example/", "http://localhost.evil.example/"),
])
def test_only_the_host_that_was_asked_is_cut_off(given: str, sent: str) -> None:
    app = Flask("small")
    init_relative_redirects(app)
    app.add_url_rule("/", "page", lambda: redirect(given))
    assert app.test_client().get("/").headers["Location"] == sent
