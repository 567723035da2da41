"""The inbox: authentic deliveries are stored once and answered with 200, everything else is counted and leaves nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from shop import Shop, ShopService

from studium.core.database import reading, transaction
from studium.plugins.payments import beginning, checkout, inbox, webhook_job
from studium.plugins.payments.entities import Payment, PaymentReference, WebhookDelivery, WebhookRejection
from studium.queue import jobs
from studium.queue.jobs import Job
from studium.services.money import Money
from tests.conftest import Clock
from tests.plugins.payments.money import Begun, Deliver, audit, deliveries, enrolled, facts, ledger, reference_of, row_of, status
from tests.plugins.payments.school import COURSE, School

Run = Callable[[], int]
NAMELESS = b'{"id": " ", "kind": "", "object": ""}'


def rejections() -> dict[str, int]:
    with reading():
        return {f"{row.provider} {row.reason}": row.count for row in WebhookRejection.select()}


def test_a_webhook_is_stored_then_answered_then_handled(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run, anna: int
) -> None:
    found = begun()
    shop.pay(reference_of(found))
    assert deliver(reference_of(found)) == 200
    assert (deliveries(), status(found), enrolled(anna)) == ([("new", 1, None)], "pending", [])
    run_jobs()
    assert (deliveries(), status(found), enrolled(anna)) == ([("done", 1, found)], "completed", ["basic"])
    assert audit(found)[-1][3].startswith("webhook ")


def test_the_answer_is_empty_and_exactly_200(begun: Begun, shop: ShopService, inside: Flask) -> None:
    body, headers = shop.webhook(reference_of(begun()))
    answer = inside.test_client().post("/webhooks/shop", data=body, headers=headers)
    assert (answer.status_code, answer.data) == (200, b"")


def test_the_body_is_never_believed(begun: Begun, deliver: Deliver, run_jobs: Run, anna: int) -> None:
    """The webhook is authentic, but the shop itself says that nobody paid."""
    found = begun()
    deliver(reference_of(found))
    run_jobs()
    assert (status(found), enrolled(anna)) == ("pending", [])


def test_duplicates_in_any_number_are_one_row_and_one_credit(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run
) -> None:
    found = begun()
    shop.pay(reference_of(found))
    for _ in range(5):
        assert deliver(reference_of(found), "evt_same") == 200
    run_jobs()
    for _ in range(3):
        deliver(reference_of(found), "evt_same")
    run_jobs()
    assert deliveries() == [("done", 8, found)]
    assert ledger(found) == [("charge", 2900)]
    assert len(shop.called("fetch")) == 1


def test_eight_threads_deliver_one_event_and_its_jobs_run_at_once(
    begun: Begun, shop: ShopService, deliver: Deliver, inside: Flask, anna: int
) -> None:
    found = begun()
    shop.pay(reference_of(found))
    together = threading.Barrier(8)
    answers: list[object] = []

    def send() -> None:
        with inside.app_context():
            together.wait()
            answers.append(deliver(reference_of(found), "evt_same"))
            with reading():
                (number,) = [row.id for row in WebhookDelivery.select()]
            answers.append(webhook_job.handle(number))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers.count(200) == 8
    assert len(answers) == 16
    assert deliveries() == [("done", 8, found)]
    assert ledger(found) == [("charge", 2900)]
    assert len(facts("payment_completed")) == 1
    assert enrolled(anna) == ["basic"]


def test_any_order_of_the_same_story_ends_the_same(begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run, anna: int) -> None:
    found = begun()
    reference = reference_of(found)
    shop.pay(reference)
    shop.give_back(reference, Money("9", "USD"))
    for event in ("evt_3_refunded", "evt_1_created", "evt_2_paid"):
        deliver(reference, event)
    run_jobs()
    assert (status(found), ledger(found), enrolled(anna)) == ("partly_refunded", [("charge", 2900), ("refund", -900)], ["basic"])


@pytest.mark.parametrize(("change", "reason"), [
    (lambda body, headers: (body, {}), "signature"),
    (lambda body, headers: (body, {"Shop-Signature": "0" * 64}), "signature"),
    (lambda body, headers: (body + b" ", headers), "signature"),
    (lambda body, headers: (b"", headers), "signature"),
    (lambda body, headers: (b"\xff\x00{", ShopService.signed(b"\xff\x00{")), "malformed"),
    (lambda body, headers: (b'{"id": 1}', ShopService.signed(b'{"id": 1}')), "malformed"),
    (lambda body, headers: (NAMELESS, ShopService.signed(NAMELESS)), "malformed"),
    (lambda body, headers: (b"[]", ShopService.signed(b"[]")), "malformed"),
], ids=["unsigned", "forged", "tampered", "empty", "binary", "fields missing", "no key", "a list"])
def test_what_is_not_authentic_or_readable_is_counted_and_leaves_nothing(
    begun: Begun, shop: ShopService, inside: Flask, change: Any, reason: str
) -> None:
    body, headers = change(*shop.webhook(reference_of(begun())))
    for _ in range(2):
        answer = inside.test_client().post("/webhooks/shop", data=body, headers=headers)
        assert answer.status_code == 400
        assert answer.get_json()["detail"] == "The delivery was not accepted.", "says nothing of why"
    assert (deliveries(), rejections()) == ([], {f"shop {reason}": 2})
    with reading():
        assert Job.select(lambda job: job.kind == "payment_webhook").count() == 0


def test_an_unknown_provider_is_404_and_a_provider_without_webhooks_refuses(inside: Flask) -> None:
    client = inside.test_client()
    assert client.post("/webhooks/none", data=b"{}").status_code == 404
    assert client.post("/webhooks/" + "x" * 300, data=b"{}").status_code == 404
    assert client.get("/webhooks/shop").status_code == 405
    assert client.post("/webhooks/till", data=b"{}").status_code == 400
    assert rejections() == {"till source": 1}


def test_a_body_over_256_kb_is_413_and_one_of_256_kb_is_read(shop: ShopService, inside: Flask) -> None:
    client = inside.test_client()
    assert client.post("/webhooks/shop", data=b"x" * (256 * 1024 + 1)).status_code == 413
    assert client.post("/webhooks/shop", data=b"x" * (256 * 1024)).status_code == 400
    assert deliveries() == []


def test_an_event_of_no_interest_is_answered_and_not_kept(begun: Begun, shop: ShopService, inside: Flask) -> None:
    body, headers = shop.webhook(reference_of(begun()), kind="ping")
    assert inside.test_client().post("/webhooks/shop", data=body, headers=headers).status_code == 200
    assert (deliveries(), rejections()) == ([], {})


def test_keys_signatures_and_cookies_are_not_stored_nor_logged(
    begun: Begun, shop: ShopService, deliver: Deliver, inside: Flask, run_jobs: Run, log_lines: list[Any]
) -> None:
    secret = "c0ffee-" * 4
    deliver(reference_of(begun()), "evt_1", None, **{
        "Authorization": f"Bearer {secret}", "Cookie": f"studium_session={secret}", "X-Api-Key": secret, "X-Auth-Token": secret,
        "User-Agent": "Shop/1"})
    inside.test_client().post("/webhooks/shop", data=b"{}", headers={"Shop-Signature": secret, "Authorization": secret})
    run_jobs()
    with reading():
        (row,) = WebhookDelivery.select()
        headers = json.loads(row.headers)
    assert secret not in json.dumps(headers) + json.dumps(log_lines, default=str)
    assert (headers["shop-signature"], headers["authorization"], headers["user-agent"]) == ("[redacted]", "[redacted]", "Shop/1")
    assert inbox.safe_headers({"Cookie": secret, "Set-Cookie": secret}) == {"cookie": "[redacted]", "set-cookie": "[redacted]"}


def test_the_body_is_kept_byte_for_byte(begun: Begun, shop: ShopService, inside: Flask) -> None:
    body = json.dumps({"id": "evt_1", "kind": "x", "object": reference_of(begun()), "name": "Анна"}, ensure_ascii=False).encode() + b"\r\n "
    assert inside.test_client().post("/webhooks/shop", data=body, headers=shop.signed(body)).status_code == 200
    with reading():
        assert WebhookDelivery.get(event_key="evt_1").raw.encode("latin-1") == body


def test_a_provider_that_is_down_is_asked_again_later(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run, frozen_clock: Clock, anna: int
) -> None:
    found = begun()
    shop.pay(reference_of(found))
    shop.down = {"fetch"}
    deliver(reference_of(found))
    run_jobs()
    frozen_clock.advance(60)
    run_jobs()
    assert deliveries() == [("new", 1, None)]
    with reading():
        assert "did not answer" in (WebhookDelivery.get(provider="shop").last_error or "")
    shop.down = set()
    frozen_clock.advance(600)
    run_jobs()
    assert (deliveries(), status(found), enrolled(anna)) == ([("done", 1, found)], "completed", ["basic"])


def test_after_the_last_try_the_row_says_failed_and_a_new_delivery_tries_again(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run, frozen_clock: Clock
) -> None:
    found = begun()
    shop.pay(reference_of(found))
    shop.down = {"fetch"}
    deliver(reference_of(found), "evt_1")
    for _ in range(webhook_job.RETRIES + 1):
        run_jobs()
        frozen_clock.advance(7 * 3600)
    assert deliveries()[0][0] == "failed"
    shop.down = set()
    deliver(reference_of(found), "evt_1")
    run_jobs()
    assert (deliveries(), status(found)) == ([("done", 2, found)], "completed")


def test_a_webhook_by_another_id_of_the_payment_finds_it(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run
) -> None:
    found = begun()
    paid = shop.pay(reference_of(found))
    deliver(paid.intent)
    run_jobs()
    assert status(found) == "completed"
    with reading():
        assert {row.ref for row in PaymentReference.select(lambda row: row.payment_id == found)} == {paid.reference, paid.intent}


def test_a_webhook_that_is_quicker_than_the_answer_to_begin_finds_its_payment_by_the_order(
    school: School, inside: Flask, anna: int, shop: ShopService, deliver: Deliver, run_jobs: Run
) -> None:
    shop.broken_after = {"begin"}
    found = checkout.start(anna, COURSE, "basic", provider="shop", currency="USD", coupon=None, email=None, language="en")
    assert beginning.begin(found).down
    assert (status(found), row_of(found)["reference"]) == ("creating", None)
    (paid,) = shop.payments.values()
    shop.pay(paid.reference)
    deliver(paid.intent)
    run_jobs()
    assert (status(found), row_of(found)["reference"], enrolled(anna)) == ("completed", paid.reference, ["basic"])


def test_a_webhook_of_nobodys_object_is_kept_and_found_again_when_its_payment_appears(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run, anna: int
) -> None:
    """A service that keeps no order id spoke of the charge before we knew that it belongs to the payment."""
    paid = shop.make(Money("29", "USD"), None)
    shop.pay(paid.reference)
    deliver(paid.intent, "evt_early")
    run_jobs()
    assert deliveries() == [("ignored", 1, None)]
    found = begun()
    early, known = shop.payments.pop(paid.reference), shop.find(reference_of(found))
    known.intent = early.intent
    from studium.plugins.payments.settling import look

    look(found, "return page")
    assert deliveries() == [("new", 1, None)]
    shop.pay(known.reference)
    run_jobs()
    assert (deliveries(), status(found)) == ([("done", 1, found)], "completed")


def test_a_webhook_of_an_object_that_the_service_does_not_know_is_ignored(shop: ShopService, deliver: Deliver, run_jobs: Run) -> None:
    deliver("cs_forged")
    run_jobs()
    with reading():
        (row,) = WebhookDelivery.select()
        assert (row.state, "not-found" in row.last_error) == ("ignored", True)


def test_a_payment_that_appears_while_its_webhook_is_being_ignored_is_not_missed(
    begun: Begun, shop: ShopService, deliver: Deliver, inside: Flask, run_jobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = begun()
    shop.pay(reference_of(found))
    deliver("ch_new", "evt_1")
    kept = webhook_job._find_payment

    def late(*asked: Any) -> Any:
        answer = kept(*asked)
        with transaction():
            PaymentReference(provider="shop", ref="ch_new", payment_id=found)
        return answer

    monkeypatch.setattr(webhook_job, "_find_payment", late)
    run_jobs()
    assert (deliveries(), status(found)) == ([("done", 1, found)], "completed")


def test_live_money_for_a_test_payment_is_audited_and_ignored(
    school: School, inside: Flask, anna: int, shop: ShopService, deliver: Deliver, run_jobs: Run
) -> None:
    shop.down = {"begin"}
    found = checkout.start(anna, COURSE, "basic", provider="shop", currency="USD", coupon=None, email=None, language="en")
    beginning.begin(found)
    paid = shop.make(Money("29", "USD"), found)
    shop.set(paid.reference, status="completed", livemode=True)
    deliver(paid.reference)
    run_jobs()
    assert (status(found), row_of(found)["problem"], row_of(found)["reference"]) == ("creating", "mode-mismatch", None)
    assert enrolled(anna) == []


@pytest.mark.parametrize("step", ["look_at", "_finish", "_find_payment"])
def test_a_kill_at_any_step_leaves_the_row_and_the_next_run_does_it_once(
    begun: Begun, shop: ShopService, deliver: Deliver, run_jobs: Run, frozen_clock: Clock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    found = begun()
    shop.pay(reference_of(found))
    deliver(reference_of(found))
    with monkeypatch.context() as killed:
        killed.setattr(webhook_job, step, lambda *_: 1 / 0)
        run_jobs()
    assert deliveries()[0][0] == "new"
    frozen_clock.advance(60)
    run_jobs()
    assert (deliveries(), ledger(found), len(facts("payment_completed"))) == ([("done", 1, found)], [("charge", 2900)], 1)


def test_a_crash_before_the_commit_stores_nothing_and_the_sender_is_not_told_200(
    begun: Begun, shop: ShopService, inside: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, headers = shop.webhook(reference_of(begun()))
    monkeypatch.setattr(inbox.jobs, "enqueue", lambda *_, **__: 1 / 0)
    answer = inside.test_client().post("/webhooks/shop", data=body, headers=headers)
    assert (answer.status_code, deliveries()) == (500, [])


def test_several_events_in_one_delivery_are_several_rows(
    begun: Begun, shop: ShopService, inside: Flask, monkeypatch: pytest.MonkeyPatch, run_jobs: Run
) -> None:
    one = Shop.read_webhook
    monkeypatch.setattr(Shop, "read_webhook", lambda self, *asked: [
        type(found)(found.event_key + suffix, found.kind, found.object_id) for found in one(self, *asked) for suffix in "ab"])
    body, headers = shop.webhook(reference_of(begun()))
    assert inside.test_client().post("/webhooks/shop", data=body, headers=headers).status_code == 200
    run_jobs()
    assert [row[0] for row in deliveries()] == ["done", "done"]


def test_the_job_of_a_provider_that_left_says_so(begun: Begun, deliver: Deliver, run_jobs: Run) -> None:
    deliver(reference_of(begun()))
    with transaction():
        Payment.select().first().provider = "gone"
        for row in PaymentReference.select():
            row.provider = "gone"
        WebhookDelivery.select().first().provider = "gone"
    run_jobs()
    assert deliveries()[0][0] == "failed"
    with reading():
        (job,) = Job.select(lambda job: job.kind == "payment_webhook")
        assert jobs.find_job(job.id).state == "failed"
