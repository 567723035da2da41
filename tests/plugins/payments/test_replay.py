"""Replays: a stored webhook is verified again, and its payment is brought to where the provider says it is; a dry run only tells."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask
from shop import ShopService

from studium.core.database import reading, transaction
from studium.plugins.payments.entities import WebhookDelivery
from studium.plugins.payments.errors import UnknownDelivery
from studium.plugins.payments.replay import replay
from studium.services.money import Money
from tests.plugins.payments.money import Begun, Deliver, audit, deliveries, enrolled, facts, ledger, reference_of, refunds, row_of, status

Run = Callable[[], int]


@pytest.fixture
def missed(begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run) -> str:
    """A payment whose webhook was handled while the shop said "pending"; then it was paid, and nobody told."""
    found = begun()
    deliver(reference_of(found))
    run_jobs()
    shop.pay(reference_of(found))
    return found


def number() -> int:
    with reading():
        return int(WebhookDelivery.select().order_by(WebhookDelivery.id).first().id)


def test_a_dry_run_tells_the_transitions_and_changes_nothing(missed: str, anna: int) -> None:
    before = (row_of(missed), audit(missed), deliveries(), ledger(missed), enrolled(anna), facts("payment_completed"))
    found = replay(number(), True, by="Olga")
    assert (found.dry_run, found.payment_id, found.verified, found.problem) == (True, missed, True, "")
    assert [(step.event, step.before, step.after) for step in found.steps] == [("moved", "pending", "completed"), ("grant", "", "")]
    assert {change.field: (change.before, change.after) for change in found.diff}["status"] == ("pending", "completed")
    assert {change.field: (change.before, change.after) for change in found.diff}["paid_minor"] == ("0", "2900")
    assert any(change.field.startswith("enrolment ") for change in found.diff)
    assert (row_of(missed), audit(missed), deliveries(), ledger(missed), enrolled(anna), facts("payment_completed")) == before


def test_a_real_replay_does_what_the_dry_run_told(missed: str, anna: int) -> None:
    told = replay(number(), True)
    done = replay(number(), False, by="Olga")
    assert [(step.event, step.rule) for step in done.steps] == [(step.event, step.rule) for step in told.steps]
    assert (status(missed), enrolled(anna), ledger(missed)) == ("completed", ["basic"], [("charge", 2900)])
    assert audit(missed, "moved")[-1][3] == f"replay of webhook {number()} by Olga"
    again = replay(number(), False)
    assert ([step.event for step in again.steps], again.diff) == (["checked"], ())


def test_a_refund_shows_in_the_difference(missed: str, shop: ShopService) -> None:
    replay(number(), False)
    shop.give_back(reference_of(missed), Money("29", "USD"))
    told = replay(number())
    assert any(change.field.endswith(" status") and change.after == "completed" for change in told.diff)
    assert refunds(missed) == []


def test_a_body_that_was_changed_is_not_replayed(missed: str) -> None:
    with transaction():
        WebhookDelivery.select().first().raw += " "
    found = replay(number(), False)
    assert (found.verified, found.steps) == (False, ())
    assert "not the one that was verified" in found.problem
    assert status(missed) == "pending"


def test_a_body_that_was_removed_with_the_account_can_be_replayed_but_not_verified(missed: str) -> None:
    with transaction():
        WebhookDelivery.select().first().set(raw="", headers="{}")
    assert (replay(number(), False).verified, status(missed)) == (None, "completed")


def test_a_webhook_that_belonged_to_nothing_is_settled_by_a_replay_once_its_payment_is_there(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run
) -> None:
    deliver("cs_elsewhere")
    run_jobs()
    assert replay(number(), False).problem.startswith("The shop knows no payment")
    paid = shop.make(Money("29", "USD"), None, "cs_elsewhere")
    assert replay(number(), False).problem == "no payment here belongs to it"
    found = begun()
    shop.set(paid.reference, status="completed", order_id=found)
    told = replay(number(), True)
    assert (told.payment_id, [step.event for step in told.steps]) == (found, ["moved", "grant"])
    replay(number(), False)
    assert (status(found), deliveries()) == ("completed", [("done", 1, found)])


def test_a_provider_that_is_down_is_said(missed: str, shop: ShopService) -> None:
    shop.down = {"fetch"}
    assert replay(number(), False).problem == "The shop did not answer (fetch)."


def test_an_unknown_number_is_said(inside: Flask) -> None:
    with pytest.raises(UnknownDelivery, match="no webhook 7"):
        replay(7)


def command(inside: Flask, *words: str) -> Result:
    from studium.plugins.payments.commands import payments

    return inside.test_cli_runner().invoke(payments, words)


def test_the_command_replays_dry_unless_told(missed: str, inside: Flask) -> None:
    told = command(inside, "replay", str(number())).output
    assert "verified: yes" in told
    assert "moved: pending -> completed  the money arrived" in told
    assert "Nothing was changed" in told
    assert status(missed) == "pending"
    assert "Done." in command(inside, "replay", str(number()), "--do-it").output
    assert status(missed) == "completed"
    assert command(inside, "replay", "999").exit_code == 1


def test_the_other_commands_list_ask_and_tell(missed: str, inside: Flask, shop: ShopService) -> None:
    assert missed in command(inside, "list").output
    assert missed not in command(inside, "list", "--status", "refunded").output
    assert missed not in command(inside, "list", "--problem").output
    assert command(inside, "reconcile").output.startswith("looked 0")
    assert command(inside, "reconcile", row_of(missed)["number"]).output == "pending -> completed: the money arrived\n"
    told = command(inside, "show", missed).output
    assert "The money is there." in told
    assert "Not stuck." in told
    shop.down = {"fetch"}
    assert command(inside, "reconcile", missed).exit_code == 1
    assert command(inside, "show", "nobody").exit_code == 1
