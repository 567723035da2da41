"""Two real worker processes that both dispatch: together they do what one would."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.faults.stack import STUDIUM, running_stack, wait_until

pytestmark = pytest.mark.slow


def test_each_period_has_exactly_one_job_and_one_record(tmp_path):
    settings = {"STUDIUM_PLUGINS": "studium.queue.plugin", "STUDIUM_EXTRA_PLUGINS": "housekeeper", "STUDIUM_ENTRY_POINTS": "false",
                "STUDIUM_QUEUE_DISPATCH_SECONDS": "0.05", "STUDIUM_QUEUE_HEARTBEAT_SECONDS": "0.2"}  # fmt: skip
    with running_stack(tmp_path, **settings) as stack:
        for name in ("oak", "elm"):
            stack.start(name, STUDIUM, "worker", "default", "--dispatcher")
        wait_until(lambda: len(stack.query("select * from worker")) == 2, 40, "both workers show themselves")
        wait_until(lambda: stack.query("select count(*) from periodic_run where task = 'rounds'")[0][0] >= 3, 40, "three periods passed")
        (dispatcher,) = stack.query("select pid from heartbeat where program = 'dispatcher'")
        assert dispatcher[0] in (stack.pid("oak"), stack.pid("elm"))
        for name in ("oak", "elm"):
            stack.kill(name, signal.SIGTERM)
        assert {stack.wait(name) for name in ("oak", "elm")} == {0}

        runs = stack.query("select due_at, outcome, job_id from periodic_run where task = 'rounds' order by due_at")
        jobs = Counter(params for (params,) in stack.query("select params from job where kind = 'round'"))
        moments = [datetime.fromisoformat(due) for due, _outcome, _job in runs]
        assert {later - earlier for earlier, later in pairwise(moments)} == {timedelta(seconds=1)}, "no period is left out"
        assert {outcome for _due, outcome, _job in runs} == {"enqueued"}
        assert jobs == Counter(f'{{"due_at":"{moment.isoformat()}"}}' for moment in moments)
        assert stack.query("select * from worker") == []
        assert stack.query("select * from heartbeat") == []
        started, succeeded = stack.query("select sum(started), sum(succeeded) from job_minute")[0]
        assert started >= succeeded >= len(moments) - 1, "the last statistics are written at the stop"
