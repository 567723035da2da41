"""Messages in their file: appended in order, read after an id, collapsed, trimmed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from studium.services.cable.sqlite_store import FILE, Draft, MessageStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MessageStore]:
    store = MessageStore(tmp_path)
    yield store
    store.close()


def drafts(*payloads, stream="news", created=1_000, collapse=None):
    return [Draft(stream, payload, created, collapse) for payload in payloads]


def payloads(messages):
    return [message.payload for message in messages]


def test_ids_rise_in_the_order_given(store):
    begin = store.last_id()
    store.append(drafts("a", "b"))
    store.append(drafts("c"))
    found = store.after(begin, 100)
    assert payloads(found) == ["a", "b", "c"]
    assert begin < found[0].id < found[1].id < found[2].id == store.last_id()


def test_reading_after_an_id_stops_at_the_limit(store):
    begin = store.last_id()
    store.append(drafts("a", "b", "c"))
    assert payloads(store.after(begin, 2)) == ["a", "b"]


def test_what_was_missed_is_of_one_stream_and_between_two_ids(store):
    begin = store.last_id()
    store.append(drafts("a") + drafts("x", stream="other") + drafts("b", "c"))
    up_to = store.last_id() - 1
    assert payloads(store.missed("news", begin, up_to, 100)) == ["a", "b"]
    assert store.missed("news", up_to, up_to, 100) == []


def test_of_too_many_missed_ones_the_newest_come_oldest_first(store):
    begin = store.last_id()
    store.append(drafts("a", "b", "c", "d"))
    assert payloads(store.missed("news", begin, store.last_id(), 2)) == ["c", "d"]


def test_a_collapse_key_takes_the_place_of_older_ones_of_its_stream_after_a_minute(store):
    begin = store.last_id()
    store.append(drafts("a", "b", collapse="k", created=1_000) + drafts("c", created=1_000))
    store.append(drafts("d", collapse="k", created=61_000) + drafts("e", stream="other", collapse="k", created=99_000))
    assert payloads(store.after(begin, 100)) == ["a", "b", "c", "d", "e"]
    store.append(drafts("f", collapse="k", created=61_001))
    assert payloads(store.after(begin, 100)) == ["c", "d", "e", "f"]


def test_trimming_removes_the_old_in_batches_and_keeps_the_last_id(store):
    store.append(drafts("a", "b", "c", created=1_000) + drafts("new", created=2_000))
    last = store.last_id()
    assert [store.trim(2_000, batch=2) for _ in range(3)] == [2, 1, 0]
    assert payloads(store.after(0, 100)) == ["new"]
    assert store.trim(9_000) == 1
    assert store.last_id() == last
    store.append(drafts("later"))
    assert store.last_id() == last + 1


def test_another_connection_sees_a_new_version_only_after_a_commit(store, tmp_path):
    other = MessageStore(tmp_path)
    before = store.version()
    assert store.version() == before
    other.append(drafts("a"))
    assert store.version() != before
    other.close()


def test_a_new_file_goes_on_above_the_ids_of_the_old_one(store, tmp_path):
    store.append(drafts("a"))
    last = store.last_id()
    assert not store.gone
    for path in tmp_path.glob(f"{FILE}*"):
        path.unlink()
    assert store.gone
    again = MessageStore(tmp_path)
    assert again.last_id() > last
    assert store.gone
    assert not again.gone
    again.close()


def test_ids_are_whole_numbers_in_javascript(store):
    assert 0 < store.last_id() < 2**53


@pytest.mark.parametrize("_turn", range(10))
def test_many_that_open_an_empty_folder_at_once_agree(tmp_path, _turn):
    failed, lasts, begin = [], [], threading.Barrier(8)

    def work() -> None:
        begin.wait()
        try:
            store = MessageStore(tmp_path)
            store.append(drafts("a"))
            lasts.append(store.last_id())
            store.close()
        except BaseException as error:  # noqa: BLE001  shown by the assertion
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = MessageStore(tmp_path)
    assert (failed, len(store.after(0, 100))) == ([], 8)
    assert max(lasts) == store.last_id()
    store.close()
