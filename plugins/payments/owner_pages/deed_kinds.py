"""What an owner can do to a payment: each deed with its fields, what will happen in words, and the doing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flask_babel import get_locale
from flask_babel import gettext as _

from studium.plugins.payments.confirming import confirm_offline, reject_offline
from studium.plugins.payments.dispute_moves import DISPUTABLE
from studium.plugins.payments.disputes import mark_dispute
from studium.plugins.payments.errors import NotConfirmable
from studium.plugins.payments.owner_pages.record import Record
from studium.plugins.payments.owner_pages.stored_words import rules_in_words
from studium.plugins.payments.owner_pages.words import dispute_name, provider_name
from studium.plugins.payments.problems import dismiss_problem
from studium.plugins.payments.refunds import ask_refund, check_refund
from studium.plugins.payments.transitions import COMPLETED, DISPUTED, NEVER_PAID, OPEN, PARTLY_REFUNDED
from studium.services.money import Money, MoneyError
from studium.services.money_format import format_money
from studium.services.providers import DISPUTE, OFFLINE, REFUND
from studium.services.translation import N_

REASON_CHARS = 1000
AMOUNT = re.compile(r"\d{1,15}([.,]\d{1,4})?", re.ASCII)
OPENED, WON, LOST = "open", "won", "lost"


@dataclass(frozen=True)
class Form:
    """What was typed; not every deed has every field."""

    amount: str = ""
    reason: str = ""
    state: str = ""

    @classmethod
    def read(cls, sent: Mapping[str, str]) -> Form:
        """From what a browser sent."""
        return cls(*(sent.get(name, "").strip() for name in ("amount", "reason", "state")))


@dataclass(frozen=True)
class Deed:
    """`title`, `about` and `label` (of the reason) are message ids. `check` answers what is wrong by field; `effects` yields sentences and
    may raise Explained; `do` does it in the open transaction, `mark` being the form's own id, and answers what to say.
    """

    name: str
    title: str
    about: str
    label: str
    is_possible: Callable[[Record], bool]
    effects: Callable[[Record, Form], Iterator[str]]
    do: Callable[[Record, Form, str, str], str]
    blank: Callable[[Record], Form] = lambda _record: Form()
    has_amount: bool = False
    states: Callable[[Record], tuple[str, ...]] = lambda _record: ()
    moves_money: bool = True

    def errors(self, record: Record, form: Form) -> dict[str, str]:
        """What is wrong, by field."""
        found = {}
        if not 1 <= len(form.reason) <= REASON_CHARS:
            found["reason"] = _("Write a reason, of at most 1000 characters.")
        if self.has_amount and amount_of(record, form) is None:
            found["amount"] = _("Write an amount such as 29 or 29.50.")
        if self.states(record) and form.state not in self.states(record):
            found["state"] = _("Choose one of these.")
        return found


def amount_of(record: Record, form: Form) -> Money | None:
    """The amount that was typed, in the payment's currency; None for what is none."""
    text = re.sub(r"\s", "", form.amount)
    if not AMOUNT.fullmatch(text):
        return None
    try:
        money = Money(text.replace(",", "."), record.row.amount.currency)
    except MoneyError:
        return None
    return money if money else None


def shown(money: Money) -> str:
    """Money in the reader's language."""
    return format_money(money, str(get_locale() or "en"))


def _amount(record: Record, form: Form) -> Money:
    money = amount_of(record, form)
    if money is None:
        raise NotConfirmable(N_("Write an amount such as 29 or 29.50."))
    return money


def _who_loses(record: Record, when: str) -> Iterator[str]:
    """Whose access ends; `when` is a sentence about the moment."""
    running = [access for access in record.accesses if access.runs]
    if record.has_substitute:
        yield _("Nobody loses access: the tier was paid twice, and the other payment takes the place of this one.")
        return
    if not running:
        yield _("Nobody loses access: no running access hangs on this payment.")
        return
    for access in running:
        yield _("%(name)s loses access to %(course)s, tier %(tier)s.", name=record.name, course=record.row.course, tier=access.tier)
    yield when
    if record.upgrade_of is not None:
        yield _("What %(name)s had before the upgrade stays.", name=record.name)


def _refund_effects(record: Record, form: Form) -> Iterator[str]:
    money = check_refund(record.row.id, _amount(record, form))
    if REFUND in record.capabilities:
        yield _("%(money)s go back to %(name)s through %(provider)s.", money=shown(money), name=record.name,
                provider=provider_name(record.row.provider))
        when = _("That happens as soon as the provider says that the money went.")
    else:
        yield _("Nothing is sent: you say that you have given %(money)s back to %(name)s yourself.", money=shown(money), name=record.name)
        when = _("That happens at once.")
    rest = record.left - money
    if rest:
        yield _("%(rest)s of %(paid)s stay paid, and access stays.", rest=shown(rest), paid=shown(record.row.paid))
    else:
        yield from _who_loses(record, when)
    yield _("This cannot be undone.")


def _refund(record: Record, form: Form, by: str, mark: str) -> str:
    money = _amount(record, form)
    ask_refund(record.row.id, money, reason=form.reason, by=by, refund_id=mark)
    if REFUND in record.capabilities:
        return _("The refund of %(money)s is asked for. This page shows how it goes on.", money=shown(money))
    return _("Written down: %(money)s were given back.", money=shown(money))


def _confirm_effects(record: Record, form: Form) -> Iterator[str]:
    money = _amount(record, form)
    yield _("You say that %(money)s of %(name)s came.", money=shown(money), name=record.name)
    if money != record.row.amount:
        yield _("%(asked)s were asked, so this is noted as a problem, and gives no access.", asked=shown(record.row.amount))
    elif record.row.buyer is None:
        yield _("The account was deleted, so nobody gets access.")
    elif record.access_days:
        yield _("%(name)s gets access to %(course)s, tier %(tier)s, for %(days)s days from now.", name=record.name,
                course=record.row.course, tier=record.row.tier, days=record.access_days)
    else:
        yield _("%(name)s gets access to %(course)s, tier %(tier)s, for life.", name=record.name, course=record.row.course,
                tier=record.row.tier)


def _confirm(record: Record, form: Form, by: str, _mark: str) -> str:
    applied = confirm_offline(record.row.id, _amount(record, form), reference_note=form.reason, by=by)
    if applied.moved and applied.after == COMPLETED:
        return _("The payment is completed.")
    return _("Written down. The payment is not completed: %(rule)s", rule=rules_in_words(applied.rule))


def _reject_effects(record: Record, form: Form) -> Iterator[str]:
    yield _("The payment of %(money)s fails; %(name)s gets no access.", money=shown(record.row.amount), name=record.name)
    yield _("%(name)s reads: %(reason)s", name=record.name, reason=form.reason)
    yield _("Should the money come after all, you can still confirm it.")


def _reject(record: Record, form: Form, by: str, _mark: str) -> str:
    reject_offline(record.row.id, form.reason, by)
    return _("The payment has failed.")


def _dispute_states(record: Record) -> tuple[str, ...]:
    if record.row.status == DISPUTED:
        return (WON, LOST)
    return (OPENED, LOST) if record.row.status in DISPUTABLE else ()


def _dispute_effects(record: Record, form: Form) -> Iterator[str]:
    rest = shown(record.row.net)
    if form.state == OPENED:
        yield _("%(money)s count as taken away while the dispute is open.", money=rest)
        yield from _who_loses(record, _("Access rests from now on, and comes back if the dispute is won."))
    elif form.state == WON:
        yield _("%(money)s count as paid again.", money=rest)
        yield _("%(name)s gets back the access that the dispute took, until the same end as before.", name=record.name)
    else:
        yield _("%(money)s count as given back for good.", money=rest)
        yield from _who_loses(record, _("That happens at once."))
    yield _("Nothing is sent to anybody: you write down what the bank said.")


def _dispute(record: Record, form: Form, by: str, _mark: str) -> str:
    mark_dispute(record.row.id, form.state, reason=form.reason, by=by)  # type: ignore[arg-type]  # checked among the states
    return _("Written down: %(state)s.", state=dispute_name(form.state))


def _settle_effects(record: Record, _form: Form) -> Iterator[str]:
    yield _("The problem is taken off the list: %(problem)s", problem=record.problem or "")
    yield _("No money moves and no access changes. What caused the problem may bring it back.")


def _settle(record: Record, form: Form, by: str, _mark: str) -> str:
    dismiss_problem(record.row.id, reason=form.reason, by=by)
    return _("The problem is taken off the list.")


def _is_offline(record: Record) -> bool:
    return OFFLINE in record.capabilities and record.is_set_up


DEEDS: dict[str, Deed] = {
    deed.name: deed
    for deed in (
        Deed("confirm", N_("Confirm the money"), N_("For money that came outside of the site, as you see it on the bank's statement."),
             N_("What joins it with the statement"), lambda record: _is_offline(record) and record.row.status in (*OPEN, *NEVER_PAID),
             _confirm_effects, _confirm, lambda record: Form(amount=str(record.row.amount.amount)), has_amount=True),
        Deed("reject", N_("Reject"), N_("The money will not come."), N_("Reason, told to the buyer"),
             lambda record: _is_offline(record) and record.row.status in OPEN, _reject_effects, _reject),
        Deed("refund", N_("Refund"), N_("Give the money back, the whole of it or a part."), N_("Reason"),
             lambda record: record.row.status in (COMPLETED, PARTLY_REFUNDED) and bool(record.left) and record.row.provider != "free",
             _refund_effects, _refund, lambda record: Form(amount=str(record.left.amount)), has_amount=True),
        Deed("dispute", N_("Dispute"), N_("For a provider that does not tell of disputes itself: write down what the bank says."),
             N_("Reason"), lambda record: DISPUTE not in record.capabilities and bool(record.row.paid) and bool(_dispute_states(record)),
             _dispute_effects, _dispute, states=_dispute_states),
        Deed("settle", N_("Problem dealt with"), N_("You looked at the problem and dealt with it."), N_("What you did"),
             lambda record: record.row.problem is not None, _settle_effects, _settle, moves_money=False),
    )
}
