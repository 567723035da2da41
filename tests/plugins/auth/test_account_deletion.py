"""Deleting the account: signed out everywhere at once, nothing of the person stays in any plugin, wherever a crash comes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.clock import now
from studium.core.database import db, execute, reading, transaction
from studium.core.entities import Fact
from studium.plugins.auth import deletion, tokens
from studium.plugins.auth.entities import User
from studium.plugins.documents import certificates
from studium.plugins.documents import deletion as documents_deletion
from studium.plugins.documents.codes import new_code
from studium.plugins.documents.entities import Certificate, Document
from studium.plugins.documents.storage import folder
from studium.plugins.progress import deletion as progress_deletion
from studium.queue import jobs, lifecycle
from studium.queue.entities import Job
from studium.queue.job_ids import new_job_id
from studium.services import ended_accounts
from tests.conftest import Clock, SignIn
from tests.plugins.documents.test_account_export import entities_of_people, planted

Csrf = Callable[[FlaskClient], dict[str, str]]
KEPT = {"Certificate": "without a name, so that whoever checks it learns that it counts no longer",
        "ForgottenStudent": "the bare number, so that nothing is written for it again"}
VALUES: dict[str, dict[str, object]] = {"Job": {"state": "failed", "params": "{}", "result": None}}


def plant_rows(user_id: int, number: int) -> None:
    """A row of every entity that belongs to people, for this person, and a file."""
    with transaction():
        execute("PRAGMA defer_foreign_keys = ON")
        for name, owners in entities_of_people().items():
            if name not in ("User", "ForgottenStudent"):
                plant_row(name, owners, user_id, number)
    for row_path in paths_of(user_id):
        (folder() / row_path).write_bytes(b"x")


def plant_row(name: str, owners: list[str], user_id: int, number: int) -> None:
    entity = db.entities[name]
    values = {attribute.column: value_for(attribute, owners, user_id, number) for attribute in entity._attrs_
              if attribute.column and not (attribute.is_pk and attribute.auto)} | VALUES.get(name, {})
    values |= {"UserRole": {"role": "owner"}, "Job": {"id": new_job_id()}, "Delivery": {"notification_id": number}}.get(name, {})
    marks, names = ", ".join("?" * len(values)), ", ".join(f'"{column}"' for column in values)
    execute(f'INSERT INTO "{entity._table_}" ({names}) VALUES ({marks})', list(values.values()))


def value_for(attribute: Any, owners: list[str], user_id: int, number: int) -> object:
    if attribute.column in owners:
        return user_id
    named = attribute.column in ("code", "path", "id", "job_id", "reference")
    if attribute.py_type is str and (attribute.is_unique or attribute.is_pk or named):
        return f"planted-{attribute.column}-{number}"
    return planted(attribute)


def paths_of(user_id: int) -> list[str]:
    with reading():
        return [row.path for row in Document.select(lambda row: row.user_id == user_id)]


def rows_of(user_id: int) -> dict[str, int]:
    """How many rows each entity has of this person."""
    with transaction():
        return {name: execute(f'SELECT count(*) FROM "{db.entities[name]._table_}" WHERE ' +
                              " OR ".join(f'"{owner}" = ?' for owner in owners), [user_id] * len(owners)).fetchone()[0]
                for name, owners in (entities_of_people() | {"User": ["id"]}).items()}


def test_nothing_of_the_person_stays_in_any_plugin_and_everything_of_others(
    app: Flask, client: FlaskClient, anna: int, sign_in: SignIn, csrf: Csrf, run_jobs: Callable[[], int]
) -> None:
    """A new plugin that holds rows of people subscribes to user_deleted, or says here why they stay."""
    boris = int(sign_in(app.test_client(), 8, "Boris")["id"])
    with app.app_context():
        run_jobs()
        with transaction():
            execute('UPDATE "user" SET telegram_id = -1000000 - id')
            execute('UPDATE "user" SET telegram_id = id')  # so that one number finds the rows of an account and of a Telegram account
        plant_rows(anna, 1)
        plant_rows(boris, 2)
        hers, his, before = paths_of(anna), paths_of(boris), rows_of(boris)
        assert all(rows_of(anna)[name] for name in rows_of(anna) if name != "ForgottenStudent")
        assert client.post("/account/delete", data={"word": "DELETE"}, headers=csrf(client)).status_code == 303
        run_jobs()
        assert {name for name, count in rows_of(anna).items() if count} == set(KEPT)
        assert rows_of(boris) == before
        assert [(folder() / path).exists() for path in hers + his] == [False, True]


def test_hook_user_deleted_is_a_fact_that_names_nobody(app: Flask, anna: int) -> None:
    with app.app_context():
        deletion.delete_account(anna)
        with reading():
            (fact,) = Fact.select(lambda fact: fact.name == "user_deleted")[:]
            assert f'"user_id":{anna}' in fact.payload
            assert "Anna" not in fact.payload


def test_the_person_is_a_visitor_at_once_on_every_device_and_with_every_token(
    app: Flask, client: FlaskClient, anna: int, sign_in: SignIn, csrf: Csrf
) -> None:
    phone = app.test_client()
    sign_in(phone)
    with app.app_context():
        token = tokens.create(anna, "x", ["read"], None)
    answer = client.post("/account/delete", data={"word": "delete "}, headers=csrf(client))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get_cookie("studium_session") is None
    assert "Your account is deleted." in client.get("/").text
    for browser in (client, phone):
        assert browser.get("/api/v1/session").get_json()["data"]["user"] is None
    assert app.test_client().get("/api/v1/session", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize("word", ["", "DEL", "yes", "УДАЛИТЬ"])
def test_without_the_word_nothing_is_deleted(app: Flask, client: FlaskClient, anna: int, csrf: Csrf, word: str) -> None:
    answer = client.post("/account/delete", data={"word": word}, headers=csrf(client))
    assert (answer.status_code, 'id="word-problem"' in answer.text) == (422, True)
    assert client.post("/account/delete", data={"word": "DELETE"}).status_code == 400
    assert client.get("/api/v1/session").get_json()["data"]["user"]["id"] == anna


def test_the_page_says_what_happens_and_changes_nothing(client: FlaskClient, anna: int) -> None:
    page = client.get("/account/delete").text
    assert "Type DELETE to confirm" in page
    assert "its holder withdrew it" in page
    assert client.get("/account").status_code == 200


def test_who_signs_in_again_begins_as_somebody_new(app: Flask, client: FlaskClient, anna: int, sign_in: SignIn) -> None:
    with app.app_context():
        deletion.delete_account(anna)
    assert sign_in(client)["id"] > anna


def test_deleting_twice_and_delivering_twice_is_harmless(app: Flask, anna: int, run_jobs: Callable[[], int]) -> None:
    with app.app_context():
        deletion.delete_account(anna)
        deletion.delete_account(anna)
        run_jobs()
        with transaction():
            execute("DELETE FROM fact_delivery")
            fact = Fact.get(name="user_deleted")
            for subscriber in ("studium.plugins.auth", "studium.plugins.documents", "studium.plugins.progress"):
                jobs.enqueue("deliver_fact", {"fact_id": fact.id, "subscriber": subscriber})
        run_jobs()
        with reading():
            assert Job.select(lambda job: job.state != "succeeded").count() == 0


def test_what_runs_is_stopped_and_goes_when_it_has_ended(
    app: Flask, anna: int, frozen_clock: Clock, run_jobs: Callable[[], int]
) -> None:
    with app.app_context():
        with transaction():
            waiting = jobs.enqueue("hello", {}, user_id=anna, run_at=now() + timedelta(days=1)).id
            running = jobs.enqueue("hello", {"name": "Anna"}, user_id=anna).id
        run = lifecycle.claim(running, "default", "w", 3_600)
        assert run is not None
        deletion.delete_account(anna)
        run_jobs()
        assert (jobs.find_job(waiting).state, jobs.find_job(running).cancel_requested) == ("cancelled", True)
        lifecycle.cancel_run(run)
        frozen_clock.advance(60)
        run_jobs()
        assert rows_of(anna)["Job"] == 0
        with transaction():
            assert execute("SELECT count(*) FROM job_argument WHERE value = 'Anna'").fetchone()[0] == 0


def test_a_withdrawn_certificate_says_so_names_nobody_and_cannot_be_restored(
    app: Flask, client: FlaskClient, anna: int, run_jobs: Callable[[], int]
) -> None:
    with app.app_context():
        plant_certificate(anna)
        (issued,) = certificates.all_issued(anna)
        assert "Anna Petrova" in client.get(issued.path).text
        deletion.delete_account(anna)
        run_jobs()
        with pytest.raises(certificates.Withdrawn):
            certificates.restore(issued.code, "the tests")
        assert [one.student_name for one in certificates.all_issued(anna)] == [certificates.NO_NAME]
    for language, words in (("en", "withdrawn by its holder"), ("ru", issued.shown_code)):
        page = app.test_client().get(issued.path, headers={"Accept-Language": language})
        assert page.status_code == 200
        assert words in page.text
        assert "Petrova" not in page.text
        assert "genuine and valid" not in page.text


def plant_certificate(user_id: int) -> None:
    with transaction():
        Certificate(code=new_code(), user_id=user_id, course_id=1, student_name="Anna Petrova", course_titles='{"en": "Tea"}',
                    language="en", time_zone="Europe/Berlin", completed_at=now(), issued_at=now())


class Killed(BaseException):
    """The process dies here."""


FILES = {str(module.__file__) for module in (deletion, documents_deletion, progress_deletion, certificates, ended_accounts)}


@contextmanager
def killed_at(step: int) -> Iterator[list[int]]:
    """Raise Killed at the nth line that runs in FILES; the list holds how many lines ran."""
    count = [0]

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line":
            count[0] += 1
            if count[0] == step:
                raise Killed
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield count
    finally:
        sys.settrace(before)


@pytest.mark.slow
def test_a_death_at_any_line_leaves_it_undone_or_to_be_finished(app: Flask, client: FlaskClient, sign_in: SignIn) -> None:
    """The deletion itself is all or nothing; each subscriber may die at any line and be called again."""
    step, lines = 0, 0
    while step <= lines:
        step += 1
        anna = int(sign_in(app.test_client(), 70 + step)["id"])
        with app.app_context():
            plant_certificate(anna)
            path = plant_document(anna, step)
            with transaction():
                execute("DELETE FROM job")
                jobs.enqueue("hello", {}, user_id=anna)
            with killed_at(step) as count:
                try:
                    everything(anna)
                except Killed:
                    pass
                else:
                    lines = count[0]
                    break
            lines = max(lines, count[0])
            with reading():
                gone, told = User.get(id=anna) is None, Fact.get(unique_key=f"user_deleted:{anna}") is not None
            assert gone == told, step
            everything(anna)
            left = {name for name, rows in rows_of(anna).items() if rows}
            assert left == {"Certificate", "ForgottenStudent"}, step
            assert [one.withdrawn for one in certificates.all_issued(anna)] == [True], step
            assert paths_of(anna) == []
            assert path.name in files_without_rows() or not path.exists(), step
    assert step > 30, step


def everything(user_id: int) -> None:
    """The deletion, and what its fact brings, in this thread."""
    deletion.delete_account(user_id)
    deletion.remove_jobs(user_id)
    documents_deletion.forget(user_id)
    progress_deletion.forget(user_id)


def plant_document(user_id: int, number: int) -> Path:
    path = folder() / f"file-{number}"
    path.write_bytes(b"x")
    with transaction():
        Document(id=f"{number:032}", job_id=f"{number:036}", user_id=user_id, kind="x", filename="x", content_type="x", bytes=1,
                 path=path.name, created_at=now(), expires_at=now())
    return path


def files_without_rows() -> set[str]:
    """What trimming removes a day later."""
    with reading():
        known = {row.path for row in Document.select()}
    return {path.name for path in folder().iterdir()} - known
