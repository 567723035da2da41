"""The account export: everything that is held on a person, nothing of others, no secrets, and no way for a new plugin to be forgotten."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import db, execute, reading, transaction
from studium.core.errors import StudiumError
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.plugins.documents.entities import Document
from studium.plugins.documents.export_archive import StoredFile, collect_parts, write_archive
from studium.plugins.documents.export_json import json_pieces
from studium.queue import jobs
from studium.queue.entities import RUNNING
from studium.queue.job_view import JobView
from tests.conftest import Clock, SignIn
from tests.plugins.documents.conftest import RunJob, complete
from tests.plugins.progress.conftest import beat, post_beats

PERSON_COLUMNS = {"user", "user_id", "owner", "owner_id", "student", "student_id", "telegram_id"}
NOT_EXPORTED: dict[str, str] = {  # entity: why what it holds on a person is not in the export
    "ForgottenStudent": "only of people who deleted their account",
    "TelegramChallenge": "of a sign-in that was begun, not of an account; trimmed soon after its ten minutes",
}
SECRET_COLUMNS = ("token_hash", "session_token", "generation", "session_key", "lease")
Make = Callable[..., JobView]


@pytest.fixture
def make(run_job: RunJob) -> Make:
    """`make()` runs Anna's job; the job afterwards."""
    return partial(run_job, "account_export")


def archive_of(client: FlaskClient, job: JobView) -> dict[str, bytes]:
    """The files of the archive, by name."""
    assert job.result is not None, job.error
    with client.get(job.result["download"]) as answer, ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def data_of(archive: dict[str, bytes], part: str) -> Any:
    return json.loads(archive[f"{part}.json"])


@pytest.fixture
def busy_anna(
    app: Flask, client: FlaskClient, csrf: Any, anna: int, tea: dict[str, int], ticket: Any, run_jobs: Any
) -> int:
    """Anna, who has watched, completed the course, and has a certificate and a learning report."""
    complete(client, csrf(client), "water", "leaves")
    assert post_beats(client, beat(ticket(anna, tea["history"]), 3, (0, 0))).status_code == 200
    with app.app_context(), transaction():
        jobs.enqueue("learning_report", {}, user_id=anna)
    run_jobs()
    return anna


def test_hook_export_user_data_fills_one_file_for_each_plugin(client: FlaskClient, busy_anna: int, make: Make) -> None:
    archive = archive_of(client, make())
    assert {name for name in archive if "/" not in name} == {
        "README.txt", "auth.json", "documents.json", "email.json", "notifications.json", "payments.json", "progress.json", "queue.json",
        "telegram.json"}
    assert data_of(archive, "auth")["user"]["first_name"] == "Anna"
    assert [(row["lesson"], row["completed"]) for row in data_of(archive, "progress")["lessons"]] == [
        ("Water", True), ("Leaves", True), ("History", False)]
    assert [row["reports"] for row in data_of(archive, "progress")["watch_sessions"]] == [4]
    assert {job["kind"] for job in data_of(archive, "queue")["jobs"]} == {"certificate", "learning_report", "account_export"}
    assert data_of(archive, "documents")["certificates"][0]["student_name"] == "Anna"


def test_the_documents_are_in_the_archive_but_not_those_whose_time_is_over_nor_earlier_archives(
    app: Flask, client: FlaskClient, busy_anna: int, make: Make
) -> None:
    first = archive_of(client, make())
    documents = {name for name in first if name.startswith("documents/")}
    assert {name.rpartition(".")[2] for name in documents} == {"pdf", "csv"}
    assert first["documents/Certificate - Tea.pdf"].startswith(b"%PDF")
    assert {name for name in archive_of(client, make()) if name.startswith("documents/")} == documents
    with app.app_context(), transaction():
        execute("UPDATE document SET expires_at = ?", (now().isoformat(" "),))
    assert not [name for name in archive_of(client, make()) if name.startswith("documents/")]


def test_the_readme_says_what_is_what(client: FlaskClient, make: Make) -> None:
    archive = archive_of(client, make())
    text = archive["README.txt"].decode()
    assert next(iter(archive)) == "README.txt"
    for name in archive:
        assert name == "README.txt" or name.split("/")[0] in text
    assert "Made for Anna" in text


def test_json_is_for_people_too(client: FlaskClient, make: Make) -> None:
    text = archive_of(client, make())["auth.json"].decode()
    values = json.loads(text)
    assert text == json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    datetime.strptime(values["user"]["created_at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def test_no_secret_is_exported(app: Flask, client: FlaskClient, busy_anna: int, make: Make) -> None:
    everything = b"".join(content for name, content in archive_of(client, make()).items() if name.endswith((".json", ".txt")))
    with app.app_context(), transaction():
        secrets = [row[0] for table in tables() for column in columns(table) if column in SECRET_COLUMNS
                   for row in execute(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL').fetchall()]
        secrets += [runtime().settings.secret]
    assert len(secrets) >= 5
    for secret in secrets:
        assert secret.encode() not in everything


def test_nothing_of_another_person_is_exported(
    app: Flask, client: FlaskClient, busy_anna: int, run_jobs: Any, sign_in: SignIn
) -> None:
    boris = app.test_client()
    boris_id = sign_in(boris, 8, "Борис")["id"]
    with app.app_context():
        with transaction():
            job_id = jobs.enqueue("account_export", {}, user_id=boris_id).id
        run_jobs()
        archive = archive_of(boris, jobs.find_job(job_id))
    assert "Борис" in archive["auth.json"].decode()
    assert "Anna" not in b"".join(archive.values()).decode()
    assert data_of(archive, "progress") == {"lessons": [], "watch_sessions": []}
    assert not [name for name in archive if name.startswith("documents/")]


def entities_of_people() -> dict[str, list[str]]:
    """Entities by name, with the columns by which they belong to a person."""
    found = {}
    for name, entity in db.entities.items():
        columns = [attribute.column for attribute in entity._attrs_ if attribute.column
                   and (attribute.name in PERSON_COLUMNS or getattr(attribute.py_type, "__name__", "") == "User")]
        if columns or name == "User":
            found[name] = columns or ["id"]
    return found


@pytest.mark.parametrize("name", ["User", "Session", "UserRole", "LessonRow", "SessionRow", "Job", "Document", "Certificate", "ApiToken"])
def test_the_walk_finds_the_entities_of_people(app: Flask, name: str) -> None:
    assert name in entities_of_people()


def test_every_row_that_belongs_to_a_person_is_exported(app: Flask, anna: int) -> None:
    """A row of each entity is added for Anna: it has to change what she gets. A new plugin implements export_user_data, or says why not."""
    forgotten = []
    with app.app_context():
        for name, owners in entities_of_people().items():
            if name not in NOT_EXPORTED and name != "User" and not shows(db.entities[name], owners, anna):
                forgotten.append(name)
    assert forgotten == []
    assert set(NOT_EXPORTED) <= set(entities_of_people())


class _Undo(Exception):
    pass


def shows(entity: Any, owners: list[str], user_id: int) -> bool:
    """Whether a row of the entity that belongs to the person makes their export another one; nothing of it stays."""
    before = exported(user_id)
    try:
        with transaction():
            execute("PRAGMA defer_foreign_keys = ON")
            values = {attribute.column: number_of(user_id, attribute.column) if attribute.column in owners else planted(attribute)
                      for attribute in entity._attrs_
                      if attribute.column and not (attribute.is_pk and attribute.auto)}
            marks, names = ", ".join("?" * len(values)), ", ".join(f'"{name}"' for name in values)
            execute(f'INSERT INTO "{entity._table_}" ({names}) VALUES ({marks})', list(values.values()))
            changed = exported(user_id) != before
            raise _Undo
    except _Undo:
        return changed


def number_of(user_id: int, column: str) -> int:
    """By which number the column knows the person."""
    return int(execute(f'SELECT {column if column == "telegram_id" else "id"} FROM "user" WHERE id = ?', (user_id,)).fetchone()[0])


def planted(attribute: Any) -> object:
    """Some value of the column's type; texts are also JSON."""
    return {int: 987654, bool: True, float: 1.5, datetime: "2025-01-02 03:04:05.000000", date: "2025-01-02"}.get(attribute.py_type, "[]")


def exported(user_id: int) -> str:
    return "".join(json_pieces(collect_parts(user_id), lambda: None))


def tables() -> list[str]:
    return [entity._table_ for entity in db.entities.values()]


def columns(table: str) -> list[str]:
    return [row[1] for row in execute(f'PRAGMA table_info("{table}")').fetchall()]


class Endless:
    """A plugin whose rows never end."""

    @hookimpl
    def export_user_data(self, user_id: int) -> dict[str, Any]:
        return {"endless": {"rows": endless()}}


def endless() -> Iterator[dict[str, Any]]:
    while True:
        yield {"at": now()}


def test_a_cancelled_export_stops_in_the_middle_of_its_rows_within_two_seconds(
    app: Flask, anna: int, run_jobs: Any, files: Callable[[], list[Path]]
) -> None:
    with app.app_context():
        plugins, plugin = runtime().plugins, Endless()
        plugins.register(plugin, name="endless")
        try:
            with transaction():
                job_id = jobs.enqueue("account_export", {}, user_id=anna).id
            worker = threading.Thread(target=run_jobs, daemon=True)
            worker.start()
            wait_until(lambda: jobs.find_job(job_id).state == RUNNING and any(path.stat().st_size > 100 for path in files()))
            began = time.monotonic()
            with transaction():
                jobs.cancel(job_id)
            worker.join(10)
            assert time.monotonic() - began < 2
            assert jobs.find_job(job_id).state == "cancelled"
        finally:
            plugins.unregister(plugin)
    assert files() == []


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def test_a_plugin_that_fails_in_the_middle_leaves_no_archive_and_the_next_run_makes_one(
    app: Flask, client: FlaskClient, frozen_clock: Clock, anna: int, make: Make, run_jobs: Any, files: Any
) -> None:
    class Failing:
        @hookimpl
        def export_user_data(self, user_id: int) -> dict[str, Any]:
            return {"zeta": {"rows": iter([1, object()])}}

    with app.app_context():
        plugins, plugin = runtime().plugins, Failing()
        plugins.register(plugin, name="failing")
        try:
            job = make()
        finally:
            plugins.unregister(plugin)
        assert job.state == "retrying"
        assert files() == []
        with reading():
            assert Document.select().count() == 0
        frozen_clock.advance(3600)
        run_jobs()
        assert "auth.json" in archive_of(client, jobs.find_job(job.id))
    assert len(files()) == 1


def test_an_export_of_a_deleted_person_fails_with_the_reason(make: Make) -> None:
    job = make(user_id=10**6)
    assert (job.state, job.error, job.attempts) == ("failed", "The account that asked for this no longer exists.", 1)


def test_there_is_one_active_export_a_person(client: FlaskClient, anna: int, csrf: Any, jobs_of_kind: Any) -> None:
    headers = csrf(client)
    for language in ("en", "ru"):
        asked = {"kind": "account_export", "params": {"language": language}}
        assert client.post("/api/v1/jobs", json=asked, headers=headers).status_code == 202
    assert len(jobs_of_kind("account_export")) == 1


def test_two_plugins_cannot_write_the_same_file(app: Flask, anna: int) -> None:
    class Second:
        @hookimpl
        def export_user_data(self, user_id: int) -> dict[str, Any]:
            return {"auth": {}}

    with app.app_context():
        plugins, plugin = runtime().plugins, Second()
        plugins.register(plugin, name="second")
        try:
            with pytest.raises(StudiumError, match="'auth'"):
                collect_parts(anna)
        finally:
            plugins.unregister(plugin)


def test_files_of_one_name_are_numbered_and_no_name_leads_out_of_the_archive(app: Flask, tmp_path: Path) -> None:
    stored = tmp_path / "stored"
    stored.write_bytes(b"x")
    files = [StoredFile(stored, "Отчёт.pdf"), StoredFile(stored, "Отчёт.pdf"), StoredFile(stored, "../../etc/passwd"),
             StoredFile(tmp_path / "gone", "gone.pdf")]
    write_archive(tmp_path / "a.zip", "hello", {}, files, lambda name: None, lambda: None)
    with ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
    assert names[:3] == ["README.txt", "documents/Отчёт.pdf", "documents/Отчёт (2).pdf"]
    assert len(names) == 4
    assert names[3].count("/") == 1


def test_no_two_files_meet_where_small_and_capital_letters_are_the_same(app: Flask, tmp_path: Path) -> None:
    stored = tmp_path / "stored"
    stored.write_bytes(b"x")
    files = [StoredFile(stored, name) for name in ("Tea.pdf", "tea.pdf", "Tea (2).pdf", "TEA.pdf", *["Day.csv"] * 300)]
    write_archive(tmp_path / "a.zip", "hello", {}, files, lambda name: None, lambda: None)
    with ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
    assert names[1:5] == [f"documents/{name}.pdf" for name in ("Tea", "tea (2)", "Tea (2) (2)", "TEA (3)")]
    assert names[-1] == "documents/Day (300).csv"
    assert len({name.casefold() for name in names}) == len(names) == 305


@pytest.mark.parametrize(("value", "text"), [
    ({}, "{}"), ([], "[]"), (iter([]), "[]"), ({"b": 1, "a": None}, '{\n  "a": null,\n  "b": 1\n}'),
    ([[0, 5], [7, 9]], "[[0, 5], [7, 9]]"), (iter([{"x": "й"}]), '[\n  {\n    "x": "й"\n  }\n]'),
    (datetime(2025, 5, 30, 14, 5), '"2025-05-30T14:05:00Z"'), (date(2025, 5, 30), '"2025-05-30"'),
])
def test_values_become_json(value: Any, text: str) -> None:
    assert "".join(json_pieces(value, lambda: None)) == text + "\n"
