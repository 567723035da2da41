"""What waits too long: webhooks that nobody handles, payments that nobody asks after, refunds that do not go, problems nobody looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from studium.core.clock import now
from studium.core.database import reading
from studium.core.findings import Finding, ok, red, warning
from studium.plugins.payments.entities import Payment, Refund, WebhookDelivery
from studium.plugins.payments.transitions import OPEN
from studium.services.provider_registry import providers

INBOX, PAYMENTS, REFUNDS = "inbox of webhooks", "open payments", "refunds"
TOO_LONG = timedelta(minutes=10)  # what waits is looked at each minute
TOO_LONG_FOR_A_REFUND = timedelta(hours=2)
WORKERS = "Look at the workers, then at the failed jobs: bin/ctl status, studium jobs."
FREE = "free"  # of payments that cost nothing


def look(code: str | None) -> Iterator[Finding]:
    """Of one provider, or of all."""
    found = [*_inbox(code), *_overdue(code), *_without_provider(code), *_refunds(code), *_problems(code)]
    yield from found or [ok("what waits", "no webhook, no payment and no refund waits too long")]


def _inbox(code: str | None) -> Iterator[Finding]:
    before = now() - TOO_LONG
    with reading():
        rows = WebhookDelivery.select(lambda row: row.state in ("new", "failed"))
        rows = rows.where(lambda row: row.provider == code) if code else rows
        late = rows.where(lambda row: row.state == "new" and row.received_at < before).count()
        failed = [row.id for row in rows.where(lambda row: row.state == "failed").order_by(lambda row: row.id)[:3]]
    if late:
        yield red(INBOX, f"{late} wait for more than {TOO_LONG.seconds // 60} minutes.", WORKERS)
    if failed:
        yield warning(INBOX, f"some could not be handled: {', '.join(map(str, failed))}, ...",
                      f"studium payments replay {failed[0]} says why; with --do-it it tries again.")


def _overdue(code: str | None) -> Iterator[Finding]:
    known, before = [*providers()], now() - TOO_LONG
    with reading():
        rows = Payment.select(lambda row: row.status in OPEN and row.next_check_at < before and row.provider in known)
        late = (rows.where(lambda row: row.provider == code) if code else rows).count()
    if late:
        yield red(PAYMENTS, f"{late} should have been asked after, and were not.", f"{WORKERS} By hand: studium payments reconcile")


def _without_provider(code: str | None) -> Iterator[Finding]:
    known = [*providers(), FREE]
    with reading():
        rows = Payment.select(lambda row: row.status in OPEN and row.provider not in known)
        rows = rows.where(lambda row: row.provider == code) if code else rows
        left = sorted({row.provider for row in rows})
        count = rows.count()
    if left:
        yield warning(PAYMENTS, f"{count} are by {', '.join(left)}, which is not installed or not set up: nobody can ask how they ended.",
                      "Install the package and set its keys again, at least until they have ended.")


def _refunds(code: str | None) -> Iterator[Finding]:
    before = now() - TOO_LONG_FOR_A_REFUND
    with reading():
        rows = Refund.select(lambda row: row.status == "asking" and row.created_at < before)
        late = (rows.where(lambda row: row.provider == code) if code else rows).count()
    if late:
        yield warning(REFUNDS, f"{late} could not be asked for at the service in {TOO_LONG_FOR_A_REFUND.seconds // 3600} hours.",
                      f"/owner/payments shows why. {WORKERS}")


def _problems(code: str | None) -> Iterator[Finding]:
    with reading():
        rows = Payment.select(lambda row: row.problem is not None)
        count = (rows.where(lambda row: row.provider == code) if code else rows).count()
    if count:
        yield warning("payments with a problem", f"{count} wait for a person to look.",
                      "studium payments list --problem, or /owner/payments")
