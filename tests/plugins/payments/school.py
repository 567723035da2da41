"""A course with three tiers and lessons for some of them, people who buy, and the shop that takes their money; fixtures for conftest.py."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import open_school
import pytest
import shop as shop_plugin
from flask import Flask

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.plugins.payments import checkout, settling
from studium.plugins.payments.entities import Enrolment, Payment
from studium.services.access import may_watch
from studium.services.courses.catalogue import find_lesson
from studium.services.courses.entities import Course, Lesson, Module, Tier
from studium.services.users import SignedInUser
from tests.cable_process import Person, sign_in_person

Rows = Callable[..., list[dict[str, Any]]]
Buy = Callable[..., str]
Rules = Mapping[str, Mapping[str, Any]]
COURSE = "rivers"
TIERS: dict[str, dict[str, Any]] = {
    "basic": {"prices": {"RUB": "2900.00", "USD": "29.00"}, "access_days": 180},
    "accelerator": {"prices": {"RUB": "6900.00", "USD": "69.00"}, "access_days": 365},
    "vip": {"prices": {"RUB": "24900.00", "USD": "249.00"}, "access_days": None},
}
LESSONS: dict[str, dict[str, Any]] = {
    "spring": {},
    "delta": {"tiers": ["accelerator", "vip"]},
    "sea": {"available": "+7d"},
    "open-day": {"preview": True},
}


@pytest.fixture(autouse=True)
def selling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enrolments decide who may watch."""
    monkeypatch.setattr(open_school, "OPEN", False)


@pytest.fixture(autouse=True)
def shop() -> Iterator[shop_plugin.ShopService]:
    """The service behind the provider "shop", with nothing in it."""
    shop_plugin.service.reset()
    yield shop_plugin.service
    shop_plugin.service.reset()


@pytest.fixture
def plant(app: Flask) -> Callable[..., School]:
    """`plant(tiers, lessons)` makes or changes the course "rivers"."""

    def do(tiers: Rules = TIERS, lessons: Rules = LESSONS, slug: str = COURSE) -> School:
        with app.app_context(), transaction():
            return _plant(slug, tiers, lessons)

    return do


@pytest.fixture
def school(plant: Callable[..., School]) -> School:
    """The course "rivers": tiers basic, accelerator and vip."""
    return plant()


class School:
    """Ids of a course, its tiers by key and its lessons by slug."""

    def __init__(self, course: int, tiers: dict[str, int], lessons: dict[str, int], slug: str) -> None:
        self.course, self.tiers, self.lessons, self.slug = course, tiers, lessons, slug


@pytest.fixture
def mia(app: Flask) -> Person:
    """A student with a browser."""
    return sign_in_person(app, 21)


@pytest.fixture
def noah(app: Flask) -> Person:
    """Another one."""
    return sign_in_person(app, 22)


@pytest.fixture
def start(app: Flask, school: School) -> Buy:
    """`start(mia, "basic", currency="USD")` answers the id of the payment."""

    def do(person: Person, tier: str = "basic", **asked: Any) -> str:
        wanted = {"provider": "shop", "currency": "USD", "coupon": None, "email": None, "language": "en"} | asked
        with app.app_context():
            return checkout.start(person.id, asked.pop("course", COURSE), tier, **{key: wanted[key] for key in wanted if key != "course"})

    return do


@pytest.fixture
def buy(app: Flask, start: Buy, shop: shop_plugin.ShopService) -> Buy:
    """`buy(mia, "basic")` pays in the shop; answers the id of the completed payment."""

    def do(person: Person, tier: str = "basic", **asked: Any) -> str:
        payment_id = start(person, tier, **asked)
        with app.app_context():
            checkout.begin(payment_id)
            with reading():
                reference = Payment[payment_id].reference
            if reference:
                shop.pay(reference)
                settling.look(payment_id, "the test")
        return payment_id

    return do


@pytest.fixture
def enrolments(app: Flask) -> Rows:
    """`enrolments(user_id=7)`: rows as dicts, by tier key and id."""

    def do(**conditions: Any) -> list[dict[str, Any]]:
        with app.app_context(), reading():
            return [row.to_dict() for row in sorted(Enrolment.select(**conditions), key=lambda row: row.id)]

    return do


@pytest.fixture
def payment(app: Flask) -> Callable[[str], dict[str, Any]]:
    """`payment(id)`: the row as a dict."""

    def do(payment_id: str) -> dict[str, Any]:
        with app.app_context(), reading():
            found: dict[str, Any] = Payment[payment_id].to_dict()
            return found

    return do


@pytest.fixture
def watch(app: Flask) -> Callable[[Person, str, School], bool]:
    """`watch(mia, "delta", school)`: whether the lesson is open to them, whatever became of their sign-in."""

    def do(person: Person, lesson: str, school: School) -> bool:
        with app.app_context():
            found = find_lesson(school.slug, lesson, "en")
            assert found is not None
            return may_watch(SignedInUser(person.id, "Somebody", 1), found.lesson)

    return do


def _plant(slug: str, tiers: Rules, lessons: Rules) -> School:
    at, revision = now(), str(time.monotonic_ns())
    course = Course.get(slug=slug)
    if course is None:
        course = Course(key=slug, slug=slug, languages="en,ru", texts=texts("Rivers", "Реки"), revision=revision, content_hash="1",
                        archived=False, created_at=at, updated_at=at)
        Module(course=course, key="m", position=0, texts=texts("Springs"), archived=False)
    course.revision = revision
    course.flush()
    for row in course.tiers:
        row.archived = row.key not in tiers
    made = {key: _tier(course, position, key, dict(values)) for position, (key, values) in enumerate(tiers.items())}
    seen = {slug: _lesson(course, position, slug, dict(values)) for position, (slug, values) in enumerate(lessons.items())}
    return School(course.id, {key: row.id for key, row in made.items()}, {slug: row.id for slug, row in seen.items()}, course.slug)


def _tier(course: Course, position: int, key: str, values: dict[str, Any]) -> Tier:
    row = Tier.get(course=course, key=key) or Tier(course=course, key=key, position=0, texts=tier_texts(key), prices="{}", archived=False)
    row.set(position=position, prices=json.dumps(values["prices"]), access_days=values.get("access_days"), archived=False)
    row.flush()
    return row


def _lesson(course: Course, position: int, slug: str, changed: dict[str, Any]) -> Lesson:
    changed["tiers"] = json.dumps(changed.get("tiers", []))
    values: dict[str, Any] = {
        "key": slug, "slug": slug, "path": f"{slug}.md", "type": "text", "rule": "read", "threshold": 90, "duration_ms": 0,
        "preview": False, "required": True, "available": "now",
        "texts": texts(slug.title()), "chapters": "[]", "asset_rev": "1", "content_hash": "1",
        "archived": False, "created_at": now(), "updated_at": now(), "position": position,
    } | changed
    row = Lesson.get(course=course, key=slug)
    if row is None:
        row = Lesson(course=course, module=Module.get(course=course, key="m"), **values)
    else:
        row.set(**values)
    row.flush()
    return row


def texts(en: str, ru: str = "") -> str:
    """Texts of a row."""
    return json.dumps({"title": {"en": en} | ({"ru": ru} if ru else {}), "summary": {}, "description": {}, "body": {"en": en}})


def tier_texts(key: str) -> str:
    """Texts of a tier."""
    return json.dumps({"title": {"en": key.title()}, "summary": {}, "includes": []})
