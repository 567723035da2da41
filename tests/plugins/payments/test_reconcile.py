"""What was missed heals: open payments are asked after on a schedule, refunds too, and each night everything is compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from shop import Shop, ShopService

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.plugins.payments import beginning, checkout, settling
from studium.plugins.payments import sweep as sweeping
from studium.plugins.payments.entities import DriftReport, Payment, WebhookDelivery
from studium.plugins.payments.reconcile import reconcile
from studium.plugins.payments.schedule import is_over, next_check
from studium.plugins.payments.sweep import sweep
from studium.queue import jobs
from studium.services.money import Money
from studium.services.provider_registry import find_provider
from studium.services.providers import ProviderDown
from tests.conftest import Clock
from tests.plugins.payments.money import Begun, Deliver, audit, deliveries, enrolled, ledger, reference_of, row_of, status
from tests.plugins.payments.school import COURSE, School

BEGUN = datetime(2026, 11, 22, 12, 0)
MINUTE = timedelta(minutes=1)


def test_the_schedule_is_1_5_and_15_minutes_and_then_hourly() -> None:
    assert [next_check(BEGUN, BEGUN + after * MINUTE, checks) - BEGUN for after, checks in ((0, 0), (1, 1), (5, 2), (15, 3), (75, 4))] == [
        MINUTE, 5 * MINUTE, 15 * MINUTE, 75 * MINUTE, 135 * MINUTE]
    assert next_check(BEGUN, BEGUN + timedelta(days=2), 0) > BEGUN + timedelta(days=2), "never in the past"
    assert not is_over(BEGUN, BEGUN + timedelta(hours=1), BEGUN + timedelta(hours=25))
    assert is_over(BEGUN, BEGUN + timedelta(hours=1), BEGUN + timedelta(hours=25, minutes=1))


def test_open_payments_are_asked_after_when_their_time_has_come(begun: Begun, shop: ShopService, frozen_clock: Clock) -> None:
    begun()
    asked = []
    for minute in range(140):
        frozen_clock.advance(60)
        if reconcile().looked:
            asked.append(minute + 1)
    assert asked == [1, 5, 15, 75, 135]


def test_a_payment_whose_webhook_was_lost_is_found(begun: Begun, shop: ShopService, frozen_clock: Clock, anna: int) -> None:
    found = begun()
    shop.pay(reference_of(found))
    frozen_clock.advance(61)
    assert reconcile().as_dict() == {"looked": 1, "moved": 1, "expired": 0, "refunds": 0, "down": []}
    assert (status(found), enrolled(anna)) == ("completed", ["basic"])
    assert audit(found, "moved")[-1][3] == "reconcile"
    frozen_clock.advance(7200)
    assert reconcile().looked == 0


def test_the_periodic_job_does_it(begun: Begun, shop: ShopService, frozen_clock: Clock, run_jobs: Callable[[], int]) -> None:
    found = begun()
    shop.pay(reference_of(found))
    frozen_clock.advance(61)
    with transaction():
        jobs.enqueue("payments_reconcile", {})
    run_jobs()
    assert status(found) == "completed"


def test_a_lost_answer_of_begin_is_asked_for_again_with_the_same_key(
    school: School, inside: Flask, shop: ShopService, frozen_clock: Clock, anna: int
) -> None:
    shop.broken_after = {"begin"}
    found = checkout.start(anna, COURSE, "basic", provider="shop", currency="USD", coupon=None, email=None, language="en")
    assert beginning.begin(found).down
    (paid,) = shop.payments.values()
    shop.pay(paid.reference)
    shop.broken_after = set()
    frozen_clock.advance(130)
    reconcile()
    assert (status(found), enrolled(anna)) == ("completed", ["basic"])
    assert len(set(shop.called("begin"))) == 1
    assert len(shop.payments) == 1


def test_a_provider_that_is_down_is_tried_once_a_round_and_again_soon_and_holds_up_no_other(
    begun: Begun, shop: ShopService, frozen_clock: Clock
) -> None:
    for tier in ("basic", "accelerator", "vip"):
        begun(tier)
    cash = begun("basic", provider="till")
    shop.down = {"fetch"}
    frozen_clock.advance(61)
    done = reconcile()
    assert (done.down, len(shop.called("fetch"))) == ({"shop"}, 1)
    assert row_of(cash)["checks"] == 1
    shop.down = set()
    frozen_clock.advance(120)
    assert reconcile().looked >= 3


def test_a_provider_that_breaks_its_contract_holds_up_nobody(
    begun: Begun, shop: ShopService, frozen_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun("vip")
    cash = begun("basic", provider="till")
    monkeypatch.setattr(Shop, "fetch", lambda self, reference: 1 / 0)
    frozen_clock.advance(61)
    done = reconcile()
    assert (done.looked, done.down) == (2, set()), "one answer that cannot be used says nothing about the provider's other payments"
    assert row_of(cash)["checks"] == 1


def test_a_payment_that_its_provider_never_ends_expires_a_day_after_its_offer(begun: Begun, shop: ShopService, frozen_clock: Clock) -> None:
    found = begun()
    frozen_clock.advance(86_400 + 3_600)
    assert reconcile().expired == 0
    frozen_clock.advance(86_400)
    assert reconcile().expired == 1
    assert (status(found), row_of(found)["last_error"]) == ("expired", "The time to pay is over.")
    shop.pay(reference_of(found))
    sweep(find_provider("shop"), now() - timedelta(days=3))
    assert status(found) == "completed"


def report() -> list[dict[str, Any]]:
    with reading():
        row = DriftReport.select().order_by(DriftReport.id).first()
        found: list[dict[str, Any]] = json.loads(row.findings)
        return found


def do_sweep() -> list[str]:
    return [finding.kind for finding in sweep(find_provider("shop"), now() - timedelta(days=3))]


def test_the_sweep_of_what_agrees_finds_nothing(begun: Begun, shop: ShopService) -> None:
    found = begun()
    shop.pay(reference_of(found))
    settling.look(found, "webhook 1")
    assert do_sweep() == []
    assert report() == []


def test_the_sweep_heals_a_refund_that_nobody_told_and_reports_it(begun: Begun, shop: ShopService, anna: int) -> None:
    found = begun()
    shop.pay(reference_of(found))
    settling.look(found, "webhook 1")
    shop.give_back(reference_of(found), Money("29", "USD"))
    assert do_sweep() == ["different"]
    assert (status(found), enrolled(anna), ledger(found)[-1]) == ("refunded", [], ("refund", -2900))
    (told,) = report()
    assert (told["payment_id"], told["ours"], told["theirs"]) == (
        found, "completed, 29.00 USD", "refunded, 29.00 USD, 2900 minor units given back")
    assert do_sweep() == []


def test_the_sweep_reports_what_is_missing_here(begun: Begun, shop: ShopService) -> None:
    paid = shop.make(Money("5", "EUR"), "of-another-system")
    shop.pay(paid.reference)
    assert do_sweep() == ["missing_here"]
    (told,) = report()
    assert (told["reference"], told["payment_id"], told["theirs"]) == (paid.reference, None, "completed, 5.00 EUR")


def test_the_sweep_reports_what_is_missing_there(begun: Begun, shop: ShopService) -> None:
    found = begun()
    shop.pay(reference_of(found))
    settling.look(found, "webhook 1")
    reference = reference_of(found)
    shop.payments.clear()
    assert do_sweep() == ["missing_there"]
    (told,) = report()
    assert (told["reference"], told["payment_id"], told["ours"]) == (reference, found, "completed, 29.00 USD")


def test_the_sweep_reports_another_amount_and_gives_no_access(begun: Begun, shop: ShopService, anna: int) -> None:
    found = begun()
    shop.set(reference_of(found), status="completed", money=Money("2.90", "USD"))
    assert do_sweep() == ["different"]
    assert "2.90 USD were paid" in report()[0]["theirs"]
    assert enrolled(anna) == []


def test_the_sweep_joins_a_payment_with_what_its_lost_answer_made(
    school: School, inside: Flask, shop: ShopService, anna: int
) -> None:
    shop.broken_after = {"begin"}
    found = checkout.start(anna, COURSE, "basic", provider="shop", currency="USD", coupon=None, email=None, language="en")
    beginning.begin(found)
    (paid,) = shop.payments.values()
    shop.pay(paid.reference)
    assert do_sweep() == ["different"]
    assert (status(found), enrolled(anna)) == ("completed", ["basic"])


@pytest.fixture
def only_shop(inside: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other providers are not there."""
    monkeypatch.setattr(sweeping, "providers", lambda: {"shop": find_provider("shop")})


def test_the_nightly_job_reports_every_provider_and_tries_again_what_was_down(
    only_shop: None, begun: Begun, shop: ShopService, run_jobs: Callable[[], int], frozen_clock: Clock
) -> None:
    begun()
    shop.down = {"list"}
    with transaction():
        job_id = jobs.enqueue("payments_sweep", {}).id
    run_jobs()
    assert jobs.find_job(job_id).state == "retrying"
    shop.down = set()
    frozen_clock.advance(900)
    run_jobs()
    assert jobs.find_job(job_id).result == {"shop": 0}
    with transaction():
        again = jobs.enqueue("payments_sweep", {}).id
    run_jobs()
    assert jobs.find_job(again).result == {}, "who has a report of this night is not asked again"


def test_a_sweep_whose_provider_fails_in_the_middle_leaves_no_report(begun: Begun, shop: ShopService) -> None:
    begun()
    shop.down = {"fetch"}
    with pytest.raises(ProviderDown):
        do_sweep()
    with reading():
        assert DriftReport.select().count() == 0


def test_old_webhooks_are_removed_by_night(
    only_shop: None, begun: Begun, deliver: Deliver, run_jobs: Callable[[], int], frozen_clock: Clock
) -> None:
    deliver(reference_of(begun()))
    run_jobs()
    with transaction():
        WebhookDelivery.select().first().received_at = now() - timedelta(days=401)
        jobs.enqueue("payments_sweep", {})
    run_jobs()
    assert deliveries() == []
    with reading():
        assert Payment.select().count() == 1
