"""`studium jobs periodic`: the tasks that come round by themselves."""

from __future__ import annotations

import click

from studium.core.cli import who
from studium.queue.jobs_output import as_json, moment, table

HEADS = ("task", "kind", "schedule", "last due (UTC)", "last state", "next due (UTC)", "paused")
TASK = click.argument("task")

# periodic.py is imported where it is used: the schedules need a parser that other commands do without.


@click.group()
def periodic() -> None:
    """Look after periodic tasks."""


@periodic.command("list")
@click.option("--json", "as_data", is_flag=True, help="for programs")
def list_tasks(as_data: bool) -> None:
    """List the tasks with their last and next run."""
    from studium.queue.periodic import periodic_tasks

    tasks = periodic_tasks()
    rows = [(task.name, task.kind, task.schedule, moment(task.last_due_at), task.last_state, moment(task.next_due_at),
             f"by {task.paused_by} since {moment(task.paused_at)}" if task.paused_at else "no") for task in tasks]
    click.echo(as_json(tasks) if as_data else "\n".join(table(HEADS, rows)))


@periodic.command()
@TASK
def pause(task: str) -> None:
    """Make no jobs of a task until it is resumed."""
    from studium.queue.periodic import pause_task

    pause_task(task, by=who("jobs"))
    click.echo(f"{task} is paused. To go on: studium jobs periodic resume {task}")


@periodic.command()
@TASK
def resume(task: str) -> None:
    """Go on with a paused task."""
    from studium.queue.periodic import resume_task

    resume_task(task, by=who("jobs"))
    click.echo(f"{task} goes on.")


@periodic.command()
@TASK
def run(task: str) -> None:
    """Run a task now, besides its schedule."""
    from studium.queue.periodic import run_task_now

    click.echo(f"The job {run_task_now(task, by=who('jobs'))} does it.")
