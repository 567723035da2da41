"""A process that buys as it is told on standard input: one JSON line {"users": [...], "tier", "coupon", "times"}; answers one JSON line.

Each user presses `times` times. The answer has the ids of the payments by user, the keys that the provider was asked with, and refusals.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from typing import Any

import shop

from studium.core.app import create_app
from studium.core.errors import Problem
from studium.plugins.payments import checkout


def press(user_id: int, asked: dict[str, Any], answer: dict[str, Any]) -> None:
    """One press on the button of the checkout page."""
    try:
        payment_id = checkout.start(user_id, "rivers", asked["tier"], provider="shop", currency="USD", coupon=asked["coupon"], email=None,
                                    language="en")
    except Problem as refused:
        answer["refused"].append(refused.code)
        return
    answer["payments"].setdefault(str(user_id), []).append(payment_id)
    checkout.begin(payment_id)


def main() -> None:
    with create_app(os.environ, program="web").app_context():
        shop.service.numbers = itertools.count(os.getpid() * 1000)  # one shop far away would not give an id twice
        print("ready", flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            answer: dict[str, Any] = {"payments": {}, "refused": []}
            for user_id in asked["users"]:
                for _ in range(asked["times"]):
                    press(user_id, asked, answer)
            print(json.dumps(answer | {"keys": shop.service.called("begin")}), flush=True)


if __name__ == "__main__":
    main()
