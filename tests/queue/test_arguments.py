"""By which params a job can be found."""

from __future__ import annotations

import pytest

from studium.core.database import reading, transaction
from studium.queue import jobs
from studium.queue.arguments import arguments_of
from studium.queue.entities import JobArgument
from tests.queue.conftest import enqueue


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ('{"word": "tea", "course_id": 7, "big": -12, "again": true, "no": false}',
         [("word", "tea"), ("course_id", "7"), ("big", "-12"), ("again", "true"), ("no", "false")]),
        ('{"share": 0.5, "nothing": null, "empty": "", "list": [1], "nested": {"a": 1}}', []),
        (f'{{"long": "{"x" * 101}", "short": "{"x" * 100}"}}', [("short", "x" * 100)]),
        ("{}", []),
    ],
)
def test_short_texts_whole_numbers_and_truth_values_of_the_first_level_are_arguments(params, found):
    assert list(arguments_of(params)) == found


def arguments(job_id: str) -> dict[str, str]:
    with reading():
        return {row.name: row.value for row in JobArgument.select(lambda row: row.job_id == job_id)}


def test_they_are_stored_with_the_job_and_removed_with_it(app):
    job_id = enqueue(params={"word": "tea", "fail_first": 2})
    assert arguments(job_id) == {"word": "tea", "fail_first": "2", "tell": "false"}
    jobs.cancel(job_id)
    jobs.discard(job_id)
    assert arguments(job_id) == {}


def test_those_of_many_jobs_are_stored_too(app):
    with transaction():
        ids = jobs.enqueue_many("chore", [{"word": "tea"}, {"word": "cake"}])
    assert [arguments(job_id)["word"] for job_id in ids] == ["tea", "cake"]


def test_a_rolled_back_job_leaves_none(app):
    with pytest.raises(KeyError), transaction():
        job_id = jobs.enqueue("chore", {"word": "tea"}).id
        raise KeyError
    assert arguments(job_id) == {}
