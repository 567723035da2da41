"""The payment provider YooKassa (API v3), by redirect to its page, with fiscal receipts where the school needs them."""

from __future__ import annotations

from collections.abc import Sequence

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.core.settings import Section
from studium.plugins.yookassa.settings import YookassaSettings
from studium.services.providers import PaymentProvider


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """STUDIUM_YOOKASSA_..."""
    return [YookassaSettings]


@hookimpl
def register_payment_providers() -> Sequence[type[PaymentProvider]]:
    """The provider `yookassa`; it has the capability `receipt`, and so asks buyers for an e-mail address, when receipts are on."""
    from studium.plugins.yookassa.provider import YookassaProvider, YookassaWithReceipts

    return [YookassaWithReceipts if runtime().settings[YookassaSettings].receipts else YookassaProvider]
