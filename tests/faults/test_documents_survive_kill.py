"""Documents are made while their workers are killed (-9) under the real supervisord.conf: each job succeeds once, each document is one
whole file, and nothing else can be downloaded.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from studium.testing.stack import Stack
from tests.faults.recorder import RECORD_CHANGES, history
from tests.faults.stack import wait_until

pytestmark = pytest.mark.faults
HERE = Path(__file__).parent
KILLS = int(os.environ.get("STUDIUM_FAULT_DOCUMENT_KILLS", "12"))
PEOPLE = 6
FILES = {"certificate": 1, "account_export": 1, "learning_report": 2}
MAKING = "kind in ('certificate', 'account_export', 'learning_report')"
ACTIVE = "state in ('queued', 'running', 'retrying')"
SETTINGS = {
    "STUDIUM_QUEUE_MAX_CRASHES": "1000",
    "STUDIUM_QUEUE_LEASE_SECONDS": "2",
    "STUDIUM_QUEUE_HEARTBEAT_SECONDS": "0.5",
    "PYTHONPATH": str(HERE.parents[1]),
}


class Site(Stack):
    """All of Studium, with every change of a job recorded."""

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the database, read beside the programs."""
        with closing(sqlite3.connect(self.data_dir / "studium.sqlite3", timeout=20)) as connection:
            return connection.execute(sql, values).fetchall()

    def script(self, sql: str) -> None:
        """Run SQL statements."""
        with closing(sqlite3.connect(self.data_dir / "studium.sqlite3", timeout=20)) as connection:
            connection.executescript(sql)

    def python(self, script: str, *arguments: str, told: str = "") -> Any:
        """Run a program of this folder; the last line that it printed, as JSON."""
        command = [sys.executable, str(HERE / script), *arguments]
        ran = subprocess.run(command, env=self.environ, input=told, check=True, capture_output=True, text=True)
        return json.loads(ran.stdout.splitlines()[-1])

    def get(self, path: str, token: str) -> tuple[int, bytes]:
        """The status and the body, for the browser of this session."""
        request = urllib.request.Request(self.url + path, headers={"Cookie": f"studium_session={token}"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, SETTINGS) as site:
        site.script(RECORD_CHANGES)
        yield site


def test_killed_while_they_make_documents_workers_leave_each_one_whole_and_once(site: Site) -> None:
    chance = random.Random(KILLS)
    people = site.python("graduates.py", str(PEOPLE))  # their certificates are asked for by the facts
    for _ in range(KILLS):
        if site.query(f"select count(*) from job where {ACTIVE}")[0][0] < PEOPLE:
            ask_for_documents(site, people)
        strike(site, chance)
        assert_what_can_be_downloaded_is_whole(site, people)
    site.wait_until_up(60)
    wait_until(lambda: not site.query(f"select 1 from job where {ACTIVE} limit 1"), 90, "every job ends")
    assert_each_job_succeeded_once(site)
    assert_each_document_is_one_whole_file(site, people)
    assert_trimming_removes_what_was_left(site)
    crashes = dict(site.query(f"select kind, sum(crashes) from job where {MAKING} group by kind having sum(crashes)"))
    print(f"{KILLS} kills; in the middle of documents: {crashes}")
    assert sum(crashes.values()) > KILLS / 2


def ask_for_documents(site: Site, people: list[dict[str, Any]]) -> None:
    questions = [
        {"kind": kind, "params": params, "options": {"user_id": person["user"]}}
        for person in people
        for kind, params in (("learning_report", {}), ("certificate", {"course": "tea", "language": "ru"}), ("account_export", {}))
    ]
    site.python("asker.py", told="".join(f"{json.dumps(question)}\n" for question in questions))


def strike(site: Site, chance: random.Random) -> None:
    """Kill the worker at a random moment after a document was begun."""
    running = f"select worker from job where state = 'running' and leased_until > datetime('now') and {MAKING}"
    wait_until(lambda: pids_of(site, running), 30, "a worker makes a document")
    time.sleep(chance.uniform(0, 0.2))
    for pid in pids_of(site, running):
        os.kill(pid, signal.SIGKILL)


def pids_of(site: Site, sql: str) -> list[int]:
    """Of the workers that live."""
    alive = site.pids("worker default")
    return [pid for (worker,) in site.query(sql) if (pid := int(worker.split("/")[1])) in alive]


def assert_what_can_be_downloaded_is_whole(site: Site, people: list[dict[str, Any]]) -> None:
    """Now, whatever runs or was killed: some newest documents, as their owners get them."""
    tokens = {person["user"]: person["token"] for person in people}
    for document, user, content_type in site.query("select id, user_id, content_type from document order by created_at desc limit 3"):
        status, body = site.get(f"/documents/{document}", tokens[user])
        assert status == 200
        assert is_whole(content_type, body)


def assert_each_job_succeeded_once(site: Site) -> None:
    found = history(site)
    assert found.wrong == []
    assert site.query("select kind, state, error from job where state <> 'succeeded'") == []
    assert {job: ends for job, ends in found.ends.items() if ends != 1} == {}
    made = Counter(kind for (kind,) in site.query("select kind from job"))
    assert set(FILES) <= set(made)
    assert site.query("select count(*), count(distinct user_id) from certificate") == [(PEOPLE, PEOPLE)]


def assert_each_document_is_one_whole_file(site: Site, people: list[dict[str, Any]]) -> None:
    rows = site.query("select id, job_id, user_id, content_type, bytes, path from document")
    files = Counter(job for _id, job, *_rest in rows)
    jobs = dict(site.query(f"select id, kind from job where {MAKING}"))
    assert files == {job: FILES[kind] for job, kind in jobs.items()}
    assert len({path for *_rest, path in rows}) == len(rows)
    tokens = {person["user"]: person["token"] for person in people}
    for document, _job, user, content_type, size, _path in rows:
        status, body = site.get(f"/documents/{document}", tokens[user])
        assert (status, len(body)) == (200, size)
        assert is_whole(content_type, body)
        stranger = next(token for other, token in tokens.items() if other != user)
        assert site.get(f"/documents/{document}", stranger)[0] == 404
    results = {json.loads(result)["download"] for (result,) in site.query("select result from job where result like '%download%'")}
    assert results <= {f"/documents/{row[0]}" for row in rows}
    assert len(results) == len(jobs)


def assert_trimming_removes_what_was_left(site: Site) -> None:
    """Nobody can download what a killed worker had half done; a day later it is gone, and all else is still there."""
    folder, rows = site.data_dir / "documents", {path for (path,) in site.query("select path from document")}
    left = [path for path in folder.iterdir() if path.name not in rows]
    for path in folder.iterdir():
        os.utime(path, (time.time() - 2 * 86_400,) * 2)
    job = site.python("asker.py", told=json.dumps({"kind": "trim_documents"}) + "\n")
    wait_until(lambda: site.query("select state from job where id = ?", job) == [("succeeded",)], 30, "the files are trimmed")
    assert {path.name for path in folder.iterdir()} == rows
    print(f"{len(left)} files were left by killed workers, and trimmed")


def is_whole(content_type: str, body: bytes) -> bool:
    """A PDF from its first mark to its last, a ZIP without a wrong checksum, a table that ends with its line."""
    if content_type == "application/pdf":
        return body.startswith(b"%PDF-") and body.rstrip().endswith(b"%%EOF")
    if content_type == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return archive.testzip() is None
    return body.endswith(b"\n")
