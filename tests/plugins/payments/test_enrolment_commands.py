"""`studium enrolments`: grant, revoke, list, and the demo people."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from studium.core.errors import StudiumError
from studium.plugins.auth.demo import make_demo_people
from studium.plugins.payments import enrolment_commands
from studium.plugins.payments.enrolment_commands import enrolments as command
from tests.cable_process import Person
from tests.plugins.payments.school import Rows, School

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """`run("list")`: the command's result; its errors pass through."""

    def do(*words: str) -> Result:
        with app.app_context():
            return CliRunner().invoke(command, list(words), catch_exceptions=False)

    return do


def test_grant_list_and_revoke(school: School, mia: Person, run: Run, enrolments: Rows, watch: Callable[..., bool]) -> None:
    granted = run("grant", "21", "rivers", "vip", "--days", "30", "--reason", "a prize")
    assert granted.output == "21 has the tier vip of rivers for 30 days.\n"
    assert watch(mia, "delta", school)
    [row] = enrolments()
    assert (row["reason"], row["granted_by"].startswith("studium enrolments (")) == ("a prize", True)
    listed = run("list", "--course", "rivers", "--person", "21").output
    assert "P21" in listed
    assert "rivers/vip" in listed
    assert run("revoke", str(row["id"]), "--reason", "a mistake").output == f"Enrolment {row['id']} has ended.\n"
    assert not watch(mia, "delta", school)
    assert "There are none" in run("list").output
    assert "a mistake" in run("list", "--ended").output


@pytest.mark.parametrize(("words", "said"), [
    (("999", "rivers", "vip"), "Nobody with the Telegram id 999"), (("21", "lakes", "vip"), "no course 'lakes'. There are: rivers"),
    (("21", "rivers", "gold"), "It has: basic, accelerator, vip"),
])
def test_a_wrong_word_is_named_with_what_there_is(school: School, mia: Person, run: Run, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(StudiumError, match=said):
        run("grant", *words, "--reason", "x")


def test_a_grant_needs_a_reason(school: School, mia: Person, run: Run) -> None:
    assert run("grant", "21", "rivers", "vip").exit_code == 2


def test_the_demo_people_are_enrolled_but_for_a_new_student_and_once(app: Flask, school: School, run: Run, enrolments: Rows) -> None:
    with app.app_context():
        make_demo_people("the test")
    for _ in range(2):
        run("demo")
        assert sorted(row["tier_key"] for row in enrolments()) == ["basic", "vip", "vip"]
    run("revoke", str(enrolments()[0]["id"]), "--reason", "try what a new student sees")
    run("demo")
    assert len([row for row in enrolments() if row["revoked_at"] is None]) == 2, "what was changed by hand stays"


def test_production_has_no_demo_people(app: Flask, school: School, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    production = SimpleNamespace(settings=SimpleNamespace(core=SimpleNamespace(env="production")))
    monkeypatch.setattr(enrolment_commands, "runtime", lambda: production)
    with pytest.raises(StudiumError, match="production"):
        run("demo")
