"""Anybody with a code sees whether a certificate is genuine; a revoked one says so; nobody learns more about the person."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from studium.core.database import reading
from studium.plugins.documents import certificates
from studium.plugins.documents.codes import new_code, show_code
from studium.plugins.documents.commands import certificates as command
from studium.plugins.documents.entities import CertificateChange
from tests.plugins.documents.conftest import complete


@pytest.fixture
def certificate(app, client, sign_in, csrf, tea, run_jobs):
    """Anna's certificate of the course "tea"; `client` is her browser."""
    sign_in(client, 1234567, "Anna")
    complete(client, csrf(client), "water", "leaves")
    run_jobs()
    with app.app_context():
        (found,) = certificates.all_issued()
        return found


@pytest.fixture
def stranger(app, certificate):
    return app.test_client()


@pytest.fixture
def run(app):
    """`run("list")` runs `studium certificates list`."""

    def do(*words):
        with app.app_context():
            return CliRunner().invoke(command, list(words))

    return do


def test_a_stranger_sees_name_course_and_day_and_nothing_else(stranger, certificate):
    page = stranger.get(certificate.path)
    assert page.status_code == 200
    for words in ("genuine and valid", "Anna", "Tea", certificate.shown_code, certificate.completed_on.isoformat()):
        assert words in page.text
    assert "1234567" not in page.text
    assert f'"{certificate.user_id}"' not in page.text
    assert certificate.document_id not in page.text
    assert "Make the PDF again" not in page.text


def test_another_student_sees_what_a_stranger_sees(stranger, certificate, sign_in):
    sign_in(stranger, 8, "Boris")
    page = stranger.get(certificate.path).text
    assert certificate.document_id not in page
    assert "Make the PDF again" not in page


def test_search_engines_are_asked_to_leave_it_out(stranger, certificate):
    page = stranger.get(certificate.path)
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in page.text


@pytest.mark.parametrize("write", [str.lower, lambda code: code.replace("-", ""), lambda code: code.replace("-", "").lower(),
                                   lambda code: code.replace("0", "O").replace("1", "l")])
def test_the_code_may_be_written_in_any_way(stranger, certificate, write):
    assert stranger.get(f"/certificates/{write(certificate.shown_code)}").status_code == 200
    found = stranger.get("/certificates", query_string={"code": write(certificate.shown_code)})
    assert (found.status_code, found.headers["Location"]) == (302, certificate.path)


def test_a_code_that_nobody_has_is_told_kindly(app, stranger):
    with app.app_context():
        signed = show_code(new_code())
    for code in (signed, "ABCD-EFGH-JKMN-PQRS", "x", "<script>alert(1)", "%00", "А" * 16, "9" * 3000):
        page = stranger.get(f"/certificates/{code}", headers={"Accept": "text/html"})
        assert page.status_code == 404
        assert "We know no certificate with this code" in page.text
        assert "<script>alert" not in page.text
    assert stranger.get(f"/certificates/{signed}", headers={"Accept": "application/json"}).get_json()["code"] == "not-found"
    assert stranger.get("/certificates", query_string={"code": "wrong"}).status_code == 404


def test_the_form_to_enter_a_code_is_there_for_everybody(stranger):
    page = stranger.get("/certificates")
    assert page.status_code == 200
    assert 'name="code"' in page.text


def test_a_revoked_certificate_says_since_when_and_why(stranger, client, certificate, run, app, frozen_clock):
    answer = run("revoke", certificate.shown_code.lower(), "--reason", "Somebody <b>else</b> did it")
    assert answer.exit_code == 0, answer.output
    page = stranger.get(certificate.path)
    assert page.status_code == 200
    assert "This certificate was revoked" in page.text
    assert "genuine and valid" not in page.text
    assert "Somebody &lt;b&gt;else&lt;/b&gt; did it" in page.text
    with app.app_context():
        revoked_on = certificates.find(certificate.code).revoked_on
    assert f'datetime="{revoked_on.isoformat()}"' in page.text
    assert "Make the PDF again" not in client.get(certificate.path).text


def test_a_restored_certificate_is_valid_and_its_history_is_kept(stranger, certificate, run, app):
    assert run("revoke", certificate.code, "--reason", "Mistake").exit_code == 0
    assert run("revoke", certificate.code, "--reason", "Twice").exit_code == 0
    assert run("restore", certificate.code, "--reason", "It was right").exit_code == 0
    assert run("restore", certificate.code).exit_code == 0
    assert "genuine and valid" in stranger.get(certificate.path).text
    with app.app_context(), reading():
        changes = [(row.change, row.reason) for row in CertificateChange.select().order_by(CertificateChange.id)]
        assert all(row.by.startswith("studium certificates (") for row in CertificateChange.select())
    assert changes == [("revoked", "Mistake"), ("restored", "It was right")]


def test_the_command_lists_and_refuses_clearly(certificate, run):
    assert certificate.shown_code in run("list").output
    assert run("list", "--user", "999999").output == ""
    run("revoke", certificate.code, "--reason", "Mistake")
    assert re.search(r'revoked \S+ by studium certificates \(.+\): "Mistake"', run("list").output)
    assert "There is no certificate with the code NOPE" in str(run("restore", "NOPE").exception)
    assert run("revoke", certificate.code).exit_code == 2
    assert run("revoke", certificate.code, "--reason", "  ").exit_code == 2


def test_the_owner_downloads_it_and_makes_it_again_without_scripts(client, certificate, csrf, jobs_of_kind, run_jobs, frozen_clock):
    page = client.get(certificate.path).text
    assert f'href="/documents/{certificate.document_id}"' in page
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page[page.index('action="/jobs"'):]))
    form["params"] = form["params"].replace("&#34;", '"')
    answer = client.post("/jobs", data=form)
    assert answer.status_code == 303
    run_jobs()
    assert [job.state for job in jobs_of_kind()] == ["succeeded", "succeeded"]
    frozen_clock.advance(8 * 86_400)
    assert "Download the PDF" not in client.get(certificate.path).text


def test_the_page_is_in_the_language_of_the_reader(stranger, certificate):
    page = stranger.get(certificate.path, headers={"Accept-Language": "ru"})
    assert '<html lang="ru">' in page.text
    assert f"{certificate.completed_on.year} г." in page.text.replace("\xa0", " ").replace("\u202f", " ")
