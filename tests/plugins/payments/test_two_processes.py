"""Two processes that sell at once: one payment for one choice, one key at the provider, and never one coupon too many."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from studium.core.database import reading
from studium.plugins.payments.coupon_owner import NewCoupon, create_coupon
from studium.plugins.payments.entities import CouponUse, Payment
from tests.cable_process import Person
from tests.plugins.payments.school import School

pytestmark = pytest.mark.slow
TESTS = Path(__file__).parents[2]
Sell = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def sell(app: Flask, environ: Mapping[str, str]) -> Iterator[Sell]:
    """`sell(first, second)` tells two processes at once what to do; their answers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_")}
    paths = {"PYTHONPATH": f"{TESTS / 'plugins_under_test'}:{TESTS.parent}"}
    processes = [
        subprocess.Popen([sys.executable, str(Path(__file__).with_name("buyer_process.py"))], env=kept | paths | dict(environ),
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    def do(*asked: dict[str, Any]) -> list[dict[str, Any]]:
        assert [line(process) for process in processes] == ["ready", "ready"]
        for process, wanted in zip(processes, asked, strict=True):
            assert process.stdin is not None
            process.stdin.write(json.dumps(wanted) + "\n")
            process.stdin.flush()
        return [json.loads(line(process)) for process in processes]

    yield do
    for process in processes:
        process.kill()
        process.communicate()


def test_the_same_choice_in_two_processes_is_one_payment_with_one_key(app: Flask, school: School, mia: Person, sell: Sell) -> None:
    asked = {"users": [mia.id], "tier": "basic", "coupon": None, "times": 30}
    answers = sell(asked, asked)
    payments = {payment_id for answer in answers for payment_id in answer["payments"][str(mia.id)]}
    assert len(payments) == 1
    assert len({key for answer in answers for key in answer["keys"]}) == 1
    with app.app_context(), reading():
        assert Payment.select().count() == 1


def test_two_processes_never_give_one_coupon_too_many(app: Flask, school: School, sell: Sell) -> None:
    with app.app_context():
        create_coupon(NewCoupon("FIRST", percent=50, max_uses=25), "Olga")
    asked = {"tier": "basic", "coupon": "first", "times": 1}
    answers = sell(asked | {"users": list(range(1000, 1030))}, asked | {"users": list(range(2000, 2030))})
    assert sorted({code for answer in answers for code in answer["refused"]}) == ["coupon-used-up"]
    with app.app_context(), reading():
        assert CouponUse.select(state="held").count() == 25
        numbers = [row.number for row in Payment.select()]
    assert len(numbers) == 25
    assert max(numbers).endswith("-000025"), "no number is lost or doubled"


def line(process: subprocess.Popen[str]) -> str:
    """The next line that the process writes."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")
