"""What a provider says moves a payment along the table and not otherwise; money, access, audit and facts are one transaction."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from shop import Shop, ShopService

from studium.core.database import reading, transaction
from studium.plugins.payments import completing, settling
from studium.plugins.payments.access import may_watch
from studium.plugins.payments.entities import Payment, PaymentEvent
from studium.plugins.payments.errors import NoUsableAnswer, UnknownPayment
from studium.plugins.payments.moving import move
from studium.plugins.payments.transitions import STATUSES, TRANSITIONS
from studium.services.money import Money
from studium.services.provider_registry import UnknownProvider, find_provider
from studium.services.providers import ProviderDown, Redirect, Snapshot
from tests.plugins.payments.money import audit, enrolled, facts, ledger, reference_of, row_of, rules, status
from tests.plugins.payments.school import School

Begun = Callable[..., str]
USD = "USD"


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATUSES, STATUSES)))
def test_the_table_is_what_may_change_and_everything_else_is_audited_and_ignored(begun: Begun, before: str, after: str) -> None:
    found = begun()
    with transaction():
        row = Payment.get(id=found)
        row.status = before
        assert move(row, after, cause="a test") == TRANSITIONS.get((before, after))
    allowed = (before, after) in TRANSITIONS
    assert status(found) == (after if allowed else before)
    assert audit(found)[-1] == (("moved", before, after, "a test") if allowed else ("ignored", "", "", "a test"))


def test_every_line_of_the_table_names_statuses_that_there_are_and_says_why() -> None:
    assert {status for line in TRANSITIONS for status in line} == set(STATUSES)
    assert all(len(rule) > 15 for rule in TRANSITIONS.values())


def test_money_that_arrived_opens_the_course_in_the_same_transaction(
    begun: Begun, school: School, shop: ShopService, anna: int
) -> None:
    found = begun()
    assert not may_watch(anna, school.lessons["spring"])
    shop.pay(reference_of(found))
    applied = settling.look(found, "return page")
    assert (applied.before, applied.after, applied.moved, applied.rule) == ("pending", "completed", True, "the money arrived")
    assert ledger(found) == [("charge", 2900)]
    assert enrolled(anna) == ["basic"]
    assert may_watch(anna, school.lessons["spring"])
    assert not may_watch(anna, school.lessons["delta"])
    assert audit(found, "moved") == [("moved", "creating", "pending", "checkout"), ("moved", "pending", "completed", "return page")]
    row = row_of(found)
    assert (row["paid_minor"], row["open_key"], row["next_check_at"], row["problem"]) == (2900, None, None, None)


def test_hook_payment_completed_is_published_once_however_often_it_is_looked_at(begun: Begun, shop: ShopService, anna: int) -> None:
    found = begun()
    shop.pay(reference_of(found))
    for number in range(4):
        settling.look(found, f"webhook {number}")
    (told,) = facts("payment_completed")
    assert f'"payment_id":"{found}"' in told
    assert f'"user_id":{anna}' in told
    assert '"amount_minor":2900,"currency":"USD"' in told
    assert len(facts("enrolment_granted")) == 1
    assert ledger(found) == [("charge", 2900)]
    assert [row[0] for row in audit(found)][-3:] == ["checked"] * 3


def test_hook_payment_failed_tells_why_and_a_late_success_still_counts(begun: Begun, shop: ShopService, anna: int) -> None:
    found = begun()
    shop.fail(reference_of(found), "The card was declined.")
    assert settling.look(found, "webhook 1").after == "failed"
    assert '"expired":false,"reason":"The card was declined."' in facts("payment_failed")[0]
    assert enrolled(anna) == []
    shop.pay(reference_of(found))
    assert settling.look(found, "webhook 2").rule.startswith("late success")
    assert enrolled(anna) == ["basic"]
    assert row_of(found)["last_error"] is None


def test_an_expired_payment_can_still_complete_late(begun: Begun, shop: ShopService, anna: int) -> None:
    found = begun()
    shop.expire(reference_of(found))
    assert settling.look(found, "reconcile").after == "expired"
    assert '"expired":true' in facts("payment_failed")[0]
    again = begun()
    assert again != found, "after the end of an offer a new payment is made"
    shop.pay(reference_of(found))
    assert settling.look(found, "sweep").after == "completed"
    assert enrolled(anna) == ["basic"]


def test_two_payments_for_the_same_tier_give_it_once_and_the_second_takes_over_when_the_first_is_given_back(
    begun: Begun, shop: ShopService, anna: int
) -> None:
    first = begun()
    shop.expire(reference_of(first))
    settling.look(first, "webhook 1")
    second = begun()
    for found in (first, second):
        shop.pay(reference_of(found))
        settling.look(found, "webhook 2")
    assert [row_of(found)["problem"] for found in (first, second)] == [None, "paid-twice"]
    shop.give_back(reference_of(first), Money("29", USD))
    settling.look(first, "webhook 3")
    assert (status(first), enrolled(anna), row_of(second)["problem"]) == ("refunded", ["basic"], None)
    shop.give_back(reference_of(second), Money("29", USD))
    settling.look(second, "webhook 4")
    assert enrolled(anna) == []


def test_the_second_of_two_payments_can_be_given_back_without_closing_anything(begun: Begun, shop: ShopService, anna: int) -> None:
    first = begun()
    shop.expire(reference_of(first))
    settling.look(first, "webhook 1")
    second = begun()
    for found in (first, second):
        shop.pay(reference_of(found))
        settling.look(found, "webhook 2")
    shop.give_back(reference_of(second), Money("29", USD))
    settling.look(second, "webhook 3")
    assert (status(second), row_of(second)["problem"], enrolled(anna)) == ("refunded", None, ["basic"])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "amount-mismatch": ({"money": Money("28.99", USD)}, "29.00 USD were asked, 28.99 USD were paid"),
    "currency-mismatch": ({"money": Money("29", "EUR")}, "29.00 USD were asked, 29.00 EUR were paid"),
    "mode-mismatch": ({"livemode": True}, "live money"),
    "order-mismatch": ({"order_id": "somebody-else"}, "order somebody-else"),
}


@pytest.mark.parametrize("problem", WRONG)
def test_what_does_not_fit_gives_no_access_and_is_shown_as_a_problem(
    begun: Begun, shop: ShopService, anna: int, log_lines: list[Any], problem: str
) -> None:
    found = begun()
    changes, told = WRONG[problem]
    reference = reference_of(found)
    kept = {name: getattr(shop.find(reference), name) for name in changes}
    shop.set(reference, status="completed", **changes)
    for _ in range(3):
        applied = settling.look(found, "reconcile")
        assert (applied.after, applied.moved) == ("pending", False)
    assert row_of(found)["problem"] == problem
    assert len(rules(found, "mismatch")) == 1, "the same every hour is one row"
    assert told in rules(found, "mismatch")[0]
    assert (ledger(found), enrolled(anna), facts("payment_completed")) == ([], [], [])
    assert ("payment_problem", found, problem) in [(line["event"], line.get("payment"), line.get("problem")) for line in log_lines]
    shop.set(reference, **kept)
    assert settling.look(found, "reconcile").after == "completed"
    assert row_of(found)["problem"] is None


def test_ids_of_another_payment_are_refused(begun: Begun, shop: ShopService, anna: int, inside: Flask) -> None:
    found = begun()
    other = begun("vip")
    snapshot = Snapshot("completed", Money("249", USD), reference=reference_of(found))
    assert settling.apply(other, snapshot, "a test").rule.startswith("order-mismatch: the provider's ids belong to the payment " + found)
    assert enrolled(anna) == []


@pytest.mark.parametrize("late", ["pending", "failed", "expired"])
def test_old_news_after_the_money_change_nothing(begun: Begun, shop: ShopService, anna: int, late: Any) -> None:
    found = begun()
    reference = reference_of(found)
    shop.pay(reference)
    settling.look(found, "webhook 1")
    shop.set(reference, status=late)
    applied = settling.look(found, "webhook 2")
    assert (applied.after, applied.moved) == ("completed", False)
    assert audit(found)[-1] == ("ignored", "", "", "webhook 2")
    assert enrolled(anna) == ["basic"]
    assert facts("payment_failed") == []


def test_eight_threads_with_the_same_news_credit_once(begun: Begun, shop: ShopService, inside: Flask, anna: int) -> None:
    found = begun()
    shop.pay(reference_of(found))
    together = threading.Barrier(8)
    errors: list[Exception] = []

    def deliver(number: int) -> None:
        with inside.app_context():
            together.wait()
            try:
                settling.look(found, f"webhook {number}")
            except Exception as error:  # noqa: BLE001  shown below
                errors.append(error)

    threads = [threading.Thread(target=deliver, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert errors == []
    assert ledger(found) == [("charge", 2900)]
    assert len(facts("payment_completed")) == len(facts("enrolment_granted")) == 1
    assert len(audit(found, "moved")) == 2
    assert enrolled(anna) == ["basic"]


def test_an_answer_that_was_overtaken_by_another_change_is_not_believed(
    begun: Begun, shop: ShopService, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow look asked before the dispute was opened; its answer, without one, must not count as a dispute that was won."""
    found = begun()
    reference = reference_of(found)
    shop.pay(reference)
    settling.look(found, "webhook 1")
    quick = Shop.fetch
    answered: list[str] = []

    def slow(self: Shop, asked: str) -> Snapshot:
        answer = quick(self, asked)
        if not answered:
            answered.append(asked)
            shop.dispute(reference)
            settling.look(found, "webhook 2")
        return answer

    monkeypatch.setattr(Shop, "fetch", slow)
    assert settling.look(found, "webhook 3").after == "disputed"
    assert enrolled(anna) == []
    assert [row[2] for row in audit(found, "moved")] == ["pending", "completed", "disputed"]


def test_a_provider_that_is_down_is_noted_once_and_said_to_the_caller(begun: Begun, shop: ShopService) -> None:
    found = begun()
    shop.down = {"fetch"}
    for _ in range(3):
        with pytest.raises(ProviderDown, match="did not answer"):
            settling.look(found, "reconcile")
    assert rules(found, "down") == ["The shop did not answer (fetch)."]
    assert row_of(found)["last_error"] == "The shop did not answer (fetch)."
    shop.down = set()
    shop.pay(reference_of(found))
    settling.look(found, "reconcile")
    assert row_of(found)["last_error"] is None


def test_a_provider_that_refuses_is_noted_and_changes_nothing(begun: Begun, shop: ShopService) -> None:
    found = begun()
    shop.refuse = {"fetch": "forbidden"}
    with pytest.raises(NoUsableAnswer, match="the provider refused: The shop said no"):
        settling.look(found, "reconcile")
    assert (status(found), len(rules(found, "refused"))) == ("pending", 1)
    shop.refuse = {"fetch": "not-found"}
    assert "not-found" in settling.look(found, "reconcile").rule, "the one refusal that is an answer"
    assert (status(found), len(rules(found, "refused"))) == ("pending", 2)


def test_a_provider_that_breaks_its_contract_counts_as_down(
    begun: Begun, shop: ShopService, monkeypatch: pytest.MonkeyPatch, log_lines: list[Any]
) -> None:
    found = begun()
    monkeypatch.setattr(Shop, "fetch", lambda self, reference: {}["status"])
    with pytest.raises(ProviderDown, match="KeyError"):
        settling.look(found, "reconcile")
    assert "provider_broke_its_contract" in [line["event"] for line in log_lines]


def test_a_run_that_dies_anywhere_in_the_transaction_changes_nothing(
    begun: Begun, shop: ShopService, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = begun()
    shop.pay(reference_of(found))
    for name in ("tell_completed", "_grant", "move"):
        with monkeypatch.context() as broken:
            broken.setattr(completing, name, lambda *_, **__: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                settling.look(found, "webhook 1")
        assert (status(found), ledger(found), enrolled(anna), facts("payment_completed")) == ("pending", [], [], [])
        assert audit(found, "moved") == [("moved", "creating", "pending", "checkout")]
    assert settling.look(found, "webhook 1").after == "completed"
    assert enrolled(anna) == ["basic"]


def test_money_for_a_deleted_account_is_kept_for_a_person_to_give_back(begun: Begun, shop: ShopService) -> None:
    found = begun()
    shop.pay(reference_of(found))
    with transaction():
        Payment.get(id=found).user_id = None
    settling.look(found, "webhook 1")
    assert (status(found), row_of(found)["problem"], ledger(found)) == ("completed", "no-account", [("charge", 2900)])
    assert facts("payment_completed") == []


def test_an_upgrade_whose_base_was_given_back_meanwhile_gives_no_access(begun: Begun, shop: ShopService, anna: int) -> None:
    """Else the higher tier could be had for the difference alone."""
    base = begun()
    shop.pay(reference_of(base))
    settling.look(base, "webhook 1")
    upgrade = begun("vip")
    assert row_of(upgrade)["amount_minor"] == 22000
    shop.give_back(reference_of(base), Money("29", USD))
    settling.look(base, "webhook 2")
    shop.pay(reference_of(upgrade))
    settling.look(upgrade, "webhook 3")
    assert (status(upgrade), row_of(upgrade)["problem"], enrolled(anna)) == ("completed", "upgrade-base-gone", [])


def test_the_open_page_of_the_buyer_hears_of_it_after_the_commit(
    begun: Begun, shop: ShopService, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studium.services import cable

    told: list[Any] = []
    monkeypatch.setattr(cable, "publish", lambda stream, payload, collapse=None: told.append((stream, payload["data"])))
    found = begun()
    shop.pay(reference_of(found))
    settling.look(found, "webhook 1")
    assert (cable.user_stream(anna), {"type": "payment", "id": found, "status": "completed"}) in told


def test_an_answer_of_the_provider_that_came_after_its_webhook_does_not_go_back(begun: Begun, shop: ShopService, anna: int) -> None:
    found = begun()
    reference = reference_of(found)
    shop.pay(reference)
    settling.look(found, "webhook 1")
    settling.begun(found, Redirect("https://shop.example/pay/1", reference), "checkout")
    assert (status(found), audit(found, "ignored")) == ("completed", [])


def test_a_refusal_at_the_beginning_ends_the_payment(shop: ShopService, anna: int, begun: Begun) -> None:
    shop.refuse = {"begin": "bad-key"}
    found = begun()
    assert (status(found), row_of(found)["last_error"], row_of(found)["open_key"]) == ("failed", "The shop said no (begin).", None)


def test_only_nothing_completes_without_a_provider(begun: Begun) -> None:
    found = begun()
    with transaction(), pytest.raises(ValueError, match="only its provider"):
        settling.complete_free(Payment.get(id=found), "a test")


def test_unknown_payments_and_providers_that_left_are_said(begun: Begun, inside: Flask) -> None:
    with pytest.raises(UnknownPayment):
        settling.look("no-such-payment", "a test")
    found = begun()
    with transaction():
        Payment.get(id=found).provider = "gone"
    with pytest.raises(UnknownProvider, match="gone"):
        settling.look(found, "a test")


def test_the_audit_keeps_what_the_service_said_without_personal_data(begun: Begun, shop: ShopService) -> None:
    found = begun()
    shop.pay(reference_of(found))
    settling.look(found, "webhook 1")
    with reading():
        kept = "".join(row.data for row in PaymentEvent.select(lambda row: row.payment_id == found))
    assert "[redacted]" in kept
    assert "anna@example.org" not in kept


def test_an_audit_row_is_for_good(begun: Begun) -> None:
    from studium.core.errors import DatabaseError

    found = begun()
    for change in (lambda row: row.set(cause="x"), lambda row: row.delete()):
        with pytest.raises(DatabaseError, match="never"), transaction():
            row = PaymentEvent.select(lambda row: row.payment_id == found).first()
            change(row)
            row.flush()


def test_hook_register_payment_providers_brings_a_third_partys_provider(inside: Flask, shop: ShopService) -> None:
    assert isinstance(find_provider("shop"), Shop)


def test_a_provider_without_disputes_is_not_taken_to_have_won_one(
    begun: Begun, shop: ShopService, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studium.plugins.payments.disputes import mark_dispute

    monkeypatch.setattr(Shop, "meta", replace(Shop.meta, capabilities=Shop.meta.capabilities - {"dispute"}))
    found = begun()
    shop.pay(reference_of(found))
    settling.look(found, "webhook 1")
    mark_dispute(found, "open", reason="a letter of the bank", by="Olga (user 4)")
    assert settling.look(found, "webhook 2").after == "disputed"
    assert enrolled(anna) == []


def test_a_problem_that_somebody_dealt_with_is_taken_off_with_their_name(begun: Begun, shop: ShopService) -> None:
    from studium.plugins.payments.problems import dismiss_problem

    found = begun()
    shop.set(reference_of(found), status="completed", money=Money("1", USD))
    settling.look(found, "webhook 1")
    assert dismiss_problem(found, reason="given back by hand", by="Olga (user 4)")
    assert not dismiss_problem(found, reason="again", by="Olga (user 4)")
    assert row_of(found)["problem"] is None
    assert rules(found, "settled") == ["amount-mismatch: given back by hand"]
