"""A document is whole or absent, belongs to its owner, lasts its days, and leaves nothing behind."""

from __future__ import annotations

import os
import threading
import time

import pytest

from studium.core.database import execute, reading, transaction
from studium.core.runtime import runtime
from studium.plugins.documents import storage, trimming
from studium.plugins.documents.entities import Document
from studium.plugins.documents.settings import DocumentsSettings
from studium.queue import jobs
from studium.queue.kinds import Discard
from studium.queue.lifecycle import Claim
from studium.queue.periodic import periodic_tasks
from studium.queue.running import RunningJob

DAY = 86_400
UNKNOWN = "0" * 32


@pytest.fixture
def keep(app, files):
    """`keep(user_id, content, filename, job_id)` keeps a file as a job does; the job's result."""

    def do(user_id=1, content=b"hello", filename="a.pdf", job_id="01a20357-ca2e-7b25-8af0-0d6de864edca", write=None):
        with app.app_context():
            job = running(job_id, user_id)
            return storage.keep(job, filename, "application/pdf", write or (lambda path: path.write_bytes(content)))

    return do


def running(job_id, user_id):
    """A job that runs, as far as `keep` looks at it."""
    values = dict.fromkeys(Claim.__dataclass_fields__) | {"id": job_id, "kind": "certificate", "user_id": user_id}
    return RunningJob(Claim(**values), threading.Event())


def rows(app):
    with app.app_context(), reading():
        return [row.to_dict() for row in Document.select().order_by(Document.created_at)]


def trim(app):
    with app.app_context(), transaction():
        jobs.enqueue("trim_documents")


def test_the_owner_downloads_what_was_written(app, client, sign_in, keep):
    user = sign_in(client)
    kept = keep(user["id"], b"%PDF-1.7 hello", "Сертификат - Чай.pdf")
    with client.get(kept["download"]) as answer:
        assert answer.data == b"%PDF-1.7 hello"
        assert answer.content_type == "application/pdf"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Length"] == str(kept["bytes"]) == "14"
        disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert "filename*=UTF-8''%D0%A1%D0%B5%D1%80%D1%82%D0%B8%D1%84%D0%B8%D0%BA%D0%B0%D1%82" in disposition
    with client.head(kept["download"]) as answer:
        assert (answer.status_code, answer.headers["Content-Length"], answer.data) == (200, "14", b"")


def test_a_part_is_downloaded_by_range(client, sign_in, keep):
    kept = keep(sign_in(client)["id"], b"0123456789")
    with client.get(kept["download"], headers={"Range": "bytes=3-5"}) as answer:
        assert (answer.status_code, answer.data, answer.headers["Content-Range"]) == (206, b"345", "bytes 3-5/10")
    with client.get(kept["download"], headers={"Range": "bytes=20-"}) as answer:
        assert answer.status_code == 416


def test_others_and_visitors_get_nothing(app, client, sign_in, keep):
    kept = keep(sign_in(client)["id"])
    stranger, visitor = app.test_client(), app.test_client()
    sign_in(stranger, 8, "Boris")
    assert stranger.get(kept["download"]).status_code == 404
    assert visitor.get(kept["download"], headers={"Accept": "text/html"}).headers["Location"].startswith("/login")
    assert visitor.get(kept["download"], headers={"Accept": "application/json"}).status_code == 401


@pytest.mark.parametrize("forged", [UNKNOWN, "x", "%2e%2e%2fsecret_key", "..", "А" * 32, "%00", "a" * 5000, "static"])
def test_a_forged_address_is_not_found(client, sign_in, keep, forged):
    keep(sign_in(client)["id"])
    assert client.get(f"/documents/{forged}").status_code == 404


def test_an_expired_document_says_what_to_do(client, sign_in, keep, frozen_clock):
    kept = keep(sign_in(client)["id"])
    frozen_clock.advance(7 * DAY - 10)
    with client.get(kept["download"]) as answer:
        assert answer.status_code == 200
    frozen_clock.advance(11)
    page = client.get(kept["download"], headers={"Accept": "text/html"})
    assert page.status_code == 410
    assert 'href="/dashboard"' in page.text
    problem = client.get(kept["download"], headers={"Accept": "application/json"})
    assert (problem.status_code, problem.get_json()["code"]) == (410, "gone")


def test_a_file_that_vanished_is_gone_not_an_error(client, sign_in, keep, files):
    kept = keep(sign_in(client)["id"])
    files()[0].unlink()
    assert client.get(kept["download"]).status_code == 410


def test_a_second_run_replaces_its_own_file_and_keeps_the_address(app, client, sign_in, keep, files):
    user = sign_in(client)
    first, second = keep(user["id"], b"one"), keep(user["id"], b"two!")
    assert first["download"] == second["download"]
    assert [path.read_bytes() for path in files()] == [b"two!"]
    assert [row["bytes"] for row in rows(app)] == [4]


def test_two_files_of_one_job_and_equal_names_of_two_jobs_live_side_by_side(app, keep, files):
    results = [keep(filename="a.pdf"), keep(filename="a.csv"), keep(filename="a.pdf", job_id="another")]
    assert len({kept["download"] for kept in results}) == len(files()) == 3


def test_a_failed_write_leaves_neither_file_nor_row(app, keep, files):
    def fail(path):
        path.write_bytes(b"half")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        keep(write=fail)
    assert (files(), rows(app)) == ([], [])


def test_a_document_without_an_owner_is_refused(keep):
    with pytest.raises(Discard):
        keep(user_id=None)


def test_files_are_for_the_owner_of_the_process_only(app, keep, files):
    keep()
    assert files()[0].stat().st_mode & 0o077 == 0
    assert files()[0].parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("asked", "saved"), [
    ("a/b\\c:d*e?f\"g<h>i|j.pdf", "a b c d e f g h i j.pdf"), ("tab\tand\nline\x00.pdf", "tab and line.pdf"),
    ("x" * 500 + ".pdf", "x" * 196 + ".pdf"), ("../../etc/passwd", "document. etc passwd"), ("", "document"), ("?!.pdf", "!.pdf"),
    ("\u202egpj.exe", "gpj.exe"), ("noending", "noending"), ("Щ" * 200 + ".pdf", "Щ" * 98 + ".pdf"), ("a." + "b" * 300, "a." + "b" * 198),
])
def test_a_name_for_saving_is_harmless_and_short(keep, asked, saved):
    kept = keep(filename=asked)
    assert "/" not in kept["filename"]
    assert len(kept["filename"].encode()) <= 200
    assert kept["filename"] == saved


def test_of_very_many_files_of_a_person_the_oldest_go(app, keep, files, frozen_clock, monkeypatch):
    with app.app_context():
        fewer = runtime().settings[DocumentsSettings].model_copy(update={"most_files": 3})
        monkeypatch.setitem(runtime().settings._sections, DocumentsSettings, fewer)
    of_another = keep(user_id=2)["download"]
    mine = []
    for number in range(5):
        mine.append(keep(filename=f"{number}.pdf")["download"])
        frozen_clock.advance(1)
    mine.append(keep(filename="2.pdf")["download"])  # once more: now the newest
    assert mine[5] == mine[2]
    mine.append(keep(filename="5.pdf")["download"])
    assert {f"/documents/{row['id']}" for row in rows(app)} == {of_another, mine[2], mine[4], mine[6]}
    assert len(files()) == 4


def test_trimming_removes_expired_files_then_rows_and_nothing_else(app, keep, files, frozen_clock, run_jobs):
    keep(job_id="old")
    frozen_clock.advance(4 * DAY)
    keep(job_id="young")
    frozen_clock.advance(3 * DAY + 1)
    trim(app)
    run_jobs()
    assert [path.name.startswith("young") for path in files()] == [True]
    assert [row["removed_at"] is None for row in rows(app)] == [False, True]
    frozen_clock.advance(31 * DAY)
    trim(app)
    run_jobs()
    assert files() == []
    assert [row["job_id"] for row in rows(app)] == ["young"]


def test_more_than_one_batch_is_trimmed(app, keep, files, frozen_clock, run_jobs, monkeypatch, jobs_of_kind):
    monkeypatch.setattr(trimming, "BATCH", 3)
    for number in range(8):
        keep(job_id=f"job {number}")
    frozen_clock.advance(8 * DAY)
    trim(app)
    run_jobs()
    assert files() == []
    assert jobs_of_kind("trim_documents")[0].result == {"files": 8, "rows": 0, "orphans": 0}


def test_a_document_made_again_after_trimming_lasts_again(app, client, sign_in, keep, files, frozen_clock, run_jobs):
    user = sign_in(client)
    kept = keep(user["id"])
    frozen_clock.advance(8 * DAY)
    trim(app)
    run_jobs()
    assert keep(user["id"], b"again")["download"] == kept["download"]
    with client.get(kept["download"]) as answer:
        assert answer.data == b"again"
    trim(app)
    run_jobs()
    assert len(files()) == 1


def test_what_a_crash_left_is_removed_a_day_later(app, keep, files, run_jobs):
    """A file without a row (killed between rename and commit), and a half-written one."""
    keep(job_id="kept")
    keep(job_id="killed")
    with app.app_context():
        folder = storage.folder()
        with transaction():
            execute("DELETE FROM document WHERE job_id = 'killed'")
    (folder / f"{storage.PARTIAL}half").write_bytes(b"ha")
    trim(app)
    run_jobs()
    assert len(files()) == 3
    for path in files():
        os.utime(path, (time.time() - 25 * 3600,) * 2)
    trim(app)
    run_jobs()
    assert [path.name[:4] for path in files()] == ["kept"]


def test_trimming_is_a_periodic_task(app):
    with app.app_context():
        assert "trim_documents" in [task.kind for task in periodic_tasks()]
