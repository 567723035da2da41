"""The form of what a person wants to be told of, where and when: read field by field; what is wrong is named and loses nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from flask_babel import gettext as _

from studium.core.errors import Unprocessable
from studium.plugins.notifications.preferences import PreferenceTable, Row
from studium.services.notifications.events import SITE, Mode

CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(:[0-5][0-9])?")


@dataclass(frozen=True)
class PreferenceForm:
    """What the fields hold; times are "18:00". `errors` by field: digest_at, quiet_from, quiet_until."""

    modes: Mapping[tuple[str, str], Mode]
    digest_at: str
    is_quiet: bool
    quiet_from: str
    quiet_until: str
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def quiet(self) -> tuple[int, int] | None:
        """The quiet hours in minutes of the day; None without."""
        return (minute_of(self.quiet_from), minute_of(self.quiet_until)) if self.is_quiet else None


def form_of(table: PreferenceTable) -> PreferenceForm:
    """The form as the person last kept it; quiet hours that they never had are offered as a night."""
    begin, until = table.quiet or (22 * 60, 8 * 60)
    modes = {(row.event.code, channel): _kept_mode(row, channel) for row in _rows(table) for channel in row.modes}
    return PreferenceForm(modes, clock_of(table.digest_at), table.quiet is not None, clock_of(begin), clock_of(until))


def read_form(sent: Mapping[str, str], table: PreferenceTable) -> PreferenceForm:
    """The form as it was sent; a field that is missing stays as it was. Raises Unprocessable for a choice that was not offered."""
    kept = form_of(table)
    modes = {(row.event.code, channel): _mode(sent, row, channel) for row in _rows(table) for channel in row.modes}
    times = {name: sent.get(name, getattr(kept, name)).strip() for name in ("digest_at", "quiet_from", "quiet_until")}
    form = PreferenceForm(modes, is_quiet="quiet" in sent, **times)
    return replace(form, errors=_errors(form))


def field_name(event: str, channel: str) -> str:
    """The name of the field of one event and channel."""
    return f"mode/{event}/{channel}"


def choices(row: Row, channel: str) -> tuple[Mode, ...]:
    """What may be chosen: the bell gathers nothing, and what is urgent waits for no digest."""
    everything: tuple[Mode, ...] = get_args(Mode)
    return tuple(mode for mode in everything if mode != "daily" or (channel != SITE and not row.event.urgent))


def clock_of(minute: int) -> str:
    """A minute of the day as a field of type time has it."""
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of(clock: str) -> int:
    """The reverse; 0 for what is no time."""
    found = CLOCK.fullmatch(clock)
    return int(found[1]) * 60 + int(found[2]) if found else 0


def _rows(table: PreferenceTable) -> list[Row]:
    return [row for _title, rows in table.groups for row in rows]


def _kept_mode(row: Row, channel: str) -> Mode:
    """What is urgent comes at once, even where a day's digest was chosen, or is the default."""
    mode = row.modes[channel]
    return mode if mode in choices(row, channel) else "now"


def _mode(sent: Mapping[str, str], row: Row, channel: str) -> Mode:
    name = field_name(row.event.code, channel)
    chosen = sent.get(name, _kept_mode(row, channel))
    if chosen not in choices(row, channel):
        raise Unprocessable(f"{name}: this cannot be chosen.", errors=[{"field": name, "message": "not offered"}])
    return chosen


def _errors(form: PreferenceForm) -> dict[str, str]:
    needed = ("digest_at", "quiet_from", "quiet_until") if form.is_quiet else ("digest_at",)
    errors = {name: _("Give a time, such as 18:00.") for name in needed if not CLOCK.fullmatch(getattr(form, name))}
    if form.is_quiet and not errors and minute_of(form.quiet_from) == minute_of(form.quiet_until):
        errors["quiet_until"] = _("Quiet hours need an end that is not their beginning.")
    return errors
