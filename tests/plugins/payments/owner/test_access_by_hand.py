"""Access that an owner gives and takes back, and coupons."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import execute, reading, transaction
from studium.plugins.payments.coupon_owner import NewCoupon, create_coupon, list_coupons
from studium.plugins.payments.entities import Enrolment
from studium.services.money import Money
from tests.cable_process import Person
from tests.plugins.payments.money import enrolled, facts
from tests.plugins.payments.owner.conftest import Press, hidden
from tests.plugins.payments.owner.many import many_payments
from tests.plugins.payments.school import Buy, School
from tests.web.test_queries import count_queries

GRANT = "/owner/enrolments/grant"


def test_access_is_given_by_hand_after_it_was_said(app: Flask, vera: FlaskClient, press: Press, mia: Person, school: School) -> None:
    page = press(GRANT, person="p21", tier=school.tiers["vip"], days="30", reason="A prize").text
    assert f"P21 (number {mia.id}) gets access to Rivers, tier Vip, without paying." in page
    with app.app_context():
        assert enrolled(mia.id) == []
    answer = press(GRANT, **hidden(page))
    assert answer.status_code == 303
    with app.app_context():
        assert enrolled(mia.id) == ["vip"]
        with reading():
            row = Enrolment.select().first()
            assert (row.reason, row.source, (row.expires_at - row.enrolled_at).days) == ("A prize", "grant", 30)
            assert row.granted_by.startswith("Vera (user ")
    assert "A prize" in vera.get(answer.headers["Location"]).text


def test_the_form_sent_twice_gives_once(app: Flask, vera: FlaskClient, press: Press, mia: Person, school: School) -> None:
    form = hidden(press(GRANT, person=mia.id, tier=school.tiers["vip"], days="", reason="A prize").text)
    press(GRANT, **form)
    answer = press(GRANT, **form)
    assert "so nothing was done" in vera.get(answer.headers["Location"]).text
    with app.app_context():
        assert len(facts("enrolment_granted")) == 1


def test_of_several_people_one_is_chosen(
    app: Flask, press: Press, mia: Person, noah: Person, school: School
) -> None:
    fields = {"person": "p2", "tier": school.tiers["vip"], "reason": "A prize"}
    answer = press(GRANT, **fields)
    assert (answer.status_code, "Several people are called so" in answer.text) == (422, True)
    page = press(GRANT, **fields, user_id=noah.id).text
    assert f"P22 (number {noah.id}) gets access" in page


@pytest.mark.parametrize(("fields", "said"), [
    ({"person": "nobody"}, "Nobody is called so"), ({"person": ""}, "Nobody is called so"), ({"tier": "999"}, "Choose a tier"),
    ({"tier": "x"}, "Choose a tier"), ({"days": "0"}, "Write how many days"), ({"days": "36501"}, "Write how many days"),
    ({"days": "-1"}, "Write how many days"), ({"days": "9" * 30}, "Write how many days"), ({"reason": " "}, "Write a reason"),
    ({"reason": "x" * 1001}, "Write a reason"), ({"user_id": "999999"}, "Nobody is called so"),
])
def test_a_wrong_form_comes_back(app: Flask, press: Press, mia: Person, school: School, fields: dict[str, str], said: str) -> None:
    for more in ({}, {"sure": "1", "seen": "nothing"}):
        answer = press(GRANT, **({"person": str(mia.id), "tier": str(school.tiers["vip"]), "reason": "x"} | fields | more))
        assert (answer.status_code, said in answer.text) == (422, True)
    with app.app_context():
        assert enrolled(mia.id) == []


def test_access_is_taken_back_with_what_stands_on_it(app: Flask, vera: FlaskClient, press: Press, buy: Buy, mia: Person) -> None:
    buy(mia, "basic")
    buy(mia, "accelerator")
    with app.app_context(), reading():
        base = Enrolment.get(tier_key="basic").id
    page = vera.get(f"/owner/enrolments/{base}/revoke").text
    for told in ("P21 loses access to Rivers, tier Basic, at once.", "tier Accelerator", "No money goes back"):
        assert told in page, told
    assert press(f"/owner/enrolments/{base}/revoke", reason="").status_code == 422
    answer = press(f"/owner/enrolments/{base}/revoke", reason="Shared the videos")
    assert "Access has ended." in vera.get(answer.headers["Location"]).text
    with app.app_context():
        assert enrolled(mia.id) == []
    again = press(f"/owner/enrolments/{base}/revoke", reason="Again")
    assert "This enrolment has ended already." in vera.get(again.headers["Location"]).text
    assert "Shared the videos" in vera.get("/owner/enrolments").text


def test_enrolments_are_found(app: Flask, vera: FlaskClient, buy: Buy, mia: Person, noah: Person, school: School) -> None:
    buy(mia, "basic")
    buy(noah, "vip")
    with app.app_context(), transaction():
        execute("UPDATE enrolment SET revoked_at = enrolled_at WHERE user_id = ?", (noah.id,))
    for query, people in {"": {"P21", "P22"}, "q=p21": {"P21"}, "state=running": {"P21"}, "state=ended": {"P22"}, "course=9999": set(),
                          f"course={school.course}": {"P21", "P22"}, "q=nobody": set(), f"q={noah.id}": {"P22"}}.items():
        page = vera.get(f"/owner/enrolments?{query}").text.split("<table")[-1]
        assert {name for name in ("P21", "P22") if f">{name}<" in page} == people, query


def test_a_coupon_is_made_listed_used_and_archived(app: Flask, vera: FlaskClient, press: Press, buy: Buy, mia: Person) -> None:
    answer = press("/owner/coupons/new", code="spring 10", percent="10", max_uses="5", note="For friends", once_per_user="1",
                   valid_until="2030-01-01T00:00", tier_keys="basic")
    assert "The coupon is there." in vera.get(answer.headers["Location"]).text
    payment_id = buy(mia, "basic", coupon="SPRING10")
    page = vera.get("/owner/coupons").text
    for told in ("SPRING10", "10%", "1 / 5", "For friends", "Vera (user ", "once a person", "basic"):
        assert told in page, told
    assert "SPRING10" in vera.get(f"/owner/payments/{payment_id}").text
    with app.app_context():
        (coupon,) = list_coupons()
    assert "Nobody can use SPRING10 any more" in vera.get(f"/owner/coupons/{coupon.id}/archive").text
    press(f"/owner/coupons/{coupon.id}/archive")
    assert "SPRING10" not in vera.get("/owner/coupons").text
    assert "SPRING10" in vera.get("/owner/coupons?archived=1").text


@pytest.mark.parametrize(("fields", "field", "status"), [
    ({"code": ""}, "code", 422), ({"code": "a b!"}, "code", 422), ({"percent": ""}, "percent", 422), ({"percent": "101"}, "percent", 422),
    ({"percent": "x"}, "percent", 422), ({"percent": "", "amount": "x", "currency": "USD"}, "amount", 422),
    ({"percent": "", "amount": "5", "currency": "XXX1"}, "amount", 422), ({"amount": "5", "currency": "USD"}, "percent", 422),
    ({"max_uses": "0"}, "max_uses", 422), ({"max_uses": "many"}, "max_uses", 422), ({"valid_from": "soon"}, "valid_from", 422),
    ({"valid_until": "0001-01-01T00:00"}, "valid_until", 422), ({"note": "x" * 1001}, "note", 422),
    ({"course_id": "999"}, "course_id", 422),
    ({"course_id": "x"}, "course_id", 422), ({"code": "TAKEN"}, "code", 409),
    ({"valid_from": "2030-01-02T00:00", "valid_until": "2030-01-01T00:00"}, "valid_until", 422),
    ({"percent": "", "amount": "5e3", "currency": "USD"}, "amount", 422),
])
def test_a_wrong_coupon_comes_back_with_the_message_at_its_field(
    app: Flask, press: Press, school: School, fields: dict[str, str], field: str, status: int
) -> None:
    with app.app_context():
        create_coupon(NewCoupon("TAKEN", amount=Money(5, "USD")), "the tests")
    answer = press("/owner/coupons/new", **({"code": "NEW10", "percent": "10"} | fields))
    assert (answer.status_code, f'id="error-{field}"' in answer.text) == (status, True)
    with app.app_context():
        assert len(list_coupons()) == 1


@pytest.mark.parametrize("path", ["/owner/enrolments", "/owner/coupons"])
def test_lists_of_access_and_coupons_cost_no_more_queries_when_they_grow(
    app: Flask, vera: FlaskClient, school: School, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def more(number: int) -> None:
        many_payments(number, school)
        for index in range(number):
            create_coupon(NewCoupon(f"CODE{number}-{index}", percent=5), "the tests")

    with app.app_context():
        more(5)
        few = count_queries(vera, path, monkeypatch)
        more(60)
        assert 0 < count_queries(vera, path, monkeypatch) <= few
