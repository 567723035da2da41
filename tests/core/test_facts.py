"""A fact commits with its change, and each subscriber gets it by itself, at least once, and is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chores import ChoreDone
from flask import Flask
from pydantic import ValidationError

from studium.core.database import reading, transaction
from studium.core.entities import Fact, FactDelivery
from studium.core.errors import StudiumError
from studium.core.facts import FactPayload, deliver, fact, publish, subscribers
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime


class Listener:
    """A plugin that hears of chores, and fails as long as it is `deaf`."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.deaf = False

    @hookimpl
    def chore_done(self, fact: ChoreDone) -> None:
        if self.deaf:
            raise OSError("deaf")
        self.heard.append(fact.word)


@pytest.fixture(autouse=True)
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def listen() -> Iterator[Callable[[str], Listener]]:
    """`listen("name")` makes a subscriber."""
    made: list[Listener] = []

    def do(name: str) -> Listener:
        made.append(Listener())
        runtime().plugins.register(made[-1], name=name)
        return made[-1]

    yield do
    for listener in made:
        if runtime().plugins.is_registered(listener):
            runtime().plugins.unregister(listener)


def tell(word: str = "swept", **options: Any) -> int:
    with transaction():
        assert publish(ChoreDone(word=word), **options)
    return newest()


def newest() -> int:
    with reading():
        return max(row.id for row in Fact.select())


def facts() -> list[tuple[str, int, str]]:
    with reading():
        return [(row.name, row.version, row.payload) for row in Fact.select().order_by(Fact.id)]


def deliveries() -> list[tuple[int, str]]:
    with reading():
        return sorted((row.fact.id, row.subscriber) for row in FactDelivery.select())


def test_a_fact_is_stored_with_its_name_version_and_payload():
    tell()
    assert facts() == [("chore_done", 1, '{"word":"swept"}')]


def test_a_rolled_back_fact_never_was(listen, run_jobs):
    listener = listen("one")
    with pytest.raises(RuntimeError), transaction():
        publish(ChoreDone(word="not"))
        raise RuntimeError
    assert run_jobs() == 0
    assert (facts(), listener.heard) == ([], [])


def test_a_fact_without_a_transaction_is_an_error():
    with pytest.raises(StudiumError, match="transaction"):
        publish(ChoreDone(word="x"))
    with reading(), pytest.raises(StudiumError, match="transaction"):
        publish(ChoreDone(word="x"))


def test_a_unique_key_stores_a_fact_once():
    with transaction():
        assert publish(ChoreDone(word="a"), unique_key="7")
        assert not publish(ChoreDone(word="b"), unique_key="7")
    with transaction():
        assert not publish(ChoreDone(word="c"), unique_key="7")
        assert publish(ChoreDone(word="d"), unique_key="8")
    assert [payload for _name, _version, payload in facts()] == ['{"word":"a"}', '{"word":"d"}']


def test_every_subscriber_hears_of_it_once(listen, run_jobs):
    one, two = listen("one"), listen("two")
    number = tell()
    run_jobs()
    run_jobs()
    assert (one.heard, two.heard) == (["swept"], ["swept"])
    assert deliveries() == [(number, "chores"), (number, "one"), (number, "two")]


def test_a_failing_subscriber_neither_stops_the_others_nor_loses_the_fact(listen, run_jobs, frozen_clock):
    one, failing, three = listen("one"), listen("failing"), listen("three")
    failing.deaf = True
    number = tell()
    run_jobs()
    assert (one.heard, failing.heard, three.heard) == (["swept"], [], ["swept"])
    assert (number, "failing") not in deliveries()
    failing.deaf = False
    frozen_clock.advance(60)
    run_jobs()
    assert (one.heard, failing.heard, three.heard) == (["swept"], ["swept"], ["swept"])
    assert (number, "failing") in deliveries()


def test_the_exception_of_a_subscriber_passes_through_and_leaves_the_delivery_open(listen):
    listen("failing").deaf = True
    number = tell()
    with pytest.raises(OSError, match="deaf"):
        deliver(number, "failing")
    assert (number, "failing") not in deliveries()


def test_what_is_delivered_is_not_given_again(listen):
    listener = listen("one")
    number = tell()
    assert deliver(number, "one")
    assert not deliver(number, "one")
    assert listener.heard == ["swept"]


def test_a_delivery_that_was_not_recorded_is_given_again(listen):
    """Killed between the subscriber's return and the record: at least once, never less."""
    listener = listen("one")
    number = tell()
    deliver(number, "one")
    with transaction():
        FactDelivery.get(subscriber="one").delete()
    assert deliver(number, "one")
    assert listener.heard == ["swept", "swept"]


def test_a_subscriber_that_is_gone_is_skipped(listen, run_jobs):
    listener = listen("leaving")
    number = tell()
    runtime().plugins.unregister(listener)
    assert not deliver(number, "leaving")
    run_jobs()
    assert listener.heard == []


def test_a_fact_that_no_plugin_knows_any_more_is_skipped(run_jobs):
    number = tell()
    with transaction():
        Fact[number].name = "forgotten_since"
    assert not deliver(number, "chores")


def test_a_fact_that_does_not_exist_is_not_delivered():
    assert not deliver(12_345, "chores")


def test_subscribers_are_those_with_the_hook(listen):
    assert subscribers("chore_done") == ["chores"]
    listen("one")
    assert set(subscribers("chore_done")) == {"chores", "one"}


def test_a_fact_without_a_hook_is_refused_and_rolls_back():
    @fact("unheard_of", version=1)
    class Unheard(FactPayload):
        pass

    with pytest.raises(StudiumError, match=r"unheard_of.*hook"), transaction():
        publish(Unheard())
    assert facts() == []


def test_two_payloads_of_one_fact_are_refused():
    with pytest.raises(StudiumError, match="chore_done is declared twice"):

        @fact("chore_done", version=2)
        class Again(FactPayload):
            pass


def test_payloads_are_frozen_and_exact():
    with pytest.raises(ValidationError):
        ChoreDone(word="a", colour="red")  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        ChoreDone(word="a").word = "b"  # type: ignore[misc]
