"""Reads a course folder as a whole: course.yaml, then its modules. Every mistake is reported; nothing is written."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from .body import check_body
from .fields import Fields, read_texts
from .files import IMAGES, CourseFiles
from .literals import is_currency, language_name, parse_price
from .mistakes import Place, Report, nearest
from .module import read_modules
from .reading import Reading
from .source import CourseSource, TierSource
from .yamltree import Mapping, Scalar, parse_yaml

COURSE_FILE = "course.yaml"
COURSE_KEYS = ("id", "slug", "languages", "title", "summary", "description", "cover", "tiers")
TIER_KEYS = ("id", "title", "summary", "price", "access_days", "includes")
MAX_ACCESS_DAYS = 36_500


def read_course(folder: Path) -> tuple[CourseSource | None, Report]:
    """Read and check the course in `folder`; the course is None when the report has errors."""
    report = Report()
    if not folder.is_dir():
        report.error(
            "missing-file", Place(str(folder)), "there is no such folder", "Give the folder that holds course.yaml."
        )
        return None, report
    reading = Reading(CourseFiles(folder.resolve(), report), report)
    source = _read_course(reading)
    if not report.errors:
        reading.files.report_unused()
    return (None if report.errors else source), report


def _read_course(reading: Reading) -> CourseSource | None:
    fields = _course_fields(reading)
    if fields is None:
        read_modules(reading)  # their mistakes are worth knowing too
        return None
    reading.languages = _read_languages(fields)
    key, slug = fields.identifier(), fields.slug()
    texts = {
        name: fields.texts(name, reading.languages, required=name == "title")
        for name in ("title", "summary", "description")
    }
    tiers = _read_tiers(fields, reading)
    cover = fields.scalar("cover")
    cover_file = reading.files.find(cover, COURSE_FILE, IMAGES) if cover else None
    linked = check_body(
        reading, COURSE_FILE, [(text, fields.place_of("description")) for text in texts["description"].values()]
    )
    modules = read_modules(reading)
    if not any(module.lessons for module in modules):
        reading.report.error(
            "no-lessons",
            Place(COURSE_FILE),
            "the course has no lessons",
            "Make a folder such as 10-start with _index.md and 10-hello.md.",
        )
    elif not any(lesson.required for module in modules for lesson in module.lessons):
        reading.report.warning(
            "nothing-required", Place(COURSE_FILE), "no lesson is required, so nobody can complete the course"
        )
    if key is None:
        return None
    return CourseSource(
        key,
        slug or _slug_of(key),
        reading.languages,
        texts["title"],
        texts["summary"],
        texts["description"],
        cover_file,
        tiers,
        modules,
        linked,
    )


def _course_fields(reading: Reading) -> Fields | None:
    if COURSE_FILE not in reading.files.files:
        reading.report.error(
            "missing-file",
            Place(COURSE_FILE),
            "a course folder must hold course.yaml",
            "Make it, or give the right folder.",
        )
        return None
    text = reading.files.read_text(COURSE_FILE)
    tree = parse_yaml(text, COURSE_FILE, reading.report) if text is not None else None
    return Fields(tree, COURSE_KEYS, reading.report) if tree is not None else None


def _read_languages(fields: Fields) -> tuple[str, ...]:
    languages: list[str] = []
    for code in fields.scalars("languages"):
        if language_name(code.text) is None:
            fields.report.error(
                "unknown-language", code.place, f"'{code.text[:80]}' is not a language code", "Such as en, ru, pt-BR."
            )
        elif code.text in languages:
            fields.report.error("duplicate-key", code.place, f"'{code.text}' is listed twice")
        else:
            languages.append(code.text)
    if "languages" not in fields:
        fields.report.error(
            "missing-key", fields.place, "'languages' is missing", "Add 'languages: [en, ru]', the main one first."
        )
    return tuple(languages)


def _read_tiers(fields: Fields, reading: Reading) -> tuple[TierSource, ...]:
    tiers = []
    for tier in fields.mappings("tiers", TIER_KEYS):
        key = tier.identifier()
        if key is not None:
            reading.claim("tier id", key, tier.place_of("id"))
        tiers.append(_read_tier(tier, key or "", reading))
    reading.tiers = tuple(tier.key for tier in tiers if tier.key)
    reading.paid = any(Decimal(price) > 0 for tier in tiers for price in tier.prices.values())
    return tuple(tiers)


def _read_tier(tier: Fields, key: str, reading: Reading) -> TierSource:
    title = tier.texts("title", reading.languages, required=True)
    summary = tier.texts("summary", reading.languages)
    includes = tuple(read_texts(item, "includes", reading.languages, tier.report) for item in tier.items("includes"))
    return TierSource(key, title, summary, includes, _read_prices(tier), tier.number("access_days", 1, MAX_ACCESS_DAYS))


def _read_prices(tier: Fields) -> dict[str, str]:
    node = tier.node("price")
    if not isinstance(node, Mapping) or not node.entries:
        place = node.place if node else tier.place
        tier.report.error(
            "missing-key", place, "a tier needs a price for each currency", "Write 'price: {RUB: 2900, USD: 29}'."
        )
        return {}
    prices = {}
    for currency, amount in node.entries:
        price = (
            parse_price(amount.text, currency.text)
            if isinstance(amount, Scalar) and is_currency(currency.text)
            else None
        )
        if price is not None:
            prices[currency.text] = price
        elif not is_currency(currency.text):
            tier.report.error(
                "unknown-currency",
                currency.place,
                f"'{currency.text[:80]}' is not a currency",
                nearest(currency.text.upper(), ("RUB", "USD", "EUR", "GBP", "KZT", "CNY")),
            )
        else:
            tier.report.error(
                "bad-price",
                amount.place,
                f"this is not an amount of {currency.text}",
                "Write digits and at most the currency's decimals, such as 29 or 29.90.",
            )
    return prices


def _slug_of(key: str) -> str:
    return "-".join(part for part in key.replace("_", "-").replace(".", "-").split("-") if part)
