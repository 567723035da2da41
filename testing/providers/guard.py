"""Watches a provider while the site calls it: it must not touch the database, must come back in time, and may raise only what it may."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from studium.core.database import db, in_transaction
from studium.services.money import Money
from studium.services.providers import (
    Completed,
    Instructions,
    InvalidWebhook,
    Notice,
    Order,
    PaymentProvider,
    Problem,
    ProviderContext,
    ProviderDown,
    ProviderRefused,
    Redirect,
    RefundSnapshot,
    Snapshot,
)
from studium.testing.providers.verdict import Broken

P = ParamSpec("P")
T = TypeVar("T")
GRACE = 0.75  # seconds beyond the limit, for a machine that is busy


class _Inside(threading.local):
    """Which call of the provider this thread is in."""

    call = ""


_inside = _Inside()


class GuardedProvider(PaymentProvider):
    """The provider, with every call watched; what it breaks is kept in `broken` as well, since the site answers exceptions with retries."""

    def __init__(self, inner: PaymentProvider, context: ProviderContext) -> None:
        super().__init__(inner.settings, context)
        self.inner = inner
        self.meta = inner.meta  # type: ignore[misc]
        self.settings_model = inner.settings_model  # type: ignore[misc]
        self.broken: list[Broken] = []

    @property
    def livemode(self) -> bool:
        """As the provider says."""
        return self.inner.livemode

    def begin(self, order: Order, idempotency_key: str, return_url: str) -> Redirect | Instructions | Completed:
        """Watched."""
        return self._watch("begin", (ProviderDown, ProviderRefused), self.inner.begin, order, idempotency_key, return_url)

    def fetch(self, reference: str) -> Snapshot:
        """Watched."""
        return self._watch("fetch", (ProviderDown, ProviderRefused), self.inner.fetch, reference)

    def refund(self, reference: str, money: Money, idempotency_key: str) -> RefundSnapshot:
        """Watched."""
        return self._watch("refund", (ProviderDown, ProviderRefused), self.inner.refund, reference, money, idempotency_key)

    def read_webhook(self, raw: bytes, headers: Mapping[str, str], remote_addr: str) -> Sequence[Notice]:
        """Watched."""
        return self._watch("read_webhook", (InvalidWebhook,), self.inner.read_webhook, raw, headers, remote_addr)

    def list_changes(self, since: datetime) -> Iterable[str]:
        """Watched."""
        return self._watch("list_changes", (ProviderDown, ProviderRefused), lambda: list(self.inner.list_changes(since)))

    def check(self) -> Sequence[Problem]:
        """Watched, but for the time: it may ask several times."""
        with _calling("check"):
            return self.inner.check()

    def is_available(self, order: Order, money: Money) -> bool:
        """Watched."""
        return self._watch("is_available", (), self.inner.is_available, order, money)

    def redact(self, raw: Any) -> Any:
        """Watched."""
        return self._watch("redact", (), self.inner.redact, raw)

    def matching_id(self, snapshot: Snapshot) -> str:
        """Watched."""
        return self._watch("matching_id", (), self.inner.matching_id, snapshot)

    def _watch(self, call: str, may_raise: tuple[type[Exception], ...], do: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        if in_transaction():
            raise RuntimeError(f"The site called {call}() inside a transaction; this is a mistake of Studium, not of the provider.")
        started = time.monotonic()
        try:
            with _calling(call):
                return do(*given, **named)
        except may_raise:
            raise
        except Broken as error:
            self.broken.append(error)
            raise
        except NotImplementedError as error:
            self.broken.append(Broken(f"{call}() is written", str(error), todo=call))
            raise self.broken[-1] from error
        except Exception as error:
            allowed = " or ".join(found.__name__ for found in may_raise) or "nothing"
            raise self._break(f"{call}() raises {allowed}", f"it raised {type(error).__name__}: {error}", "only-known-errors") from error
        finally:
            taken, limit = time.monotonic() - started, self.context.timeout
            if taken > limit + GRACE:
                self._break(f"{call}() ends within context.timeout, here {limit} s", f"it took {taken:.1f} s", "in-time")

    def _break(self, expected: str, got: str, rule: str) -> Broken:
        self.broken.append(Broken(expected, got, rule))
        return self.broken[-1]


@contextmanager
def _calling(call: str) -> Iterator[None]:
    before, _inside.call = _inside.call, call
    try:
        yield
    finally:
        _inside.call = before


@contextmanager
def guarded_database() -> Iterator[None]:
    """While this is open, a provider that uses the site's database gets Broken."""
    open_cache = db._get_cache

    def watched() -> Any:
        if _inside.call:
            call, _inside.call = _inside.call, ""  # so that the way out is free
            raise Broken("a provider has no business with the site's database; the core stores what it answers",
                         f"{call}() used it", "no-database")
        return open_cache()

    db._get_cache = watched
    try:
        yield
    finally:
        del db._get_cache
