"""Retries, discards, cancels or hurries very many jobs: a job of its own that works through all that match, batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from pony.orm import desc
from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.queue import jobs
from studium.queue.entities import ACTIVE, CANCELLED, FAILED, SUCCEEDED, WAITING, Job, JobLine
from studium.queue.errors import JobError, WrongBulk
from studium.queue.job_filter import STATES, JobFilter
from studium.queue.job_ids import made_at
from studium.queue.kinds import job_kind
from studium.queue.running import RunningJob
from studium.queue.search import search

Verb = Literal["retry", "discard", "cancel", "run_now"]
KIND = "jobs_in_bulk"
BATCH = 200
MOST_REASONS = 5
TALLY = "bulk"
STATES_OF: dict[str, tuple[str, ...]] = {
    "retry": (FAILED,), "discard": (SUCCEEDED, FAILED, CANCELLED), "cancel": ACTIVE, "run_now": WAITING,
}  # fmt: skip
ACTIONS: dict[str, Callable[..., object]] = {
    "retry": jobs.retry, "discard": jobs.discard, "cancel": jobs.cancel, "run_now": jobs.run_now,
}  # fmt: skip


class BulkWork(BaseModel):
    """What to do with all jobs up to the id `newest` that are wanted; `by` is who asked for it, in words."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    verb: Verb
    wanted: JobFilter
    newest: str
    by: str


class Tally(BaseModel):
    """How far the work is: every job from `before` on is done, or refused for one of the `reasons`."""

    before: str
    done: int = 0
    refused: int = 0
    reasons: list[str] = []


def start_bulk(verb: str, wanted: JobFilter, by: str) -> str:
    """Ask for the work on all jobs that match now; returns the id of the job that does it.

    Of the states only those are touched that the verb is for, and none of another bulk job unless its kind is asked for. Raises
    WrongBulk for an unknown verb, or one that is for none of the wanted states.
    """
    if verb not in STATES_OF:
        raise WrongBulk(f"There is no {verb!r} for many jobs; there are: {', '.join(STATES_OF)}.")
    states = tuple(state for state in STATES_OF[verb] if state in (wanted.states or STATES))
    if not states:
        raise WrongBulk(f"{verb} is for jobs that are {', '.join(STATES_OF[verb])}; the filter wants {', '.join(wanted.states)}.")
    with transaction():
        newest = Job.select().order_by(lambda job: desc(job.id)).first()
        work = {"verb": verb, "wanted": replace(wanted, states=states), "newest": newest.id if newest else "", "by": by}
        return str(jobs.enqueue(KIND, BulkWork.model_validate(work)).id)


@job_kind(KIND, "Work through many jobs", params=BulkWork)
def jobs_in_bulk(job: RunningJob, params: BulkWork) -> dict[str, Any]:
    """Batch by batch, the newest first. The tally commits with its batch, so a run after a crash goes on where the last one was."""
    tally = _read_tally(job.id, params)
    begin, end = made_at(params.newest) if params.newest else now(), _oldest()
    more = bool(params.newest)
    while more:
        job.checkpoint()
        tally, more = _do_batch(job.id, params, tally)
        part = (begin - made_at(tally.before[:36])) / max(begin - end, end.resolution)
        job.progress(100 * part, f"{tally.done:,} done, {tally.refused:,} refused")
    return {"done": tally.done, "refused": tally.refused, "reasons": tally.reasons}


def _do_batch(own_id: str, params: BulkWork, tally: Tally) -> tuple[Tally, bool]:
    """One batch in one transaction; answers whether there may be more."""
    page = search(params.wanted, tally.before, BATCH)
    tally = tally.model_copy(update={"reasons": list(tally.reasons), "before": page.next or tally.before})
    with transaction():
        for found in page.jobs:
            if found.id != own_id and (found.kind != KIND or params.wanted.kind == KIND):
                _do_one(found.id, params, tally)
        _keep_tally(own_id, tally)
    return tally, page.next is not None


def _do_one(job_id: str, params: BulkWork, tally: Tally) -> None:
    try:
        ACTIONS[params.verb](job_id, by=params.by)
    except JobError as refusal:
        tally.refused += 1
        if str(refusal) not in tally.reasons and len(tally.reasons) < MOST_REASONS:
            tally.reasons.append(str(refusal))
    else:
        tally.done += 1


def _read_tally(own_id: str, params: BulkWork) -> Tally:
    with reading():
        line = JobLine.select(lambda line: line.job_id == own_id and line.event == TALLY).first()
    if line is not None:
        return Tally.model_validate_json(line.text)
    return Tally(before=params.newest + "+")  # sorts after this id and before every later one


def _keep_tally(own_id: str, tally: Tally) -> None:
    """One line of the job's own story, which grows no longer however many batches there are."""
    line = JobLine.select(lambda line: line.job_id == own_id and line.event == TALLY).first()
    if line is None:
        JobLine(job_id=own_id, at=now(), event=TALLY, text=tally.model_dump_json())
    else:
        line.set(at=now(), text=tally.model_dump_json())


def _oldest() -> Any:
    with reading():
        first = Job.select().order_by(lambda job: job.id).first()
    return made_at(first.id) if first else now()
