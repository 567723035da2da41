"""Whether what a provider says can be about this payment at all. What does not fit gives no access, however the webhook was signed."""

from __future__ import annotations

from studium.plugins.payments.entities import Payment
from studium.plugins.payments.references import owner_of
from studium.services.money import Money
from studium.services.providers import Snapshot

MODE, ORDER, CURRENCY, AMOUNT = "mode-mismatch", "order-mismatch", "currency-mismatch", "amount-mismatch"
MISMATCHES = (MODE, ORDER, CURRENCY, AMOUNT)


def asked(payment: Payment) -> Money:
    """What is to be paid."""
    return Money.from_minor(payment.amount_minor, payment.currency)


def mismatch(payment: Payment, snapshot: Snapshot) -> tuple[str, str] | None:
    """The problem and its explanation, None when it fits. The amount counts once the provider says that it was paid."""
    if snapshot.livemode != payment.livemode:
        modes = {True: "live", False: "test"}
        return MODE, f"the payment was begun with {modes[payment.livemode]} keys, the provider speaks of {modes[snapshot.livemode]} money"
    if snapshot.order_id and snapshot.order_id != payment.id:
        return ORDER, f"the provider's payment is for the order {snapshot.order_id}, not for this one"
    others = owner_of(payment.provider, (snapshot.reference, *snapshot.refs)) - {payment.id}
    if others:
        return ORDER, f"the provider's ids belong to the payment {', '.join(sorted(others))}"
    if snapshot.status != "completed":
        return None
    if snapshot.money.currency != payment.currency:
        return CURRENCY, f"{asked(payment)} were asked, {snapshot.money} were paid"
    if snapshot.money != asked(payment):
        return AMOUNT, f"{asked(payment)} were asked, {snapshot.money} were paid"
    return None
