"""A payment at the sandbox, as its service has it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from studium.plugins.sandbox import service
from studium.plugins.sandbox.sqlite_store import books

Asked = Callable[..., str]


@pytest.fixture(autouse=True)
def forgetful(app: Flask) -> None:
    """The sandbox knows nothing at first."""
    with app.app_context(), books() as opened:
        opened.forget_all()


@pytest.fixture
def asked(app: Flask) -> Iterator[Asked]:
    """`asked(amount=2900)` is the reference of a new payment of 29 euros."""

    def do(**changed: Any) -> str:
        order = {"order_id": str(uuid.uuid4()), "number": "A-1", "title": "Чай & tea", "item": "Basic", "email": "anna@buyers.example",
                 "amount": 2900, "currency": "EUR", "return_url": "http://127.0.0.1:8000/payments/1", "language": "en"}
        with app.app_context():
            return str(service.create(order | changed, str(uuid.uuid4()), 1.0)["id"])

    yield do
