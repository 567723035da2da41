"""Every text of the site and of the first-party plugins is there in Russian, and the compiled catalog is current."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from flask import Flask

from studium.services.money import Money
from studium.web import formats

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "web" / "translations" / "ru" / "LC_MESSAGES"
NAMES = re.compile(r"%\(\w+\)\w|\{\w+\}")


@pytest.fixture(scope="module")
def russian() -> Catalog:
    with (FOLDER / "messages.po").open("rb") as file:
        return read_po(file, locale="ru")


@cache
def texts_in_use() -> frozenset[str]:
    with (ROOT / "web" / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found: set[str] = set()
    for folder in ("web", "plugins", "services"):
        prefixed = [
            (pattern.removeprefix(f"{folder}/"), method)
            for pattern, method in methods
            if pattern.startswith(f"{folder}/")
        ]
        told = {pattern.removeprefix(f"{folder}/"): option for pattern, option in options.items() if pattern.startswith(f"{folder}/")}
        for _, _, message, _, _ in extract_from_dir(ROOT / folder, prefixed, told):
            found.add(message if isinstance(message, str) else message[0])
    return frozenset(found)


def identity(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def test_every_text_is_translated(russian: Catalog) -> None:
    known = {
        identity(message)
        for message in russian
        if message.id and message.string and not message.fuzzy and all(message.string)
    }
    assert len(texts_in_use()) > 100
    assert sorted(texts_in_use() - known) == []


def test_no_translation_is_left_over(russian: Catalog) -> None:
    assert sorted({identity(message) for message in russian if message.id} - texts_in_use()) == []


def test_translations_keep_the_names_that_are_filled_in(russian: Catalog) -> None:
    for message in russian:
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        for string in strings if message.id else []:
            assert set(NAMES.findall(string)) == set(NAMES.findall(ids[-1])), string


def test_plurals_have_the_three_forms_of_russian(russian: Catalog) -> None:
    plurals = [message for message in russian if message.id and not isinstance(message.id, str)]
    assert len(plurals) > 10
    assert [message.id for message in plurals if len(message.string) != 3] == []


def test_compiled_catalog_is_current(russian: Catalog) -> None:
    with (FOLDER / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    fresh = BytesIO()
    write_mo(fresh, russian)
    fresh.seek(0)
    expected = read_mo(fresh)
    assert {identity(message): message.string for message in compiled if message.id} == {
        identity(message): message.string for message in expected if message.id
    }


@pytest.mark.parametrize(
    ("language", "milliseconds", "expected"),
    [
        ("en", 45_000, "45 sec"),
        ("en", 4_800_000, "1 hr 20 min"),
        ("ru", 4_800_000, "1 ч 20 мин"),
        ("ru", 45_000, "45 с"),
        ("ru", 75_600_000, "21 ч"),
        ("en", 3_599_000, "1 hr"),
    ],
)
def test_durations_are_written_in_the_language(app: Flask, language: str, milliseconds: int, expected: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert formats.duration(milliseconds).replace("\xa0", " ") == expected


@pytest.mark.parametrize(
    ("language", "amount", "currency", "expected"),
    [
        ("en", "29.00", "USD", "$29"),
        ("en", "29.50", "USD", "$29.50"),
        ("ru", "2900.00", "RUB", "2 900 ₽"),
        ("ru", "29.50", "USD", "29,50 $"),
        ("ru", "5000", "JPY", "5 000 ¥"),
        ("ru", "1.250", "KWD", "1,250 KWD"),
        ("en", "2900.00", "RUB", "RUB 2,900"),
        ("en", "5000", "JPY", "¥5,000"),
        ("en", "1.250", "KWD", "KWD 1.250"),
    ],
)
def test_money_is_written_in_the_language(app: Flask, language: str, amount: str, currency: str, expected: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert formats.money(Money(amount, currency)).replace("\xa0", " ") == expected


def test_clock_rounds_what_is_left_up() -> None:
    assert (formats.clock(754_999), formats.clock_up(754_001), formats.clock(3_723_000)) == (
        "12:34",
        "12:35",
        "1:02:03",
    )
