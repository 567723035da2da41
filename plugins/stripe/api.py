"""The one module that imports Stripe's SDK. It costs 0.2 s and tens of MB, so it is itself imported only inside the functions that ask.

`asking` gives a client without globals, with a deadline for all its calls together, and turns every failure into the contract's errors.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import stripe

from studium.plugins.stripe.settings import API_VERSION, StripeSettings
from studium.services.money import MoneyError
from studium.services.providers import ProviderDown, ProviderError, ProviderRefused

ENOUGH_FOR_TWO = 3.0  # seconds; with less, a second try of the SDK, which waits half a second before it, would come too late
IN_USE, TOO_MANY = 409, 429

stripe.enable_telemetry = False  # else the SDK writes a file into the home folder and tells Stripe of this machine
logging.getLogger("stripe").setLevel(logging.WARNING)  # below that it logs whole answers, with the buyer's name and address


class StoredFailure(ProviderDown):
    """Stripe repeats the 500 that it has kept for this idempotency key, and will do so for a day: only another key gets an answer."""


class HurriedSession(requests.Session):
    """Every call ends within what is left of the time for all of them, and goes where it was sent, never on to where an answer points."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._end = time.monotonic() + seconds

    def request(self, *given: Any, **named: Any) -> requests.Response:
        """As requests does, within the time that is left. Raises RequestException, which the SDK does not try again."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise requests.RequestException("There was no time left.")
        try:
            return super().request(*given, **{**named, "timeout": left, "allow_redirects": False})
        except requests.Timeout:
            raise requests.RequestException("No answer came in time.") from None


@contextmanager
def asking(settings: StripeSettings, seconds: float) -> Iterator[stripe.StripeClient]:
    """A client for a few calls that together take at most so many seconds. Raises ProviderDown and ProviderRefused, nothing else."""
    with HurriedSession(seconds) as session, translating():
        yield stripe.StripeClient(
            settings.key, stripe_version=API_VERSION, base_addresses={"api": settings.api_base},
            max_network_retries=1 if seconds >= ENOUGH_FOR_TWO else 0,
            http_client=stripe.RequestsClient(timeout=seconds, session=session))


@contextmanager
def translating() -> Iterator[None]:
    """Turns what goes wrong inside into ProviderDown and ProviderRefused; an answer that cannot be read is none."""
    try:
        yield
    except stripe.StripeError as error:
        raise _translated(error) from None
    except (AttributeError, KeyError, TypeError, ValueError, MoneyError) as error:
        raise ProviderDown(f"Stripe's answer is not as its documentation has it ({type(error).__name__}: {error}).") from error


def _translated(error: stripe.StripeError) -> ProviderError:
    status, code = error.http_status or 0, error.code or getattr(error.error, "code", None) or ""
    text = f"Stripe: {error.user_message or type(error).__name__}" + (f" ({error.request_id})" if error.request_id else "")
    if isinstance(error, stripe.APIConnectionError):
        return ProviderDown("Stripe could not be reached, or did not answer in time.")
    if status >= 500 and (error.headers or {}).get("Idempotent-Replayed") == "true":
        return StoredFailure(f"Stripe repeats an answer {status} that it keeps for this key.")
    if status >= 500 or status in (0, IN_USE, TOO_MANY) or isinstance(error, stripe.APIError):
        return ProviderDown(f"Stripe answered {status or 'nothing that can be read'}.")
    if status == 404 or code == "resource_missing":
        return ProviderRefused(text, "not-found")
    return ProviderRefused(text, code or _KINDS.get(type(error), "refused"))


_KINDS: dict[type[stripe.StripeError], str] = {
    stripe.AuthenticationError: "authentication", stripe.PermissionError: "permission", stripe.IdempotencyError: "idempotency",
}
