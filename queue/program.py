"""The supervised program `studium worker QUEUE`: consumer, heart and runner of one queue in one process."""

from __future__ import annotations

from flask import Flask

from studium.core.health import still_heart
from studium.core.logs import get_logger
from studium.queue.consumer import JobConsumer
from studium.queue.health import program_of
from studium.queue.heart import Heart
from studium.queue.queues import queues
from studium.queue.worker import Runner

log = get_logger(__name__)


def run_worker(app: Flask, queue: str, workers: int, dispatcher: bool) -> None:
    """Run jobs until SIGTERM or SIGINT, then drain; returns when the process may end."""
    with app.app_context():
        transport = queues().transport(queue)
    consumer = JobConsumer(app, transport, workers, dispatcher)
    lease_seconds = consumer.settings.lease_seconds
    heart = Heart(program_of(queue), lease_seconds, consumer.settings.heartbeat_seconds)
    runner = Runner(queue, heart, lease_seconds, draining=consumer.stop_flag)

    def run_one(job_id: str | None) -> None:
        with app.app_context():
            runner.run_one(job_id)

    transport.on_message = run_one
    heart.start(app)
    log.info("worker_started", queue=queue, worker=runner.name, threads=workers, dispatcher=dispatcher)
    consumer.run()
    with app.app_context():
        runner.give_back_all()
    heart.stop()
    with app.app_context():
        still_heart(program_of(queue))
    log.info("worker_stopped", queue=queue, worker=runner.name)
