"""Every payment explains itself: what happened, by which cause and rule, and why it does not go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from shop import ShopService

from studium.core.database import transaction
from studium.plugins.payments import settling
from studium.plugins.payments.audit import code_version
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.errors import UnknownPayment
from studium.plugins.payments.refunds import ask_refund
from studium.plugins.payments.story_words import EVENTS, PROBLEMS, STATUSES
from studium.plugins.payments.timeline import story, why_stuck
from studium.plugins.payments.transitions import STATUSES as ALL
from studium.services.money import Money
from studium.services.providers import ProviderDown
from tests.conftest import Clock
from tests.plugins.payments.money import Begun, Deliver, reference_of


def test_the_story_is_the_audit_and_the_webhooks_in_the_order_of_time(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Callable[[], int]
) -> None:
    found = begun()
    shop.pay(reference_of(found))
    deliver(reference_of(found))
    run_jobs()
    rows = story(found)
    assert [row.text for row in rows] == [
        "The payment was made.", "The buyer can pay now.", "A webhook came: payment.changed", "The money is there.", "Access was given."]
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    moved = rows[3]
    assert (moved.kind, moved.event, moved.rule, moved.version) == ("audit", "moved", "the money arrived", code_version())
    assert moved.cause == f"webhook {rows[2].delivery_id}"


def test_the_story_is_told_in_the_readers_language(begun: Begun) -> None:
    assert story(begun(), lambda text: text.upper())[0].text == "THE PAYMENT WAS MADE."


def test_a_payment_that_goes_on_is_not_stuck(begun: Begun, shop: ShopService) -> None:
    found = begun()
    assert why_stuck(found) is None
    shop.pay(reference_of(found))
    settling.look(found, "x")
    assert why_stuck(found) is None


@pytest.mark.parametrize("problem", [*PROBLEMS, "of-tomorrow"])
def test_a_problem_is_said_with_what_to_do(begun: Begun, problem: str) -> None:
    found = begun()
    with transaction():
        Payment.get(id=found).problem = problem
    told = why_stuck(found) or ""
    assert told.endswith(".")
    assert "%(" not in told
    assert (problem in told) is (problem == "of-tomorrow")


def stuck(found: str, **changes: Any) -> str:
    with transaction():
        Payment.get(id=found).set(**changes)
    return why_stuck(found) or ""


def test_why_an_open_payment_waits(begun: Begun, shop: ShopService, frozen_clock: Clock) -> None:
    found = begun()
    assert "not installed any more" in stuck(found, provider="gone")
    assert "answer to our request is missing" in stuck(found, provider="shop", status="creating")
    assert "has not paid yet" in stuck(found, status="pending", checks=1)
    frozen_clock.advance(3 * 3600)
    assert "is a worker running?" in stuck(found)
    shop.down = {"fetch"}
    with pytest.raises(ProviderDown):
        settling.look(found, "x")
    assert "The shop did not answer (fetch)." in stuck(found)
    assert "until somebody confirms" in stuck(begun(provider="till"))


def test_why_a_refund_waits(begun: Begun, shop: ShopService, run_jobs: Callable[[], int]) -> None:
    found = begun()
    shop.pay(reference_of(found))
    settling.look(found, "x")
    shop.down = {"refund"}
    ask_refund(found, Money("1", "USD"), reason="", by="Olga")
    assert "under way" in (why_stuck(found) or "")
    run_jobs()
    assert "same key" in (why_stuck(found) or "")


def test_every_status_and_event_has_words() -> None:
    assert set(STATUSES) == set(ALL)
    assert all(text.endswith(".") for text in (*STATUSES.values(), *EVENTS.values(), *PROBLEMS.values()))


def test_an_unknown_payment_is_said(inside: Flask) -> None:
    for ask in (story, why_stuck):
        with pytest.raises(UnknownPayment):
            ask("none")
