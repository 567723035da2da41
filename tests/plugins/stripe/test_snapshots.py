"""What Stripe's objects mean, by its own words for each state."""

from __future__ import annotations

from typing import Any

import pytest

from studium.plugins.stripe.finding import Objects
from studium.plugins.stripe.provider import StripeProvider
from studium.plugins.stripe.snapshots import snapshot
from studium.services.money import Money

META = StripeProvider.meta


def session(**changed: Any) -> dict[str, Any]:
    return {"id": "cs_1", "status": "open", "payment_status": "unpaid", "amount_total": 2900, "currency": "eur", "livemode": False,
            "metadata": {"order_id": "7"}, "client_reference_id": "7", "payment_intent": "pi_1"} | changed


def intent(**changed: Any) -> dict[str, Any]:
    found = {"id": "pi_1", "status": "succeeded", "amount": 2900, "amount_received": 2900, "currency": "eur", "livemode": False,
             "metadata": {"order_id": "7"}, "last_payment_error": None, "cancellation_reason": None, "latest_charge": {"id": "ch_1"}}
    return found | changed


@pytest.mark.parametrize(("of_session", "of_intent", "status"), [
    ({}, None, "pending"),
    ({}, {"status": "requires_payment_method", "last_payment_error": {"message": "Declined."}}, "pending"),  # may try another card
    ({"status": "complete", "payment_status": "paid"}, {}, "completed"),
    ({"status": "complete", "payment_status": "no_payment_required", "amount_total": 0}, None, "completed"),
    ({"status": "complete"}, {"status": "processing"}, "pending"),
    ({"status": "complete"}, {"status": "requires_action"}, "pending"),  # such as a voucher that is paid in a shop
    ({"status": "complete"}, {"status": "requires_payment_method"}, "failed"),
    ({"status": "complete"}, {"status": "canceled"}, "failed"),
    ({"status": "expired"}, None, "expired"),
    ({"status": "expired"}, {"status": "requires_payment_method"}, "expired"),
])
def test_a_session_is_what_its_two_states_say(of_session: dict[str, Any], of_intent: dict[str, Any] | None, status: str) -> None:
    found = Objects(session(**of_session), None if of_intent is None else intent(**of_intent))
    assert snapshot(found, META).status == status


def test_adaptive_pricing_counts_what_was_asked_not_what_was_shown() -> None:
    details = {"presentment_amount": 3150, "presentment_currency": "usd"}
    shown = session(status="complete", payment_status="paid", presentment_details=details)
    assert snapshot(Objects(shown, intent()), META).money == Money(29, "EUR")


def test_the_order_is_joined_by_the_session_or_by_the_intent() -> None:
    assert snapshot(Objects(session(metadata={}, client_reference_id="8"), intent(metadata={})), META).order_id is None
    assert snapshot(Objects(session(metadata=None, client_reference_id=None), intent()), META).order_id == "7"
    assert snapshot(Objects(None, intent(metadata={})), META).order_id is None


def test_an_intent_without_a_session_was_made_elsewhere_and_is_told_all_the_same() -> None:
    found = snapshot(Objects(None, intent(amount_received=1000)), META)
    assert (found.reference, found.status, found.money, found.refs) == ("pi_1", "completed", Money(10, "EUR"), ("ch_1",))
    assert snapshot(Objects(None, intent(status="processing")), META).status == "pending"
    assert snapshot(Objects(None, intent(status="canceled", cancellation_reason="abandoned")), META).reason == "abandoned"


@pytest.mark.parametrize(("statuses", "disputed", "lost"), [
    ([], False, False), (["warning_needs_response"], False, False), (["warning_under_review"], False, False),
    (["warning_closed"], False, False), (["prevented"], False, False), (["needs_response"], True, False), (["under_review"], True, False),
    (["won"], False, False), (["lost"], False, True), (["appeal_under_review"], True, False), (["won", "lost"], False, True),
    (["lost", "needs_response"], True, False),
])
def test_inquiries_take_no_money_and_disputes_do(statuses: list[str], disputed: bool, lost: bool) -> None:
    disputes = [{"id": f"du_{place}", "status": status} for place, status in enumerate(statuses)]
    found = snapshot(Objects(session(status="complete", payment_status="paid"), intent(), [], disputes), META)
    assert (found.status, found.disputed, found.dispute_lost) == ("completed", disputed, lost)


@pytest.mark.parametrize(("theirs", "ours"), [
    ("pending", "pending"), ("requires_action", "pending"), ("succeeded", "completed"), ("failed", "failed"), ("canceled", "failed")])
def test_a_refund_is_what_its_state_says(theirs: str, ours: str) -> None:
    refund = {"id": "re_1", "status": theirs, "amount": 1000, "currency": "eur", "metadata": {"refund_id": "r7"}, "reason": None,
              "failure_reason": "lost_or_stolen_card"}
    (found,) = snapshot(Objects(session(status="complete", payment_status="paid"), intent(), [refund]), META).refunds
    assert (found.status, found.money, found.refund_id, found.reason) == (ours, Money(10, "EUR"), "r7", "lost_or_stolen_card")


def test_matching_id_is_the_intent_that_exports_name() -> None:
    provider = StripeProvider.__new__(StripeProvider)
    assert provider.matching_id(snapshot(Objects(session(), intent()), META)) == "pi_1"
    assert provider.matching_id(snapshot(Objects(session(), None), META)) == "cs_1"
