"""A process that asks for jobs of a few users without end, up to their limit, in bursts that meet those of its twin at the same moment.

`greedy.py FILE USER...`; adds a line to the file after each commit: "enqueued USER JOB", "retried USER JOB", or "refused USER ERROR".
"""

from __future__ import annotations

import os
import random
import sys
import time

from studium.core.app import create_app
from studium.core.database import transaction
from studium.queue import jobs
from studium.queue.entities import FAILED, Job
from studium.queue.errors import JobError

BURST = 3
SECONDS_BETWEEN_BURSTS = 0.4


def ask(user: int, chance: random.Random) -> list[str]:
    """Ask for one job, three at once, or another try of a failed one; lines to write down."""
    params = {"seconds": chance.choice([0, 0.05, 0.2]), "fail": chance.random() < 0.2}
    kind_of_wish = chance.choice(["one", "one", "three", "again"])
    with transaction():
        if kind_of_wish == "three":
            return [f"enqueued {user} {job}" for job in jobs.enqueue_many("user_drill", [params] * 3, user_id=user)]
        if kind_of_wish == "again" and (failed := failed_job(user)):
            return [f"retried {user} {jobs.retry(failed, user_id=user, by='a greedy user').id}"]
        return [f"enqueued {user} {jobs.enqueue('user_drill', params, user_id=user).id}"]


def failed_job(user: int) -> str | None:
    """One that may be tried again."""
    found = Job.select(lambda job: job.user_id == user and job.state == FAILED).first()
    return found.id if found else None


def main() -> None:
    """Ask until killed."""
    chance = random.Random(os.getpid())
    users = [int(word) for word in sys.argv[2:]]
    file = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with create_app(program="cli").app_context():
        while True:
            time.sleep(SECONDS_BETWEEN_BURSTS - time.time() % SECONDS_BETWEEN_BURSTS)
            for user in users * BURST:
                try:
                    lines = ask(user, chance)
                except JobError as error:
                    lines = [f"refused {user} {type(error).__name__}"]
                os.write(file, "".join(f"{line}\n" for line in lines).encode())


if __name__ == "__main__":
    main()
