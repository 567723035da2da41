"""A school with something of everything, for the test that tries every address as everybody: a student's things, and five callers."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar

from flask import Flask
from flask.testing import FlaskClient
from pony.orm import select

from studium.core.clock import now
from studium.core.database import execute, reading, transaction
from studium.plugins.auth import tokens
from studium.plugins.auth.entities import ApiToken, Session
from studium.plugins.auth.roles import grant
from studium.plugins.documents import certificates
from studium.plugins.documents.entities import Document
from studium.plugins.documents.storage import folder
from studium.plugins.email.entities import EmailAddress
from studium.plugins.notifications.broadcasts import Announcement, newest, send_once
from studium.plugins.payments.coupon_owner import NewCoupon, create_coupon
from studium.plugins.payments.entities import Enrolment, Payment
from studium.plugins.payments.inbox import receive
from studium.queue import jobs
from studium.services.courses.catalogue import find_course
from studium.services.people import Person
from studium.services.providers import Notice

CALLERS = ("anonymous", "student", "other", "owner", "ops")
TELEGRAM_IDS = {"student": 501, "other": 502, "owner": 503, "ops": 504}
SAFE = ("GET", "HEAD", "OPTIONS")
VARIABLE = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


class AttackedSite:
    """`open(caller, method, rule)` asks for the address of a rule, filled with fresh things of the student, as the caller."""

    NAMES: ClassVar = {caller: caller.title() for caller in TELEGRAM_IDS}

    def __init__(self, app: Flask, course: str) -> None:
        self.app = app
        self.course = course
        self.numbers = itertools.count(1)
        self.clients = {caller: app.test_client() for caller in CALLERS}
        self.ids = {caller: self._sign_in(caller) for caller in TELEGRAM_IDS}
        with app.app_context():
            for role in ("owner", "ops"):
                grant(TELEGRAM_IDS[role], role, "the tests")
            info = find_course(course, "en")
            assert info is not None
            person = Person(self.ids["student"], "Stu", "Stu", "en")
            self.code = certificates.issue(person, info, now(), "en").shown_code
        self.fill: dict[str, Callable[[], object]] = {
            "course": lambda: course, "lesson": lambda: "part-2", "name": self._name, "job_id": self.job, "job": self.job,
            "document_id": self.document, "code": lambda: self.code, "session_id": self.session, "token_id": self.token,
            "queue": lambda: "default", "version": lambda: "x", "filename": lambda: "none.css", "person": lambda: 1,
            "provider": lambda: "none", "token": lambda: "none", "method": lambda: "getMe", "username": lambda: "some_bot",
            "tier": lambda: "vip", "payment_id": self.payment, "deed": lambda: "refund",
            "enrolment_id": self.enrolment, "coupon_id": self.coupon, "delivery_id": self.delivery,
            "broadcast_id": self.broadcast,
            "address_id": self.email_address,
            "reference": lambda: "sbx_none", "action": lambda: "pay", "channel": lambda: "telegram",
        }
        self.rule = ""

    def _sign_in(self, caller: str, client: FlaskClient | None = None) -> int:
        client = client or self.clients[caller]
        answer = client.post("/auth/dev", json={"telegram_id": TELEGRAM_IDS[caller], "first_name": self.NAMES[caller]})
        return int(answer.get_json()["data"]["id"])

    def renew(self, caller: str) -> None:
        """The caller in a new browser, signed in again unless anonymous."""
        self.clients[caller] = self.app.test_client()
        if caller in TELEGRAM_IDS:
            self._sign_in(caller)

    def address(self, rule: str) -> str:
        """The rule with fresh things of the student in it."""
        self.rule = rule
        return VARIABLE.sub(lambda found: str(self.fill[found[1]]()), rule)

    def open(self, caller: str, method: str, rule: str, **form: str) -> int:
        """The status of the answer."""
        client = self.clients[caller]
        options: dict[str, Any] = {}
        if method not in SAFE:
            options["headers"] = {"X-CSRF-Token": self.csrf(client)}
            options |= {"data": form} if form else {"json": {}}
        return client.open(self.address(rule), method=method, buffered=True, **options).status_code

    def csrf(self, client: FlaskClient) -> str:
        """The token that the browser's unsafe calls carry."""
        return str(client.get("/api/v1/session").get_json()["data"]["csrf_token"])

    def job(self) -> str:
        """A waiting job of the student's; failed, where a failed one is meant."""
        with self.app.app_context(), transaction():
            execute("DELETE FROM job_argument")
            execute("DELETE FROM job_line")
            execute("DELETE FROM job")
            job_id = jobs.enqueue("errand", {"word": f"w{next(self.numbers)}"}, user_id=self.ids["student"]).id
            if "retry" in self.rule or "discard" in self.rule or "edit" in self.rule:
                execute("UPDATE job SET state = 'failed', finished_at = ? WHERE id = ?", (now(), job_id))
        return str(job_id)

    def document(self) -> str:
        """A file of the student's."""
        number = next(self.numbers)
        document_id = f"{number:032x}"
        with self.app.app_context():
            (folder() / document_id).write_bytes(b"private")
            with transaction():
                Document(id=document_id, job_id=f"job-{number}", user_id=self.ids["student"], kind="errand", filename="private.txt",
                         content_type="text/plain", bytes=7, path=document_id, created_at=now(), expires_at=now() + timedelta(days=1))
        return document_id

    def payment(self) -> str:
        """A payment of the student's whose money came."""
        number = next(self.numbers)
        payment_id = f"00000000-0000-0000-0000-{number:012}"
        with self.app.app_context(), transaction():
            Payment(id=payment_id, number=f"T-{number}", user_id=self.ids["student"], course_id=1, tier_id=1, tier_key="vip",
                    provider="shop", status="completed", currency="USD", amount_minor=2900, list_minor=2900, paid_minor=2900,
                    livemode=False, language="en", attempt_key="k", metadata="{}", created_at=now(), updated_at=now(), completed_at=now())
        return payment_id

    def enrolment(self) -> int:
        """An enrolment of the student's that runs."""
        with self.app.app_context(), transaction():
            row = Enrolment(user_id=self.ids["student"], course_id=1, tier_id=next(self.numbers), tier_key="vip", source="grant",
                            granted_by="the tests", enrolled_at=now())
            row.flush()
            return int(row.id)

    def coupon(self) -> int:
        """A coupon that can be used."""
        with self.app.app_context():
            return create_coupon(NewCoupon(f"CODE-{next(self.numbers)}", percent=5), "the tests")

    def delivery(self) -> int:
        """A webhook of the inbox."""
        with self.app.app_context():
            return receive("shop", [Notice(f"evt-{next(self.numbers)}", "payment.changed", "cs_none")], b"{}", {}, "")[0]

    def broadcast(self) -> int:
        """An announcement of the school."""
        with self.app.app_context():
            send_once(Announcement({"en": "News"}, {"en": "Text"}, "/", None), self.ids["owner"], f"form-{next(self.numbers):04}")
            return newest(None, 1)[0].id

    def session(self) -> int:
        """Another device of the student's."""
        self._sign_in("student", self.app.test_client())
        with self.app.app_context(), reading():
            return int(max(select(row.id for row in Session)))

    def token(self) -> int:
        """An API token of the student's."""
        with self.app.app_context():
            with transaction():
                execute("DELETE FROM api_token")
            tokens.create(self.ids["student"], "program", ["read"], None)
            with reading():
                return int(max(select(row.id for row in ApiToken)))

    def email_address(self) -> int:
        """An address of the student's that waits for its link."""
        with self.app.app_context(), transaction():
            row = EmailAddress(user_id=self.ids["student"], address=f"stu{next(self.numbers)}@example.org", language="en", nonce="n",
                               token_hash=f"hash-{next(self.numbers)}", asked_at=now(), expires_at=now() + timedelta(days=1))
            row.flush()
            return int(row.id)

    def _name(self) -> str:
        if self.rule.startswith("/media/"):
            page = self.clients["student"].get(f"/courses/{self.course}/part-2").text
            return re.findall(rf"/media/{self.course}/part-2/([^\"#?]+)", page)[0]
        return "trim_cache" if "periodic" in self.rule else "css/base.css"


def routes(app: Flask) -> Iterator[tuple[str, str]]:
    """Each method and rule of the URL map, without those that Flask adds."""
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, rule.rule


def without_converters(rule: str) -> str:
    """The rule with the bare names of its variables."""
    return VARIABLE.sub(r"<\1>", rule)
