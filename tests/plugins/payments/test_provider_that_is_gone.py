"""A provider's package that was taken away leaves its payments readable, for buyers and owners; nothing of them needs it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.runtime import runtime
from studium.plugins.auth.roles import grant
from studium.plugins.payments import reconcile, sweep
from studium.plugins.payments.timeline import story, why_stuck
from studium.services.provider_registry import EXTENSION
from tests.cable_process import Person
from tests.plugins.payments.money import Deliver
from tests.plugins.payments.pages import HTML, post, words
from tests.plugins.payments.school import Buy, School

Uninstall = Callable[[], None]


@pytest.fixture
def vera(app: Flask) -> FlaskClient:
    """The owner's browser."""
    client = app.test_client()
    client.post("/auth/dev", json={"telegram_id": 1005, "first_name": "Vera"})
    with app.app_context():
        grant(1005, "owner", "the tests")
    return client


@pytest.fixture
def uninstall(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Uninstall:
    """The plugin "shop" is no longer there."""

    def do() -> None:
        with app.app_context():
            hooks = runtime().hooks
            left = [found for found in hooks.register_payment_providers() if all(one.meta.code != "shop" for one in found)]
        monkeypatch.setattr("studium.services.provider_registry.collect", lambda _call: [one for found in left for one in found])
        app.extensions.pop(EXTENSION, None)

    return do


@pytest.fixture(autouse=True)
def providers_as_before(app: Flask) -> Any:
    yield
    app.extensions.pop(EXTENSION, None)


def test_the_buyer_reads_everything_and_keeps_access(
    mia: Person, buy: Buy, uninstall: Uninstall, watch: Callable[..., bool], school: School
) -> None:
    payment_id = buy(mia)
    uninstall()
    for path in ("/payments", f"/payments/{payment_id}", f"/payments/{payment_id}/receipt", "/account", "/courses/rivers"):
        answer = mia.client.get(path, headers=HTML)
        assert answer.status_code == 200, path
        assert "None" not in words(answer), path
    for page in ("/payments", f"/payments/{payment_id}/receipt"):
        assert "$29" in words(mia.client.get(page, headers=HTML))
    assert watch(mia, "spring", school)


def test_the_owner_reads_everything(
    app: Flask, mia: Person, vera: FlaskClient, buy: Buy, payment: Any, deliver: Deliver, uninstall: Uninstall
) -> None:
    payment_id = buy(mia)
    assert deliver(payment(payment_id)["reference"]) == 200
    uninstall()
    inbox = vera.get("/owner/webhooks", headers=HTML)
    delivery = re.search(r'href="(/owner/webhooks/\d+)"', inbox.text)
    assert delivery
    paths = ("/owner", "/owner/payments", f"/owner/payments/{payment_id}", "/owner/payments.csv", "/owner/webhooks", delivery[1],
             "/owner/enrolments", "/owner/drift", "/owner/payments?provider=shop")
    answers = {path: vera.get(path, headers=HTML) for path in paths}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(paths, 200)
    assert "shop" in words(answers[f"/owner/payments/{payment_id}"])
    assert payment_id in answers["/owner/payments?provider=shop"].text
    assert "shop" in answers["/owner/payments.csv"].text
    assert "anna@example.org" not in answers[delivery[1]].text
    with app.app_context():
        assert [row.kind for row in story(payment_id)]
        assert why_stuck(payment_id) in (None, "")


def test_what_would_need_it_is_refused_in_words_and_breaks_nothing(
    app: Flask, mia: Person, vera: FlaskClient, start: Buy, buy: Buy, school: School, uninstall: Uninstall
) -> None:
    paid, noted = buy(mia), start(mia, "vip")
    uninstall()
    with app.app_context():
        assert reconcile.reconcile().as_dict()["moved"] == 0
        assert why_stuck(noted)
        assert all(code != "shop" for code in sweep.providers())
    for path, fields in ((f"/owner/payments/{paid}/look", {}), (f"/owner/payments/{paid}/refund", {"reason": "asked for", "amount": "1"})):
        assert post(vera, path, **fields).status_code < 500, path
    assert post(app.test_client(), "/webhooks/shop").status_code == 404
