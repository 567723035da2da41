"""Tells a person, in the bell and in their channels, that their mail goes elsewhere from now on: it may not have been them."""

from __future__ import annotations

from collections.abc import Mapping

from studium.core.clock import now
from studium.plugins.email.entities import EmailAddress
from studium.services.account_sections import section_path
from studium.services.notifications import NewNotice, give_notice
from studium.services.notifications.events import Mode, NotificationEvent
from studium.services.translation import N_

PATH = section_path("email")
EVERYWHERE: Mapping[str, Mode] = {"email": "now", "telegram": "now"}
CHANGED = NotificationEvent(
    "email.changed", N_("Your e-mail address is changed"), N_("Security"), N_("Your mail goes to {address} from now on"),
    N_("If it was not you, sign your other devices out and correct the address."), N_("Look at it"), "shield",
    defaults=EVERYWHERE, urgent=True)
REMOVED = NotificationEvent(
    "email.removed", N_("Your e-mail address is removed"), N_("Security"), N_("Nothing is sent to {address} any more"),
    N_("If it was not you, sign your other devices out and add the address again."), N_("Look at it"), "shield",
    defaults=EVERYWHERE, urgent=True)
EVENTS = (CHANGED, REMOVED)


def tell_changed(row: EmailAddress) -> None:
    """Another confirmed address took the place of an earlier one. Needs an open transaction."""
    _tell(CHANGED, row)


def tell_removed(row: EmailAddress) -> None:
    """A confirmed address was removed in the open transaction."""
    _tell(REMOVED, row)


def hidden(address: str) -> str:
    """Enough of an address for its owner, and no more: notices are kept longer than addresses. "anna@example.org" is "a…@example.org"."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _tell(event: NotificationEvent, row: EmailAddress) -> None:
    give_notice(NewNotice(row.user_id, event.code, f"{row.id}:{now():%Y%m%d%H%M%S%f}", {"address": hidden(row.address)}, PATH))
