"""A certificate is issued once for a completed course, drawn as a PDF, and its code stays for ever."""

from __future__ import annotations

import html
import io
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta

import pypdf
import pytest

from studium.core.clock import now
from studium.core.database import execute, reading, transaction
from studium.core.runtime import runtime
from studium.plugins.documents import certificate_pdf, certificates, storage
from studium.plugins.documents.certificates import CertificateView
from studium.plugins.documents.entities import Certificate, Document
from studium.queue import jobs
from studium.services.courses.catalogue import find_course
from studium.services.courses.entities import Course, Lesson
from studium.services.people import Person
from studium.services.typesetting import drawable
from studium.services.users import SignedInUser
from tests.plugins.documents.conftest import complete

NAMES = [
    "Anna Petrova",
    "Борис Иванов",
    "Жан-Поль д’Артаньян «Мушкетёр»",
    '#let x = "1" *Bold* $y$ <script> `raw` \\ @ref [ ] { } // _ ~',
    "Дидье" * 80,
    "محمد بن سلمان",
    "🎓👩\u200d🚀",
    "\u202eevil\u2066\x07\n",
]
DAY = datetime(2026, 2, 1, 12)
PLAIN = CertificateView(
    code="ABCDEFGHJKMNPQRS", user_id=1, course_id=1, student_name="Anna", course_titles={"en": "Tea", "ru": "Чай"}, language="en",
    completed_on=DAY.date(), issued_on=DAY.date(), issued_at=DAY, document_id="", revoked_at=None, revoked_on=None, revoked_by="",
    revoke_reason="",
)


@pytest.fixture
def completed(client, sign_in, csrf, tea):
    """Anna, who has completed the course; her certificate job waits for its fact."""
    user = sign_in(client)
    complete(client, csrf(client), "water", "leaves")
    return user


@pytest.fixture
def start(client, csrf):
    """`start(course="tea")` asks for the job as the page does; the answer."""

    def do(**params):
        return client.post("/api/v1/jobs", json={"kind": "certificate", "params": params}, headers=csrf(client))

    return do


def pdf_of(client, job):
    with client.get(job.result["download"]) as answer:
        assert answer.status_code == 200
        return pypdf.PdfReader(io.BytesIO(answer.data))


def drawn(app, certificate, language):
    """The text of the certificate, which is one page."""
    with app.app_context():
        (page,) = pypdf.PdfReader(io.BytesIO(certificate_pdf.draw(certificate, language))).pages
    return page.extract_text()


def issued(app):
    with app.app_context():
        return certificates.all_issued()


def test_the_pdf_names_the_student_the_course_and_the_code(app, client, completed, run_jobs, jobs_of_kind):
    run_jobs()
    (job,) = jobs_of_kind()
    (certificate,) = issued(app)
    reader = pdf_of(client, job)
    text = reader.pages[0].extract_text()
    assert len(reader.pages) == 1
    for words in ("Anna", "Tea", certificate.shown_code):
        assert words in text
    assert reader.metadata.title == "Certificate: Tea"
    assert reader.metadata.author == "Studium"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert job.result["page"] == f"/certificates/{certificate.shown_code}"
    assert job.result["filename"] == "Certificate - Tea.pdf"
    assert (job.progress, job.state) == (100, "succeeded")


def test_the_qr_code_is_the_whole_address_of_the_public_page(web_app, monkeypatch):
    made, make = [], certificate_pdf.segno.make
    monkeypatch.setattr(certificate_pdf.segno, "make", lambda address, **options: made.append(address) or make(address, **options))
    drawn(web_app, PLAIN, "ru")
    assert made == ["http://127.0.0.1:8000/certificates/ABCD-EFGH-JKMN-PQRS"]


def test_making_it_again_keeps_code_name_and_title_though_everything_was_renamed(
    app, client, completed, run_jobs, jobs_of_kind, start, sign_in
):
    run_jobs()
    (first,) = issued(app)
    sign_in(client, first_name="Anna-Maria")
    with app.app_context(), transaction():
        Course.get(slug="tea").set(texts=json.dumps({"title": {"en": "Coffee"}, "summary": {}, "description": {}}), revision="2")
    assert start(course="tea").status_code == 202
    run_jobs()
    (again,) = issued(app)
    assert replace(again, document_id="") == replace(first, document_id="")
    text = pdf_of(client, jobs_of_kind()[-1]).pages[0].extract_text()
    assert first.shown_code in text
    assert "Tea" in text
    assert "Anna-Maria" not in text


def test_a_course_whose_slug_is_the_number_of_another_one_is_not_taken_for_it(app, client, completed, run_jobs, start):
    with app.app_context(), transaction():
        tea = Course.get(slug="tea")
        values = tea.to_dict(exclude="id") | {"key": "numbers", "slug": str(tea.id), "texts": tea.texts}
        Course(**values)
        tea_id = tea.id
    run_jobs()
    assert [one.course_id for one in issued(app)] == [tea_id]
    page = client.get("/dashboard").text
    (params,) = re.findall(r'name="kind" value="certificate">\s*<input type="hidden" name="params" value="([^"]+)"', page)
    assert start(**json.loads(html.unescape(params))).status_code == 202
    assert start(course=str(tea_id)).status_code == 409  # the other one, which has no lessons


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_drawn_on_one_page(web_app, name, language):
    page = drawn(web_app, replace(PLAIN, student_name=name, course_titles={"en": name, "ru": name}), language)
    if name in NAMES[:2]:
        assert page.count(name) == 2


@pytest.mark.parametrize(("written", "expected"), [
    ("Anna \N{GRADUATION CAP}", "Anna"), ("\N{RIGHT-TO-LEFT OVERRIDE}anna", "anna"), ("An\x07na\n", "Anna"), ("  Anna   P. ", "Anna P."),
    ("\N{GRADUATION CAP}", "\N{GRADUATION CAP}"), ("Zoë O’Brien-Łuczak", "Zoë O’Brien-Łuczak"),
])
def test_what_no_font_can_draw_is_left_out_of_a_name(written, expected):
    assert drawable(written) == expected


@pytest.mark.parametrize(("language", "date"), [("en", "February 1, 2026"), ("ru", "1 февраля 2026 г.")])
def test_the_day_is_written_in_the_language(web_app, language, date):
    assert date in " ".join(drawn(web_app, PLAIN, language).split())


def test_markup_in_a_name_stays_words(web_app):
    text = drawn(web_app, replace(PLAIN, student_name='#read("/etc/passwd") *b*'), "en")
    assert '#read("/etc/passwd")*b*' in re.sub(r"\s", "", text)


def test_a_course_that_is_not_completed_is_refused(client, sign_in, csrf, tea, start, jobs_of_kind):
    sign_in(client)
    complete(client, csrf(client), "water")
    answer = start(course="tea")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "conflict")
    assert jobs_of_kind() == []


@pytest.mark.parametrize("course", ["coffee", "999", "9" * 100, "чай", "' OR 1=1", "../tea", 0, -1])
def test_an_unknown_course_is_not_found(client, sign_in, tea, start, course):
    sign_in(client)
    assert start(course=course).status_code == 404


@pytest.mark.parametrize("params", [{}, {"course": ""}, {"course": "x" * 101}, {"course": None}, {"course": True}, {"course": ["tea"]},
                                    {"course": "tea", "language": "de"}, {"course": "tea", "user_id": 1}])
def test_wrong_params_are_named(client, sign_in, tea, start, params):
    sign_in(client)
    assert start(**params).status_code == 422


def test_slug_and_id_and_double_clicks_make_one_job(client, completed, tea, start, app, jobs_of_kind):
    with app.app_context(), reading():
        course_id = Course.get(slug="tea").id
    answers = [start(course=course).get_json()["data"]["id"] for course in ("tea", str(course_id), course_id, "tea")]
    assert len(set(answers)) == 1
    assert len(jobs_of_kind()) == 1


def test_asking_by_hand_and_completing_make_one_certificate(app, completed, start, run_jobs):
    start(course="tea")
    run_jobs()
    start(course="tea", language="ru")
    run_jobs()
    assert len(issued(app)) == 1


def test_it_can_be_made_again_when_the_course_gained_lessons_or_is_no_longer_on_offer(app, client, completed, tea, run_jobs, start):
    run_jobs()
    with app.app_context(), transaction():
        course_id = Lesson.get(id=tea["history"]).course.id
        Lesson.get(id=tea["history"]).required = True
        Course.get(slug="tea").set(archived=True, slug="tea~1", revision="2")
    assert start(course="tea").status_code == 404
    assert start(course=str(course_id)).status_code == 202


@pytest.mark.parametrize(("gone", "reason"), [
    ("user", "The account that asked for this no longer exists."), ("course", "The course no longer exists."),
    ("lesson", "The course is not completed: a required lesson is missing."),
])
def test_a_job_whose_ground_is_gone_fails_at_once_with_the_reason(app, client, completed, tea, start, run_jobs, jobs_of_kind, gone, reason):
    start(course="tea")
    with app.app_context(), transaction():
        if gone == "user":
            execute('DELETE FROM "user"')
        elif gone == "course":
            Course.get(slug="tea").delete()
        else:
            execute("DELETE FROM lesson_progress")
    run_jobs()
    (job,) = jobs_of_kind()
    assert (job.state, job.error, job.attempts) == ("failed", reason, 1)
    assert issued(app) == []


def test_a_revoked_certificate_is_not_drawn_again(app, client, completed, run_jobs, start, jobs_of_kind):
    run_jobs()
    (one,) = issued(app)
    with app.app_context():
        certificates.revoke(one.code, "Somebody else did the homework", "Olga")
    answer = start(course="tea")
    assert answer.status_code == 409
    with app.app_context(), transaction():
        jobs.enqueue("certificate", {"course": "tea"}, user_id=one.user_id)
    run_jobs()
    assert jobs_of_kind()[-1].state == "failed"
    with app.app_context():
        certificates.restore(one.code, "Olga")
    assert start(course="tea").status_code == 202


def test_revoking_withdraws_the_pdf(app, client, completed, run_jobs, jobs_of_kind):
    run_jobs()
    address = jobs_of_kind()[-1].result["download"]
    with client.get(address) as file:
        assert file.status_code == 200
    with app.app_context():
        certificates.revoke(issued(app)[0].code, "Mistake", "Olga")
    assert client.get(address).status_code == 410


def test_a_certificate_revoked_while_its_pdf_is_made_has_none(app, client, completed, run_jobs, jobs_of_kind, monkeypatch):
    real = storage.keep

    def keep(*values):
        kept = real(*values)
        certificates.revoke(certificates.all_issued()[0].code, "Mistake", "Olga")
        return kept

    monkeypatch.setattr(storage, "keep", keep)
    run_jobs()
    assert jobs_of_kind()[-1].state == "failed"
    with app.app_context(), reading():
        assert [row.expires_at <= now() for row in Document.select()] == [True]


def test_issuing_twice_keeps_the_first_certificate_as_it_is(app, completed, run_jobs):
    run_jobs()
    (one,) = issued(app)
    with app.app_context():
        again = certificates.issue(Person(one.user_id, "B", "Boris"), find_course("tea", "ru"), one.issued_at + timedelta(days=9), "ru")
    assert again == one


def test_the_database_itself_refuses_a_second_certificate(app, completed, run_jobs):
    run_jobs()
    with app.app_context(), reading():
        row = Certificate.select().first()
        values = row.to_dict(exclude=["id", "code"])
    with app.app_context(), pytest.raises(Exception, match="UNIQUE"), transaction():
        Certificate(code="0" * 16, **values)


def test_the_dashboard_offers_certificates_of_completed_courses_only(app, client, sign_in, csrf, tea, run_jobs):
    user, headers = sign_in(client), csrf(client)

    def offered(language="en"):
        with app.app_context():
            person = SignedInUser(user["id"], "Anna", 1)
            found = [offer for answer in runtime().hooks.job_offers(user=person, language=language) for offer in answer]
            return [offer for offer in found if offer.kind == "certificate"]

    assert offered() == []
    complete(client, headers, "water", "leaves")
    assert [offer.title for offer in offered()] == ["Certificate: Tea"]
    run_jobs()
    (offer,) = offered()
    answer = client.post("/api/v1/jobs", json={"kind": offer.kind, "params": dict(offer.params)}, headers=headers)
    assert answer.status_code == 202
    with app.app_context():
        certificates.revoke(issued(app)[0].code, "Mistake", "Olga")
    assert offered() == []
