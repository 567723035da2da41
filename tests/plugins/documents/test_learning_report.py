"""The learning report: what the PDF and the table say, for whom, and what happens when its job fails half-way."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pypdf
import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import execute, reading, transaction
from studium.plugins.documents import report_job
from studium.plugins.documents.entities import Document
from studium.plugins.documents.report_chart import axis, labelled_days
from studium.plugins.documents.report_csv import safe_cell
from studium.plugins.documents.report_gathering import longest_streak, streak
from studium.plugins.progress.entities import SessionRow
from studium.queue import jobs
from studium.queue.job_view import JobView
from studium.services.courses.entities import Lesson
from studium.services.offers import find_offers
from studium.services.users import SignedInUser
from tests.conftest import Clock
from tests.plugins.documents.conftest import RunJob, complete

MINUTE = 60_000
VIDEOS: dict[str, dict[str, Any]] = {"water": {}, "leaves": {}, "poem": {"type": "text", "rule": "read", "duration_ms": 0}}
Make = Callable[..., JobView]
Watch = Callable[..., None]


@pytest.fixture
def make(run_job: RunJob) -> Make:
    """`make(days=7)` runs Anna's job with these params; the job afterwards."""
    return partial(run_job, "learning_report")


@pytest.fixture
def watch(app: Flask, anna: int) -> Watch:
    """`watch(lesson_id, days_ago, (0, 60_000))` stores a watch session of Anna's, and the lesson's row."""

    def do(lesson_id: int, days_ago: float, *parts: tuple[int, int]) -> None:
        played = sum(end - start for start, end in parts)
        end = int((now().replace(tzinfo=UTC) - timedelta(days=days_ago)).timestamp() * 1000)
        with app.app_context(), transaction():
            SessionRow(session_key=f"{lesson_id}-{days_ago}", user_id=anna, lesson_id=lesson_id, asset_rev="rev-1", started_at=end - played,
                       received_at=end, segments=json.dumps(parts), played=played, hidden=0, seq=1, position=0, event_at=end, credited=True)
            execute("INSERT INTO lesson_progress (user_id, lesson_id, course_id, watch_time_seconds, total_duration_seconds, position, "
                    "covered, segments, last_watched_at, completed) SELECT ?, id, course, 0, 600, 0, ?, ?, ?, ? FROM lesson WHERE id = ? "
                    "ON CONFLICT DO NOTHING",
                    (anna, played, json.dumps(parts), now().isoformat(" "), False, lesson_id))

    return do


@pytest.fixture
def noon(frozen_clock: Clock) -> Clock:
    """It is noon (UTC) of 30 May 2025."""
    frozen_clock.seconds = datetime(2025, 5, 30, 12, tzinfo=UTC).timestamp()
    return frozen_clock


def pdf_of(client: FlaskClient, job: JobView) -> pypdf.PdfReader:
    assert job.result is not None, job.error
    with client.get(job.result["download"]) as answer:
        assert answer.status_code == 200
        return pypdf.PdfReader(io.BytesIO(answer.data))


def words_of(client: FlaskClient, job: JobView) -> str:
    return " ".join(" ".join(page.extract_text() for page in pdf_of(client, job).pages).replace("\u2009", "").split())


def table_of(client: FlaskClient, job: JobView) -> list[list[str]]:
    assert job.result is not None, job.error
    (also,) = job.result["also"]
    with client.get(also["download"]) as answer:
        assert answer.data.startswith(b"\xef\xbb\xbf"), "Excel knows UTF-8 by this mark"
        return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def rename(app: Flask, lesson_id: int, title: str) -> None:
    with app.app_context(), transaction():
        row = Lesson[lesson_id]
        row.texts = json.dumps({"title": {"en": title}, "summary": {}, "body": {"en": ""}})
        row.course.revision = f"changed {title}"[:32]


def test_pdf_and_table_tell_what_was_watched(client: FlaskClient, noon: Clock, plant: Any, watch: Watch, make: Make) -> None:
    ids = plant(VIDEOS)
    watch(ids["water"], 2, (0, 10 * MINUTE))
    watch(ids["water"], 1, (5 * MINUTE, 10 * MINUTE))
    watch(ids["leaves"], 0, (0, 3 * MINUTE))
    job = make(days=7)
    assert job.result is not None
    assert (job.state, job.result["filename"]) == ("succeeded", "Learning report 2025-05-30.pdf")
    words = words_of(client, job)
    expected_words = ("Anna", "May 24–30, 2025", "18 min watched", "13 min of it new", "3 of 7", "3 days in a row", "Tea", "Water")
    for expected in expected_words:
        assert expected in words
    assert table_of(client, job) == [
        ["Day", "Course", "Module", "Lesson", "Watched, seconds", "New, seconds", "Completed at"],
        ["2025-05-28", "Tea", "Start", "Water", "600", "600", ""],
        ["2025-05-29", "Tea", "Start", "Water", "300", "0", ""],
        ["2025-05-30", "Tea", "Start", "Leaves", "180", "180", ""],
    ]


def test_the_pdf_can_be_read_aloud(client: FlaskClient, noon: Clock, plant: Any, watch: Watch, make: Make) -> None:
    watch(plant(VIDEOS)["water"], 0, (0, MINUTE))
    root = pdf_of(client, make(language="ru")).trailer["/Root"]
    assert root["/Lang"] == "ru"
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


def test_somebody_who_watched_nothing_gets_a_friendly_report(client: FlaskClient, noon: Clock, plant: Any, make: Make) -> None:
    plant(VIDEOS)
    job = make()
    assert job.state == "succeeded"
    words = words_of(client, job)
    assert "Nothing was watched in this period" in words
    assert "Open a lesson" in words
    assert len(table_of(client, job)) == 1


def test_a_report_about_one_course_names_it_even_before_it_is_opened(client: FlaskClient, plant: Any, make: Make) -> None:
    plant(VIDEOS)
    words = words_of(client, make(course="tea"))
    assert "Tea" in words
    assert "Lessons completed: 0 of 3" in words


def test_a_lesson_that_is_completed_without_watching_is_a_learning_day(
    client: FlaskClient, csrf: Any, anna: int, tea: Any, make: Make
) -> None:
    complete(client, csrf(client), "water", "leaves")
    job = make(days=7)
    assert "1 of 7" in words_of(client, job)
    assert [(row[3], row[4], bool(row[6])) for row in table_of(client, job)[1:]] == [("Water", "0", True), ("Leaves", "0", True)]


def test_the_days_are_those_of_the_person(
    app: Flask, client: FlaskClient, noon: Clock, anna: int, plant: Any, watch: Watch, make: Make
) -> None:
    with app.app_context(), transaction():
        execute("UPDATE user SET time_zone = 'Asia/Vladivostok' WHERE id = ?", (anna,))
    noon.seconds += 3 * 3600  # 15:00 UTC is 01:00 of the next day there
    watch(plant(VIDEOS)["water"], 0, (0, MINUTE))
    job = make()
    assert "time zone Vladivostok" in words_of(client, job)
    assert table_of(client, job)[1][0] == "2025-05-31"


def test_an_unknown_time_zone_counts_as_utc(app: Flask, client: FlaskClient, anna: int, plant: Any, make: Make) -> None:
    with app.app_context(), transaction():
        execute("UPDATE user SET time_zone = '../nowhere' WHERE id = ?", (anna,))
    plant(VIDEOS)
    assert "time zone UTC" in words_of(client, make())


@pytest.mark.parametrize("title", [
    "#strong[x] $a^2$ `code` *b* _c_ <script> @ref \\ // [y] {z}",
    "Как заварить чай и не обжечься",
    "Donaudampfschifffahrtsgesellschaftskapitän" * 12,
    "\u202egnp.exe 🎓 title\x07",
])
def test_a_title_of_any_kind_is_text_and_nothing_else(
    app: Flask, client: FlaskClient, plant: Any, watch: Watch, make: Make, title: str
) -> None:
    lesson_id = plant(VIDEOS)["water"]
    rename(app, lesson_id, title)
    watch(lesson_id, 0, (0, MINUTE))
    job = make()
    assert job.state == "succeeded", job.error
    word = max(title.split(), key=len)[:12]
    assert word.replace("🎓", "").replace("\u202e", "").replace("\x07", "") in words_of(client, job).replace(" ", "")


def test_a_long_course_fills_several_pages(client: FlaskClient, plant: Any, watch: Watch, make: Make) -> None:
    ids = plant({f"part-{number}": {} for number in range(60)})
    for lesson_id in ids.values():
        watch(lesson_id, 0.01, (0, MINUTE))
    job = make()
    assert len(pdf_of(client, job).pages) == 3
    words = words_of(client, job)
    assert all(f"Part-{number} " in words for number in range(60))
    assert "Page 3 of 3" in words


def test_thousands_of_sessions_are_summed_up(
    app: Flask, client: FlaskClient, noon: Clock, plant: Any, watch: Watch, make: Make
) -> None:
    lesson_id = plant(VIDEOS)["water"]
    watch(lesson_id, 0, (0, MINUTE))
    with app.app_context(), transaction():
        execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
            "INSERT INTO watch_session (session_key, user_id, lesson_id, asset_rev, started_at, received_at, segments, played, hidden, "
            "seq, position, event_at, credited) SELECT 'k' || i, user_id, lesson_id, asset_rev, started_at - i * 600000, received_at, "
            "segments, played, 0, 1, 0, event_at - i * 600000, 1 FROM watch_session, n", ())
    assert sum(int(row[4]) for row in table_of(client, make(days=30))[1:]) == 3001 * 60


@pytest.mark.parametrize(("text", "cell"), [
    ("=1+1", "'=1+1"), ("+7", "'+7"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"), ("＝1", "'＝1"),
    ("Tea = water", "Tea = water"), (0, 0),
])
def test_a_text_like_a_formula_is_defused(text: object, cell: object) -> None:
    assert safe_cell(text) == cell


def test_a_lesson_named_like_a_formula_stays_text_in_the_table(
    app: Flask, client: FlaskClient, plant: Any, watch: Watch, make: Make
) -> None:
    lesson_id = plant(VIDEOS)["water"]
    rename(app, lesson_id, '=HYPERLINK("http://evil", "tea, ""cheap""")')
    watch(lesson_id, 0, (0, MINUTE))
    assert table_of(client, make())[1][3] == '\'=HYPERLINK("http://evil", "tea, ""cheap""")'


def test_a_report_of_a_deleted_person_fails_with_the_reason(app: Flask, make: Make) -> None:
    job = make(user_id=10**6)
    assert (job.state, job.error, job.attempts) == ("failed", "The account that asked for this no longer exists.", 1)


def test_a_report_about_a_deleted_course_fails_with_the_reason(plant: Any, make: Make) -> None:
    job = make(course="coffee")
    assert (job.state, job.error, job.attempts) == ("failed", "The course no longer exists.", 1)


@pytest.mark.parametrize(("params", "status"), [
    ({"course": "coffee"}, 404), ({"days": 6}, 422), ({"days": 367}, 422), ({"language": "xx"}, 422), ({"who": 1}, 422),
])
def test_what_cannot_be_made_is_refused_at_once(
    client: FlaskClient, anna: int, csrf: Any, plant: Any, params: dict[str, Any], status: int
) -> None:
    plant(VIDEOS)
    answer = client.post("/api/v1/jobs", json={"kind": "learning_report", "params": params}, headers=csrf(client))
    assert answer.status_code == status, answer.text


def test_report_and_export_are_offered_to_everybody(app: Flask, client: FlaskClient, anna: int, csrf: Any) -> None:
    with app.app_context():
        user = SignedInUser(id=anna, display_name="Anna", session_id=1)
        offers = [offer for offer in find_offers(user, "en") if offer.kind in ("learning_report", "account_export")]
    assert len(offers) == 2
    for offer in offers:
        answer = client.post("/api/v1/jobs", json={"kind": offer.kind, "params": dict(offer.params)}, headers=csrf(client))
        assert answer.status_code == 202, answer.text


def test_a_double_click_makes_one_report(client: FlaskClient, anna: int, csrf: Any, jobs_of_kind: Any) -> None:
    headers = csrf(client)
    for _ in range(2):
        assert client.post("/api/v1/jobs", json={"kind": "learning_report", "params": {}}, headers=headers).status_code == 202
    assert len(jobs_of_kind("learning_report")) == 1


def test_a_run_that_dies_between_its_steps_leaves_nothing_half_and_the_next_one_both_files_once(
    app: Flask, noon: Clock, plant: Any, make: Make, run_jobs: Any, files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(VIDEOS)

    def break_down(pdf: bytes, path: Any) -> None:
        path.write_bytes(pdf[:100])
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(report_job, "_write_bytes", break_down)
        job = make()
    assert job.state == "retrying"
    assert [path.name for path in files() if path.name.startswith(".")] == []
    assert kept(app) == ["Learning report 2025-05-30.csv"]
    noon.advance(3600)
    run_jobs()
    with app.app_context():
        assert jobs.find_job(job.id).state == "succeeded"
    assert kept(app) == ["Learning report 2025-05-30.csv", "Learning report 2025-05-30.pdf"]
    assert len(files()) == 2


def kept(app: Flask) -> list[str]:
    with app.app_context(), reading():
        return sorted(row.filename for row in Document.select())


def test_a_streak_ends_today_or_yesterday() -> None:
    today = date(2025, 5, 30)
    days = {today - timedelta(days=ago) for ago in (1, 2, 3, 10, 11, 12, 13, 14)}
    assert streak(days, today) == 3
    assert streak(days | {today}, today) == 4
    assert streak(days, today + timedelta(days=1)) == 0
    assert longest_streak(days) == 5
    assert longest_streak([]) == 0


@pytest.mark.parametrize(("most", "top", "lines"), [
    (0, 120, 3), (1, 120, 3), (400, 480, 5), (5400, 5400, 4), (9000, 10800, 4), (86_400, 86_400, 5), (200_000, 259_200, 5),
])
def test_the_scale_has_few_even_lines_and_room_for_the_highest_bar(most: int, top: int, lines: int) -> None:
    found, at = axis(most)
    assert (found, len(at)) == (top, lines)
    assert most <= found == at[-1]
    assert len({b - a for a, b in pairwise(at)}) == 1


def test_the_last_day_is_named_and_the_names_are_few() -> None:
    for number in (7, 30, 92):
        days = [date(2025, 1, 1) + timedelta(days=index) for index in range(number)]
        named = labelled_days(days, months=False)
        assert named[-1] == number - 1
        assert len(named) <= 8
