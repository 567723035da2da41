"""Looking jobs up."""

from __future__ import annotations

import pytest

from studium.queue import jobs
from studium.queue.errors import UnknownJob
from tests.queue.conftest import claim, enqueue


def test_a_view_has_params_worker_and_unique_key(app):
    job_id = enqueue(params={"word": "tea"}, unique_key="room")
    claim(job_id)
    job = jobs.find_job(job_id)
    assert (job.params["word"], job.worker, job.unique_key) == ("tea", "some worker", "room")


def test_somebody_elses_job_is_as_unknown_as_one_that_is_not_there(app):
    job_id = enqueue(user_id=3)
    assert jobs.find_job(job_id, user_id=3).id == job_id
    told = []
    for wanted, user in ((job_id, 4), ("0" * 36, 4)):
        with pytest.raises(UnknownJob) as caught:
            jobs.find_job(wanted, user_id=user)
        told.append(str(caught.value).replace(wanted, "X"))
    assert told[0] == told[1]
    with pytest.raises(UnknownJob):
        jobs.cancel(job_id, user_id=4)
    assert jobs.find_job(job_id).state == "queued"


@pytest.mark.parametrize("wanted", ["", " ", "x" * 37, "x" * 5000, "\0", "Ä" * 36, "\u2028"])
@pytest.mark.parametrize("do", [jobs.find_job, jobs.cancel, jobs.retry, jobs.run_now, jobs.discard])
def test_what_is_no_id_is_an_unknown_job(app, do, wanted):
    with pytest.raises(UnknownJob):
        do(wanted)


def test_a_job_of_nobody_is_no_users(app):
    job_id = enqueue()
    with pytest.raises(UnknownJob):
        jobs.find_job(job_id, user_id=3)


def test_the_jobs_of_a_user_are_active_ones_first_and_newest_first(app, runner, clock):
    made = []
    for kind in ("hopeless_chore", "chore", "chore", "chore", "hopeless_chore"):
        made.append(enqueue(kind, user_id=3))
        enqueue(user_id=4)
        clock.advance(1)
    for number in (0, 1, 4):
        runner.run_one(made[number])
    claim(made[2])
    assert jobs.jobs_of(3) == [jobs.find_job(made[number]) for number in (3, 2, 4, 1, 0)]
    assert [job.id for job in jobs.jobs_of(3, limit=3)] == [made[number] for number in (3, 2, 4)]
    assert jobs.jobs_of(5) == []
