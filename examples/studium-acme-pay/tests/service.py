"""The books of a simulated Acme Pay: payments, refunds, disputes and events, as plain data. `simulator.py` puts them on HTTP.

The rig plays the buyer and the owner by these methods.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

Body = dict[str, Any]
LONGEST_TITLE = 100
CONTROL = re.compile(r"[\x00-\x1f]")
CURRENCIES = ("EUR", "USD", "JPY", "KWD")
PAYER = {"name": "Anna Petrova", "email": "anna@buyers.example", "card": "4242"}


class Refused(Exception):
    """The service says no."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Service:
    """One account. `fault` is of studium.testing.providers.FAULTS; `send` is called with each event's body."""

    def __init__(self, key: str, secret: str) -> None:
        self.key, self.secret = key, secret
        self.address = ""  # where it listens, once it does
        self.patience = 2.0  # seconds that the fault "slow" waits
        self.send: Callable[[Body], None] | None = None
        self._lock = threading.RLock()
        self.forget()

    def forget(self) -> None:
        """As new."""
        with self._lock:
            self.fault = ""
            self.holds_refunds = False
            self.payments: dict[str, Body] = {}
            self.keys: dict[str, list[str]] = {"begin": [], "refund": []}
            self.events: list[Body] = []
            self._answers: dict[tuple[str, str], Body] = {}

    # The API

    def create(self, asked: Body, key: str) -> Body:
        """A payment; the one that is there for a key that came before."""
        with self._lock:
            if ("begin", key) in self._answers:
                return self._answers["begin", key]
            _check(asked)
            made = {name: asked[name] for name in ("amount", "currency", "title", "order_id", "return_url")}
            made |= {"id": f"pay_{secrets.token_hex(8)}", "status": "pending", "live": self.key.startswith("live_"), "reason": "",
                     "payer": None, "refunds": [], "dispute": ""}
            made["pay_url"] = f"{self.address}/pay/{made['id']}"
            self.payments[made["id"]] = self._answers["begin", key] = made
            self._note(made, "payment.created")
            return made

    def find(self, payment_id: str) -> Body:
        """The payment."""
        with self._lock:
            if payment_id not in self.payments:
                raise Refused(404, "unknown-payment", "There is no such payment.")
            return self.payments[payment_id]

    def refund(self, payment_id: str, asked: Body, key: str) -> Body:
        """Money back, once for each key."""
        with self._lock:
            payment = self.find(payment_id)
            if ("refund", key) not in self._answers:
                self._answers["refund", key] = self._give_back(payment, int(asked["amount"]), str(asked["refund_id"]))
            return self._answers["refund", key]

    def changed_since(self, seconds: float) -> list[str]:
        """Ids of payments with changes since then."""
        with self._lock:
            return [found["id"] for found in self.payments.values() if found["changed"] >= seconds]

    # What happens on its own pages

    def pay(self, payment_id: str) -> None:
        """The buyer pays, however late."""
        self._becomes(payment_id, "payment.paid", status="paid", payer=dict(PAYER), reason="")

    def decline(self, payment_id: str) -> None:
        """The payment fails for good."""
        self._becomes(payment_id, "payment.failed", status="failed", reason="The card was refused.")

    def expire(self, payment_id: str) -> None:
        """The time to pay runs out."""
        self._becomes(payment_id, "payment.expired", status="expired")

    def dispute(self, payment_id: str, state: str) -> None:
        """`open`, `won` (by the school) or `lost`."""
        self._becomes(payment_id, f"dispute.{state}", dispute=state)

    def refund_here(self, payment_id: str, amount: int) -> None:
        """Somebody gives money back on the service's own pages."""
        with self._lock:
            self._give_back(self.find(payment_id), amount, None)

    def end_refunds(self, payment_id: str, status: str) -> None:
        """Refunds that wait are `completed` or `failed`."""
        with self._lock:
            payment = self.find(payment_id)
            for refund in payment["refunds"]:
                if refund["status"] == "pending":
                    refund["status"] = status
            self._note(payment, "refund.updated")

    def falsify(self, payment_id: str, **changed: Any) -> None:
        """Have the books say something else, without a word to anybody."""
        with self._lock:
            self.find(payment_id).update(changed)

    def event(self, payment_id: str, kind: str) -> Body:
        """The body of a webhook."""
        return {"id": f"evt_{secrets.token_hex(8)}", "type": kind, "payment_id": payment_id}

    def _give_back(self, payment: Body, amount: int, refund_id: str | None) -> Body:
        if payment["status"] != "paid":
            raise Refused(409, "not-paid", "Nobody has paid this.")
        if not 0 < amount <= payment["amount"] - sum(one["amount"] for one in payment["refunds"] if one["status"] != "failed"):
            raise Refused(409, "too-much", "That is more than is left.")
        made = {"id": f"ref_{secrets.token_hex(8)}", "amount": amount, "refund_id": refund_id,
                "status": "pending" if self.holds_refunds else "completed"}
        payment["refunds"].append(made)
        self._note(payment, "refund.updated")
        return made

    def _becomes(self, payment_id: str, kind: str, **changed: Any) -> None:
        with self._lock:
            payment = self.find(payment_id)
            payment.update(changed)
            self._note(payment, kind)

    def _note(self, payment: Body, kind: str) -> None:
        payment["changed"] = time.time()
        told = self.event(payment["id"], kind)
        self.events.append(told)
        if self.send is not None:
            self.send(told)


def _check(asked: Body) -> None:
    if asked.get("currency") not in CURRENCIES:
        raise Refused(422, "currency", "The account does not take this currency.")
    if not isinstance(asked.get("amount"), int) or asked["amount"] <= 0:
        raise Refused(422, "amount", "The amount is a whole number of minor units.")
    title = str(asked.get("title") or "")
    if not title or len(title) > LONGEST_TITLE or CONTROL.search(title):
        raise Refused(422, "title", f"The title has 1 to {LONGEST_TITLE} characters, and no control characters.")
