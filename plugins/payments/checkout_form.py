"""What a buyer filled in on the checkout page, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import request, session
from werkzeug.datastructures import MultiDict

from studium.core.errors import Problem
from studium.services.money import Money, MoneyError

EMAIL_KEPT = "checkout_email"  # in the cookie of this browser, while the page shows another price
LONGEST = 320


@dataclass(frozen=True)
class CheckoutForm:
    """The fields as written, "" for none. `shown` is the total that the page showed, such as "29.00 USD"."""

    provider: str = ""
    currency: str = ""
    coupon: str = ""
    email: str = ""
    shown: str = ""

    def without(self, fields: Mapping[str, str]) -> CheckoutForm:
        """The form without the fields that are wrong and change the price."""
        return replace(self, **{name: "" for name in ("currency", "coupon") if name in fields})

    def is_dearer(self, total: Money) -> bool:
        """Whether the total is higher than what the page showed, in the same currency."""
        amount, _space, currency = self.shown.partition(" ")
        if currency != total.currency:
            return False
        try:
            return total > Money(amount, currency)
        except MoneyError:
            return False

    @property
    def choice(self) -> dict[str, str]:
        """What the address of the page carries; the e-mail address is nobody's business there."""
        return {name: value for name in ("currency", "coupon", "provider") if (value := getattr(self, name))}


def read_query() -> CheckoutForm:
    """The form as the address of the page says, with the e-mail address that was typed before."""
    return replace(_read(request.args), email=str(session.pop(EMAIL_KEPT, "")))


def read_post() -> CheckoutForm:
    """The form as it was sent."""
    return replace(_read(request.form), email=_field(request.form, "email"), shown=_field(request.form, "shown"))


def keep_email(form: CheckoutForm) -> None:
    """Have the next view of the page show the address again."""
    if form.email:
        session[EMAIL_KEPT] = form.email


def errors_of(problem: Problem) -> dict[str, str]:
    """Field -> message, in English as it was raised."""
    return {str(one["field"]): str(one["message"]) for one in problem.extra.get("errors", ())}


def _read(values: MultiDict[str, str]) -> CheckoutForm:
    return CheckoutForm(_field(values, "provider"), _field(values, "currency").upper(), _field(values, "coupon"))


def _field(values: MultiDict[str, str], name: str) -> str:
    return values.get(name, "").strip()[:LONGEST]
