"""Words of the account page that are more than a name."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import format_date, format_time, format_timedelta
from flask_babel import gettext as _

from studium.core.clock import now
from studium.plugins.auth.user_agents import read_device
from studium.services.sign_in import DEVELOPMENT, sign_in_methods


def device_words(user_agent: str) -> str:
    """What people call the browser that sent this header: "Chrome on Windows"."""
    device = read_device(user_agent)
    if device.browser and device.system:
        return str(_("%(browser)s on %(system)s", browser=device.browser, system=device.system))
    return device.browser or device.system or str(_("Unknown browser"))


def when(moment: datetime) -> str:
    """How long ago a moment (naive UTC) was, or how far off it is: "just now", "3 hours ago", "in 7 days"."""
    passed = now() - moment
    return str(_("just now")) if timedelta(0) <= passed < timedelta(minutes=1) else str(format_timedelta(-passed, add_direction=True))


def date_and_time(moment: datetime) -> str:
    """A moment (naive UTC) on the reader's clock, to the minute: what tells two devices of the same name apart."""
    return f"{format_date(moment, 'medium')}, {format_time(moment, 'short')}"


def method_words() -> dict[str, str]:
    """The ways to sign in that there are, by name, in the words of the sign-in page."""
    return {DEVELOPMENT: _("Development sign-in"), **{method.name: _(method.title) for method in sign_in_methods()}}


def scope_words() -> dict[str, str]:
    """What a token of each scope may do, in the order of the form."""
    return {
        "read": _("Read: courses, progress, tasks and documents"),
        "jobs": _("Tasks: start, cancel and retry them"),
        "progress": _("Progress: report what was watched and read"),
    }


def deletion_word() -> str:
    """The word that confirms the deletion of the account."""
    return str(_("DELETE"))
