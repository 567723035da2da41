"""Acme Pay as a payment provider of Studium; found through the entry point in pyproject.toml."""

from __future__ import annotations

from collections.abc import Sequence

from studium.core.plugins import hookimpl
from studium.core.settings import Section
from studium.services.providers import PaymentProvider

from studium_acme_pay.provider import AcmePayProvider
from studium_acme_pay.settings import AcmePaySettings


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """STUDIUM_ACME_PAY_..."""
    return [AcmePaySettings]


@hookimpl
def register_payment_providers() -> Sequence[type[PaymentProvider]]:
    """The provider `acme-pay`."""
    return [AcmePayProvider]
