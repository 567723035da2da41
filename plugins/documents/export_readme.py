"""The README of an account export: what is what, in the person's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from studium.services.people import Person
from studium.services.site import site_name
from studium.services.translation import translator

LINE = 72  # characters; the file is read in the plainest of editors


def readme(person: Person, made_at: datetime, parts: Sequence[str], language: str) -> str:
    """The text for an archive with the JSON files of these plugins; `made_at` is UTC."""
    _ = translator(language).gettext
    title = _("Your data at {school}").format(school=site_name())
    known = {
        "auth": _("your account, your roles, and the browsers you signed in on"),
        "documents": _("the documents that were made for you, and your certificates"),
        "progress": _("how far you are in each lesson, and each time you watched"),
        "queue": _("the jobs that work for you, such as the one that made this archive"),
    }
    unknown = _("what the part “{part}” of the site keeps")
    lines = [f"{part}.json - {known.get(part) or unknown.format(part=part)}" for part in parts]
    documents = _("your documents that can still be downloaded")
    return "\n".join([
        title,
        "=" * min(len(title), LINE),
        "",
        _("Made for {name} on {day} at {time} (UTC).").format(name=person.full_name, day=f"{made_at:%Y-%m-%d}", time=f"{made_at:%H:%M}"),
        "",
        *lines,
        f"documents/ - {documents}",
        "",
        _("The .json files are text (UTF-8) that people and programs can read."),
        _("Moments are written as in 2025-05-30T14:05:00Z: year, month, day and time, in UTC."),
        _("Names that end in _ms are milliseconds; in lessons they are places in the video."),
        "",
        _("Not in here: keys and passwords of the site, such as those of your sign-ins, because they would let others in, "
          "and earlier archives like this one."),
        "",
    ])
