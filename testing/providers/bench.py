"""What a scenario works with: the provider under guard, orders, and the rig; `bench.shop` is the whole site around them."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TypeVar

from studium.core.clock import now
from studium.services.money import Money
from studium.services.providers import RECEIPT, Instructions, InvalidWebhook, Notice, Order, ProviderContext, ProviderDown, ProviderRefused
from studium.testing.providers.guard import GuardedProvider
from studium.testing.providers.rig import Delivery, Fault, ProviderRig
from studium.testing.providers.shop import Shop
from studium.testing.providers.verdict import Broken, expect

T = TypeVar("T")
EMAIL = "anna.petrova@buyers.example"
SCHOOL = "Conformance School"
WORDS = {ProviderDown: "ProviderDown", ProviderRefused: "ProviderRefused", InvalidWebhook: "InvalidWebhook"}
_numbers = itertools.count(1)


class Bench:
    """One scenario's things; the provider is new, and the simulator has forgotten everything."""

    def __init__(self, rig: ProviderRig) -> None:
        self.rig = rig
        if rig.fault:
            rig.fault = ""
            rig.set_fault("")
        rig.reset()
        self.meta = rig.provider.meta
        self.provider = self._make()

    def _make(self) -> GuardedProvider:
        site = self.rig.site
        context = ProviderContext(site.url, f"{site.url}/webhooks/{self.meta.code}", SCHOOL, self.rig.timeout)
        return GuardedProvider(self.rig.make(context), context)

    @cached_property
    def shop(self) -> Shop:
        """The site with a course, a buyer, the real checkout and inbox, and this provider alone."""
        return Shop(self)

    # Orders

    def money(self, amount: str | int = 29) -> Money:
        """So much in the rig's currency."""
        return Money(amount, self.rig.currency)

    def order(self, money: Money | None = None, *, title: str = "Tea for beginners", item: str = "Basic", language: str = "en") -> Order:
        """An order that nobody has asked for yet."""
        return Order(id=str(uuid.uuid4()), number=f"KIT-{next(_numbers):05}", money=money or self.money(), title=title, item=item,
                     language=language, created_at=now(), email=EMAIL if RECEIPT in self.meta.capabilities else None)

    def return_url(self, order: Order) -> str:
        """Where the buyer comes back to."""
        return f"{self.rig.site.url}/payments/{order.id}"

    def begin(self, order: Order, key: str | None = None) -> str:
        """Begin the payment; its reference."""
        return self.provider.begin(order, key or str(uuid.uuid4()), self.return_url(order)).reference

    def paid(self, money: Money | None = None) -> tuple[Order, str]:
        """An order that is paid, and its reference."""
        order = self.order(money)
        reference = self.begin(order)
        self.rig.pay(reference)
        return order, reference

    def instructions(self, order: Order) -> Instructions:
        """What begin() tells the buyer; raises Broken when it sends the buyer elsewhere."""
        answer = self.provider.begin(order, str(uuid.uuid4()), self.return_url(order))
        if not isinstance(answer, Instructions):
            raise Broken("begin() answers Instructions, as the money comes outside of the site", type(answer).__name__)
        return answer

    # Faults

    @contextmanager
    def fault(self, fault: Fault) -> Iterator[None]:
        """While this is open, the service fails in this way; the provider is made anew, as the fault may be an address."""
        self._set_fault(fault)
        try:
            yield
        finally:
            self._set_fault("")

    def _set_fault(self, fault: Fault) -> None:
        self.rig.fault = fault
        self.rig.set_fault(fault)
        self.renew()

    def renew(self) -> None:
        """Make the provider anew, as another process would."""
        broken, self.provider = self.provider.broken, self._make()
        self.provider.broken = broken
        if "shop" in self.__dict__:
            self.shop.use(self.provider)

    # Expectations

    def must_raise(self, error: type[Exception], when: str, call: Callable[[], object]) -> Exception:
        """The exception that `call` must raise; raises Broken when it does not."""
        try:
            answer = call()
        except error as found:
            return found
        except (ProviderDown, ProviderRefused, InvalidWebhook) as other:
            raise Broken(f"{WORDS[error]} {when}", f"{type(other).__name__}: {other}") from other
        raise Broken(f"{WORDS[error]} {when}", f"it answered {answer!r}"[:300])

    def must_answer(self, when: str, call: Callable[[], T]) -> T:
        """What `call` answers; raises Broken when it raises one of the contract's errors."""
        try:
            return call()
        except (ProviderDown, ProviderRefused, InvalidWebhook) as error:
            raise Broken(f"an answer {when}", f"{type(error).__name__}: {error}") from error

    def read(self, delivery: Delivery) -> list[Notice]:
        """What read_webhook() makes of a delivery."""
        return list(self.provider.read_webhook(delivery.raw, _lower(delivery.headers), delivery.remote_addr))

    def must_refuse(self, delivery: Delivery, what: str, reason: str = "") -> None:
        """Raise Broken unless read_webhook() refuses the delivery (for this reason) and the inbox answers 4xx and keeps nothing of it."""
        error = self.must_raise(InvalidWebhook, f"for {what}", lambda: self.read(delivery))
        if reason and isinstance(error, InvalidWebhook):
            expect(error.reason == reason, f"InvalidWebhook with the reason {reason!r} for {what}", f"the reason {error.reason!r}")

    def genuine(self) -> tuple[str, Delivery]:
        """A paid payment's reference, and a webhook that the service sent of it."""
        _order, reference = self.paid()
        found = list(self.rig.deliveries(reference))
        expect(found, "a webhook after the payment; deliveries() of the rig answers those that the service made", "none")
        return reference, found[-1]


def _lower(headers: object) -> dict[str, str]:
    return {name.lower(): value for name, value in dict(headers).items()}  # type: ignore[call-overload]
