"""A completed course is told once, whatever happens to the course, and brings exactly one certificate job."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.core.database import execute, transaction
from studium.core.facts import deliver
from studium.queue import jobs
from studium.services.courses.entities import Course, Lesson
from tests.plugins.documents.conftest import TEXT, complete
from tests.plugins.progress.conftest import HOUR, beat, post_beats


@pytest.fixture
def completions(app):
    """The payloads of the facts `course_completed`."""

    def do():
        with app.app_context(), transaction():
            rows = execute("SELECT payload FROM fact WHERE name = 'course_completed' ORDER BY id").fetchall()
        return [json.loads(payload) for (payload,) in rows]

    return do


def change_lesson(app, lesson_id, **changed):
    """As an import of the course does it: the lesson's row, and a new revision of the course."""
    with app.app_context(), transaction():
        lesson = Lesson.get(id=lesson_id)
        lesson.set(**changed)
        lesson.course.revision = f"{lesson.course.revision[:20]}+"



def test_the_last_required_lesson_completes_the_course_once(client, sign_in, csrf, tea, run_jobs, completions):
    user, headers = sign_in(client), csrf(client)
    complete(client, headers, "water")
    run_jobs()
    assert completions() == []
    complete(client, headers, "leaves")
    run_jobs()
    complete(client, headers, "history")
    run_jobs()
    (told,) = completions()
    assert told["user_id"] == user["id"]


def test_watching_a_course_to_its_end_brings_one_certificate_job(client, sign_in, plant, ticket, run_jobs, jobs_of_kind):
    ids, user = plant({"water": {}, "leaves": {}}), sign_in(client)
    for lesson_id in ids.values():
        sid = ticket(user["id"], lesson_id, ago=4 * HOUR)
        post_beats(client, beat(sid, 1, (0, 300_000)))
        post_beats(client, beat(sid, 2, (300_000, 600_000)), beat(sid, 2, (300_000, 600_000)))
    run_jobs()
    (job,) = jobs_of_kind()
    assert (job.user_id, job.state) == (user["id"], "succeeded")


def test_a_fact_that_is_delivered_again_brings_no_second_job(app, client, sign_in, csrf, tea, run_jobs, jobs_of_kind):
    sign_in(client)
    complete(client, csrf(client), "water", "leaves")
    run_jobs()
    for _ in range(2):
        with app.app_context():
            with transaction():
                fact_id = execute("SELECT id FROM fact WHERE name = 'course_completed'").fetchone()[0]
                execute("DELETE FROM fact_delivery WHERE fact = ?", (fact_id,))
            assert deliver(fact_id, "studium.plugins.documents")
        run_jobs()
    assert [job.state for job in jobs_of_kind()] == ["succeeded"]


def test_a_fact_that_is_delivered_again_while_the_job_waits_brings_no_second_job(app, client, sign_in, csrf, tea, jobs_of_kind):
    sign_in(client)
    complete(client, csrf(client), "water", "leaves")
    with app.app_context():
        _deliver("lesson_completed", "studium.plugins.progress")
        for _ in range(3):
            _deliver("course_completed", "studium.plugins.documents")
            with transaction():
                execute("DELETE FROM fact_delivery WHERE subscriber = 'studium.plugins.documents'")
    assert [job.state for job in jobs_of_kind()] == ["queued"]


def test_lessons_that_the_course_lost_meanwhile_do_not_count(app, client, sign_in, csrf, tea, run_jobs, completions):
    sign_in(client)
    complete(client, csrf(client), "water")
    change_lesson(app, tea["leaves"], archived=True, slug="leaves~1")
    run_jobs()
    assert len(completions()) == 1


def test_a_lesson_that_is_archived_before_its_completion_is_told_does_not_hide_the_completed_course(
    app, client, sign_in, csrf, tea, run_jobs, completions
):
    sign_in(client)
    complete(client, csrf(client), "water", "leaves")
    change_lesson(app, tea["leaves"], archived=True, slug="leaves~1")
    run_jobs()
    assert len(completions()) == 1


def test_lessons_that_the_course_gained_meanwhile_count(app, client, sign_in, csrf, plant, run_jobs, completions):
    ids = plant({"water": TEXT, "leaves": TEXT | {"required": False}})
    headers = (sign_in(client), csrf(client))[1]
    complete(client, headers, "water")
    change_lesson(app, ids["leaves"], required=True)
    run_jobs()
    assert completions() == []
    complete(client, headers, "leaves")
    run_jobs()
    assert len(completions()) == 1


def test_a_course_that_gains_a_lesson_later_stays_completed_and_is_not_told_again(app, client, sign_in, csrf, plant, run_jobs, completions):
    ids = plant({"water": TEXT, "leaves": TEXT | {"required": False}})
    headers = (sign_in(client), csrf(client))[1]
    complete(client, headers, "water")
    run_jobs()
    change_lesson(app, ids["leaves"], required=True)
    complete(client, headers, "leaves")
    run_jobs()
    assert len(completions()) == 1


def test_a_course_without_required_lessons_is_never_completed(client, sign_in, csrf, plant, run_jobs, completions):
    plant({"water": TEXT | {"required": False}})
    sign_in(client)
    complete(client, csrf(client), "water")
    run_jobs()
    assert completions() == []


def test_a_student_at_the_limit_gets_the_certificate_job_later(app, client, sign_in, csrf, tea, run_jobs, jobs_of_kind, frozen_clock):
    user = sign_in(client)
    with app.app_context(), transaction():
        later = [jobs.enqueue("hello", {"name": "x"}, user_id=user["id"], run_at=now() + timedelta(days=1)).id for _ in range(10)]
    complete(client, csrf(client), "water", "leaves")
    run_jobs()
    assert jobs_of_kind() == []
    assert [job.state for job in jobs_of_kind("deliver_fact")].count("retrying") == 1
    with app.app_context(), transaction():
        jobs.cancel(later[0])
    frozen_clock.advance(10)
    run_jobs()
    assert [job.state for job in jobs_of_kind()] == ["succeeded"]


@pytest.mark.parametrize("gone", ["user", "course"])
def test_a_completion_of_somebody_or_something_deleted_is_dropped(
    app, client, sign_in, csrf, tea, run_jobs, jobs_of_kind, completions, gone
):
    user = sign_in(client)
    complete(client, csrf(client), "water", "leaves")
    with app.app_context():
        _deliver("lesson_completed", "studium.plugins.progress")
        with transaction():
            if gone == "user":
                execute('DELETE FROM "user" WHERE id = ?', (user["id"],))
            else:
                Course.get(slug="tea").delete()
    run_jobs()
    assert len(completions()) == 1
    assert jobs_of_kind() == []
    assert {job.state for job in jobs_of_kind("deliver_fact")} == {"succeeded"}


def _deliver(name, subscriber):
    with transaction():
        ids = [row[0] for row in execute("SELECT id FROM fact WHERE name = ?", (name,)).fetchall()]
    for fact_id in ids:
        deliver(fact_id, subscriber)


def test_who_never_chose_a_language_gets_the_certificate_in_that_of_the_browser(client, csrf, tea, run_jobs, jobs_of_kind):
    client.post("/auth/dev", json={"telegram_id": 7, "first_name": "Anna"}, headers={"Accept-Language": "ru-RU,ru;q=0.9"})
    complete(client, csrf(client), "water", "leaves")
    run_jobs()
    (job,) = jobs_of_kind()
    assert job.params["language"] == "ru"
