"""What goes wrong between us and a provider that answers late, twice, wrongly or not at all: nothing is lost, nothing counts double."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from shop import Shop, ShopService

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.plugins.payments import checkout, provider_calls, settling
from studium.plugins.payments import refunds as refunding
from studium.plugins.payments.confirming import confirm_offline
from studium.plugins.payments.disputes import mark_dispute
from studium.plugins.payments.entities import Payment, Refund, WebhookDelivery
from studium.plugins.payments.errors import NoUsableAnswer, Overtaken, RefundRefused
from studium.plugins.payments.inbox import blank_unhandled, safe_headers
from studium.plugins.payments.reconcile import reconcile
from studium.plugins.payments.refunds import ask_refund
from studium.plugins.payments.replay import replay
from studium.plugins.payments.schedule import next_check
from studium.plugins.payments.sweep import sweep
from studium.services.money import Money
from studium.services.provider_registry import find_provider
from studium.services.providers import Instructions, ProviderDown, Redirect, RefundSnapshot, Snapshot
from tests.conftest import Clock
from tests.plugins.payments.money import Begun, Deliver, deliveries, enrolled, facts, ledger, reference_of, refunds, row_of, rules, status
from tests.plugins.payments.school import COURSE, School

Run = Callable[[], int]
Paid = Callable[..., str]
OLGA = "Olga (user 4)"


def usd(amount: str) -> Money:
    return Money(amount, "USD")


@pytest.fixture
def paid(begun: Begun, shop: ShopService) -> Paid:
    """`paid()` is a payment whose money arrived."""

    def do(tier: str = "basic", **kinds: Any) -> str:
        found = begun(tier, **kinds)
        shop.pay(reference_of(found))
        settling.look(found, "webhook 1")
        return found

    return do


def lose_the_answer(shop: ShopService, found: str) -> str:
    """A refund that the shop made, and whose answer got lost."""
    shop.broken_after = {"refund"}
    asked = ask_refund(found, usd("10"), reason="asked", by=OLGA)
    with pytest.raises(ProviderDown):
        refunding.send_refund(asked)
    shop.broken_after = set()
    return asked


def test_a_refusal_after_a_lost_answer_is_not_a_refund_that_failed(paid: Paid, shop: ShopService) -> None:
    found = paid()
    asked = lose_the_answer(shop, found)
    shop.refuse = {"refund": "authentication"}
    assert refunding.send_refund(asked) == "completed"
    assert (refunds(found), row_of(found)["refunded_minor"], row_of(found)["problem"]) == ([("completed", 1000)], 1000, None)


def test_a_refusal_when_nobody_can_be_asked_is_tried_again(paid: Paid, shop: ShopService) -> None:
    found = paid()
    asked = lose_the_answer(shop, found)
    shop.refuse = {"refund": "authentication", "fetch": "authentication"}
    with pytest.raises(NoUsableAnswer):
        refunding.send_refund(asked)
    assert refunds(found) == [("asking", 1000)]


def test_a_refund_that_failed_here_and_went_through_there_is_taken_over_before_another_is_asked(
    paid: Paid, shop: ShopService, run_jobs: Run
) -> None:
    found = paid()
    shop.refuse = {"refund": "limit"}
    asked = ask_refund(found, usd("20"), reason="asked", by=OLGA)
    run_jobs()
    assert (refunds(found), row_of(found)["problem"]) == ([("failed", 2000)], "refund-failed")
    shop.refuse = {}
    shop.give_back(reference_of(found), usd("20"), asked)
    with pytest.raises(RefundRefused, match="are left"):
        ask_refund(found, usd("20"), reason="again", by=OLGA)
    assert (refunds(found), row_of(found)["problem"]) == ([("completed", 2000)], None)
    shop.send_back(reference_of(found), shop.find(reference_of(found)).refunds[0].id)
    settling.look(found, "webhook 2")
    shop.down = {"fetch"}
    with pytest.raises(RefundRefused, match="does not say how it stands"):
        ask_refund(found, usd("20"), reason="again", by=OLGA)


@pytest.mark.parametrize("named", [True, False])
def test_a_refund_made_elsewhere_of_the_same_amount_is_not_ours(
    paid: Paid, shop: ShopService, run_jobs: Run, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`named`: the look in between sees both; else it sees only the one that was made by hand, while ours is under way."""
    found = paid()
    asked = ask_refund(found, usd("10"), reason="asked", by=OLGA)
    shop.give_back(reference_of(found), usd("10"))
    real = Shop.refund

    def under_way(self: Shop, reference: str, money: Money, key: str) -> RefundSnapshot:
        made = real(self, reference, money, key) if named else None
        settling.look(found, "webhook 2")
        return made or real(self, reference, money, key)

    monkeypatch.setattr(Shop, "refund", under_way)
    run_jobs()
    for number in (3, 4):
        settling.look(found, f"webhook {number}")
    assert refunds(found) == [("completed", 1000), ("completed", 1000)]
    assert (row_of(found)["refunded_minor"], sum(amount for _, amount in ledger(found))) == (2000, 900)
    if named:
        with reading():
            assert Refund[asked].reference == next(one.id for one in shop.find(reference_of(found)).refunds if one.refund_id == asked)


def test_a_replay_does_not_believe_an_answer_that_was_overtaken(
    paid: Paid, shop: ShopService, deliver: Deliver, run_jobs: Run, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = paid()
    deliver(reference_of(found))
    run_jobs()
    real, done = Shop.fetch, []

    def overtaken(self: Shop, reference: str) -> Snapshot:
        answer = real(self, reference)
        if not done:
            done.append(1)
            shop.dispute(reference_of(found))
            settling.look(found, "webhook 2")
        return answer

    with reading():
        number = WebhookDelivery.select().first().id
    monkeypatch.setattr(Shop, "fetch", overtaken)
    assert replay(number, False, by="Olga").problem == ""
    assert (status(found), enrolled(anna), ledger(found)[-1]) == ("disputed", [], ("dispute", -2900))


def test_what_was_asked_before_a_change_is_refused(paid: Paid) -> None:
    found = paid()
    answer = find_provider("shop").fetch(reference_of(found))
    with pytest.raises(Overtaken):
        settling.apply(found, answer, "a test", revision=settling.revision_of(found) - 1)


def test_a_payment_that_another_object_paid_is_given_back_there(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run, anna: int
) -> None:
    found = begun()
    first = reference_of(found)
    other = shop.make(usd("29"), found)
    shop.pay(other.reference)
    deliver(other.reference)
    run_jobs()
    assert (status(found), reference_of(found), enrolled(anna)) == ("completed", other.reference, ["basic"])
    ask_refund(found, None, reason="asked", by=OLGA)
    run_jobs()
    assert [len(shop.find(one).refunds) for one in (first, other.reference)] == [0, 1]
    assert status(found) == "refunded"


@pytest.mark.parametrize(("first_pays", "amount"), [(True, "29"), (False, "29"), (True, "31")])
def test_two_objects_that_are_both_paid_are_a_problem_until_one_is_given_back(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run, anna: int, first_pays: bool, amount: str
) -> None:
    found = begun()
    first, other = reference_of(found), shop.make(usd(amount), found).reference
    for reference in (first, other) if first_pays else (other, first):
        shop.pay(reference)
        deliver(reference)
        run_jobs()
    assert (status(found), row_of(found)["problem"]) == ("completed", "paid-twice-object")
    assert (first in rules(found, "mismatch")[-1], other in rules(found, "mismatch")[-1]) == (True, True)
    second = other if first_pays else first
    shop.dispute(second)
    deliver(second)
    shop.dispute(second, "won")
    shop.give_back(second, usd(amount))
    deliver(second)
    run_jobs()
    assert (status(found), row_of(found)["problem"], enrolled(anna), refunds(found)) == ("completed", None, ["basic"], [])


def test_another_object_that_expires_does_not_end_the_payment(begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run) -> None:
    found = begun()
    other = shop.make(usd("29"), found)
    shop.expire(other.reference)
    deliver(other.reference)
    run_jobs()
    assert (status(found), reference_of(found) != other.reference) == ("pending", True)


def test_the_answer_to_begin_does_not_take_the_place_of_what_was_paid(begun: Begun, shop: ShopService) -> None:
    found = begun()
    shop.pay(reference_of(found))
    settling.look(found, "webhook 1")
    paid_by = reference_of(found)
    settling.begun(found, Redirect("https://shop.example/2", "cs_late"), "checkout")
    assert reference_of(found) == paid_by


@pytest.mark.parametrize("known", [True, False])
def test_a_webhook_is_not_used_up_while_the_provider_refuses_to_say(
    paid: Paid, shop: ShopService, deliver: Deliver, run_jobs: Run, frozen_clock: Clock, known: bool
) -> None:
    found = paid()
    other = shop.make(usd("29"), found)
    shop.pay(other.reference)
    shop.give_back(reference_of(found), usd("29"))
    shop.refuse = {"fetch": "authentication"}
    deliver(reference_of(found) if known else other.reference)
    run_jobs()
    assert (deliveries()[0][0], status(found)) == ("new", "completed")
    shop.refuse = {}
    frozen_clock.advance(60)
    run_jobs()
    assert deliveries()[0][0] == "done"
    assert (status(found), row_of(found)["problem"]) == ("refunded", None if known else "paid-twice-object")


def test_webhooks_that_failed_or_lost_their_job_are_handled_again_each_hour_for_a_week(
    paid: Paid, shop: ShopService, deliver: Deliver, run_jobs: Run, frozen_clock: Clock
) -> None:
    found = paid()
    shop.give_back(reference_of(found), usd("29"))
    shop.down = {"fetch"}
    deliver(reference_of(found))
    for _ in range(12):
        run_jobs()
        frozen_clock.advance(7 * 3600)
    assert deliveries()[0][0] == "failed"
    shop.down = set()
    reconcile()
    run_jobs()
    assert (deliveries()[0][0], status(found)) == ("done", "refunded")
    with transaction():
        row = WebhookDelivery.select().first()
        row.set(state="new", received_at=now(), processed_at=None)
    for minutes, state in ((1, "new"), (10, "done")):
        frozen_clock.advance(minutes * 60)
        reconcile()
        run_jobs()
        assert deliveries()[0][0] == state
    with transaction():
        WebhookDelivery.select().first().set(state="failed", received_at=now() - timedelta(days=8), processed_at=None)
    reconcile()
    run_jobs()
    assert deliveries()[0][0] == "failed"


def test_money_that_came_otherwise_than_asked_is_not_said_to_be_over(begun: Begun, shop: ShopService, frozen_clock: Clock) -> None:
    found = begun()
    shop.set(reference_of(found), status="completed", money=usd("28"))
    settling.look(found, "webhook 1")
    shop.calls.clear()
    for _ in range(72):
        frozen_clock.advance(3600)
        reconcile()
    assert (status(found), row_of(found)["problem"], facts("payment_failed")) == ("pending", "amount-mismatch", [])
    assert len(shop.called("fetch")) < 20


def test_what_a_newer_payment_replaced_is_asked_after_rarely(begun: Begun, shop: ShopService, frozen_clock: Clock) -> None:
    at = now()
    assert next_check(at, at, 1, rarely=True) - at == timedelta(hours=6)
    found = begun()
    with transaction():
        Payment[found].open_key = None
    for _ in range(10):
        frozen_clock.advance(600)
        reconcile()
    assert len(shop.called("fetch")) == 1


def test_parts_that_a_person_confirms_open_the_course_once_they_make_the_amount(begun: Begun, anna: int) -> None:
    found = begun(provider="till")
    for money, after in (("20", "pending"), ("4", "pending"), ("5", "completed")):
        assert confirm_offline(found, usd(money), reference_note="", by=OLGA).after == after
    assert (ledger(found), enrolled(anna), row_of(found)["problem"]) == ([("charge", 2900)], ["basic"], None)


@pytest.mark.parametrize(("end", "booked", "problem"), [("won", 0, None), ("lost", -2900, "over-refunded")])
def test_a_dispute_ends_in_the_ledger_also_after_everything_was_given_back(
    paid: Paid, shop: ShopService, run_jobs: Run, anna: int, end: str, booked: int, problem: str | None
) -> None:
    found = paid()
    shop.refunds_pend = True
    ask_refund(found, None, reason="asked", by=OLGA)
    run_jobs()
    reference = reference_of(found)
    shop.dispute(reference)
    settling.look(found, "webhook 2")
    shop.send_back(reference, shop.find(reference).refunds[0].id, "completed")
    settling.look(found, "webhook 3")
    shop.dispute(reference, end)
    for number in (4, 5):
        settling.look(found, f"webhook {number}")
    assert (status(found), sum(amount for _, amount in ledger(found)), row_of(found)["problem"]) == ("refunded", booked, problem)
    assert (enrolled(anna), len(facts("payment_disputed"))) == ([], 2)


def test_a_lost_dispute_is_not_opened_again_by_a_refund_that_comes_back(paid: Paid, shop: ShopService, run_jobs: Run, anna: int) -> None:
    found = paid()
    ask_refund(found, usd("10"), reason="asked", by=OLGA)
    run_jobs()
    reference = reference_of(found)
    for state in ("open", "lost"):
        shop.dispute(reference, state)
        settling.look(found, f"webhook {state}")
    shop.send_back(reference, shop.find(reference).refunds[0].id)
    for number in (4, 5):
        settling.look(found, f"webhook {number}")
    assert (status(found), row_of(found)["refunded_minor"], enrolled(anna)) == ("partly_refunded", 1900, [])
    assert (sum(amount for _, amount in ledger(found)), len(facts("payment_disputed"))) == (1000, 2)


def test_a_person_ends_a_dispute_after_the_money_was_given_back(begun: Begun) -> None:
    found = begun(provider="till")
    confirm_offline(found, usd("29"), reference_note="", by=OLGA)
    mark_dispute(found, "open", reason="a letter", by=OLGA)
    with transaction():
        refunding.merge_refunds(Payment[found], [RefundSnapshot("by hand", "completed", usd("29"))], cause=OLGA)
    assert status(found) == "refunded"
    assert mark_dispute(found, "won", reason="a letter", by=OLGA).moved
    assert sum(amount for _, amount in ledger(found)) == 0


def test_a_refund_without_any_id_is_not_booked_with_each_look(paid: Paid, shop: ShopService) -> None:
    found = paid()
    shop.set(reference_of(found), refunds=[RefundSnapshot("", "completed", usd("5"))])
    for number in range(3):
        settling.look(found, f"webhook {number}")
    assert (refunds(found), row_of(found)["problem"]) == ([], "refund-mismatch")


def test_a_refund_id_that_is_another_payments_is_not_booked(paid: Paid, shop: ShopService, noah: Any) -> None:
    first, second = paid(), paid(user_id=noah.id)
    for one in (first, second):
        shop.set(reference_of(one), refunds=[RefundSnapshot("1", "completed", usd("5"))])
        settling.look(one, "webhook 2")
    assert (refunds(first), refunds(second), row_of(second)["problem"]) == ([("completed", 500)], [], "refund-mismatch")


@pytest.mark.parametrize(("answer", "booked"), [
    (RefundSnapshot("re_z", "completed", usd("29")), [("completed", 2900)]),
    (RefundSnapshot("re_z", "succeeded", usd("5")), [("asking", 500)]),  # type: ignore[arg-type]
])
def test_a_refund_that_is_not_what_was_asked_is_a_problem(
    paid: Paid, run_jobs: Run, monkeypatch: pytest.MonkeyPatch, answer: RefundSnapshot, booked: list[tuple[str, int]]
) -> None:
    found = paid()
    ask_refund(found, usd("5"), reason="asked", by=OLGA)
    monkeypatch.setattr(Shop, "refund", lambda self, reference, money, key: replace(answer, refund_id=key))
    run_jobs()
    assert (refunds(found), row_of(found)["problem"]) == (booked, "refund-mismatch")


@pytest.mark.parametrize("answer", [
    None, "paid", Redirect("https://a.example", ""), Redirect("https://a.example", "r" * 201), Redirect(None, "r"),  # type: ignore[arg-type]
    Redirect("https://a.example", "r", refs=(5,)), Instructions("r", (), expires_at=3),  # type: ignore[arg-type]
], ids=repr)
def test_an_answer_to_begin_that_breaks_the_contract_counts_as_none(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, answer: Any, frozen_clock: Clock, school: School, anna: int
) -> None:
    waiting = checkout.start(anna, COURSE, "basic", provider="shop", currency="USD", coupon=None, email=None, language="en")
    monkeypatch.setattr(Shop, "begin", lambda self, order, key, url: answer)
    frozen_clock.advance(90)
    reconcile()
    assert status(waiting) == "creating"


@pytest.mark.parametrize("change", [
    {"status": "paid"}, {"order_id": 5}, {"livemode": 0}, {"money": 29}, {"refs": (5,)}, {"reference": "r" * 201},
    {"refunds": (None,)}, None,
], ids=repr)
def test_a_snapshot_that_breaks_the_contract_counts_as_no_answer(
    begun: Begun, shop: ShopService, monkeypatch: pytest.MonkeyPatch, change: Any
) -> None:
    found = begun()
    shop.pay(reference_of(found))
    real = Shop.fetch
    monkeypatch.setattr(Shop, "fetch", lambda self, reference: change and replace(real(self, reference), **change))
    with pytest.raises(NoUsableAnswer):
        settling.look(found, "webhook 1")
    assert status(found) == "pending"


def test_further_ids_of_any_length_are_kept_once(begun: Begun, shop: ShopService, monkeypatch: pytest.MonkeyPatch) -> None:
    found = begun()
    shop.pay(reference_of(found))
    real = Shop.fetch
    monkeypatch.setattr(Shop, "fetch", lambda self, reference: replace(real(self, reference), refs=("x" * 250, "x" * 260)))
    for number in (1, 2):
        settling.look(found, f"webhook {number}")
    assert status(found) == "completed"


def test_one_payment_that_stumbles_holds_up_no_other(
    begun: Begun, shop: ShopService, frozen_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = begun("basic"), begun("vip")
    shop.pay(reference_of(good))
    real = settling.mismatch
    monkeypatch.setattr(settling, "mismatch", lambda payment, snapshot: 1 / 0 if payment.id == bad else real(payment, snapshot))
    frozen_clock.advance(61)
    reconcile()
    assert (status(bad), status(good)) == ("pending", "completed")


def test_the_sweep_goes_on_past_a_reference_that_gets_no_answer(
    begun: Begun, shop: ShopService, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, bad, last = begun("basic"), begun("accelerator"), begun("vip")
    shop.pay(reference_of(last))
    stuck, real = reference_of(bad), Shop.fetch

    def fetch(self: Shop, reference: str) -> Snapshot:
        if reference == stuck:
            raise ProviderDown("No answer.")
        return real(self, reference)

    monkeypatch.setattr(Shop, "fetch", fetch)
    found = sweep(find_provider("shop"), now() - timedelta(days=3))
    assert [(one.reference, "no answer" in one.theirs) for one in found if one.reference == stuck] == [(stuck, True)]
    assert (status(first), status(last)) == ("pending", "completed")


def test_a_provider_that_refuses_all_questions_is_not_taken_to_know_nothing(begun: Begun, shop: ShopService) -> None:
    begun()
    shop.refuse = {"fetch": "authentication"}
    with pytest.raises((ProviderDown, provider_calls.ProviderRefused)):
        sweep(find_provider("shop"), now() - timedelta(days=3))


def test_bodies_of_webhooks_that_nobody_could_place_are_emptied_after_a_month(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run, inside: Flask
) -> None:
    deliver("cs_unknown", "evt_old")
    deliver("cs_unknown", "evt_new")
    deliver(reference_of(begun()), "evt_ours")
    run_jobs()
    with transaction():
        for row in WebhookDelivery.select():
            row.received_at = now() - timedelta(days=3 if row.event_key == "evt_new" else 31)
    assert (blank_unhandled(), blank_unhandled()) == (1, 0)
    with reading():
        assert {row.event_key: bool(row.raw) for row in WebhookDelivery.select()} == {"evt_old": False, "evt_new": True, "evt_ours": True}


@pytest.mark.parametrize("name", ["X-Shop-Hmac-Sha256", "X-Sign", "Content-Hmac", "X-Auth", "Digest", "Stripe-Signature", "X-Pass"])
def test_whatever_a_signature_is_called_it_is_not_stored(inside: Flask, name: str) -> None:
    assert safe_headers({name: "s3cret", "User-Agent": "shop"}) == {name.lower(): "[redacted]", "user-agent": "shop"}


def test_a_form_of_another_payment_gives_nothing_back(paid: Paid, noah: Any) -> None:
    first, second = paid(), paid(user_id=noah.id)
    asked = ask_refund(first, usd("5"), reason="asked", by=OLGA)
    with pytest.raises(RefundRefused, match="another payment"):
        ask_refund(second, usd("5"), reason="asked", by=OLGA, refund_id=asked)
    with reading():
        assert Refund.select().count() == 1
