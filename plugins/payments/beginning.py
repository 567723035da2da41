"""The way from a payment to its provider: one attempt, whose idempotency key stays until the provider has answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from flask import json

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.plugins.payments import audit, provider_calls, settling
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.errors import UnknownPayment
from studium.plugins.payments.offers import is_open
from studium.plugins.payments.transitions import CREATING, OPEN, PENDING
from studium.services.money import Money
from studium.services.provider_registry import UnknownProvider, find_provider
from studium.services.providers import Completed, Instructions, Order, PaymentProvider, ProviderDown, ProviderRefused, Redirect
from studium.services.site import absolute_url

CHECKOUT = "checkout"
RETRY = timedelta(minutes=1)
STALE = timedelta(minutes=1)  # a way to the provider that is older may lead to something that ended there


@dataclass(frozen=True)
class BeginResult:
    """Where the buyer goes: `redirect_url` of the provider, else (None) /payments/<payment_id>, which says how it stands.

    `down`: the provider gave no answer; the payment keeps its key, and `begin` may be called again at any time.
    """

    payment_id: str
    redirect_url: str | None
    down: bool = False


@dataclass(frozen=True)
class _Attempt:
    """What is known before the provider is asked."""

    order: Order
    provider: str
    key: str
    status: str
    is_open: bool
    is_led: bool
    redirect_url: str | None
    is_stale: bool


def begin(payment_id: str, cause: str = CHECKOUT) -> BeginResult:
    """Ask the provider for the payment, or find the answer that it gave before. Raises UnknownPayment.

    The provider is called outside of any transaction. When it is down the payment stays `creating` with its key, so whoever asks again (the
    buyer, the next look of reconcile, two tabs at once) gets the same payment at the provider. So it does when a webhook was quicker than
    the answer, which had the buyer's way in it. When it refuses, the payment is `failed`. Nobody is led anywhere once the account is gone.
    """
    attempt = _read(payment_id)
    if attempt.status == PENDING and attempt.is_open and attempt.is_led:
        return _go_on(payment_id, attempt, cause)
    if attempt.status not in OPEN or not attempt.is_open:
        return BeginResult(payment_id, None)
    try:
        provider = find_provider(attempt.provider)
        answer = _ask(provider, attempt, payment_id)
        return _keep(payment_id, answer, cause)
    except (ProviderDown, UnknownProvider) as error:
        _note_down(payment_id, str(error), cause)
        return BeginResult(payment_id, None, down=True)
    except ProviderRefused as error:
        if attempt.status == CREATING:
            settling.refused(payment_id, str(error), cause)
        return BeginResult(payment_id, None)


def resume(payment_id: str, cause: str) -> bool:
    """Begin again what got no answer; whether the provider has it now. Raises ProviderDown, UnknownPayment."""
    if _read(payment_id).status != CREATING:
        return False
    if begin(payment_id, cause).down:
        raise ProviderDown("The provider gave no answer again.")
    return _read(payment_id).status != CREATING


def order_of(payment: Payment) -> Order:
    """The payment as its provider sees it: the same each time, since an idempotency key asks for the same words."""
    bought = json.loads(payment.metadata)
    return Order(payment.id, payment.number, Money.from_minor(payment.amount_minor, payment.currency), str(bought.get("course_title", "")),
                 str(bought.get("tier_title", "")), payment.language, payment.created_at, payment.email, payment.expires_at)


def payment_path(payment_id: str) -> str:
    """The page of a payment."""
    return f"/payments/{payment_id}"


def _read(payment_id: str) -> _Attempt:
    with reading():
        payment = Payment.get(id=payment_id)
        if payment is None:
            raise UnknownPayment(f"There is no payment {payment_id[:40]}.")
        stale = payment.begun_at is None or payment.begun_at + STALE < now()
        led = bool(payment.redirect_url or json.loads(payment.metadata).get("instructions"))
        return _Attempt(order_of(payment), payment.provider, payment.attempt_key, payment.status,
                        is_open(payment) and payment.user_id is not None, led, payment.redirect_url, stale)


def _go_on(payment_id: str, attempt: _Attempt, cause: str) -> BeginResult:
    """The same way again; an old one only after a look whether the payment still waits there."""
    if attempt.is_stale:
        try:
            settling.look(payment_id, cause)
        except (ProviderDown, UnknownProvider):
            return BeginResult(payment_id, attempt.redirect_url)
        attempt = _read(payment_id)
    return BeginResult(payment_id, attempt.redirect_url if attempt.status == PENDING else None)


def _ask(provider: PaymentProvider, attempt: _Attempt, payment_id: str) -> Redirect | Instructions | Completed:
    """The provider's answer. Raises ProviderDown and ProviderRefused."""
    answer = provider_calls.begin(provider, attempt.order, attempt.key, absolute_url(payment_path(payment_id)))
    if isinstance(answer, Redirect) and not _is_of_the_web(answer.url):
        raise ProviderRefused(f"The provider {attempt.provider} sends the buyer to an address that is none of the web.", "bad-redirect")
    return answer


def _is_of_the_web(url: str) -> bool:
    """An http or https address with a host, in characters that fit into the header Location."""
    try:
        parts = urlsplit(url)
    except (ValueError, AttributeError, TypeError):
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and all("!" <= char <= "~" for char in url)


def _keep(payment_id: str, answer: Redirect | Instructions | Completed, cause: str) -> BeginResult:
    _refuse_taken(payment_id, answer.reference)
    if isinstance(answer, Completed):
        settling.begun(payment_id, Redirect("", answer.reference, refs=answer.refs), cause)
        settling.look(payment_id, cause)
        return BeginResult(payment_id, None)
    settling.begun(payment_id, answer, cause)
    return BeginResult(payment_id, answer.url if isinstance(answer, Redirect) else None)


def _refuse_taken(payment_id: str, reference: str) -> None:
    """A provider that answers with the id of another payment would have one payment's money count for two."""
    with reading():
        provider = Payment.get(id=payment_id).provider
        if Payment.exists(lambda row: row.provider == provider and row.reference == reference and row.id != payment_id):
            raise ProviderRefused(f"The provider answered with the id of another payment, {reference[:80]}.", "reference-taken")


def _note_down(payment_id: str, text: str, cause: str) -> None:
    with transaction():
        payment = Payment.get(id=payment_id)
        if payment is None or payment.status != CREATING:
            return
        soon = now() + RETRY
        payment.set(last_error=text[:1000], begun_at=payment.begun_at or now(), updated_at=now(),
                    next_check_at=payment.next_check_at or soon, revision=payment.revision + 1)
        audit.note_once(payment, "down", cause=cause, rule=f"nobody knows whether the provider has it, so the same key asks again: {text}")
