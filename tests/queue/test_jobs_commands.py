"""`studium jobs` at the command line: the same verbs as the ops page, clear errors, and a greeting as the smoke test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner

from studium.core.clock import now
from studium.core.database import db
from studium.core.errors import StudiumError
from studium.queue import jobs, pausing
from studium.queue.jobs_commands import jobs as command
from studium.queue.story import story
from tests.queue.conftest import enqueue, make_runner, state_of

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(app) -> Run:
    """`run("list", "--kind", "chore")`: exit code, and what it said; an error of ours is the line that `studium` prints."""

    def do(*words: str, answer: str | None = None) -> tuple[int, str]:
        done = CliRunner().invoke(command, list(words), input=answer)
        if isinstance(done.exception, StudiumError):
            return 1, str(done.exception)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        return done.exit_code, done.output

    return do


@pytest.fixture
def failed(app, runner) -> str:
    job_id = enqueue("hopeless_chore", {"word": "dust"})
    runner.run_one(job_id)
    return job_id


def test_list_shows_what_the_filter_wants_the_newest_first(run, failed, clock):
    clock.advance(1)
    waiting = enqueue(params={"word": "dust"})
    lines = run("list")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["id", waiting, failed]
    assert "there is no broom" in lines[2]
    for options in (["--state", "failed"], ["--kind", "hopeless_chore"], ["--argument", "word=dust", "--until", str(now())]):
        code, said = run("list", *options)
        assert (code, failed in said, waiting in said) == (0, True, False), options
    assert waiting in run("list", "--state", "queued", "--state", "running", "--queue", "default", "--since", "1m")[1]
    assert run("list", "--user", "5") == (0, "There are no such jobs.\n")


def test_list_goes_on_where_the_page_ended(run, clock):
    made = []
    for _ in range(3):
        clock.advance(1)
        made.append(enqueue())
    code, said = run("list", "--limit", "2")
    assert (code, said.splitlines()[-1]) == (0, f"There are more: --before {made[1]}")
    assert made[0] in run("list", "--limit", "2", "--before", made[1])[1]


def test_list_is_json_for_programs(run, failed):
    page = json.loads(run("list", "--json")[1])
    assert page["next"] is None
    (job,) = page["jobs"]
    assert (job["id"], job["params"]["word"], job["created_at"][-1]) == (failed, "dust", "Z")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["list", "--state", "done"], "There is no state 'done'; there are: queued"),
        (["list", "--kind", "gone"], "There is no job kind 'gone'. Known kinds: "),
        (["list", "--queue", "slow"], "There is no queue 'slow'; there are: default, realtime."),
        (["list", "--argument", "word"], "not of the form NAME=VALUE"),
        (["list", "--since", "yesterday"], "--since 'yesterday' is no time. Give a UTC time such as"),
        (["list", "--until", "999999d"], "--until '999999d' is no time"),
        (["show", "nothing"], "There is no job nothing"),
        (["retry", "nothing"], "There is no job nothing"),
        (["discard", "nothing"], "There is no job nothing"),
        (["cancel", "nothing"], "There is no job nothing"),
        (["run-now", "nothing"], "There is no job nothing"),
        (["pause", "slow"], "There is no queue 'slow'"),
        (["resume", "slow"], "There is no queue 'slow'"),
        (["bulk", "burn", "--yes"], "There is no 'burn' for many jobs"),
        (["bulk", "retry", "--kind", "gone", "--yes"], "There is no job kind 'gone'"),
        (["periodic", "pause", "nothing"], "nothing"),
        (["periodic", "resume", "nothing"], "nothing"),
        (["periodic", "run", "nothing"], "nothing"),
        (["hello", "--seconds", "61"], "seconds"),
    ],
)
def test_what_is_unknown_or_wrong_is_one_line_and_exit_1(run, words, said):
    code, told = run(*words)
    assert (code, said in told, len(told.splitlines())) == (1, True, 1), told


def test_show_tells_the_job_and_its_story(run, failed):
    said = run("show", failed)[1]
    for part in ("hopeless_chore", "failed", '"word": "dust"', "there is no broom", "enqueued", "started"):
        assert part in said
    told = json.loads(run("show", failed, "--json")[1])
    assert [line["event"] for line in told["lines"]] == ["enqueued", "started", "failed"]


def test_retry_starts_a_failed_job_again_in_the_name_of_who_asked(run, failed):
    assert run("retry", failed) == (0, f"{failed} is queued.\n")
    (line,) = [line for line in story(failed).lines if line.event == "retried"]
    assert line.text.startswith("by studium jobs (")
    code, said = run("retry", failed)
    assert (code, "only a failed job" in said) == (1, True)


@pytest.mark.parametrize(
    ("params", "said"),
    [("{", "--params is not JSON"), ("[1]", "a JSON object"), ('{"broom": 1}', "broom"), ('{"seconds": "x"}', "seconds")],
)
def test_retry_refuses_wrong_params_and_changes_nothing(run, failed, params, said):
    code, told = run("retry", failed, "--params", params)
    assert (code, said in told, len(told.splitlines())) == (1, True, 1)
    assert (state_of(failed), jobs.find_job(failed).params["word"]) == ("failed", "dust")


def test_retry_takes_other_params(run, failed):
    assert run("retry", failed, "--params", '{"word": "soot"}')[0] == 0
    assert jobs.find_job(failed).params["word"] == "soot"


def test_discard_cancel_and_run_now(run, runner, failed, clock):
    assert run("discard", failed) == (0, f"{failed} is removed.\n")
    late = enqueue(run_at=now() + timedelta(hours=1))
    code, said = run("discard", late)
    assert (code, "cancel it first" in said) == (1, True)
    assert run("run-now", late) == (0, f"{late} is queued.\n")
    assert jobs.find_job(late).run_at <= now()
    assert run("cancel", late) == (0, f"{late} is cancelled.\n")


def test_bulk_asks_first_and_leaves_the_work_to_a_job(run, runner, failed):
    assert run("bulk", "retry", "--state", "failed", answer="n\n")[0] == 1
    assert state_of(failed) == "failed"
    code, said = run("bulk", "retry", "--state", "failed", "--yes")
    assert code == 0
    runner.run_one(said.split()[2])
    assert state_of(failed) == "queued"


def test_pause_and_resume_say_what_is_so_now(run):
    assert run("pause", "default")[0] == 0
    assert pausing.paused()["default"].paused_by.startswith("studium jobs (")
    assert "by studium jobs (" in run("overview")[1]
    assert run("resume", "default") == (0, "default goes on.\n")
    assert pausing.paused() == {}


def test_overview_shows_queues_and_kinds(run, failed, clock):
    enqueue()
    clock.advance(90)
    said = run("overview")[1]
    assert "90.0 s" in said
    assert "hopeless_chore" in said
    assert json.loads(run("overview", "--json")[1])["states"]["failed"] == 1


def test_kinds_are_listed_with_their_params(run):
    said = run("kinds")[1]
    assert "chore  Do a chore  (queue default, 3 retries)" in said
    assert "    word: str, default ''" in said


def test_without_workers_it_says_how_to_start_one(run):
    assert "studium worker default" in run("workers")[1]
    assert json.loads(run("workers", "--json")[1]) == []


def test_periodic_tasks_are_listed(run):
    code, said = run("periodic", "list")
    assert (code, said.split()[0]) == (0, "task")


@pytest.mark.slow
def test_hello_follows_the_greeting_to_its_end(app, run):
    stop = threading.Event()

    def work() -> None:
        with app.app_context():
            runner = make_runner("default")
            while not stop.wait(0.01):
                runner.run_one(None)
        db.disconnect()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        code, said = run("hello", "--name", "Анна", "--seconds", "0.5")
    finally:
        stop.set()
        thread.join(10)
    assert code == 0, said
    assert said.startswith("enqueued ")
    assert "running" in said
    assert "Hello, Анна!" in said


def test_hello_without_a_worker_says_so_and_leaves_nothing_behind(run):
    code, said = run("hello", "--wait", "0.1")
    assert (code, "No worker has taken the job within 0.1 s: is `studium worker default` running?" in said) == (1, True)
    assert len(said.splitlines()) == 1
    assert json.loads(run("list", "--json")[1])["jobs"][0]["state"] == "cancelled"


def test_hello_in_a_paused_queue_says_who_paused_it(run):
    pausing.pause("default", by="Anna")
    code, said = run("hello", "--wait", "0.1")
    assert (code, "The queue default is paused by Anna" in said) == (1, True)
