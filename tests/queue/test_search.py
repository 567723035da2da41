"""Search finds exactly what matches, page by page, by seeks; where it has to check rows it checks few and says so."""

from __future__ import annotations

import itertools
import json
import random
from datetime import timedelta

import pytest

from studium.core.clock import now
from studium.core.database import query, reading, transaction
from studium.queue import candidates, jobs
from studium.queue import search as search_module
from studium.queue.errors import UnknownState
from studium.queue.job_ids import first_id_at, made_at, new_job_id
from studium.queue.job_view import view_of
from studium.queue.search import STATES, JobFilter, search
from tests.queue.conftest import enqueue

KINDS = ("chore", "stubborn_chore", "short_chore")


@pytest.fixture
def crowd(app, clock):
    """100 jobs, 10 s apart, of three kinds, all states, both queues, few users, and words as arguments; the same each time."""
    chance = random.Random(4)
    with transaction():
        for _ in range(100):
            clock.advance(10)
            kind = chance.choice(KINDS)
            queue = chance.choice(("default", "realtime")) if kind == "chore" else "default"
            job = jobs.enqueue(kind, {"word": chance.choice("abc"), "tell": chance.random() < 0.5}, queue=queue)
            job.set(state=chance.choice(STATES), user_id=chance.choice((None, 1, 2)))  # a user's own waiting jobs would be limited
            job.flush()
        return [view_of(job) for job in jobs.Job.select()]


def expected(crowd, wanted: JobFilter) -> list[str]:
    """What the filter means, said in another way than by SQL."""
    def fits(job):
        params = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in job.params.items()}
        return (
            (not wanted.states or job.state in wanted.states)
            and wanted.kind in (None, job.kind)
            and wanted.queue in (None, job.queue)
            and wanted.user_id in (None, job.user_id)
            and (wanted.argument is None or params.get(wanted.argument[0]) == wanted.argument[1])
            and (wanted.since is None or job.created_at >= wanted.since)
            and (wanted.until is None or job.created_at < wanted.until)
        )
    return sorted((job.id for job in crowd if fits(job)), reverse=True)


def filters(crowd, step: int) -> list[JobFilter]:
    """Each `step`th of all combinations; the steps are prime to the numbers of choices, so that each choice meets each other one."""
    middle, late = crowd[30].created_at, crowd[80].created_at
    return [
        JobFilter(*choice)
        for choice in itertools.product(
            ((), ("failed",), ("queued", "retrying", "queued"), STATES), (None, "chore", "short_chore"), (None, "default", "realtime"),
            (None, 1, 99), (None, ("word", "a"), ("tell", "true"), ("tell", "maybe")), (None, middle), (None, late),
        )
    ][::step]  # fmt: skip


def all_pages(wanted: JobFilter, limit: int) -> list[str]:
    found, before = [], None
    while True:
        page = search(wanted, before, limit)
        assert len(page.jobs) <= limit
        assert page.looked_back_to is None or page.next is not None
        found += [job.id for job in page.jobs]
        if page.next is None:
            return found
        assert before is None or page.next < before, "it does not get on"
        before = page.next


def test_every_combination_of_conditions_finds_exactly_what_matches(crowd):
    for wanted in filters(crowd, 5):
        page = search(wanted, limit=200)
        assert [job.id for job in page.jobs] == expected(crowd, wanted), wanted
        assert (page.next, page.looked_back_to) == (None, None)


def test_pages_follow_each_other_without_a_gap_or_a_double(crowd):
    for wanted in filters(crowd, 37):
        assert all_pages(wanted, 4) == expected(crowd, wanted), wanted


def test_where_rows_must_be_checked_only_some_are_and_the_next_page_goes_on_there(crowd, monkeypatch):
    monkeypatch.setattr(candidates, "PORTION", 3)
    monkeypatch.setattr(search_module, "MOST_LOOKED_AT", 6)
    for wanted in filters(crowd, 29):
        assert all_pages(wanted, 5) == expected(crowd, wanted), wanted
    short = search(JobFilter(user_id=1, kind="short_chore", argument=("tell", "true")))
    assert short.next is not None
    assert short.looked_back_to == made_at(short.next)
    assert len(short.jobs) < len(expected(crowd, JobFilter(user_id=1, kind="short_chore", argument=("tell", "true"))))


def test_a_slow_disk_makes_the_page_short_and_not_late(crowd, monkeypatch):
    monkeypatch.setattr(candidates, "PORTION", 3)
    monkeypatch.setattr(search_module, "MOST_SECONDS", -1.0)
    wanted = JobFilter(kind="short_chore", argument=("tell", "true"))
    assert search(wanted).looked_back_to is not None
    assert all_pages(wanted, 50) == expected(crowd, wanted)


def test_no_search_reads_the_whole_table(crowd, monkeypatch):
    asked = []

    def note(sql, parameters=()):
        asked.append((sql, parameters))
        return query(sql, parameters)

    monkeypatch.setattr(candidates, "query", note)
    for wanted in filters(crowd, 11):
        search(wanted, limit=1)
    plans = {}
    with reading():
        for sql, parameters in asked:
            if sql not in plans:
                plans[sql] = [row[3] for row in query(f"explain query plan {sql}", parameters)]
    for sql, plan in plans.items():
        assert not [step for step in plan if step.startswith(("SCAN job", "SCAN job_argument"))], (sql, plan)
    seeks = [plan for sql, plan in plans.items() if "seek" not in sql]
    assert seeks
    assert not [plan for plan in seeks if any("TEMP B-TREE" in step for step in plan)], "a seek that has to sort"


def test_jobs_that_come_between_two_pages_shift_nothing(crowd):
    wanted = JobFilter(kind="chore")
    first = search(wanted, limit=5)
    enqueue()
    second = search(wanted, first.next, limit=5)
    assert [job.id for job in (*first.jobs, *second.jobs)] == expected(crowd, wanted)[:10]


def test_a_whole_last_page_is_followed_by_nothing(crowd):
    wanted = JobFilter(states=("failed",))
    page = search(wanted, limit=len(expected(crowd, wanted)))
    assert (len(page.jobs), page.next) == (len(expected(crowd, wanted)), None)


@pytest.mark.parametrize("before", ["", "0", "zzz", "' or 1=1 --", "Ё"])
def test_any_text_may_stand_for_the_page(crowd, before):
    assert len(search(JobFilter(), before).jobs) <= 50


def test_times_from_the_first_year_to_the_last_may_be_asked_for(crowd):
    wanted = JobFilter(since=now().replace(year=1), until=now().replace(year=9999))
    assert len(search(wanted, limit=200).jobs) == len(crowd)


def test_an_unknown_state_is_refused_with_those_that_there_are():
    with pytest.raises(UnknownState, match="'done'; there are: queued, running"):
        JobFilter(states=("done",))


def test_an_unknown_kind_finds_nothing(crowd):
    assert search(JobFilter(kind="gone")).jobs == []


def test_an_id_tells_when_it_was_made(clock):
    assert made_at(new_job_id()) == now().replace(microsecond=now().microsecond // 1000 * 1000)
    moment = now().replace(microsecond=0)
    assert made_at(first_id_at(moment)) == moment
    assert json.dumps(first_id_at(moment)) < json.dumps(first_id_at(moment + timedelta(milliseconds=1)))
