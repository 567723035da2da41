"""`studium jobs`: what the ops page can do, from the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from studium.core.cli import who
from studium.core.database import transaction
from studium.queue import jobs as verbs
from studium.queue import pausing
from studium.queue.bulk import STATES_OF, start_bulk
from studium.queue.errors import JobError
from studium.queue.job_filter import JobFilter
from studium.queue.job_view import JobView
from studium.queue.jobs_filter_options import with_filter
from studium.queue.jobs_hello_command import hello
from studium.queue.jobs_output import LIST_HEADS, as_json, duration, list_row, moment, story_lines, table
from studium.queue.jobs_periodic_commands import periodic
from studium.queue.overview import overview
from studium.queue.queues import queues
from studium.queue.search import STATES, search
from studium.queue.story import story
from studium.queue.workers import workers as living_workers

JSON = click.option("--json", "as_data", is_flag=True, help="for programs")
JOB = click.argument("job_id", metavar="ID")
QUEUE = click.argument("queue")


@click.group()
def jobs() -> None:
    """Look at jobs and put them right (docs/jobs.md)."""


jobs.add_command(hello)
jobs.add_command(periodic)


@jobs.command("overview")
@JSON
def show_overview(as_data: bool) -> None:
    """Show the queues with size and latency, and how many jobs there are of each kind and state."""
    found = overview()
    if as_data:
        click.echo(as_json(found))
        return
    rows = [(queue.name, queue.waiting, queue.running, duration(queue.oldest_due_seconds), _paused(queue.paused_by, queue.paused_at))
            for queue in found.queues]
    _print_table(("queue", "waiting", "running", "latency", "paused"), rows)
    click.echo()
    counts = [(kind, *of_kind.values()) for kind, of_kind in found.kinds.items() if any(of_kind.values())]
    _print_table(("kind", *STATES), [*counts, ("all", *found.states.values())])


@jobs.command("list")
@with_filter
@click.option("--before", help="only jobs older than this id: the next page")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
@JSON
def list_jobs(wanted: JobFilter, before: str | None, limit: int, as_data: bool) -> None:
    """List jobs, the newest first; all conditions have to hold."""
    page = search(wanted, before, limit)
    if as_data:
        click.echo(as_json(page))
        return
    if page.jobs:
        _print_table(LIST_HEADS, [list_row(job) for job in page.jobs])
    elif not page.next:
        click.echo("There are no such jobs.")
    if page.looked_back_to:
        click.echo(f"Looked back to {moment(page.looked_back_to)} UTC only, to be quick.")
    if page.next:
        click.echo(f"There may be more: --before {page.next}" if page.looked_back_to else f"There are more: --before {page.next}")


@jobs.command()
@JOB
@JSON
def show(job_id: str, as_data: bool) -> None:
    """Show everything that is known of a job, and its story."""
    found = story(job_id)
    click.echo(as_json(found) if as_data else "\n".join(story_lines(found)))


@jobs.command()
@JOB
@click.option("--params", "params_text", metavar="JSON", help="run it with these params instead of its own")
def retry(job_id: str, params_text: str | None) -> None:
    """Run a failed job again, as if it had never been tried."""
    params = _read_params(params_text)
    with transaction():
        job = verbs.retry(job_id, params=params, by=who("jobs"))
    _say(job)


@jobs.command()
@JOB
def discard(job_id: str) -> None:
    """Remove an ended job and its story."""
    with transaction():
        verbs.discard(job_id, by=who("jobs"))
    click.echo(f"{job_id} is removed.")


@jobs.command()
@JOB
def cancel(job_id: str) -> None:
    """Cancel a job: a waiting one at once, a running one at its next checkpoint."""
    with transaction():
        job = verbs.cancel(job_id, by=who("jobs"))
    if job.state == "running":
        click.echo(f"{job.id} runs; it will be cancelled at its next checkpoint.")
    else:
        _say(job)


@jobs.command("run-now")
@JOB
def run_now(job_id: str) -> None:
    """Let a job that waits for its time, or for its next try, start as soon as a worker is free."""
    with transaction():
        job = verbs.run_now(job_id, by=who("jobs"))
    _say(job)


@jobs.command()
@click.argument("verb", metavar=f"[{'|'.join(verb.replace('_', '-') for verb in STATES_OF)}]")
@with_filter
@click.option("--yes", is_flag=True, help="do not ask")
def bulk(wanted: JobFilter, verb: str, yes: bool) -> None:
    """Do the same with all jobs that match now; a job of its own works through them."""
    if not yes:
        click.confirm(f"{verb} all jobs that match? Those that do: studium jobs list with the same options. Go on", abort=True)
    job_id = start_bulk(verb.replace("-", "_"), wanted, who("jobs"))
    click.echo(f"The job {job_id} is doing it. How far it is: studium jobs show {job_id}")


@jobs.command()
@QUEUE
def pause(queue: str) -> None:
    """Start nothing more of a queue; what runs goes on."""
    pausing.pause(queue, by=who("jobs"))
    click.echo(f"{queue} is paused. To go on: studium jobs resume {queue}")


@jobs.command()
@QUEUE
def resume(queue: str) -> None:
    """Go on with a paused queue."""
    pausing.resume(queue, by=who("jobs"))
    click.echo(f"{queue} goes on.")


@jobs.command()
@JSON
def workers(as_data: bool) -> None:
    """List the workers and what each runs."""
    found = living_workers()
    if as_data:
        click.echo(as_json(found))
        return
    if not found:
        click.echo("There are no workers. Start one with: studium worker default; or see: bin/ctl status")
    for worker in found:
        state = "silent" if not worker.alive else "draining" if worker.draining else "alive"
        busy = f"{len(worker.jobs)} of {worker.threads} busy"
        click.echo(f"{worker.name}  {worker.queue}  {state}, {busy}, seen {moment(worker.seen_at)} UTC")
        for job in worker.jobs:
            click.echo(f"    {job.id}  {job.kind}  {job.progress} % {job.message}".rstrip())


@jobs.command()
def kinds() -> None:
    """List the kinds of job that the plugins offer, with their params."""
    for kind in sorted(queues().kinds.values(), key=lambda kind: kind.name):
        click.echo(f"{kind.name}  {kind.title}  (queue {kind.queue}, {kind.retries} retries)")
        for name, field in kind.params.model_fields.items():
            need = "required" if field.is_required() else f"default {field.default!r}"
            click.echo(f"    {name}: {getattr(field.annotation, '__name__', field.annotation)}, {need}")


def _read_params(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        params = json.loads(text)
    except ValueError as error:
        raise JobError(f"--params is not JSON: {error}.") from None
    if not isinstance(params, dict):
        raise JobError('--params has to be a JSON object, such as {"course_id": 7}.')
    return params


def _say(job: JobView) -> None:
    click.echo(f"{job.id} is {job.state}.")


def _paused(by: str | None, at: Any) -> str:
    return f"by {by or 'somebody'} since {moment(at)} UTC" if at else "no"


def _print_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    for line in table(heads, rows):
        click.echo(line)
