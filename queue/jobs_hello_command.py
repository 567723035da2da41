"""`studium jobs hello`: enqueues a greeting and waits for it, which tries the whole path from row to worker and back."""

from __future__ import annotations

import time

import click

from studium.core.cli import who
from studium.core.database import transaction
from studium.queue.errors import JobError
from studium.queue.job_view import JobView
from studium.queue.jobs import cancel, enqueue, find_job
from studium.queue.pausing import paused
from studium.queue.workers import workers

LOOK_EVERY = 0.05
ROOM = 30.0


@click.command()
@click.option("--name", default="", help="whom to greet")
@click.option("--seconds", default=3.0, show_default=True, help="how long the greeting takes, 0 to 60")
@click.option("--user", "user_id", type=int, help="id of the user in whose name")
@click.option("--wait", default=10.0, show_default=True, type=click.FloatRange(0.1, 3600), help="seconds to wait for a worker")
def hello(name: str, seconds: float, user_id: int | None, wait: float) -> None:
    """Try whether jobs run: greet, and show how it goes; exit code 1 when the greeting does not come."""
    begun = time.monotonic()
    with transaction():
        job_id = str(enqueue("hello", {"name": name, "seconds": seconds}, user_id=user_id).id)
    click.echo(f"enqueued   {job_id}")
    job = _follow(job_id, begun + wait)
    if job.started_at is None and job.active:
        _give_up(job, wait)
    job = _follow_to_the_end(job_id, time.monotonic() + seconds + ROOM)
    if job.state != "succeeded" or not job.result:
        raise JobError(f"The job {job_id} is {job.state}: {job.error or 'it has not ended in time'}. More: studium jobs show {job_id}")
    click.echo(f"succeeded  {job.result['greeting']}  ({time.monotonic() - begun:.2f} s)")


def _follow(job_id: str, end: float) -> JobView:
    """Wait until the job has started, or the time is over."""
    while (job := find_job(job_id)).state == "queued" and job.started_at is None and time.monotonic() < end:
        time.sleep(LOOK_EVERY)
    return job


def _follow_to_the_end(job_id: str, end: float) -> JobView:
    """Tell of each change until the job has ended, or the time is over."""
    told = ""
    while True:
        job = find_job(job_id)
        news = f"{job.state:10} {job.progress:3d} % {job.message}".rstrip()
        if job.active and job.state != "queued" and news != told:
            click.echo(news)
            told = news
        if not job.active or time.monotonic() > end:
            return job
        time.sleep(LOOK_EVERY)


def _give_up(job: JobView, wait: float) -> None:
    """Take the job back, so that it greets nobody later, and say why nobody took it."""
    with transaction():
        cancel(job.id, by=who("jobs"))
    raise JobError(f"{_reason(job.queue, wait)} The job is cancelled.")


def _reason(queue: str, wait: float) -> str:
    pause = paused().get(queue)
    if pause is not None:
        return f"The queue {queue} is paused by {pause.paused_by or 'somebody'}; to go on: studium jobs resume {queue}."
    living = [worker for worker in workers() if worker.queue == queue and worker.alive]
    if living:
        busy = ", ".join(f"{job.kind} ({job.progress} %)" for worker in living for job in worker.jobs) or "nothing just now"
        return f"No worker was free within {wait:g} s; they run: {busy}. Try again, or with a longer --wait."
    return f"No worker has taken the job within {wait:g} s: is `studium worker {queue}` running? See: bin/ctl status."
