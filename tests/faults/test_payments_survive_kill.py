"""Ten thousand webhooks, doubled and shuffled, into two web processes that are killed (-9) with the worker at random moments: each payment
counts exactly once, right to the cent, and its audit tells all of it.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from studium.plugins.sandbox.signing import HEADER, sign
from tests.faults.stack import STUDIUM, Stack, running_stack, wait_until

pytestmark = pytest.mark.faults
HERE = Path(__file__).parent
STUDENTS = int(os.environ.get("STUDIUM_FAULT_PAYMENTS", "1000"))
COPIES = 5
SENDERS = 8
WEB, WORKERS = ("web-1", "web-2"), ("realtime", "realtime-2")
SECONDS_BETWEEN_STRIKES = (0.5, 2.0)
SECONDS_TO_WORK = 5.0  # from the start of a worker until it may be killed
LONGEST = 180.0


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    settings = {"STUDIUM_QUEUE_LEASE_SECONDS": "1.5", "STUDIUM_QUEUE_HEARTBEAT_SECONDS": "0.4", "STUDIUM_QUEUE_DISPATCH_SECONDS": "0.2",
                "STUDIUM_QUEUE_MAX_CRASHES": "1000", "STUDIUM_LIMITS_WEBHOOKS": "off", "STUDIUM_LOG_LEVEL": "warning"}
    with running_stack(tmp_path, **settings) as stack:
        yield stack


class Shop:
    """The programs that take webhooks and work on them, and where they listen."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.ports = {name: free_port() for name in WEB}
        self.strikes: Counter[str] = Counter()
        self.started: dict[str, float] = {}
        for name in (*WEB, *WORKERS):
            self.start(name)
        for name in WEB:
            wait_until(partial(self.answers, name), 30, f"{name} answers")

    def start(self, name: str) -> None:
        self.started[name] = time.monotonic()
        if name in WEB:
            self.stack.start(name, sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.ports[name]}", "--worker-class", "gthread",
                             "--workers", "1", "--threads", "8", "--no-control-socket", "studium.web.wsgi:app")
        else:
            self.stack.start(name, STUDIUM, "worker", "realtime", "--dispatcher")

    def answers(self, name: str) -> bool:
        """Whether the app itself does; gunicorn takes connections before it has loaded it."""
        line = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=1)
        try:
            line.request("GET", "/webhooks/nobody")
            return line.getresponse().status > 0
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()

    def strike(self, chance: random.Random) -> None:
        """Kill one of a pair that both work, as the kernel does it when memory is short: with its children, and start it again."""
        pairs = [pair for pair in (WEB, WORKERS) if all(map(self.works, pair))]
        if not pairs:
            return
        name = chance.choice(chance.choice(pairs))
        for child in children(self.stack.pid(name)):
            os.kill(child, signal.SIGKILL)
        self.stack.kill(name)
        self.strikes[name] += 1
        self.start(name)

    def works(self, name: str) -> bool:
        """Whether a web process answers, or a worker has had time to take jobs."""
        return self.answers(name) if name in WEB else time.monotonic() - self.started[name] > SECONDS_TO_WORK


def test_each_payment_counts_once_whatever_is_killed(stack: Stack) -> None:
    chance = random.Random(20261122)
    sold = sell(stack)
    deliveries = [event for event in sold["events"] for _ in range(COPIES)]
    chance.shuffle(deliveries)
    shop = Shop(stack)
    with ThreadPoolExecutor(SENDERS) as senders:
        sent = [senders.submit(send, shop.ports, deliveries[place::SENDERS], sold["key"], place) for place in range(SENDERS)]
        end = time.monotonic() + LONGEST
        while not all(one.done() for one in sent) or not nothing_is_open(stack):
            assert time.monotonic() < end, "the webhooks are not worked on in time"
            time.sleep(chance.uniform(*SECONDS_BETWEEN_STRIKES))
            shop.strike(chance)
    wait_until(lambda: nothing_is_open(stack), 60, "every webhook is worked on")
    answered = Counter(status for one in sent for status in one.result())
    assert answered[200] == len(deliveries) >= COPIES * 2 * STUDENTS
    assert set(answered) <= {200, 0, 503}, "a provider sees 200, a connection that breaks, or a database that is busy"
    assert sum(shop.strikes.values()) >= 5, "too few processes were killed to prove anything"
    assert_the_inbox_is_complete(stack, sold)
    assert_each_payment_counts_once(stack, sold["payments"])
    assert_the_audit_tells_all(stack, sold["payments"])
    assert_facts_are_told_once(stack, sold["payments"])


def sell(stack: Stack) -> dict[str, Any]:
    """All students buy and pay; nobody has told the site yet."""
    ran = subprocess.run([sys.executable, str(HERE / "cashier.py"), str(STUDENTS)], env=stack.environ, capture_output=True, text=True,
                         check=False, timeout=240)
    assert ran.returncode == 0, ran.stderr[-2000:]
    sold: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    assert len(sold["payments"]) == STUDENTS
    return sold


def send(ports: dict[str, int], deliveries: list[dict[str, Any]], key: str, seed: int) -> list[int]:
    """Deliver each until it is taken, as payment services do; the statuses of all tries, 0 for a broken connection."""
    chance, statuses = random.Random(seed), []
    lines = [http.client.HTTPConnection("127.0.0.1", port, timeout=20) for port in ports.values()]
    for delivery in deliveries:
        body = json.dumps(delivery).encode()
        while (status := post(chance.choice(lines), body, key)) != 200:
            statuses.append(status)
            time.sleep(0.1)
        statuses.append(status)
    for line in lines:
        line.close()
    return statuses


def post(line: http.client.HTTPConnection, body: bytes, key: str) -> int:
    try:
        line.request("POST", "/webhooks/sandbox", body, {"Content-Type": "application/json", HEADER: sign(body, key)})
        answer = line.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        line.close()
        return 0
    return answer.status


def nothing_is_open(stack: Stack) -> bool:
    waiting = stack.query("SELECT count(*) FROM webhook_delivery WHERE state = 'new'")[0][0]
    jobs = stack.query("SELECT count(*) FROM job WHERE state IN ('queued', 'running', 'retrying') AND kind = 'payment_webhook'")[0][0]
    return not waiting and not jobs


def assert_the_inbox_is_complete(stack: Stack, sold: dict[str, Any]) -> None:
    rows = stack.query("SELECT event_key, state, deliveries FROM webhook_delivery")
    assert {key for key, _state, _count in rows} == {event["id"] for event in sold["events"]}
    assert len(rows) == len(sold["events"])
    assert {state for _key, state, _count in rows} == {"done"}
    assert sum(count for _key, _state, count in rows) >= COPIES * len(sold["events"]), "a copy that was acknowledged is not counted"


def assert_each_payment_counts_once(stack: Stack, payments: dict[str, list[int]]) -> None:
    statuses = dict(stack.query("SELECT id, status FROM payment"))
    for payment, (amount, back) in payments.items():
        wanted = "completed" if not back else "refunded" if back == amount else "partly_refunded"
        assert statuses[payment] == wanted, payment
    enrolments = stack.query("SELECT payment_id, revoked_at IS NULL FROM enrolment")
    assert Counter(payment for payment, _open in enrolments) == Counter(list(payments)), "one enrolment for each payment"
    assert {payment for payment, still in enrolments if still} == {payment for payment, (amount, back) in payments.items() if back < amount}
    ledger = stack.query("SELECT payment_id, kind, amount_minor FROM payment_ledger")
    wanted_lines = Counter((payment, "charge", amount) for payment, (amount, _back) in payments.items())
    wanted_lines += Counter((payment, "refund", -back) for payment, (_amount, back) in payments.items() if back)
    assert Counter(ledger) == wanted_lines
    assert sum(line[2] for line in ledger) == sum(amount - back for amount, back in payments.values()), "right to the cent"
    assert stack.query("SELECT count(*) FROM payment WHERE problem IS NOT NULL") == [(0,)]


def assert_the_audit_tells_all(stack: Stack, payments: dict[str, list[int]]) -> None:
    moves = stack.query('SELECT payment_id, "before", "after" FROM payment_event WHERE "before" <> "after" AND "after" <> \'\' ORDER BY id')
    ways: dict[str, list[str]] = {}
    for payment, before, after in moves:
        way = ways.setdefault(payment, [before])
        assert way[-1] == before, f"{payment}: a step from {before} does not follow {way}"
        way.append(after)
    statuses = dict(stack.query("SELECT id, status FROM payment"))
    for payment in payments:
        assert ways[payment][-1] == statuses[payment]
        assert ways[payment].count("completed") == 1


def assert_facts_are_told_once(stack: Stack, payments: dict[str, list[int]]) -> None:
    told = Counter((name, json.loads(text)["payment_id"]) for name, text in
                   stack.query("SELECT name, payload FROM fact WHERE name IN ('payment_completed', 'payment_refunded')"))
    wanted = Counter(("payment_completed", payment) for payment in payments)
    assert told == wanted + Counter(("payment_refunded", payment) for payment, (_amount, back) in payments.items() if back)


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def children(pid: int) -> list[int]:
    """Pids of the processes that this one started."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []
