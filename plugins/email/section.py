"""The part of the account page about e-mail."""

from __future__ import annotations

from flask import render_template, request, session
from flask_babel import gettext as _
from markupsafe import Markup

from studium.core.runtime import runtime
from studium.plugins.email import addresses
from studium.services.account_sections import AccountSection
from studium.services.mail import mail_is_set_up
from studium.services.mail.settings import MailSettings
from studium.services.users import SignedInUser

NAME = "email"
WRONG = "email_wrong"  # what was typed and what is wrong with it, for the one page that follows
LONGEST = 320


def email_section(user: SignedInUser) -> list[AccountSection]:
    """The addresses, and the form; nothing where the school sends no mail and the person has no address."""
    found = addresses.list_of(user.id)
    if not found and not mail_is_set_up():
        return []
    typed, problem = session.pop(WRONG, ("", ""))
    html = render_template("email/section.html", addresses=found, typed=typed, problem=problem, said=_said(),
                           sends=mail_is_set_up(), is_simulated=is_simulated(), longest=LONGEST)
    return [AccountSection(NAME, _("E-mail"), Markup(html))]  # noqa: S704  a template made it


def remember_wrong(typed: str, problem: str) -> None:
    """Let the next page show the form as it was, with what is wrong."""
    session[WRONG] = (typed[:LONGEST], problem)


def is_simulated() -> bool:
    """Whether mail lies in the outbox, where developers can read it."""
    settings = runtime().settings
    return settings.core.env != "production" and not settings[MailSettings].host


def _said() -> str:
    """What was just done, told by the address of the page."""
    sentences = {
        "sent": _("We sent a link to this address. Open it within three days."),
        "known": _("This address is confirmed already."),
        "removed": _("The address is removed. Nothing is sent to it any more."),
        "confirmed": _("The address is confirmed."),
    }
    return sentences.get(request.args.get("email", ""), "")
