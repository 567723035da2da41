"""/owner/enrolments/grant: give a tier by hand, with a reason and an end. A form, a page that says what will happen, then it happens, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.errors import NotFound
from studium.plugins.payments.entities import Enrolment
from studium.plugins.payments.granting import MOST_DAYS, REASON_CHARS, grant_by_hand
from studium.plugins.payments.holdings import runs
from studium.plugins.payments.owner_pages.gate import who
from studium.services.courses.catalogue import CourseInfo, TierInfo, find_courses
from studium.services.languages import language
from studium.services.people import Person, find_people_called, find_person

MOST_PEOPLE = 20
FIELDS = ("person", "user_id", "tier", "days", "reason")


@dataclass(frozen=True)
class Wish:
    """Who is to get what; `until` None is for life. `seen` is a mark of what they have of it now, `had_until` its end while it runs."""

    person: Person
    course: CourseInfo
    tier: TierInfo
    days: int | None
    reason: str
    until: datetime | None
    has_it: bool
    had_until: datetime | None
    seen: str


def show() -> str:
    """GET: the form; `?person=` may say who."""
    return _page({name: request.args.get(name, "").strip()[:200] for name in FIELDS}, {})


def send() -> Response | tuple[str, int] | str:
    """POST {person or user_id, tier, days, reason}: the page to confirm; with `sure` and `seen` it is done. 422 with the form otherwise."""
    asked = {name: request.form.get(name, "").strip() for name in FIELDS}
    people = _people(asked)
    errors = _errors(asked, people)
    if errors:
        return _page(asked, errors, people), 422
    wish = _wish(asked, people[0])
    if not request.form.get("sure"):
        return _page(asked, {}, people, wish)
    return _grant(wish)


def _grant(wish: Wish) -> Response:
    with transaction():
        if _mark(wish.person.id, wish.tier.id) != request.form.get("seen"):
            said, category = _("What they have changed after that page was opened, so nothing was done. Look at it again."), "error"
        else:
            grant_by_hand(wish.person.id, wish.course.id, wish.tier.id, days=wish.days, reason=wish.reason, by=who())
            said, category = _("%(name)s has access now.", name=wish.person.full_name), "done"
    flash(said, category)
    return redirect(url_for("owner.enrolment_list_show", q=wish.person.id), 303)


def _people(asked: Mapping[str, str]) -> Sequence[Person]:
    """Those who may be meant: the one that was chosen, else by number, else by name."""
    text = asked["user_id"] or asked["person"]
    if text.isascii() and text.isdigit() and len(text) < 10:
        found = find_person(int(text))
        return [found] if found else []
    return find_people_called(text[:200], MOST_PEOPLE)


def _errors(asked: Mapping[str, str], people: Sequence[Person]) -> dict[str, str]:
    found = {}
    if len(people) != 1:
        found["person"] = _("Several people are called so. Choose one.") if people else _("Nobody is called so, or has this number.")
    if _offer(asked["tier"]) is None:
        found["tier"] = _("Choose a tier.")
    if asked["days"] and not (asked["days"].isascii() and asked["days"].isdigit() and 1 <= int(asked["days"][:9]) <= MOST_DAYS):
        found["days"] = _("Write how many days as a whole number from 1 to 36500, or leave it empty for life.")
    if not 1 <= len(asked["reason"]) <= REASON_CHARS:
        found["reason"] = _("Write a reason, of at most 1000 characters.")
    return found


def _wish(asked: Mapping[str, str], person: Person) -> Wish:
    offer = _offer(asked["tier"])
    if offer is None:
        raise NotFound(_("There is no such tier."))
    course, tier = offer
    days = int(asked["days"]) if asked["days"] else None
    with reading():
        row = Enrolment.get(user_id=person.id, course_id=course.id, tier_id=tier.id)
        has_it, had_until = (runs(row), row.expires_at) if row else (False, None)
    until = now() + timedelta(days=days) if days else None
    return Wish(person, course, tier, days, asked["reason"], until, has_it, had_until, _mark(person.id, tier.id))


def _mark(user_id: int, tier_id: int) -> str:
    """What the person has of the tier, as a word that changes with each grant and each end."""
    with reading():
        row = Enrolment.select(lambda row: row.user_id == user_id and row.tier_id == tier_id).first()
        return f"{row.id} {row.enrolled_at} {row.expires_at} {row.revoked_at} {row.granted_by} {row.reason}" if row else "nothing"


def _offer(text: str) -> tuple[CourseInfo, TierInfo] | None:
    """The course and the tier of a choice: the tier's id."""
    return next(((course, tier) for course in find_courses(language()) for tier in course.tiers if str(tier.id) == text), None)


def _page(asked: Mapping[str, str], errors: dict[str, str], people: Sequence[Person] = (), wish: Wish | None = None) -> str:
    return render_template("payments/owner/grant.html", asked=asked, errors=errors, people=people if len(people) > 1 else (), wish=wish,
                           courses=find_courses(language()))


