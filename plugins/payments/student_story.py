"""What happened to a payment, in a few lines for its buyer: each change of status and each refund, nothing of the machinery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from studium.core.database import reading
from studium.plugins.payments.entities import PaymentEvent, Refund
from studium.services.money import Money
from studium.services.translation import N_

TOLD = {
    "pending": N_("The payment was begun"),
    "completed": N_("The money arrived"),
    "failed": N_("The payment did not go through"),
    "expired": N_("The time to pay ran out"),
    "disputed": N_("Your bank began to look at the payment"),
}


@dataclass(frozen=True)
class StoryLine:
    """`at` is naive UTC; `money` belongs to a refund."""

    at: datetime
    text: str
    money: Money | None = None


def story_of(payment_id: str) -> list[StoryLine]:
    """The lines in the reader's language, oldest first."""
    with reading():
        rows = PaymentEvent.select(lambda row: row.payment_id == payment_id).order_by(PaymentEvent.id)
        lines = [line for row in rows if (line := _line(row)) is not None]
        back = Refund.select(lambda row: row.payment_id == payment_id and row.status == "completed")
        lines += [StoryLine(row.completed_at or row.created_at, _("Money was given back"), Money.from_minor(row.amount_minor, row.currency))
                  for row in back]
    return sorted(lines, key=lambda line: line.at)


def _line(row: PaymentEvent) -> StoryLine | None:
    if row.event == "created":
        return StoryLine(row.at, _("You asked for it"))
    if row.event == "replaced":
        return StoryLine(row.at, _("You chose another way to pay"))
    if row.event != "moved" or row.after not in TOLD:
        return None
    if row.after == "completed" and row.before not in ("creating", "pending", "failed", "expired"):
        return StoryLine(row.at, _("The payment stands again")) if row.before == "disputed" else None
    return StoryLine(row.at, _(TOLD[row.after]))
