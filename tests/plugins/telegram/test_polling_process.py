"""The program that polls, as a real process under supervisord: it survives a kill, stops gently, and is off unless it is wanted."""

from __future__ import annotations

import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import pytest

from studium.testing.stack import Stack

pytestmark = pytest.mark.faults
PROGRAM = "studium telegram-bot"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path, {"STUDIUM_TELEGRAM_POLLING": "yes", "STUDIUM_LOG_LEVEL": "info"}) as running:
        yield running


def test_the_bot_answers_without_a_webhook_also_after_its_death(stack: Stack) -> None:
    until(lambda: health(stack)["telegram-bot"] == "ok", "a heart")
    say(stack, "/start")
    until(lambda: "Hello" in chat(stack), "the greeting")

    first = bot(stack)
    first.kill()
    say(stack, "/help")
    until(lambda: "/stop ends that" in chat(stack), "the help")
    assert bot(stack).pid != first.pid
    assert chat(stack).count("Hello, Anna!") == 1


def test_a_stop_does_not_wait_for_telegram(stack: Stack) -> None:
    until(lambda: health(stack)["telegram-bot"] == "ok", "a heart")
    time.sleep(1)  # into the long call, of which nothing can be seen from outside
    program, began = bot(stack), time.monotonic()
    program.send_signal(signal.SIGTERM)
    program.wait(10)
    assert time.monotonic() - began < 5
    log = (stack.data_dir / "log" / "telegram-bot.log").read_text()
    assert "telegram_bot_stopped" in log
    assert "Traceback" not in log


def test_restarting_everything_leaves_it_off_where_it_is_off(tmp_path: Path) -> None:
    with Stack(tmp_path) as running:
        assert running.pids(PROGRAM) == []
        running.control("start", "telegram-bot")
        until(lambda: not running.pids(PROGRAM), "the end of the program")
        time.sleep(2)  # supervisord would have begun it again by now
        assert running.pids(PROGRAM) == []


def bot(stack: Stack) -> psutil.Process:
    (pid,) = until(lambda: stack.pids("telegram-bot"), "the program")
    return psutil.Process(pid)


def health(stack: Stack) -> dict[str, str]:
    try:
        with urllib.request.urlopen(f"{stack.url}/up", timeout=5) as answer:
            found: dict[str, str] = json.load(answer)["checks"]
    except urllib.error.HTTPError as error:
        found = json.load(error)["checks"]
    return found


def say(stack: Stack, text: str) -> None:
    urllib.request.urlopen(f"{stack.url}/simulators/telegram/1001/say", data=urlencode({"text": text}).encode(), timeout=10).close()


def chat(stack: Stack) -> str:
    with urllib.request.urlopen(f"{stack.url}/simulators/telegram/1001", timeout=10) as answer:
        return str(answer.read().decode())


def until(check: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")
