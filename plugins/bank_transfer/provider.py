"""The bank transfer behind the contract of a payment provider; there is no service to ask, so a person confirms what came."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, cast

from studium.plugins.bank_transfer.settings import BankTransferSettings
from studium.services.money import Money
from studium.services.providers import (
    OFFLINE,
    Instructions,
    Order,
    PaymentProvider,
    ProviderMeta,
    ProviderRefused,
    ProviderSettings,
    Snapshot,
)
from studium.services.translation import N_, translator


class BankTransferProvider(PaymentProvider):
    """Tells the buyer the account, the amount and a number to write on the transfer."""

    meta = ProviderMeta(code="bank_transfer", title=N_("Bank transfer"), capabilities=frozenset({OFFLINE}), icon="bank", order=800,
                        hint=N_("You pay at your bank. Access opens once we see the money, usually within two working days."))
    settings_model: ClassVar[type[ProviderSettings]] = BankTransferSettings

    @property
    def livemode(self) -> bool:
        """A bank moves real money."""
        return True

    def is_available(self, order: Order, money: Money) -> bool:
        """The account takes this currency."""
        return not self._account.currencies or money.currency in self._account.currencies

    def begin(self, order: Order, idempotency_key: str, return_url: str) -> Instructions:
        """The lines to copy. The order's number is the reference: it is on the bank's statement."""
        from studium.services.money_format import format_money  # with Babel's data, where a buyer reads it

        account, say = self._account, translator(order.language).gettext
        lines = (
            (say("Recipient"), account.recipient or ""), (say("Account number"), account.account or ""), (say("Bank"), account.bank or ""),
            (say("BIC"), account.bic or ""), (say("Tax number"), account.tax_id or ""),
            (say("Amount"), format_money(order.money, order.language)), (say("Reason for payment"), order.number),
        )
        text = say("Write the reason for payment exactly as it is here: by it we recognise your transfer. This page tells you when the "
                   "money has come.")
        ends = order.created_at + timedelta(days=account.days)
        return Instructions(order.number, tuple(line for line in lines if line[1]), text, ends)

    def fetch(self, reference: str) -> Snapshot:
        """Nobody can be asked. Raises ProviderRefused."""
        raise ProviderRefused("A bank transfer is confirmed by a person, who sees the bank's statement.", "unsupported")

    @property
    def _account(self) -> BankTransferSettings:
        return cast(BankTransferSettings, self.settings)
