"""The list of one's payments, page by page, and the way there."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from studium.core.database import transaction
from studium.plugins.payments.entities import Payment
from tests.cable_process import Person
from tests.conftest import Clock
from tests.plugins.payments.pages import HTML, words
from tests.plugins.payments.school import Buy


def test_nothing_bought_yet_is_said_with_a_way_on(mia: Person) -> None:
    assert "You have not bought anything yet" in words(mia.client.get("/payments", headers=HTML))


def test_each_payment_is_there_once_the_newest_first_also_when_many_came_at_one_moment(
    app: Flask, mia: Person, noah: Person, buy: Buy, frozen_clock: Clock
) -> None:
    first = buy(mia)
    with app.app_context(), transaction():
        values = Payment[first].to_dict(exclude=["id", "number", "reference", "open_key", "attempt_key"])
        for number in range(45):
            Payment(id=f"00000000-0000-0000-0000-{number:012}", number=f"X-{number}", attempt_key="k", **values)
    buy(noah)
    seen: list[str] = []
    path = "/payments"
    for _ in range(3):
        page = mia.client.get(path, headers=HTML).text
        seen += re.findall(r'href="/payments/([0-9a-f-]{36})"', page)
        following = re.search(r'href="(/payments\?before=[^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert path == ""
    assert len(seen) == len(set(seen)) == 46


@pytest.mark.parametrize("cursor", ["x", "2026-01-01_x", "2026-01-01T00:00:00+01:00_00000000-0000-0000-0000-000000000000", "_" * 400])
def test_a_damaged_address_is_400(mia: Person, cursor: str) -> None:
    assert mia.client.get("/payments", query_string={"before": cursor}, headers=HTML).status_code == 400


def test_the_account_page_leads_there(mia: Person, buy: Buy) -> None:
    buy(mia)
    page = mia.client.get("/account", headers=HTML)
    assert "Your last payment: Rivers on" in words(page)
    assert 'href="/payments"' in page.text
