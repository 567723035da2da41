"""Handles a webhook of the inbox: finds its payment and looks at that. The body is not read again; the provider is asked."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.plugins.payments.entities import Payment, WebhookDelivery
from studium.plugins.payments.provider_calls import NOT_FOUND, fetch
from studium.plugins.payments.references import find_by_reference, remember
from studium.plugins.payments.settling import Applied, look_at
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.provider_registry import UnknownProvider, find_provider
from studium.services.providers import POLL, ProviderRefused, Snapshot
from studium.services.translation import N_

log = get_logger(__name__)
RETRIES = 10


class WebhookWork(BaseModel):
    """The row of the inbox."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    delivery_id: int


@job_kind("payment_webhook", N_("Handle a payment webhook"), params=WebhookWork, retries=RETRIES, backoff=5.0, timeout=60, queue="realtime")
def payment_webhook(job: RunningJob, params: WebhookWork) -> dict[str, str]:
    """Try again later when the provider is down; after the last try the row says failed, and reconcile asks for the payment anyway."""
    try:
        return {"outcome": handle(params.delivery_id)}
    except UnknownProvider as error:
        _end(params.delivery_id, "failed", str(error))
        raise Discard(str(error)) from error
    except Exception as error:
        _end(params.delivery_id, "failed" if job.attempt > RETRIES else "new", f"{type(error).__name__}: {error}")
        raise


def handle(delivery_id: int) -> str:
    """Bring the payment of a stored webhook to where its provider says it is; what came of it, in words. Safe to repeat.

    Raises ProviderDown, ProviderRefused (for something else than an unknown object) and UnknownProvider.
    """
    with reading():
        row = WebhookDelivery.get(id=delivery_id)
        if row is None or row.state in ("done", "ignored"):
            return "nothing to do"
        provider, object_id = row.provider, row.object_id
    payment_id, why = _find_payment(provider, object_id, f"webhook {delivery_id}")
    if payment_id is None:
        return _ignore(delivery_id, provider, object_id, why)
    return _finish(delivery_id, payment_id, look_at(payment_id, object_id, f"webhook {delivery_id}"))


def _find_payment(provider: str, object_id: str, cause: str) -> tuple[str | None, str]:
    """The payment that the object belongs to, asking the provider for one that is not known here; else None and why."""
    with reading():
        known = find_by_reference(provider, object_id)
    if known is not None:
        return known, ""
    found = find_provider(provider)
    if POLL not in found.meta.capabilities:
        return None, "no payment here has this id, and the provider cannot be asked"
    try:
        snapshot = fetch(found, object_id)
    except ProviderRefused as error:
        if error.code != NOT_FOUND:  # wrong keys or a limit: no answer to whom it belongs
            raise
        return None, f"the provider refused: {error} ({error.code or 'no code'})"
    return _adopt(provider, object_id, snapshot)


def _adopt(provider: str, object_id: str, snapshot: Snapshot) -> tuple[str | None, str]:
    """The payment that the object names as its order; from now on it is known by the object's ids, unless something is wrong with it."""
    with reading():
        payment = Payment.get(id=snapshot.order_id) if snapshot.order_id else None
        if payment is None or payment.provider != provider:
            return None, f"no payment here has the order id {snapshot.order_id}"
        payment_id, livemode, reference = str(payment.id), payment.livemode, payment.reference
    if livemode != snapshot.livemode or reference not in (None, snapshot.reference):
        return payment_id, ""  # the look at the object says what is wrong with it, or that it is paid by it
    with transaction():
        payment = Payment.get(id=payment_id)
        payment.reference = payment.reference or snapshot.reference or object_id
        remember(payment, (snapshot.reference, *snapshot.refs, object_id))
    return payment_id, ""


def _ignore(delivery_id: int, provider: str, object_id: str, why: str) -> str:
    """Set it aside, unless its payment appeared this moment: from now on `references.remember` finds it."""
    with transaction():
        payment_id = find_by_reference(provider, object_id)
        row = WebhookDelivery.get(id=delivery_id)
        if payment_id is None:
            row.set(state="ignored", last_error=why[:1000], processed_at=now(), attempts=row.attempts + 1)
            return f"ignored: {why}"
    return _finish(delivery_id, payment_id, look_at(payment_id, object_id, f"webhook {delivery_id}"))


def _finish(delivery_id: int, payment_id: str, applied: Applied) -> str:
    with transaction():
        row = WebhookDelivery.get(id=delivery_id)
        row.set(state="done", payment_id=payment_id, last_error=None, processed_at=now(), attempts=row.attempts + 1)
        if Payment.get(id=payment_id).user_id is None:
            row.set(raw="", headers="{}", remote_addr="")  # the payer deleted their account
    return applied.rule


def _end(delivery_id: int, state: str, text: str) -> None:
    with transaction():
        row = WebhookDelivery.get(id=delivery_id)
        if row is not None and row.state != "done":
            row.set(state=state, last_error=text[:1000], attempts=row.attempts + 1)
            log.warning("webhook_not_handled", delivery=delivery_id, state=state, error=text[:200])
