"""Facts are told twice, mail and Telegram are down for a while, and workers are killed (-9), most of them just after a far side took a
message and before they could hear so: each notice is in the bell once and reaches both channels, and a repeat costs a kill.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studium.testing.stack import free_port
from tests.faults.gossip import CHANNELS, COPIES, EVENTS
from tests.faults.post_office import PostOffice
from tests.faults.stack import STUDIUM, Stack, running_stack, wait_until

pytestmark = pytest.mark.faults
HERE = Path(__file__).parent
PEOPLE = int(os.environ.get("STUDIUM_FAULT_NOTICE_PEOPLE", "6"))
NOTICES = PEOPLE * len(EVENTS)
MESSAGES = NOTICES * len(CHANNELS)
KILLS_AT = (3, 11, 26, 38)  # the so many messages have arrived: whoever sent the last one dies before it hears of it
KILLS_AT_ANY_MOMENT = 4
OUTAGE_AT = 18
CARRIERS, TELLERS = ("carrier-1", "carrier-2"), ("teller-1", "teller-2")
LONGEST = 110.0  # of a very busy machine; else it takes 20 s


class School:
    """The workers of a site, and the far sides of its channels."""

    def __init__(self, stack: Stack, office: PostOffice) -> None:
        self.stack, self.office = stack, office
        self.kills: Counter[str] = Counter()
        self._killing = threading.Lock()
        office.on_arrival = self.arrived
        for name in (*CARRIERS, *TELLERS):
            self.start(name)

    def start(self, name: str) -> None:
        self.stack.start(name, STUDIUM, "worker", "default" if name in CARRIERS else "realtime", "--dispatcher")

    def arrived(self, number: int) -> None:
        """Called by a far side that has the message and has not said so yet."""
        if number == OUTAGE_AT:
            self.office.down.set()
        if number in KILLS_AT:
            for name in self.senders():
                self.kill(name, "amid")

    def senders(self) -> list[str]:
        """The workers that are sending a notice now: one, as only one job of this kind runs at a time."""
        running = self.stack.query("SELECT worker FROM job WHERE state = 'running' AND kind = 'notification_delivery'")
        pids = {int(worker.split("/")[1]) for (worker,) in running}
        return [name for name in CARRIERS if self.stack.pid(name) in pids]

    def kill(self, name: str, how: str) -> None:
        with self._killing:
            if not self.stack.ended(name):
                self.stack.kill(name)
                self.kills[how] += 1

    def raise_the_dead(self) -> None:
        """Start again what was killed, as supervisord does."""
        with self._killing:
            for name in (*CARRIERS, *TELLERS):
                if self.stack.ended(name):
                    self.start(name)

    def forget_waiting(self) -> None:
        """Time passes: what waits to be tried again is due."""
        self.stack.script("UPDATE job SET run_at = datetime('now') WHERE state = 'retrying' AND kind = 'notification_delivery'")


@pytest.fixture
def office() -> Iterator[PostOffice]:
    found = PostOffice(free_port(), free_port())
    yield found
    found.close()


@pytest.fixture
def stack(tmp_path: Path, office: PostOffice) -> Iterator[Stack]:
    settings = {
        # a lease that a living worker on a busy machine does not lose, or a message would go out twice without a kill
        "STUDIUM_QUEUE_LEASE_SECONDS": "3", "STUDIUM_QUEUE_HEARTBEAT_SECONDS": "0.5", "STUDIUM_QUEUE_DISPATCH_SECONDS": "0.2",
        "STUDIUM_QUEUE_MAX_CRASHES": "1000", "STUDIUM_LOG_LEVEL": "warning", "STUDIUM_PUBLIC_URL": "https://learn.example",
        "STUDIUM_MAIL_HOST": "127.0.0.1", "STUDIUM_MAIL_PORT": str(office.mail_port), "STUDIUM_MAIL_SECURITY": "none",
        "STUDIUM_MAIL_SENDER": "school@learn.example", "STUDIUM_TELEGRAM_BOT_TOKEN": f"123456:{'a' * 30}",
        "STUDIUM_TELEGRAM_BOT_USERNAME": "school_bot", "STUDIUM_TELEGRAM_API_BASE": f"http://127.0.0.1:{office.bot_port}"}
    with running_stack(tmp_path, **settings) as stack:
        yield stack


def test_each_notice_arrives_whatever_is_killed_or_down(stack: Stack, office: PostOffice) -> None:
    chance, end = random.Random(20261122), time.monotonic() + LONGEST
    people = python(stack, "people", str(PEOPLE))
    office.impatient.update(chat for _address, chat in list(people.values())[:3])
    assert python(stack, "facts") == len(EVENTS)
    school = School(stack, office)
    wait_until(lambda: some_wait_for_another_try(stack), 20, "the channels are found down")
    office.open()
    while not all_is_carried(stack):
        assert time.monotonic() < end, f"not carried in time: {states(stack)}"
        if office.down.is_set() and sum(office.refused.values()) >= len(CHANNELS):
            office.down.clear()
        if school.kills["any moment"] < KILLS_AT_ANY_MOMENT and chance.random() < 0.1:
            school.kill(chance.choice(CARRIERS + TELLERS), "any moment")
        school.raise_the_dead()
        school.forget_waiting()
        time.sleep(0.2)
    assert_the_bell_has_each_notice_once(stack, people)
    assert_both_channels_brought_each_notice(stack, office, people)
    assert_a_repeat_costs_a_kill(office, school)


def python(stack: Stack, *arguments: str) -> Any:
    """Run the program that makes things happen; what it printed, as JSON."""
    ran = subprocess.run([sys.executable, str(HERE / "gossip.py"), *arguments], env=stack.environ, timeout=60,
                         capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout.splitlines()[-1])


def some_wait_for_another_try(stack: Stack) -> bool:
    return bool(stack.query("SELECT 1 FROM job WHERE state = 'retrying' AND kind = 'notification_delivery' LIMIT 1"))


def states(stack: Stack) -> list[tuple[Any, ...]]:
    return stack.query("SELECT channel, state, count(*) FROM notification_delivery GROUP BY channel, state")


def all_is_carried(stack: Stack) -> bool:
    """No fact waits to be told, and no notice to be carried."""
    open_jobs = stack.query("SELECT count(*) FROM job WHERE state IN ('queued', 'running', 'retrying') AND kind IN "
                            "('deliver_fact', 'notification_delivery')")
    return open_jobs == [(0,)]


def assert_the_bell_has_each_notice_once(stack: Stack, people: dict[str, Any]) -> None:
    assert stack.query("SELECT count(*) FROM fact WHERE name <> 'user_signed_in'") == [(NOTICES * COPIES,)]
    rows = Counter(stack.query("SELECT user_id, event FROM notification WHERE shown"))
    assert rows == Counter((int(person), event) for person in people for event in EVENTS)


def assert_both_channels_brought_each_notice(stack: Stack, office: PostOffice, people: dict[str, Any]) -> None:
    assert states(stack) == [(channel, "sent", NOTICES) for channel in sorted(CHANNELS)]
    assert stack.query("SELECT count(*) FROM job WHERE state = 'failed'") == [(0,)]
    brought = Counter((one.channel, one.to) for one in set(office.arrived))
    assert brought == {(channel, to): len(EVENTS) for tos in people.values() for channel, to in zip(CHANNELS, tos, strict=True)}


def assert_a_repeat_costs_a_kill(office: PostOffice, school: School) -> None:
    """Every kill amid a message costs one repeat, as nobody can know that it had arrived; a mail that is repeated has its old name."""
    repeated = Counter(office.arrived)
    repeats = len(office.arrived) - len(repeated)
    mails = [one for one in repeated if one.channel == "email"]
    assert len({one.key for one in mails}) == len({(one.to, one.subject) for one in mails}) == NOTICES
    print(f"{dict(school.kills)} kills, {repeats} repeats of {MESSAGES} messages, refused while down: {dict(office.refused)}")
    assert len(KILLS_AT) <= repeats <= sum(school.kills.values())
    assert max(repeated.values()) <= 1 + repeats
    assert set(office.refused) == set(CHANNELS), "the outage was not noticed"
    assert not office.impatient, "nobody was asked to wait"
