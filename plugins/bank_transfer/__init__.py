"""Payment by bank transfer: the buyer gets the account and a number to write on it, the owner confirms that the money came."""

from __future__ import annotations

from collections.abc import Sequence

from studium.core.plugins import hookimpl
from studium.core.settings import Section
from studium.plugins.bank_transfer.provider import BankTransferProvider
from studium.plugins.bank_transfer.settings import BankTransferSettings
from studium.services.providers import PaymentProvider


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """`STUDIUM_BANK_TRANSFER_*`."""
    return [BankTransferSettings]


@hookimpl
def register_payment_providers() -> Sequence[type[PaymentProvider]]:
    """The provider `bank_transfer`."""
    return [BankTransferProvider]
