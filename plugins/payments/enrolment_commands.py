"""`studium enrolments`: who may watch what, from the command line."""

from __future__ import annotations

import click
from pony.orm import desc

from studium.core.cli import who
from studium.core.database import reading
from studium.core.errors import StudiumError
from studium.core.runtime import runtime
from studium.plugins.payments import granting
from studium.plugins.payments.entities import Enrolment
from studium.plugins.payments.holdings import runs
from studium.services.courses.catalogue import CourseInfo, TierInfo, find_course, find_course_by_id, find_courses
from studium.services.people import find_person

TELEGRAM_ID = click.argument("telegram_id", type=click.IntRange(1, 2**63 - 1))
DEMO = {1001: 0, 1002: -1, 1004: -1}  # Anna the lowest tier, so that she can upgrade, Boris and Olga the highest; Mia is a new student


@click.group()
def enrolments() -> None:
    """Look after who may watch which course."""


@enrolments.command()
@TELEGRAM_ID
@click.argument("course")
@click.argument("tier")
@click.option("--days", type=click.IntRange(1, granting.MOST_DAYS), help="End after so many days; without it, never.")
@click.option("--reason", required=True, help="Why, for those who look at it later.")
def grant(telegram_id: int, course: str, tier: str, days: int | None, reason: str) -> None:
    """Give the person of this TELEGRAM_ID the TIER of a COURSE (its address) without a payment, or move the end of a running one."""
    found = _course(course)
    wanted = _tier(found, tier)
    granting.grant_by_hand(_user_id(telegram_id), found.id, wanted.id, days=days, reason=reason, by=who("enrolments"))
    click.echo(f"{telegram_id} has the tier {tier} of {course} {f'for {days} days' if days else 'for life'}.")


@enrolments.command()
@click.argument("enrolment_id", type=int)
@click.option("--reason", required=True, help="Why, for those who look at it later.")
def revoke(enrolment_id: int, reason: str) -> None:
    """End the enrolment of this number (see `studium enrolments list`), and the upgrades that stand on it."""
    granting.revoke_enrolment(enrolment_id, reason=reason, by=who("enrolments"))
    click.echo(f"Enrolment {enrolment_id} has ended.")


@enrolments.command("list")
@click.option("--course", help="Only those of the course at this address.")
@click.option("--person", "telegram_id", type=int, help="Only those of the person with this Telegram id.")
@click.option("--ended", is_flag=True, help="Those that ended, too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
def list_enrolments(course: str | None, telegram_id: int | None, ended: bool, limit: int) -> None:
    """List enrolments, the newest first."""
    course_id = _course(course).id if course else None
    user_id = _user_id(telegram_id) if telegram_id is not None else None
    with reading():
        rows = Enrolment.select().order_by(lambda row: desc(row.id))
        if course_id is not None:
            rows = rows.filter(lambda row: row.course_id == course_id)
        if user_id is not None:
            rows = rows.filter(lambda row: row.user_id == user_id)
        lines = [_line(row) for row in rows.limit(limit) if ended or runs(row)]
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo("There are none. Give one with: studium enrolments grant TELEGRAM_ID COURSE TIER --reason WHY")


@enrolments.command()
def demo() -> None:
    """Enrol the demo people of a development server in all courses, but for one new student; safe to repeat."""
    if runtime().settings.core.env == "production":
        raise StudiumError("There are no demo people in production. Use: studium enrolments grant")
    for course in find_courses("en"):
        for telegram_id, place in DEMO.items():
            user_id = runtime().hooks.find_user_id(telegram_id=telegram_id)
            if user_id is not None and course.tiers and not _was_enrolled(user_id, course.id):
                granting.grant_by_hand(user_id, course.id, course.tiers[place].id, days=None, reason="demo", by=who("enrolments demo"))
    click.echo("The demo people are enrolled, but for Mia, who is a new student.")


def _was_enrolled(user_id: int, course_id: int) -> bool:
    with reading():
        return bool(Enrolment.exists(user_id=user_id, course_id=course_id))


def _line(row: Enrolment) -> str:
    course, person = find_course_by_id(row.course_id), find_person(row.user_id)
    name = person.display_name if person else "(no account)"
    until = f"until {row.expires_at:%Y-%m-%d %H:%M}" if row.expires_at else "for life"
    if row.revoked_at is not None:
        until = f"revoked {row.revoked_at:%Y-%m-%d %H:%M}: {row.revoked_reason}"
    return f"{row.id:<8} {name:<24}  {course.slug if course else row.course_id}/{row.tier_key:<14}  {row.source:<8} {until}"


def _user_id(telegram_id: int) -> int:
    found: int | None = runtime().hooks.find_user_id(telegram_id=telegram_id)
    if found is None:
        raise StudiumError(f"Nobody with the Telegram id {telegram_id} has signed in yet.")
    return found


def _course(slug: str) -> CourseInfo:
    found = find_course(slug, "en")
    if found is None:
        raise StudiumError(f"There is no course '{slug}'. There are: {', '.join(course.slug for course in find_courses('en')) or 'none'}.")
    return found


def _tier(course: CourseInfo, key: str) -> TierInfo:
    found = next((tier for tier in course.tiers if tier.key == key), None)
    if found is None:
        known = ", ".join(tier.key for tier in course.tiers) or "none"
        raise StudiumError(f"The course {course.slug} has no tier '{key}'. It has: {known}.")
    return found
