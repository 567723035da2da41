"""The payment provider Stripe, by Checkout Sessions."""

from __future__ import annotations

from collections.abc import Sequence

from studium.core.plugins import hookimpl
from studium.core.settings import Section
from studium.plugins.stripe.settings import StripeSettings
from studium.services.providers import PaymentProvider


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """STUDIUM_STRIPE_..."""
    return [StripeSettings]


@hookimpl
def register_payment_providers() -> Sequence[type[PaymentProvider]]:
    """The provider `stripe`; the SDK is not imported by it until Stripe is asked."""
    from studium.plugins.stripe.provider import StripeProvider

    return [StripeProvider]
