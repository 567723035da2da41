"""What can go wrong with payments, for those who call: pages, commands, jobs.

StudiumError
├── PaymentError
│   ├── UnknownPayment, UnknownDelivery      there is none of this id (any more)
│   └── Overtaken                            the payment changed after the provider was asked: ask again
└── ProviderDown
    └── NoUsableAnswer                       this one question got a refusal, or an answer that breaks the contract
Problem
├── RefundRefused 409        this cannot be given back: too much, a running upgrade stands on it, the provider cannot
└── NotConfirmable 409       this cannot be said by hand: the provider itself knows, or the state does not allow it
"""

from __future__ import annotations

from collections.abc import Callable

from studium.core.errors import Conflict, StudiumError
from studium.services.providers import ProviderDown


class PaymentError(StudiumError):
    """The root of the errors about payments that are no answers to a request."""


class UnknownPayment(PaymentError):
    """There is no payment of this id."""


class UnknownDelivery(PaymentError):
    """There is no webhook of this number in the inbox."""


class Overtaken(PaymentError):
    """The payment was changed after the provider was asked, so the answer may be older than what is known. Ask again."""


class NoUsableAnswer(ProviderDown):
    """The service answered, but nothing that says how the payment is. It says nothing about the provider's other payments."""


class Explained(Conflict):
    """A refusal whose text has values in it, so that a page can tell it in the reader's language: `error.told(gettext)`."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text % values if values else text)
        self.text, self.values = text, values

    def told(self, _: Callable[[str], str]) -> str:
        """The text in the language of a gettext."""
        return _(self.text) % self.values if self.values else _(self.text)


class RefundRefused(Explained):
    """The money cannot be given back so; the text says why and what to do. Nothing was changed."""

    code, title = "refund-refused", "This cannot be refunded"


class NotConfirmable(Explained):
    """A person cannot say this of the payment; the text says why. Nothing was changed."""

    code, title = "not-confirmable", "This cannot be said by hand"
