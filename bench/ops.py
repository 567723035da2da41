"""How long the pages for operators take over very many jobs: `python bench/ops.py [--jobs N] [--times N]`.

Fills a temporary data folder and asks the whole site (WSGI, sessions, templates) for each page and typical searches. Prints JSON: the
median and the longest milliseconds of each, and the median of the processor's. Ends with 1 when a median is above the target.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask.testing import FlaskClient
from many_jobs import fill

from studium.core.app import create_app
from studium.queue.periodic import periodic_tasks

TARGET_MS = 100
STUDIUM = Path(sys.executable).with_name("studium")
OPERATOR = 42
ARGUMENTS = {
    "state": "state=failed",
    "several states": "state=failed&state=cancelled",
    "kind": "kind=certificate",
    "kind that is gone": "kind=gone_kind&state=succeeded",
    "queue": "queue=realtime",
    "queue and state": "queue=realtime&state=failed",
    "user": "user=77",
    "user and kind": "user=77&kind=hello",
    "argument": "argument=course=course-7",
    "rare argument": "argument=number=400000",
    "argument, user, state": "argument=course=course-7&user=77&state=failed",
    "argument and kind": "argument=course=course-7&kind=hello",
    "unknown argument": "argument=course=nowhere",
    "unknown user": "user=999999",
    "time": "since={old}&until={less_old}",
    "time, state, user": "since={old}&until={less_old}&state=failed&user=77",
    "time, kind, queue": "since={old}&kind=hello&queue=realtime",
}


def main() -> int:
    """Fill, ask, print; 1 when a page is too slow."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--jobs", type=int, default=1_000_000)
    arguments.add_argument("--times", type=int, default=7)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "STUDIUM_DATA_DIR": folder,
            "STUDIUM_ENV": "test",
            "STUDIUM_LOG_LEVEL": "error",
            "STUDIUM_SECRET_KEY": "b" * 32,
            "STUDIUM_AUTH_OPS_IDS": str(OPERATOR),
        }
        subprocess.run([STUDIUM, "migrate"], check=True, capture_output=True)
        app = create_app(program="web")
        with app.app_context():
            tasks = tuple(task.name for task in periodic_tasks())
        began = time.perf_counter()
        fill(Path(folder) / "studium.sqlite3", asked.jobs, tasks[:1])
        filled = time.perf_counter() - began
        with app.test_client() as client:
            client.post("/auth/dev", json={"telegram_id": OPERATOR, "first_name": "Olga"})
            pages = {name: _measure(client, path, asked.times) for name, path in _pages(client, tasks).items()}
    slow = [name for name, page in pages.items() if page["median_ms"] > TARGET_MS]
    print(json.dumps({"jobs": asked.jobs, "filled_s": round(filled), "target_ms": TARGET_MS, "slow": slow, "pages": pages}, indent=1))
    return 1 if slow else 0


def _pages(client: FlaskClient, tasks: tuple[str, ...]) -> dict[str, str]:
    job = _first_link(client, "/ops/jobs/list?state=failed")
    older = _first_link(client, "/ops/jobs/list?state=succeeded&until=" + _days_ago(20))
    days = {"old": _days_ago(20), "less_old": _days_ago(19)}
    return {
        "overview": "/ops/jobs",
        "overview, 24 hours": "/ops/jobs?range=24h",
        "overview, 7 days": "/ops/jobs?range=7d",
        "overview, its live part": "/ops/jobs/parts",
        "list": "/ops/jobs/list",
        "list, far back": f"/ops/jobs/list?before={older.rsplit('/', 1)[1]}",
        **{f"search by {name}": f"/ops/jobs/list?{query.format(**days)}" for name, query in ARGUMENTS.items()},
        "bulk, to be confirmed": "/ops/jobs/bulk?verb=retry&kind=hello&argument=course=course-7",
        "job": job,
        "job, its live part": f"{job}/parts",
        "job, edit": f"{job}/edit",
        "job, discard": f"{job}/discard",
        "periodic task": f"/ops/jobs/periodic/{tasks[0]}",
    }


def _measure(client: FlaskClient, path: str, times: int) -> dict[str, float]:
    took, used = [], []
    for _time in range(times):
        began, used_before = time.perf_counter(), time.process_time()
        answer = client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        used.append((time.process_time() - used_before) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answers {answer.status_code}.")
    return {
        "median_ms": round(statistics.median(took), 1),
        "longest_ms": round(max(took), 1),
        "cpu_ms": round(statistics.median(used), 1),
        "kilobytes": round(len(answer.data) / 1000),
    }


def _first_link(client: FlaskClient, path: str) -> str:
    """The address of the first job of a list."""
    return client.get(path).text.split('class="job-name"><a href="')[1].split('"')[0]


def _days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


if __name__ == "__main__":
    sys.exit(main())
