"""Receipts: the page, and the PDF that a job makes of it."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from studium.core.database import transaction
from studium.plugins.payments import refunds
from studium.plugins.payments.entities import Payment
from studium.services.money import Money
from tests.cable_process import Person
from tests.plugins.payments.pages import HTML, Run, coupon, post, words
from tests.plugins.payments.school import Buy


def test_it_says_what_was_paid_by_whom_and_when(app: Flask, mia: Person, buy: Buy) -> None:
    coupon(app)
    payment_id = buy(mia, coupon="SPRING")
    said = words(mia.client.get(f"/payments/{payment_id}/receipt", headers=HTML))
    assert "Receipt S-" in said
    assert "Buyer P21" in said
    assert "Paid by Shop" in said
    assert "Rivers Basic Price $29 Coupon SPRING -$5.80 Paid $23.20" in said
    assert "Play money" in said


def test_a_payment_with_real_money_is_no_play(app: Flask, mia: Person, buy: Buy) -> None:
    payment_id = buy(mia)
    with app.app_context(), transaction():
        Payment[payment_id].livemode = True
    assert "Play money" not in words(mia.client.get(f"/payments/{payment_id}/receipt", headers=HTML))


def test_what_was_given_back_is_on_it(app: Flask, mia: Person, buy: Buy, run_jobs: Run) -> None:
    payment_id = buy(mia)
    give_back(app, payment_id, run_jobs)
    said = words(mia.client.get(f"/payments/{payment_id}/receipt", headers=HTML))
    assert re.search(r"Paid \$29 Given back on [^$]+-\$9 Paid after refunds \$20", said)


def test_without_money_there_is_no_receipt(mia: Person, start: Buy) -> None:
    payment_id = start(mia)
    assert mia.client.get(f"/payments/{payment_id}/receipt", headers=HTML).status_code == 404
    assert post(mia.client, f"/payments/{payment_id}/receipt").status_code == 404


@pytest.mark.slow
def test_the_pdf_is_made_by_a_job_for_the_buyer_alone_and_anew_after_a_refund(
    app: Flask, mia: Person, noah: Person, buy: Buy, run_jobs: Run
) -> None:
    payment_id = buy(mia)
    path = f"/payments/{payment_id}/receipt"
    assert post(mia.client, path).headers["Location"] == f"{path}#receipt-file"
    post(mia.client, path)
    assert "The PDF is being made." in words(mia.client.get(path, headers=HTML))
    run_jobs()
    page = mia.client.get(f"{path}/file", headers=HTML).text
    found = re.search(r'href="(/documents/[0-9a-f]+)"', page)
    assert found, page
    answer = mia.client.get(found[1], buffered=True)
    assert answer.data.startswith(b"%PDF")
    assert noah.client.get(found[1], buffered=True).status_code == 404
    give_back(app, payment_id, run_jobs)
    assert "Make a PDF" in words(mia.client.get(path, headers=HTML))


def test_a_receipt_of_somebody_else_cannot_be_asked_for(mia: Person, noah: Person, buy: Buy) -> None:
    payment_id = buy(mia)
    assert post(noah.client, f"/payments/{payment_id}/receipt").status_code == 404
    token = noah.client.get("/api/v1/session").get_json()["data"]["csrf_token"]
    asked = {"kind": "make_receipt", "params": {"payment_id": payment_id}}
    assert noah.client.post("/api/v1/jobs", json=asked, headers={"X-CSRF-Token": token}).status_code == 404


def give_back(app: Flask, payment_id: str, run_jobs: Run) -> None:
    with app.app_context():
        refunds.ask_refund(payment_id, Money(9, "USD"), reason="asked", by="Olga (user 4)")
    run_jobs()
