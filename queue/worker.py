"""Runs jobs: claim one, run it outside any transaction, store how it ended."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from studium.core.clock import now
from studium.core.database import UNAVAILABLE, reading, transaction
from studium.core.lean_structlog import structlog
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.queue import lifecycle
from studium.queue.backoff import seconds_before_retry
from studium.queue.errors import Cancelled, Discard, Draining, InvalidParams, LeaseLost, RetryLater, UnknownKind
from studium.queue.heart import Heart
from studium.queue.kinds import QUEUES, JobKind, find_kind, parse_params
from studium.queue.lifecycle import Claim
from studium.queue.queues import queues
from studium.queue.running import RunningJob
from studium.queue.settings import QueueSettings
from studium.queue.slots import best_due

log = get_logger(__name__)
PAUSES = (0.1, 0.3, 1.0, 3.0)


def worker_name() -> str:
    """A name that no other process, before or after, has: host, pid and a random part."""
    return f"{socket.gethostname()[:60]}/{os.getpid()}/{secrets.token_hex(4)}"


@dataclass
class Runner:
    """Runs the jobs of one queue; the threads of a process share it.

    `draining` set means: stop soon, also in the middle of a job; `stopping` set: take no further job.
    """

    queue: str
    heart: Heart
    lease_seconds: float
    name: str = field(default_factory=worker_name)
    draining: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
    pause: Callable[[float], object] = time.sleep

    def run_one(self, job_id: str | None) -> bool:
        """Run the job of this id, or without an id the best due one; False when it is not (or no longer) due."""
        claim = self._claim(job_id)
        if claim is not None:
            self._run(claim)
        return claim is not None

    def answer(self, job_id: str | None) -> None:
        """A message came, for this job or for any: run the best due job, then what is due after it, until nothing is.

        Not the one that the message names: a line of messages must not hold up a scheduled or retried job of a higher priority, which
        has no message as long as there are enough others. The messages of the jobs that were run on the way are dropped together.
        """
        claim, ran = self._claim(None), 0
        while claim is not None:
            claim, ran = self._run(claim, go_on=True), ran + 1
        if ran > 1:
            queues().transport(self.queue).drop_if(self._nothing_is_due)

    def give_back_all(self) -> None:
        """Return the jobs that still run after the drain limit; what they may yet bring is refused."""
        for job in self.heart.running():
            if not job.lost:
                lifecycle.give_back(job.claim)

    def _claim(self, job_id: str | None) -> Claim | None:
        return lifecycle.claim(job_id, self.queue, self.name, self.lease_seconds)

    def _nothing_is_due(self) -> bool:
        with reading():
            return best_due(self.queue, now()) is None

    def _run(self, claim: Claim, go_on: bool = False) -> Claim | None:
        """Run the job and store how it ended; with `go_on` take the next one in the same transaction."""
        with structlog.contextvars.bound_contextvars(job_id=claim.id):
            try:
                kind = find_kind(queues().kinds, claim.kind)
                params = parse_params(kind, claim.params)
            except (UnknownKind, InvalidParams) as error:
                return self._store(RunningJob(claim, self.draining), partial(lifecycle.fail, claim, _no_run(claim, error)), go_on)
            job = RunningJob(claim, self.draining, kind.timeout)
            with self.heart.keeping(job):
                return self._store(job, _run_to_its_end(job, kind, params), go_on)

    def _store(self, job: RunningJob, end: Callable[[], object], go_on: bool) -> Claim | None:
        """Store how the run ended. While the database is locked or full try again: else the work is done twice, and the worker blamed."""
        for seconds in PAUSES:
            try:
                job.store_progress()
                return self._end(end, go_on)
            except UNAVAILABLE:
                if job.lost:
                    raise
                log.warning("job_end_not_stored", kind=job.kind, attempt=job.attempt, seconds_to_next_try=seconds, exc_info=True)
                self.pause(seconds)
        return self._end(end, go_on)

    def _end(self, end: Callable[[], object], go_on: bool) -> Claim | None:
        with transaction():
            end()
            return self._claim(None) if go_on and not self.stopping.is_set() else None


def run_due_jobs(limit: int = 1000) -> int:
    """Run the due jobs of all queues here and now until none is left, for tests and tools; returns how many ran."""
    settings = runtime().settings[QueueSettings]
    heart = Heart("inline", settings.lease_seconds, settings.heartbeat_seconds)
    runners = [Runner(queue, heart, settings.lease_seconds) for queue in QUEUES]
    ran = 0
    while ran < limit and any(runner.run_one(None) for runner in runners):
        ran += 1
    return ran


def _run_to_its_end(job: RunningJob, kind: JobKind[Any], params: Any) -> Callable[[], None]:
    """Run the job; answers how its row has to end."""
    claim = job.claim
    try:
        result = kind.run(job, params)
    except Discard as reason:
        return partial(lifecycle.fail, claim, str(reason) or "The job was discarded without a reason.")
    except RetryLater as later:
        return _after_request(claim, kind, later)
    except Cancelled:
        return partial(lifecycle.cancel_run, claim)
    except Draining:
        return partial(lifecycle.give_back, claim)
    except LeaseLost:
        return partial(log.warning, "job_run_abandoned", kind=claim.kind, attempt=claim.attempt)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also SystemExit and asyncio's CancelledError, or the row would wait for the end of its lease
        log.warning("job_run_failed", kind=claim.kind, attempt=claim.attempt, exc_info=True)
        return after_failure(claim, kind, error)
    return _after_success(claim, result)


def _no_run(claim: Claim, error: UnknownKind | InvalidParams) -> str:
    if isinstance(error, UnknownKind):
        return f"No plugin offers the job kind {claim.kind!r} any more. Install its plugin and enqueue the job again."
    return f"{error} They were stored by another version of the plugin."


def after_failure(claim: Claim, kind: JobKind[Any], error: BaseException) -> Callable[[], None]:
    """How the row has to end after a failed run: tried again as often as the kind allows, else failed."""
    reason, failures = f"{type(error).__name__}: {error}", claim.failures + 1
    if failures > kind.retries:
        return partial(lifecycle.fail, claim, reason, error)
    return partial(lifecycle.retry, claim, reason, seconds_before_retry(kind.backoff, failures), error)


def _after_request(claim: Claim, kind: JobKind[Any], later: RetryLater) -> Callable[[], None]:
    """As after a failure, when the job itself said how long to wait; that is no fault of the code, so without a traceback."""
    if later.counted and claim.failures + 1 > kind.retries:
        return partial(lifecycle.fail, claim, str(later))
    return partial(lifecycle.retry, claim, str(later), later.seconds, counted=later.counted)


def _after_success(claim: Claim, result: object) -> Callable[[], None]:
    try:
        text = None if result is None else json.dumps(result)
    except (TypeError, ValueError, RecursionError) as error:
        return partial(lifecycle.fail, claim, f"The job is done, but its result cannot be stored as JSON: {error}")
    return partial(lifecycle.succeed, claim, text)
