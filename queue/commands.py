"""The commands of the queue."""

from __future__ import annotations

from typing import Any

import click
from flask import current_app

from studium.core.cli import runs_as
from studium.queue.kinds import QUEUES
from studium.queue.program import run_worker


@runs_as("worker")
@click.command("worker")
@click.argument("queue", type=click.Choice(QUEUES))
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Number of jobs that run at once."
)
@click.option(
    "--dispatcher", is_flag=True, help="Also heal lost jobs and trim old ones; one worker of the box should do it."
)
def worker(queue: str, workers: int, dispatcher: bool) -> None:
    """Run the jobs of QUEUE until SIGTERM or SIGINT; then finish what runs (at most STUDIUM_QUEUE_DRAIN_SECONDS)."""
    app: Any = current_app
    run_worker(app._get_current_object(), queue, workers, dispatcher)
