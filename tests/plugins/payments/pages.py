"""Pages of a buyer in tests: forms that are sent as a browser does, and what a page says without its markup."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from studium.plugins.payments.coupon_owner import NewCoupon, create_coupon

HTML = {"Accept": "text/html"}
CHECKOUT = "/checkout/rivers/basic"
Run = Callable[[], int]


def post(client: FlaskClient, path: str, **form: str) -> TestResponse:
    """Send a form as the page does."""
    token = client.get("/api/v1/session").get_json()["data"]["csrf_token"]
    return client.post(path, data={"csrf_token": token} | form, headers=HTML)


def words(answer: TestResponse) -> str:
    """What is in <main>, without markup, in one line."""
    found = re.search(r"<main.*?</main>", answer.text, re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", found[0] if found else answer.text)
    return " ".join(html.unescape(text).split())


def coupon(app: Any, code: str = "SPRING", **terms: Any) -> None:
    """A coupon of 20 %, unless told otherwise."""
    with app.app_context():
        create_coupon(NewCoupon(code=code, **(terms or {"percent": 20})), "Olga (user 4)")
