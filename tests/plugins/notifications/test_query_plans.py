"""With many people and many notices each, nobody waits for those of others: the database finds rows by an index, already in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from sqlite3 import Connection

import pytest

from studium.core.database import execute, transaction
from studium.plugins.email.addresses import refuse
from studium.plugins.notifications.entities import Bundle, Delivery
from studium.plugins.notifications.reading import mark_read, page_of, unread_count
from studium.plugins.notifications.sweeping import stranded
from studium.plugins.notifications.trimming import remove_some
from studium.queue import jobs
from tests.plugins.notifications.conftest import give

Plans = Callable[[Callable[[], object]], dict[str, str]]


@pytest.fixture
def plans(in_app: None) -> Iterator[Plans]:
    """`plans(do)` is how SQLite finds the rows of each statement that `do()` runs, by statement."""
    with transaction():
        connection: Connection = execute("SELECT 1").connection

    def found(do: Callable[[], object]) -> dict[str, str]:
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        do()
        connection.set_trace_callback(None)
        return {text: "; ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}"))
                for text in statements if text.startswith(("SELECT", "UPDATE", "DELETE"))}

    yield found
    connection.set_trace_callback(None)


@pytest.mark.parametrize("look", [
    lambda: unread_count(7), lambda: page_of(7), lambda: page_of(7, 500), lambda: page_of(7, None, 20, True), lambda: mark_read(7, up_to=9),
    lambda: stranded(Delivery), lambda: stranded(Bundle), remove_some,
])
def test_nothing_is_looked_through_or_sorted(plans: Plans, look: Callable[[], object]) -> None:
    found = plans(look)
    assert found
    for statement, plan in found.items():
        assert "SCAN" not in plan, statement
        assert "TEMP B-TREE" not in plan, statement


def test_unread_notices_are_found_among_the_unread_ones(plans: Plans) -> None:
    (plan,) = plans(lambda: page_of(7, None, 20, True)).values()
    assert "user_id=? AND shown=? AND read_at=?" in plan


def test_a_gathering_looks_at_what_waits_of_its_person_alone(mia: int, plans: Plans, run_jobs: Callable[[], int]) -> None:
    give(mia, "postcards.rain", town="Riga")
    with transaction():
        jobs.enqueue("notification_gather", {"user_id": mia, "channel": "postcard", "due_at": datetime(2099, 1, 1).isoformat()})
    found = [plan for statement, plan in plans(run_jobs).items() if 'FROM "notification_delivery"' in statement and "due_at" in plan]
    assert found
    for plan in found:
        assert "user_id=? AND channel=? AND state=? AND due_at<?" in plan


def test_a_dead_address_is_found_without_a_look_at_all_others(plans: Plans) -> None:
    found = plans(lambda: refuse("nobody@example.org", "bounced"))
    assert "SEARCH" in next(iter(found.values()))
