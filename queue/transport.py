"""Huey as the transport of job ids. A message that is lost, doubled or unreadable does no harm."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from studium.core.logs import get_logger
from studium.queue.lean_huey import Huey, Message, Serializer, Task
from studium.queue.sqlite import WakingSqliteStorage

log = get_logger(__name__)
LONGEST_MESSAGE = 200
TASK = "run_job"
ANY = "any"
AHEAD = 0.5


class JobIdSerializer(Serializer):  # type: ignore[misc]
    """`{"job": "<id>"}` or `{"job": null}` and nothing else; never pickle, so a written file cannot run code."""

    def _serialize(self, message: Message) -> bytes:
        return json.dumps({"job": message.args[0]}).encode()

    def _deserialize(self, data: bytes) -> Message:
        if not isinstance(data, bytes) or len(data) > LONGEST_MESSAGE:
            raise ValueError("not a message of ours")
        job_id = json.loads(data)["job"]
        if not isinstance(job_id, str | None):
            raise ValueError("the job id is not text")
        return Message(job_id or ANY, f"{__name__}.{TASK}", args=(job_id,))


class Transport(Huey):  # type: ignore[misc]
    """Carries job ids of one queue from whoever enqueues to a worker, which sets `on_message`."""

    storage: WakingSqliteStorage

    def __init__(self, name: str, path: Path, run_dir: Path) -> None:
        super().__init__(
            name,
            results=False,
            serializer=JobIdSerializer(),
            storage_class=WakingSqliteStorage,
            filename=str(path),
            run_dir=run_dir,
        )
        self.on_message: Callable[[str | None], object] = _nobody
        self._task = self.task(name=TASK)(self._receive)
        self.on_shutdown("close_listener")(self.storage.close_listener)

    def send(self, job_id: str, priority: int, ahead: bool = False) -> None:
        """Send one job id and wake a worker; a higher priority is taken first, and what is `ahead` before its equals.

        Priorities are whole numbers, so half a step more is before the equals only.
        """
        self.enqueue(self._message(job_id, priority + AHEAD * ahead))

    def send_many(self, jobs: Sequence[tuple[str, int]]) -> None:
        """Send many job ids, each with its priority, in one write, and wake the workers once."""
        self._store([self._message(job_id, priority) for job_id, priority in jobs])

    def send_for_any(self, priorities: Sequence[int]) -> None:
        """Send one message a priority, each meaning "run the best due job", in one write, ahead of their equals.

        That is no unfairness: the best due job is the one that has waited longest.
        """
        self._store([self._message(None, priority + AHEAD) for priority in priorities])

    def pending(self, limit: int) -> int:
        """The number of waiting messages, counted up to `limit`."""
        return self.storage.pending(limit)

    def dequeue(self) -> Task | None:
        """The next message as a task; one that cannot be read is dropped and logged."""
        data = self.storage.dequeue()
        if data is None:
            return None
        try:
            return self.deserialize_task(data)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            log.warning("message_unreadable", queue=self.name, error=str(error))
            return None

    def drop_if(self, nothing_is_due: Callable[[], bool]) -> None:
        """Drop all waiting messages if, while nobody can send, nothing is due: their jobs have run already."""
        self.storage.drop_if(nothing_is_due)

    def close(self) -> None:
        """Close the file and the sockets."""
        self.storage.close()

    def _store(self, messages: Sequence[Task]) -> None:
        self.storage.enqueue_many([(self.serialize_task(message), message.priority) for message in messages])

    def _message(self, job_id: str | None, priority: float) -> Task:
        return self._task.task_class((job_id,), id=job_id or ANY, priority=priority)

    def _receive(self, job_id: str | None) -> None:
        self.on_message(job_id)


def _nobody(job_id: str | None) -> None:
    log.error("message_without_worker", job_id=job_id)
