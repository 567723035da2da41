"""The fact `certificate_issued`: once for each certificate, when its first PDF is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import reading
from studium.core.entities import Fact
from studium.plugins.documents import certificates
from studium.services.courses.catalogue import find_course
from studium.services.people import find_person
from tests.plugins.documents.conftest import complete

Csrf = Callable[[FlaskClient], dict[str, str]]


def told(app: Flask) -> list[dict[str, Any]]:
    with app.app_context(), reading():
        return [json.loads(row.payload) for row in Fact.select(lambda row: row.name == "certificate_issued").order_by(Fact.id)]


@pytest.fixture
def issued(app: Flask, anna: int, tea: dict[str, int]) -> certificates.CertificateView:
    """A certificate of Anna's whose PDF is not made yet."""
    with app.app_context():
        person, course = find_person(anna), find_course("tea", "en")
        assert person is not None
        assert course is not None
        return certificates.issue(person, course, now(), "en")


def test_a_certificate_is_told_of_when_its_pdf_is_there(
    app: Flask, client: FlaskClient, anna: int, tea: dict[str, int], csrf: Csrf, run_jobs: Callable[[], int]
) -> None:
    complete(client, csrf(client), "water", "leaves")
    run_jobs()
    (one,) = told(app)
    assert one["user_id"] == anna
    assert one["path"] == f"/certificates/{one['code']}"
    assert client.get(one["path"]).status_code == 200


def test_issuing_alone_tells_nothing_and_a_second_pdf_tells_nothing_again(app: Flask, issued: certificates.CertificateView) -> None:
    assert told(app) == []
    with app.app_context():
        assert [certificates.remember_document(issued, name) for name in ("first", "second")] == [True, True]
    assert len(told(app)) == 1


def test_one_that_was_revoked_before_its_pdf_was_there_is_not_told_of(app: Flask, issued: certificates.CertificateView) -> None:
    with app.app_context():
        certificates.revoke(issued.code, "A mistake", "Olga")
        assert certificates.remember_document(issued, "first") is False
    assert told(app) == []
