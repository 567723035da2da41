"""What the bell has: pages by key, marking as read, and word of it to the person's open pages. Nobody touches another person's."""

from __future__ import annotations

import pytest

from studium.core.database import transaction
from studium.plugins.notifications.entities import Notification
from studium.plugins.notifications.reading import MOST_IDS, mark_read, page_of, unread_count
from tests.plugins.notifications.bell import OpenPage, rains
from tests.plugins.notifications.conftest import person


def test_pages_are_the_newest_first_and_meet_without_gap_or_overlap(mia: int) -> None:
    ids = rains(mia, *"abcde")
    first = page_of(mia, limit=2)
    second = page_of(mia, first.older, 2)
    last = page_of(mia, second.older, 2)
    assert [one.id for page in (first, second, last) for one in page.notices] == ids[::-1]
    assert last.older is None


def test_a_page_that_is_just_full_is_the_last(mia: int) -> None:
    rains(mia, "a", "b")
    assert page_of(mia, limit=2).older is None


def test_what_comes_between_two_pages_moves_nothing(mia: int) -> None:
    ids = rains(mia, "a", "b", "c")
    first = page_of(mia, limit=2)
    rains(mia, "d")
    assert [one.id for one in page_of(mia, first.older, 2).notices] == [ids[0]]


def test_marked_ones_are_read_once_and_open_pages_hear_of_it(mia: int) -> None:
    ids = rains(mia, "a", "b", "c")
    page = OpenPage(mia)
    assert mark_read(mia, ids[:2]) == 2
    assert mark_read(mia, ids[:2]) == 0, "a second time there is nothing to mark"
    assert unread_count(mia) == 1
    assert [one.id for one in page_of(mia, unread_only=True).notices] == [ids[2]]
    assert page.heard() == [{"type": "notifications-read", "unread": 1, "ids": ids[:2], "up_to": None}]


def test_all_up_to_one_leaves_alone_what_came_later(mia: int) -> None:
    ids = rains(mia, "a", "b")
    rains(mia, "c")
    assert mark_read(mia, up_to=ids[-1]) == 2
    assert unread_count(mia) == 1


def test_notices_of_others_are_neither_shown_nor_marked(mia: int) -> None:
    (theirs,) = rains(person("Lev"), "a")
    page = OpenPage(mia)
    assert mark_read(mia, [theirs]) == mark_read(mia, up_to=theirs) == 0
    assert page_of(mia).notices == ()
    assert page.heard() == []


def test_what_a_person_does_not_want_in_the_bell_is_not_counted_there(mia: int) -> None:
    (hidden,) = rains(mia, "a")
    with transaction():
        Notification[hidden].shown = False
    assert unread_count(mia) == 0
    assert page_of(mia).notices == ()
    assert mark_read(mia, up_to=hidden) == 0


def test_a_rollback_takes_the_mark_and_the_word_back(mia: int) -> None:
    ids = rains(mia, "a")
    page = OpenPage(mia)
    with pytest.raises(ZeroDivisionError), transaction():
        mark_read(mia, ids)
        raise ZeroDivisionError
    assert (unread_count(mia), page.heard()) == (1, [])


def test_more_ids_than_a_page_can_have_are_refused(mia: int) -> None:
    with pytest.raises(ValueError, match=str(MOST_IDS)):
        mark_read(mia, range(MOST_IDS + 1))
