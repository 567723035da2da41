"""The real site around the provider: a course, buyers, checkout, inbox and jobs; only the provider's service is simulated."""

from __future__ import annotations

import itertools
import json
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Flask

from studium.core.clock import now
from studium.core.database import query, reading, transaction
from studium.plugins.payments import checkout, settling
from studium.plugins.payments.entities import Enrolment, LedgerEntry, Payment, Refund, WebhookDelivery
from studium.queue import jobs
from studium.queue.heart import Heart
from studium.queue.worker import Runner
from studium.services.courses.entities import Course, Lesson, Module, Tier
from studium.services.money import Money
from studium.services.provider_registry import EXTENSION
from studium.services.providers import WEBHOOK, PaymentProvider
from studium.services.sales import find_course_access
from studium.testing.providers.rig import Delivery
from studium.testing.providers.verdict import expect

if TYPE_CHECKING:
    from studium.testing.providers.bench import Bench

TIER = "basic"
EMAIL = "anna.petrova@buyers.example"
CAUSE = "conformance kit"
MOST_JOBS = 200
TEXTS = {"title": {"en": "Tea for beginners"}, "summary": {}, "description": {}, "body": {"en": "Tea"}, "includes": []}
_people = itertools.count(7_000_000_001)


@dataclass(frozen=True)
class Bought:
    """A payment of the site, as its rows say now."""

    id: str
    app: Flask
    redirect_url: str | None
    down: bool

    @property
    def row(self) -> dict[str, Any]:
        """Its columns."""
        with reading():
            found: dict[str, Any] = Payment.get(id=self.id).to_dict()
            return found

    @property
    def status(self) -> str:
        """Its status."""
        return str(self.row["status"])

    @property
    def reference(self) -> str:
        """The service's id of it."""
        return self.row["reference"] or ""

    @property
    def problem(self) -> str | None:
        """What its owner is told to look at."""
        return self.row["problem"]

    @property
    def money(self) -> Money:
        """What was asked."""
        return Money.from_minor(self.row["amount_minor"], self.row["currency"])

    def refunds(self) -> list[dict[str, Any]]:
        """The rows of its refunds."""
        with reading():
            return [found.to_dict() for found in Refund.select(lambda row: row.payment_id == self.id)]

    def ledger(self) -> list[tuple[str, int]]:
        """Kind and minor units of each entry."""
        with reading():
            rows = LedgerEntry.select(lambda row: row.payment_id == self.id).order_by(LedgerEntry.id)
            return [(found.kind, found.amount_minor) for found in rows]


class Buyer:
    """A new person without any enrolment."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        answer = shop.app.test_client().post("/auth/dev", json={"telegram_id": next(_people), "first_name": "Anna"})
        self.id = int(answer.get_json()["data"]["id"])

    def starts(self) -> str:
        """Chooses to buy the tier; the payment's id, not begun at the provider."""
        return checkout.start(self.id, self.shop.slug, TIER, provider=self.shop.bench.meta.code, currency=self.shop.price.currency,
                              coupon=None, email=EMAIL, language="en")

    def begins(self, payment_id: str | None = None) -> Bought:
        """Goes to the provider, with a new payment or on with this one."""
        found = checkout.begin(payment_id or self.starts())
        return Bought(found.payment_id, self.shop.app, found.redirect_url, found.down)

    def buys(self) -> Bought:
        """Pays, and the site has heard of it."""
        payment = self.begins()
        self.shop.bench.rig.pay(payment.reference)
        self.shop.hear(payment)
        expect(payment.status == "completed" and self.may_watch(), "status 'completed' and access", self.state(payment))
        return payment

    def may_watch(self) -> bool:
        """Whether they have a running enrolment."""
        access = find_course_access(self.id, self.shop.course_id)
        return access is not None and TIER in access.tiers

    def enrolments(self) -> int:
        """How many enrolments of the course they have, running or not."""
        with reading():
            return int(Enrolment.select(lambda row: row.user_id == self.id and row.course_id == self.shop.course_id).count())

    def state(self, payment: Bought) -> str:
        """For messages."""
        said = f", problem {payment.problem!r}" if payment.problem else ""
        return f"status {payment.status!r}{said}, {'access' if self.may_watch() else 'no access'}"


class Shop:
    """One scenario's site."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.app = bench.rig.site.app
        self.price = bench.money()
        self.use(bench.provider)
        self.slug = f"conformance-{secrets.token_hex(4)}"
        self.course_id = self._make_course()

    def use(self, provider: PaymentProvider) -> None:
        """Have the site know this provider alone."""
        self.app.extensions[EXTENSION] = {provider.meta.code: provider}

    def buyer(self) -> Buyer:
        """Somebody new."""
        return Buyer(self)

    def hear(self, payment: Bought, deliveries: Sequence[Delivery] | None = None) -> None:
        """The site learns what the service has to say: by webhooks where there are any, else as the return page does."""
        if WEBHOOK in self.bench.meta.capabilities:
            for delivery in self.bench.rig.deliveries(payment.reference) if deliveries is None else deliveries:
                status = self.post(delivery)
                expect(status == 200, "the site takes a genuine webhook (200)", f"{status}")
            self.run_jobs()
        else:
            self.look(payment)

    def look(self, payment: Bought) -> None:
        """The site asks the provider, as the return page and the reconciler do."""
        settling.look(payment.id, CAUSE)

    def post(self, delivery: Delivery) -> int:
        """A webhook arrives; the site's answer."""
        answer = self.app.test_client().post(
            f"/webhooks/{self.bench.meta.code}", data=delivery.raw, headers=dict(delivery.headers),
            environ_overrides={"REMOTE_ADDR": delivery.remote_addr})
        return answer.status_code

    def post_at_once(self, deliveries: Sequence[Delivery]) -> list[int]:
        """Webhooks arrive at the same moment, in threads, and their jobs run in as many; the answers."""
        answers: list[int] = []
        start = threading.Barrier(len(deliveries))

        def one(delivery: Delivery) -> None:
            with self.app.app_context():
                start.wait(10)
                answers.append(self.post(delivery))
                self.run_jobs()

        threads = [threading.Thread(target=one, args=(delivery,)) for delivery in deliveries]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return answers

    def run_jobs(self) -> int:
        """Run the payment jobs that are due; how many ran."""
        ran = 0
        while ran < MOST_JOBS and any(runner.run_one(None) for runner in self._runners):
            ran += 1
        return ran

    def run_waiting_jobs(self) -> int:
        """Run also those that wait for a retry, as if their time had come."""
        with reading():
            waiting = [row[0] for row in query("SELECT id FROM job WHERE state IN ('queued', 'retrying') AND kind LIKE 'payment%'")]
        for job_id in waiting:
            jobs.run_now(job_id, by=CAUSE)
        return self.run_jobs()

    def inbox(self) -> int:
        """How many deliveries the site has stored of this provider."""
        with reading():
            return int(WebhookDelivery.select(lambda row: row.provider == self.bench.meta.code).count())

    @cached_property
    def _runners(self) -> list[Runner]:
        return [Runner(queue, Heart(f"conformance:{queue}", 10.0, 3.0), 10.0) for queue in ("realtime", "default")]

    def _make_course(self) -> int:
        at, texts = now(), json.dumps(TEXTS)
        with transaction():
            course = Course(key=self.slug, slug=self.slug, languages="en", texts=texts, revision=secrets.token_hex(8), content_hash="1",
                            archived=False, created_at=at, updated_at=at)
            module = Module(course=course, key="m", position=0, texts=texts, archived=False)
            Lesson(course=course, module=module, key="l", slug="l", path="l.md", position=0, type="text", rule="read", threshold=90,
                   duration_ms=0, preview=False, required=True, available="now", tiers=json.dumps([TIER]), texts=texts, chapters="[]",
                   asset_rev="1", content_hash="1", archived=False, created_at=at, updated_at=at)
            Tier(course=course, key=TIER, position=0, texts=texts, archived=False,
                 prices=json.dumps({self.price.currency: str(self.price.amount)}))
            course.flush()
            return int(course.id)
