"""Who does something too often is told when to come back; counted over all processes, and never in the way when it cannot be counted."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing

import pytest
from flask import Flask
from limits import parse
from pydantic import ValidationError

from studium.core.errors import TooManyRequests
from studium.core.runtime import runtime
from studium.services.cache import cache
from studium.services.cache.sqlite_schema import FILE
from studium.services.limits import LimitSettings, address_group, limit
from studium.services.limits_counting import CacheStorage
from tests.conftest import Clock


def allowed(key: str, rate: str, calls: int) -> int:
    """How many of so many calls pass."""
    passed = 0
    for _ in range(calls):
        try:
            limit(key, rate)
            passed += 1
        except TooManyRequests:
            pass
    return passed


def test_exactly_the_rate_passes_and_the_next_is_told_when_to_come_back(app: Flask, frozen_clock: Clock) -> None:
    with app.app_context():
        assert allowed("sign-in:a", "5/minute", 5) == 5
        frozen_clock.advance(20)
        with pytest.raises(TooManyRequests) as refusal:
            limit("sign-in:a", "5/minute")
        assert refusal.value.status == 429
        assert 39 <= int(refusal.value.headers["Retry-After"]) <= 41
        assert refusal.value.detail == "Please wait 40 seconds, then try again."


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_whoever_reached_the_rate_of_an_hour_is_told_an_hour(app: Flask, frozen_clock: Clock, accept: str) -> None:
    with app.app_context():
        allowed("sign-in:127.0.0.1", "5/hour", 5)
        before = runtime().settings._sections[LimitSettings]
        try:
            runtime().settings._sections[LimitSettings] = LimitSettings(sign_in_address="5/hour")
            answer = app.test_client().get("/auth/telegram/none-such", headers={"Accept": accept})
        finally:
            runtime().settings._sections[LimitSettings] = before
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert "Please wait 60 minutes, then try again." in answer.text
    assert "a minute" not in answer.text


DAMAGED = ["'oops'", "'[1,2'", "'[7]'", "'null'", "X'00ff'", "1.5", "'\"7\"'"]


@pytest.mark.parametrize("value", DAMAGED)
def test_a_damaged_counter_is_a_counted_miss_and_begins_anew(app: Flask, frozen_clock: Clock, value: str) -> None:
    with app.app_context():
        allowed("a", "2/minute", 1)
        execute_on_cache(f"UPDATE entry SET value = {value}")
        misses = cache().misses
        assert CacheStorage().get(counter("2/minute")) == 0
        assert cache().misses == misses + 1
        assert allowed("a", "2/minute", 3) == 2
        assert allowed("b", "2/minute", 3) == 2, "the rest of the cache goes on"


def test_a_damaged_end_of_a_window_refuses_nobody_for_ever(app: Flask, frozen_clock: Clock) -> None:
    with app.app_context():
        assert allowed("a", "1/minute", 2) == 1
        execute_on_cache("UPDATE entry SET expires_ms = 'never'")
        assert cache().get(counter("1/minute"), "missing") == "missing"
        assert allowed("a", "1/minute", 2) == 1
        frozen_clock.advance(61)
        assert allowed("a", "1/minute", 2) == 1


def counter(rate: str) -> str:
    """The key of what `a` did; the cache does not keep keys as text."""
    return parse(rate).key_for("a")


def execute_on_cache(statement: str) -> list[tuple[str]]:
    with closing(sqlite3.connect(runtime().settings.core.data_dir / FILE)) as connection, connection:
        return connection.execute(statement).fetchall()


def test_after_the_window_it_begins_again(app: Flask, frozen_clock: Clock) -> None:
    with app.app_context():
        assert allowed("a", "5/minute", 9) == 5
        frozen_clock.advance(61)
        assert allowed("a", "5/minute", 9) == 5


def test_refused_calls_do_not_make_the_wait_longer(app: Flask, frozen_clock: Clock) -> None:
    with app.app_context():
        allowed("a", "1/minute", 2)
        frozen_clock.advance(50)
        assert allowed("a", "1/minute", 20) == 0
        frozen_clock.advance(11)
        assert allowed("a", "1/minute", 1) == 1


def test_all_of_several_rates_must_hold(app: Flask, frozen_clock: Clock) -> None:
    with app.app_context():
        passed = 0
        for _minute in range(5):
            passed += allowed("a", "3/minute;8/hour", 10)
            frozen_clock.advance(61)
        assert passed == 8


def test_keys_and_rates_do_not_share_a_counter(app: Flask) -> None:
    with app.app_context():
        assert (allowed("a", "2/minute", 3), allowed("b", "2/minute", 3), allowed("a", "2/hour", 3)) == (2, 2, 2)


def test_off_counts_nothing(app: Flask) -> None:
    with app.app_context():
        assert allowed("a", "off", 1000) == 1000


CALLER = """
import sys
import time
from studium.core.app import create_app
from studium.core.errors import TooManyRequests
from studium.services.limits import limit
with create_app(program="cli").app_context():
    limit("warm-up:" + sys.argv[1], "9/minute")
    print("ready", flush=True)
    begin = float(input())
    while time.time() < begin:
        pass
    passed = 0
    for _ in range(1500):
        try:
            limit("shared", "2000/hour")
            passed += 1
        except TooManyRequests:
            pass
    print(passed)
"""


@pytest.mark.slow
def test_two_processes_at_once_let_exactly_the_rate_pass(app: Flask, environ: Mapping[str, str]) -> None:
    known = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_")}
    env = {**known, **environ, "STUDIUM_EXTRA_PLUGINS": ""}
    running = [subprocess.Popen([sys.executable, "-c", CALLER, str(number)], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                text=True) for number in range(2)]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    begin = time.time() + 0.3
    for process in running:
        assert process.stdin is not None
        process.stdin.write(f"{begin}\n")
        process.stdin.flush()
    passed = [int(process.communicate(timeout=60)[0]) for process in running]
    assert sum(passed) == 2000
    assert all(passed), "one process did all the work, so nothing was shown"


def test_a_counter_that_cannot_be_counted_lets_everybody_through(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise OSError("the disk is gone")

    with app.app_context():
        errors = cache().errors
        cache().close()
        monkeypatch.setattr("studium.services.cache.lanes.EntryStore", broken)
        monkeypatch.setattr("studium.services.cache.lanes.REST_SECONDS", 0.0)
        assert allowed("a", "1/minute", 5) == 5
        assert cache().errors >= errors + 5


@pytest.mark.parametrize(("address", "group"), [
    ("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
    ("::ffff:203.0.113.7", "203.0.113.7"), ("fe80::1%eth0", "fe80::/64"), (None, "unknown"), ("", "unknown"), ("unix:", "unknown"),
    ("203.0.113.7:4711", "203.0.113.7"), ("[2001:db8::1]:4711", "2001:db8::/64"), ("[2001:db8::1]", "2001:db8::/64"), ("[", "unknown"),
])
def test_what_counts_as_one_address(address: str | None, group: str) -> None:
    assert address_group(address) == group


@pytest.mark.parametrize("rate", ["10/minute", "30/minute;200/hour", "1 / day", "off", "5/SECOND"])
def test_rates_that_can_be_set(rate: str) -> None:
    assert LimitSettings(webhooks=rate).webhooks == rate.replace(" ", "").lower()


@pytest.mark.parametrize("rate", ["", "ten/minute", "0/minute", "10/fortnight", "10", "10/minute,5/hour", "-1/minute", "10/minute;"])
def test_rates_that_cannot(rate: str) -> None:
    with pytest.raises(ValidationError, match="is read like"):
        LimitSettings(webhooks=rate)
