"""Finding payments, their totals, and all of them as a file."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import execute, reading, transaction
from studium.plugins.payments import checkout
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.owner_pages.csv_export import COLUMNS
from tests.cable_process import Person, sign_in_person
from tests.plugins.payments.owner.many import many_payments
from tests.plugins.payments.school import Buy, School


@pytest.fixture
def four(app: Flask, buy: Buy, start: Buy, mia: Person, noah: Person) -> dict[str, str]:
    """Payments: Mia's paid dollars, Noah's paid roubles, Ivy's open one at the till, one with a problem."""
    ivy = sign_in_person(app, 23)
    made = {"dollars": buy(mia, "basic"), "roubles": buy(noah, "vip", currency="RUB")}
    made["till"] = start(ivy, "basic", provider="till")
    made["wrong"] = start(mia, "vip")
    with app.app_context():
        checkout.begin(made["till"])
        with transaction():
            execute("UPDATE user SET first_name = 'Миа', last_name = 'Петрова' WHERE id = ?", (mia.id,))
            Payment[made["wrong"]].problem = "amount-mismatch"
            Payment[made["dollars"]].created_at -= timedelta(days=40)
    return made


@pytest.mark.parametrize(("query", "names"), [
    ("", {"dollars", "roubles", "till", "wrong"}), ("status=completed", {"dollars", "roubles"}), ("provider=till", {"till"}),
    ("tier=vip", {"roubles", "wrong"}), ("problem=amount-mismatch", {"wrong"}), ("need=problem", {"wrong"}), ("need=confirm", {"till"}),
    ("need=any", {"wrong", "till"}), ("need=disputed", set()), ("mode=test", {"dollars", "roubles", "till", "wrong"}), ("mode=live", set()),
    ("q=миа", {"dollars", "wrong"}), ("q=ПЕТРОВА+миа", {"dollars", "wrong"}), ("q=pi_1", {"dollars"}), ("q=cs_1", {"dollars"}),
    ("q=nobody", set()), ("q=%25", set()), ("q=миа&tier=vip", {"wrong"}), ("course=99999", set()),
    ("until={month_ago}", {"dollars"}), ("since={month_ago}", {"roubles", "till", "wrong"}), ("q={dollars}", {"dollars"}),
    ("q={number}", {"dollars"}), ("q={mia}", {"dollars", "wrong"}),
])
def test_the_filter_finds(
    app: Flask, vera: FlaskClient, four: dict[str, str], mia: Person, query: str, names: set[str]
) -> None:
    with app.app_context(), reading():
        number = Payment[four["dollars"]].number.lower()
    month_ago = f"{now() - timedelta(days=30):%Y-%m-%d}"
    answer = vera.get("/owner/payments?" + query.format(**four, number=number, mia=mia.id, month_ago=month_ago))
    assert answer.status_code == 200
    assert {name for name, payment_id in four.items() if payment_id in answer.text} == names


@pytest.mark.parametrize("query", ["status=x", "course=x", "course=٣", "since=yesterday", "until=9999-12-31", "since=2026-13-01", "mode=x",
                                   "need=x", "problem=x", "q=" + "x" * 300, "since=0001-01-01"])
def test_a_filter_that_cannot_be_understood_comes_back(vera: FlaskClient, query: str) -> None:
    answer = vera.get(f"/owner/payments?{query}")
    assert (answer.status_code, 'aria-invalid="true"' in answer.text) == (422, True)
    assert vera.get(f"/owner/payments.csv?{query}").status_code == 422


@pytest.mark.parametrize("place", ["x", "2026-01-01", "2026-01-01_x", "_",
                                   "2026-01-01T00:00:00+00:00_0f0f0f0f-0000-4000-8000-000000000000"])
def test_a_damaged_place_is_said(vera: FlaskClient, place: str) -> None:
    assert vera.get("/owner/payments", query_string={"before": place}).status_code == 400
    assert vera.get("/owner/enrolments", query_string={"before": "x" + place}).status_code == 400
    assert vera.get("/owner/webhooks", query_string={"before": "-1"}).status_code == 400


def test_totals_are_of_all_that_match_by_currency(vera: FlaskClient, four: dict[str, str]) -> None:
    page = vera.get("/owner/payments").text
    totals = page[page.index("All that match"):page.index("Payments, the newest first")].replace("\N{NO-BREAK SPACE}", " ")
    assert "RUB 24,900" in totals
    assert "$29" in totals
    assert "RUB" not in vera.get("/owner/payments?q=cs_1").text.split("All that match")[1].split("</table>")[0]


def test_the_pages_hold_each_payment_once(app: Flask, vera: FlaskClient, school: School) -> None:
    with app.app_context():
        many_payments(120, school)
        with transaction():
            execute("UPDATE payment SET created_at = (SELECT min(created_at) FROM payment)")  # at one moment
    seen: list[str] = []
    address = "/owner/payments"
    while address:
        page = vera.get(address).text
        seen += [part.split('"')[0] for part in page.split('href="/owner/payments/')[1:]]
        address = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&") if 'rel="next"' in page else ""
    assert (len(seen), len(set(seen))) == (120, 120)


def rows_of(text: str) -> list[dict[str, str]]:
    """The lines of the file by column."""
    assert text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}number,id,")
    return list(csv.DictReader(StringIO(text[1:])))


def test_the_file_has_every_payment_with_exact_amounts(vera: FlaskClient, four: dict[str, str]) -> None:
    answer = vera.get("/owner/payments.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="payments-20')
    assert answer.data.startswith(b"\xef\xbb\xbf")
    found = {row["id"]: row for row in rows_of(answer.text)}
    assert set(found) == set(four.values())
    roubles = found[four["roubles"]]
    assert (roubles["amount"], roubles["currency"], roubles["net"], roubles["course"], roubles["mode"]) == (
        "24900.00", "RUB", "24900.00", "Rivers", "test")
    assert len(rows_of(vera.get("/owner/payments.csv?q=cs_1").text)) == 1
    assert rows_of(vera.get("/owner/payments.csv?q=nobody").text) == []


def test_the_file_is_longer_than_a_chunk(app: Flask, vera: FlaskClient, school: School) -> None:
    with app.app_context():
        many_payments(1100, school)
    assert len({row["id"] for row in rows_of(vera.get("/owner/payments.csv").text)}) == 1100


@pytest.mark.parametrize("name", ["=1+1", "+7 900", "-1", "@SUM(A1)", "\tx", "\rx", "\uff1d1", '=HYPERLINK("http://evil.example","x")'])
def test_no_cell_is_a_formula(app: Flask, vera: FlaskClient, buy: Buy, mia: Person, name: str) -> None:
    buy(mia, "basic")
    with app.app_context(), transaction():
        execute("UPDATE user SET first_name = ? WHERE id = ?", (name, mia.id))
        execute("UPDATE payment SET email = ?", (f"{name}@example.org",))
    (row,) = rows_of(vera.get("/owner/payments.csv").text)
    for column in ("buyer", "email"):
        assert row[column].startswith("'" if name[0] in "=+-@\t\r\uff1d" else name[0]), row[column]
    assert list(row) == list(COLUMNS)


def test_a_deleted_buyer_stays_nameless(app: Flask, vera: FlaskClient, buy: Buy, mia: Person) -> None:
    payment_id = buy(mia, "basic")
    with app.app_context(), transaction():
        execute("UPDATE payment SET user_id = NULL")
    assert "account deleted" in vera.get("/owner/payments").text
    assert "account deleted" in vera.get(f"/owner/payments/{payment_id}").text
    (row,) = rows_of(vera.get("/owner/payments.csv").text)
    assert (row["buyer"], row["buyer_id"]) == ("", "")
