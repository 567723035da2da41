"""A process that opens a shop, has many students buy in it through the real checkout, and prints the webhooks that the sandbox would send.

`cashier.py <students>`: each buys one tier and pays; every tenth gets all of it back on the sandbox's own page, every tenth but one a part.
The last line is JSON: {"key": signing key, "payments": {id: [amount, given back]}, "events": [{"id", "type", ...}]}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from studium.core.app import create_app
from studium.core.database import transaction
from studium.plugins.auth.people import take_over
from studium.plugins.payments.checkout import begin, start
from studium.plugins.sandbox import service
from studium.plugins.sandbox.signing import webhook_key
from studium.services.courses.apply import import_course
from studium.services.courses.folder.course import read_course
from studium.services.courses.media import media_store
from studium.services.sign_in import ExternalIdentity

COURSE = Path(__file__).parents[2] / "examples" / "learn-how-to-learn"
TIERS = ("basic", "accelerator", "vip")
CURRENCIES = ("RUB", "USD")


def main(students: int) -> None:
    """Sell, then tell."""
    with create_app(program="cli").app_context():
        source, _report = read_course(COURSE)
        assert source is not None
        import_course(source, media_store())
        payments: dict[str, list[int]] = {}
        events: list[Any] = []
        for number in range(students):
            payment_id, reference = buy(number)
            events += service.pay(reference)
            amount = service.fetch(reference, 5)["amount"]
            back = given_back(number, amount)
            events += service.refund_here(reference, back) if back else []
            payments[payment_id] = [amount, back]
        print(json.dumps({"key": webhook_key(), "payments": payments, "events": [event.body() for event in events]}))


def buy(number: int) -> tuple[str, str]:
    """A new student at the checkout; the payment and the sandbox's id of it."""
    with transaction():
        user = take_over(ExternalIdentity(telegram_id=100_000 + number, first_name=f"Student {number}"))
        user.flush()
    payment_id = start(user.id, "learn-how-to-learn", TIERS[number % 3], provider="sandbox", currency=CURRENCIES[number % 2], coupon=None,
                       email=f"student{number}@example.org", language="en")
    begun = begin(payment_id)
    assert begun.redirect_url
    return payment_id, begun.redirect_url.rsplit("/", 1)[1]


def given_back(number: int, amount: int) -> int:
    """What this student gets back."""
    return {8: amount // 3, 9: amount}.get(number % 10, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
