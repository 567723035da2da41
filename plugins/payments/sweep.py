"""Once a night each provider is asked what changed in the last days; what differs from here is healed and reported.

A difference that was there is a webhook that went missing, or a payment that somebody else's system made with the same account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from flask import json

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.plugins.payments.checking import asked
from studium.plugins.payments.entities import DriftReport, Payment, WebhookDelivery
from studium.plugins.payments.inbox import blank_unhandled
from studium.plugins.payments.provider_calls import NOT_FOUND, changes, fetch
from studium.plugins.payments.references import find_by_reference
from studium.plugins.payments.settings import PaymentSettings
from studium.plugins.payments.settling import look, look_at
from studium.plugins.payments.transitions import OPEN, PAID
from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.provider_registry import providers
from studium.services.providers import PaymentProvider, ProviderDown, ProviderRefused
from studium.services.translation import N_

log = get_logger(__name__)
LOOKS_BACK = timedelta(days=3)
MOST_FINDINGS = 500
DOWN_AFTER = 3  # references in a row
MISSING_HERE, MISSING_THERE, DIFFERENT = "missing_here", "missing_there", "different"
NIGHTLY = PeriodicTask("payments_sweep", N_("Compare payments with their providers"), "payments_sweep", cron="20 3 * * *")


@dataclass(frozen=True)
class Finding:
    """One difference: `kind` missing_here, missing_there or different; `ours` and `theirs` in words."""

    kind: str
    reference: str
    payment_id: str | None
    ours: str
    theirs: str


Compared = tuple[str | None, Finding | None]


class Patience:
    """One reference that gets no answer is reported and left out; several in a row mean that the provider is down."""

    def __init__(self) -> None:
        self.answered = self.in_a_row = 0
        self.unanswered: set[str] = set()

    def ask(self, reference: str, payment_id: str | None, compare: Callable[[], Compared]) -> Compared:
        """What the comparison says. Raises ProviderDown when nothing gets an answer any more."""
        try:
            found = compare()
        except (ProviderDown, ProviderRefused) as error:
            self.in_a_row += 1
            self.unanswered.add(reference)
            if self.in_a_row >= DOWN_AFTER or not self.answered:
                raise
            log.warning("sweep_not_answered", reference=reference, error=str(error)[:200])
            return payment_id, Finding(DIFFERENT, reference, payment_id, "", f"no answer: {error}")
        self.in_a_row = 0
        self.answered += 1
        return found


@job_kind("payments_sweep", N_("Compare payments with their providers"), retries=5, backoff=300.0)
def payments_sweep(job: RunningJob, _params: object) -> dict[str, int]:
    """All providers; one that is down has the job tried again, for those that have no report yet."""
    down = []
    found = {}
    for code, provider in providers().items():
        if type(provider).list_changes is PaymentProvider.list_changes or _is_fresh(code):
            continue
        try:
            found[code] = len(sweep(provider, now() - LOOKS_BACK, job.checkpoint))
        except (ProviderDown, ProviderRefused) as error:
            down.append(f"{code}: {error}")
    trim_inbox()
    blank_unhandled()
    if down:
        raise ProviderDown("; ".join(down))
    return found


def sweep(provider: PaymentProvider, since: datetime, checkpoint: Callable[[], None] = lambda: None) -> list[Finding]:
    """Compare everything that changed since then (naive UTC), heal what can be, and keep a DriftReport. Raises ProviderDown."""
    code, seen, looked_at = provider.meta.code, set(), 0
    findings: list[Finding] = []
    patience = Patience()
    for reference in changes(provider, since):
        checkpoint()
        looked_at += 1
        payment_id, finding = patience.ask(reference, None, lambda one=reference: _compare(provider, one))  # type: ignore[misc]
        seen |= {payment_id} if payment_id else set()
        findings += [finding] if finding else []
    for payment_id, reference in _ours(code, since, seen):
        if reference in patience.unanswered:
            continue
        checkpoint()
        looked_at += 1
        _, finding = patience.ask(
            reference, payment_id, lambda its=payment_id, one=reference: (its, _missing_there(provider, its, one)))  # type: ignore[misc]
        findings += [finding] if finding else []
    with transaction():
        DriftReport(provider=code, since=since, at=now(), looked_at=looked_at,
                    findings=json.dumps([asdict(one) for one in findings[:MOST_FINDINGS]]))
    if findings:
        log.warning("payments_drift", provider=code, findings=len(findings), looked_at=looked_at)
    return findings


def trim_inbox() -> int:
    """Remove webhooks that nobody will ask for any more; how many."""
    before = now() - timedelta(days=runtime().settings[PaymentSettings].keep_webhooks_days)
    with transaction():
        return int(WebhookDelivery.select(lambda row: row.received_at < before).delete(bulk=True))


def _compare(provider: PaymentProvider, reference: str) -> tuple[str | None, Finding | None]:
    """The payment of a reference and what differed, which is put right by the way."""
    code = provider.meta.code
    with reading():
        payment_id = find_by_reference(code, reference)
        before = _in_words(Payment.get(id=payment_id)) if payment_id else ""
    if payment_id is None:
        return _missing_here(provider, reference)
    applied = look_at(payment_id, reference, "sweep")
    with reading():
        payment = Payment.get(id=payment_id)
        if not applied.moved and not (payment.problem or "").endswith("-mismatch"):
            return payment_id, None
        theirs = applied.rule if not applied.moved else _in_words(payment)
        return payment_id, Finding(DIFFERENT, reference, payment_id, before, theirs)


def _missing_here(provider: PaymentProvider, reference: str) -> tuple[str | None, Finding | None]:
    """Nothing here has this id; perhaps a payment does whose begin was lost."""
    try:
        snapshot = fetch(provider, reference)
    except ProviderRefused as error:
        if error.code != NOT_FOUND:
            raise
        return None, Finding(MISSING_HERE, reference, None, "", str(error))
    theirs = f"{snapshot.status}, {snapshot.money}"
    with transaction():
        payment = Payment.get(id=snapshot.order_id) if snapshot.order_id else None
        if payment is None or payment.provider != provider.meta.code or payment.reference not in (None, snapshot.reference):
            return None, Finding(MISSING_HERE, reference, payment.id if payment else None, "", theirs)
        payment_id, before = str(payment.id), _in_words(payment)
        payment.reference = payment.reference or snapshot.reference or reference
    look(payment_id, "sweep")
    return payment_id, Finding(DIFFERENT, reference, payment_id, f"{before}, without its reference", theirs)


def _ours(code: str, since: datetime, seen: set[str]) -> list[tuple[str, str]]:
    """Our payments of that time of which the provider did not speak: paid, or with a reference and still open."""
    with reading():
        rows = Payment.select(lambda row: row.provider == code and row.reference is not None and row.created_at >= since
                              and (row.status in PAID or row.status in OPEN))
        return [(row.id, row.reference) for row in rows if row.id not in seen]


def _missing_there(provider: PaymentProvider, payment_id: str, reference: str) -> Finding | None:
    try:
        fetch(provider, reference)
    except ProviderRefused as error:
        if error.code != NOT_FOUND:
            raise
        with reading():
            return Finding(MISSING_THERE, reference, payment_id, _in_words(Payment.get(id=payment_id)), str(error))
    return None


def _in_words(payment: Payment) -> str:
    refunded = f", {payment.refunded_minor} minor units given back" if payment.refunded_minor else ""
    return f"{payment.status}, {asked(payment)}{refunded}"


def _is_fresh(code: str) -> bool:
    after = now() - timedelta(hours=12)
    with reading():
        return bool(DriftReport.exists(lambda row: row.provider == code and row.at > after))
