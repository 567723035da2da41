"""Missed webhooks heal: asks the providers for every open payment and every refund under way whose time has come, once a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.plugins.payments.beginning import resume
from studium.plugins.payments.checking import MISMATCHES
from studium.plugins.payments.completing import end_unpaid
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.errors import NoUsableAnswer
from studium.plugins.payments.inbox import hand_over_again
from studium.plugins.payments.refunds import due_refunds, send_refund
from studium.plugins.payments.schedule import is_over, next_check
from studium.plugins.payments.settling import look
from studium.plugins.payments.transitions import EXPIRED, OPEN
from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.provider_registry import UnknownProvider
from studium.services.providers import ProviderDown
from studium.services.translation import N_

log = get_logger(__name__)
BATCH = 200
CAUSE = "reconcile"
AFTER_FAILURE = timedelta(minutes=2)
EVERY_MINUTE = PeriodicTask("payments_reconcile", N_("Ask after open payments"), "payments_reconcile", every_seconds=60)


@dataclass
class Round:
    """What one round did; `down` are the providers that did not answer, whose other payments stay due."""

    looked: int = 0
    moved: int = 0
    expired: int = 0
    refunds: int = 0
    down: set[str] = field(default_factory=set)

    def as_dict(self) -> dict[str, object]:
        """For the job's result and the command."""
        return {"looked": self.looked, "moved": self.moved, "expired": self.expired, "refunds": self.refunds, "down": sorted(self.down)}


@job_kind("payments_reconcile", N_("Ask after open payments"), retries=0)
def payments_reconcile(job: RunningJob, _params: object) -> dict[str, object]:
    """One round."""
    return reconcile(job.checkpoint).as_dict()


def reconcile(checkpoint: Callable[[], None] = lambda: None) -> Round:
    """Look at what is due. Each gets its next time before it is asked for, so that one that cannot be looked at holds up nobody."""
    done = Round()
    while due := _due(done):
        for payment_id, provider in due:
            checkpoint()
            if provider not in done.down and _plan(payment_id):
                _one_of_many("payment", payment_id, partial(_look_at, payment_id, provider, done))
    for refund_id in due_refunds(BATCH):
        checkpoint()
        _one_of_many("refund", refund_id, partial(_go_on, refund_id, done))
    hand_over_again(BATCH)
    return done


def _due(done: Round) -> list[tuple[str, str]]:
    """Ids and providers of the next payments to be looked at; those of a provider that is down wait for the next round."""
    moment, down = now(), sorted(done.down)
    with reading():
        rows = Payment.select(lambda row: row.next_check_at <= moment and row.status in OPEN and row.provider not in down)
        return [(row.id, row.provider) for row in rows.order_by(Payment.next_check_at)[:BATCH]]


def _plan(payment_id: str) -> bool:
    """Give it its next time; False when somebody else was quicker."""
    moment = now()
    with transaction():
        row = Payment.get(id=payment_id)
        if row.status not in OPEN or row.next_check_at is None or row.next_check_at > moment:
            return False
        rarely = row.open_key is None or _waits_for_a_person(row)
        row.set(next_check_at=next_check(row.begun_at or row.created_at, moment, row.checks + 1, rarely=rarely), checks=row.checks + 1)
        return True


def _look_at(payment_id: str, provider: str, done: Round) -> None:
    done.looked += 1
    try:
        begun = resume(payment_id, CAUSE)  # the answer to our request was lost: the same key brings the same payment
        done.moved += look(payment_id, CAUSE).moved or begun
    except NoUsableAnswer as error:  # says nothing about the provider's other payments
        log.warning("payment_not_answered", payment=payment_id, error=str(error)[:200])
        return
    except (ProviderDown, UnknownProvider) as error:
        done.down.add(provider)
        log.warning("provider_down", provider=provider, error=str(error)[:200])
        _ask_soon(payment_id)
        return
    done.expired += _expire(payment_id)


def _ask_soon(payment_id: str) -> None:
    """A provider that is down is no reason to wait for an hour."""
    with transaction():
        row = Payment.get(id=payment_id)
        if row.status in OPEN:
            row.next_check_at = min(row.next_check_at or now() + AFTER_FAILURE, now() + AFTER_FAILURE)


def _expire(payment_id: str) -> bool:
    """End a payment that was just asked after in vain, long after its offer ended. Money that comes even later is a late success."""
    with transaction():
        row = Payment.get(id=payment_id)
        if row.status not in OPEN or _waits_for_a_person(row) or not is_over(row.begun_at or row.created_at, row.expires_at, now()):
            return False
        end_unpaid(row, EXPIRED, reason="The time to pay is over.", cause=CAUSE)
        return True


def _waits_for_a_person(row: Payment) -> bool:
    """Money came, only not as it was asked: the buyer must not read that it was not taken."""
    return row.problem in MISMATCHES


def _go_on(refund_id: str, done: Round) -> None:
    try:
        send_refund(refund_id)
    except (ProviderDown, UnknownProvider) as error:
        log.warning("refund_waits", refund=refund_id, error=str(error)[:200])
        return
    done.refunds += 1


def _one_of_many(kind: str, its_id: str, do: Callable[[], None]) -> None:
    """A row that something is wrong with, whatever it is, must not keep the others from being looked at; it has its next time already."""
    try:
        do()
    except Exception:
        log.exception("reconcile_failed", kind=kind, id=its_id)
