"""A school with rows in every table, whose own words are all Cyrillic, so that Latin letters on its pages are the site's."""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import Any, ClassVar

import shop
from flask import Flask
from werkzeug.test import TestResponse

from studium.core.clock import now
from studium.core.database import execute, reading, transaction
from studium.plugins.email.tokens import token_of
from studium.plugins.notifications import unsubscribing
from studium.plugins.payments import checkout, settling
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.refunds import ask_refund
from studium.queue import jobs
from studium.services.courses.catalogue import find_course
from studium.services.money import Money
from tests.web.attacked_site import VARIABLE, AttackedSite
from tests.web.page import Page
from tests.web.rows import NONCE, fill_empty_tables, insert

MOST_ADDRESSES = 24
JOB_STATES = ("queued", "running", "retrying", "succeeded", "failed", "cancelled")
PAYMENT_STATES = ("completed", "creating", "failed", "expired", "refunded", "disputed")


class WholeSchool(AttackedSite):
    """`addresses(rule)` are those of a rule, for each of the things that it can be filled in with."""

    NAMES: ClassVar = {"student": "Соня", "other": "Дима", "owner": "Вера", "ops": "Олег"}

    def __init__(self, app: Flask, course: str) -> None:
        super().__init__(app, course)
        shop.service.reset()
        with app.app_context():
            info = find_course(course, "en")
            assert info is not None
            self.info = info
            payments, its_jobs = self._sell(), self._jobs()
            self._learn()
        self.things: dict[str, list[Any]] = {
            "payment_id": payments, "job": its_jobs, "job_id": its_jobs, "document_id": [self.document()], "coupon_id": [self.coupon()],
            "delivery_id": [self.delivery()], "session_id": [self.session()], "token_id": [self.token()],
            "tier": ["vip", "basic"], "deed": ["refund", "deny", "confirm", "dispute", "settle"], "lesson": ["part-2", "part-1", "poem"],
        }
        with app.app_context(), transaction():
            execute("UPDATE user SET language = 'ru'")
            fill_empty_tables(self.ids["student"], self.info.id, payments[0])
            self.things["enrolment_id"] = [execute("SELECT min(id) FROM enrolment").fetchone()[0]]

    @cached_property
    def things_of_rules(self) -> dict[str, dict[str, list[Any]]]:
        """What only one rule is filled in with."""
        with self.app.app_context():
            return {
                "/email/confirm/<token>": {"token": [token_of(NONCE), "none"]},
                "/notifications/unsubscribe/<token>": {"token": [unsubscribing.token(self.ids["student"], "telegram", None)]},
            }

    def addresses(self, rule: str) -> list[str]:
        """One for each choice of things; a variable without things is filled in as for the attacks."""
        self.rule = rule
        things = self.things | self.things_of_rules.get(rule, {})
        choices = [[str(one) for one in things.get(name) or [self.fill[name]()]] for name in VARIABLE.findall(rule)]
        empty = VARIABLE.sub("{}", rule)
        return [empty.format(*found) for found in itertools.islice(itertools.product(*choices), MOST_ADDRESSES)]

    def open_page(self, page: Page) -> TestResponse:
        """The whole answer."""
        return self.clients[page.caller].get(page.address, buffered=True)

    def send(self, page: Page) -> TestResponse:
        """The answer to an empty form; whoever it signs out is signed in again."""
        client = self.clients[page.caller]
        answer = client.post(page.address, data={"csrf_token": self.csrf(client)}, buffered=True)
        if client.get("/api/v1/session").get_json()["data"]["user"] is None:
            self._sign_in(page.caller)
            client.set_cookie("studium_language", "ru")
        return answer

    def _sell(self) -> list[str]:
        """Payments of the student's, one in each state: given back in part, waiting, and copies of the first with other states."""
        waiting, paid = self._start("vip", "till"), self._start("basic", "shop")
        for payment_id in (waiting, paid):
            checkout.begin(payment_id)
        with reading():
            reference = Payment[paid].reference
        shop.service.pay(reference)
        settling.look(paid, "проверка")
        ask_refund(paid, Money("5", "USD"), reason="Не подошло", by="Вера (user 3)")
        return [paid, waiting, *self._other_states(paid)]

    def _start(self, tier: str, provider: str) -> str:
        return checkout.start(self.ids["student"], self.course, tier, provider=provider, currency="USD", coupon=None, email=None,
                              language="ru")

    def _learn(self) -> None:
        """The student has watched a part of each lesson."""
        with transaction():
            for lesson in self.info.lessons:
                insert("lesson_progress", user_id=self.ids["student"], lesson_id=lesson.id, course_id=self.info.id, watch_time_seconds=9,
                       total_duration_seconds=100, position=9_000, covered=9_000, segments="[[0, 9000]]", last_watched_at=now(),
                       completed=False)

    def _jobs(self) -> list[str]:
        """One of the student's jobs in each state, and one that asked for a certificate."""
        errand = {"word": "слово"}
        with transaction():
            found = {state: jobs.enqueue("errand", errand, user_id=self.ids["student"]).id for state in JOB_STATES}
            for state, job_id in found.items():
                over = now() if state in ("succeeded", "failed", "cancelled") else None
                execute("UPDATE job SET state = ?, finished_at = ?, error = ?, message = 'скоро' WHERE id = ?",
                        (state, over, "KeyError: нет" if state == "failed" else None, job_id))
                insert("job_line", job_id=job_id, at=now(), event="run_now", text="by Вера (user 3)")
            return [*found.values()]

    def _other_states(self, paid: str) -> list[str]:
        """Copies of a paid payment, one in each other state, and one that a person must look at."""
        with transaction():
            cursor = execute("SELECT * FROM payment WHERE id = ?", (paid,))
            names = [column[0] for column in cursor.description]
            row = dict(zip(names, cursor.fetchone(), strict=True))
            made = []
            for number, state in enumerate(PAYMENT_STATES):
                made.append(f"{paid[:24]}{number:012}")
                changes = {"id": made[-1], "number": f"Т-{number}", "status": state, "open_key": None,
                           "reference": f"{row['reference']}-{number}",
                           "problem": "paid-twice" if state == "completed" else None}
                insert("payment", **(row | changes))
        return made
