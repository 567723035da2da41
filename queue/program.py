"""The supervised program `studium worker QUEUE`: consumer, heart and runner of one queue in one process."""

from __future__ import annotations

import os
import sys
from functools import partial

from flask import Flask

from studium.core.health import still_heart
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue.consumer import JobConsumer
from studium.queue.hard_limits import MEMORY, HardLimits
from studium.queue.health import DISPATCHER, program_of
from studium.queue.heart import Heart
from studium.queue.periodic_declared import check_cron_texts
from studium.queue.queues import queues
from studium.queue.settings import QueueSettings
from studium.queue.worker import Runner
from studium.queue.workers import Presence

log = get_logger(__name__)
EXIT_WITH_STUCK_THREADS = 75  # sysexits.h: a temporary failure


def run_worker(app: Flask, queue: str, workers: int, dispatcher: bool) -> None:
    """Run jobs until SIGTERM or SIGINT, or until a hard limit is passed, then drain; returns when the process may end.

    With a thread that cannot be stopped it does not return but ends the process, since the interpreter might wait for that thread.
    """
    with app.app_context():
        if dispatcher:
            check_cron_texts()
        transport, settings = queues().transport(queue), runtime().settings[QueueSettings]
    consumer = JobConsumer(app, transport, workers, dispatcher)
    heart = Heart(program_of(queue), settings.lease_seconds, settings.heartbeat_seconds)
    runner = Runner(queue, heart, settings.lease_seconds, draining=consumer.draining, stopping=consumer.stop_flag)
    limits = HardLimits(heart, consumer.retire, settings.timeout_grace_seconds, settings.max_memory_mb)
    consumer.stuck = limits.stuck
    _show(heart, Presence(runner.name, queue, workers, consumer.stop_flag), consumer)
    heart.watches.append(limits.look)

    def run_one(job_id: str | None) -> None:
        with app.app_context():
            runner.answer(job_id)

    transport.on_message = run_one
    heart.start(app)
    log.info("worker_started", queue=queue, worker=runner.name, threads=workers, dispatcher=dispatcher)
    consumer.run()
    _stop(app, consumer, heart, runner)
    log.info("worker_stopped", queue=queue, worker=runner.name, reason=consumer.retiring or "signal")
    if limits.stuck():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_WITH_STUCK_THREADS)


def _show(heart: Heart, presence: Presence, consumer: JobConsumer) -> None:
    heart.writes.append(presence.show)
    heart.farewells.append(presence.withdraw)
    if consumer.dispatching:
        heart.writes.append(consumer.dispatching.show)
        heart.farewells.append(partial(still_heart, DISPATCHER))


def _stop(app: Flask, consumer: JobConsumer, heart: Heart, runner: Runner) -> None:
    """What still runs after the drain limit is given back.

    Not so for a worker that had too much memory: its job may be the one that needs it, and would do so for ever. Its lease
    ends a few seconds later and counts as a crash, so that it is set aside after the third.
    """
    if consumer.retiring != MEMORY:
        with app.app_context():
            runner.give_back_all()
    heart.stop(app)
