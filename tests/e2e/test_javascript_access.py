"""When an open lesson page asks whether the lesson is still open, without a site."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.scripts import Scripts, opened

pytestmark = pytest.mark.e2e
SETUP = """
  const asked = [];
  const answers = given.answers;
  const ask = async (path) => { asked.push(path); await new Promise((go) => setTimeout(go, 20)); return answers.shift(); };
  const heard = [];
  const access = new LessonAccess({ course: "c", lesson: "l", courseId: 7, isOpen: given.isOpen, changesIn: given.changesIn, ask });
  for (const name of ["closed", "opened"]) access.addEventListener(name, () => heard.push(name));
  const tell = (id) => document.dispatchEvent(new CustomEvent("studium:access", { detail: { course_id: id } }));
  const rest = (ms) => new Promise((go) => setTimeout(go, ms));
"""
OPEN, SHUT = {"open": True, "ends_in": None}, {"open": False, "ends_in": None}


@pytest.fixture
def scripts(browser: Browser) -> Iterator[Scripts]:
    with opened(browser) as found:
        yield found


def test_it_asks_at_the_moment_that_was_known_and_again_when_that_moment_moved(scripts: Scripts) -> None:
    given = {"answers": [{"open": True, "ends_in": 100}, SHUT], "isOpen": True, "changesIn": 100}
    assert scripts.run("lesson-access", SETUP + "await rest(900); return [asked.length, heard];", given) == [2, ["closed"]]


def test_a_message_about_another_course_asks_nothing(scripts: Scripts) -> None:
    given = {"answers": [SHUT], "isOpen": True, "changesIn": None}
    assert scripts.run("lesson-access", SETUP + "tell(8); await rest(200); return [asked, heard];", given) == [[], []]


def test_a_message_that_changes_nothing_for_this_lesson_is_not_told(scripts: Scripts) -> None:
    given = {"answers": [OPEN], "isOpen": True, "changesIn": None}
    asked = ["/api/v1/lessons/c/l/access"]
    assert scripts.run("lesson-access", SETUP + "tell(7); await rest(200); return [asked, heard];", given) == [asked, []]


def test_what_comes_while_the_server_is_asked_is_asked_after_it(scripts: Scripts) -> None:
    given = {"answers": [SHUT, OPEN, SHUT], "isOpen": True, "changesIn": None}
    body = "tell(7); tell(7); tell(7); await rest(300); return [asked.length, heard];"
    assert scripts.run("lesson-access", SETUP + body, given) == [2, ["closed", "opened"]]


def test_a_moment_weeks_away_does_not_ring_at_once(scripts: Scripts) -> None:
    given = {"answers": [SHUT], "isOpen": True, "changesIn": 60 * 24 * 3_600_000}
    assert scripts.run("lesson-access", SETUP + "await rest(300); return [asked, heard];", given) == [[], []]
