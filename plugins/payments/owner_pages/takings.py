"""What came and went in the last days, from the ledger, in each currency; real and test money apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import to_user_timezone, to_utc
from pony.orm import select

from studium.core.clock import now
from studium.core.database import reading
from studium.plugins.payments.entities import LedgerEntry, Payment
from studium.plugins.payments.ledger import CHARGE
from studium.services.money import Money

RANGES = (1, 7, 30)  # days, today included


@dataclass(frozen=True)
class Takings:
    """Of one range of days and one currency: what `came`, and what `went` and did not come back (both without a sign)."""

    days: int
    livemode: bool
    came: Money
    went: Money

    @property
    def net(self) -> Money:
        """What stayed."""
        return self.came - self.went


def find_takings() -> list[Takings]:
    """One for each range, currency and kind of money that moved in the last 30 days; real money first, days of the reader's time zone."""
    today = midnight()
    found: list[Takings] = []
    with reading():
        for days in RANGES:
            sums: dict[tuple[bool, str], list[int]] = {}
            for live, currency, came_in, amount in _sums(today - timedelta(days=days - 1)):
                sums.setdefault((live, currency), [0, 0])[0 if came_in else 1] += amount
            for (live, currency), (came, went) in sorted(sums.items(), key=lambda one: (not one[0][0], one[0][1])):
                found.append(Takings(days, live, Money.from_minor(came, currency), Money.from_minor(-went, currency)))
    return found


def midnight() -> datetime:
    """When today began where the reader is, in naive UTC."""
    utc: datetime = to_utc(to_user_timezone(now()).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None))
    return utc


def _sums(since: datetime) -> list[tuple[bool, str, bool, int]]:
    """(livemode, currency, whether a buyer paid it, minor units) since then; what came back from a refund or a dispute is less gone."""
    rows = select(
        (payment.livemode, entry.currency, entry.kind, sum(entry.amount_minor))
        for entry in LedgerEntry for payment in Payment  # type: ignore[attr-defined]
        if entry.at >= since and payment.id == entry.payment_id)
    return [(live, currency, kind == CHARGE, amount) for live, currency, kind, amount in rows]
