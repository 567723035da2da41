"""What the audit stores in English is told in the reader's language: each rule that the code writes has a shape."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from studium.plugins.payments import replay
from studium.plugins.payments.owner_pages import stored_words
from studium.plugins.payments.transitions import TRANSITIONS
from tests.web.pseudo_language import speak_pseudo

FOLDER = Path(replay.__file__).parent
VALUES = ("pending", "a1", "29.00 USD", "7", "won", "refund")
OF_PEOPLE = {"\0: \0"}  # a problem or a state, and the reason that a person wrote


def test_each_transition_has_a_shape() -> None:
    assert [rule for rule in TRANSITIONS.values() if rule not in stored_words.RULES] == []


def test_each_rule_that_the_code_writes_has_a_shape() -> None:
    unknown = {rule for rule in written() if rule not in OF_PEOPLE and not any(fits(filled) for filled in fillings(rule))}
    assert len(set(written())) > 20
    assert unknown == set()


@pytest.mark.parametrize(("stored", "told"), [
    ("paid in full", "⟦paid in full⟧"),
    ("the provider says pending, as we do", "⟦the provider says ⟦Waiting for money⟧, as we do⟧"),
    ("refund 1-2: asked for, 5.00 USD", "⟦refund 1-2: asked for, $5⟧"),
    ("paid-twice-object: a was paid besides b, 29.00 USD", "⟦Paid twice at the provider⟧: ⟦a was paid besides b, $29⟧"),
    ("the money arrived; everything was given back", "⟦the money arrived⟧; ⟦everything was given back⟧"),
    ("Мария сказала", "Мария сказала"),
    ("won: she had paid", "won: she had paid"),
    ("", ""),
])
def test_rules_are_told(app: Flask, monkeypatch: pytest.MonkeyPatch, stored: str, told: str) -> None:
    speak_pseudo(monkeypatch)
    with app.test_request_context():
        assert stored_words.rules_in_words(stored) == told


@pytest.mark.parametrize(("stored", "told"), [
    ("checkout", "⟦checkout⟧"), ("webhook 12", "⟦webhook 12⟧"), ("Anna (user 3)", "⟦Anna (user 3)⟧"), ("studium payments (anna)",) * 2,
])
def test_causes_are_told(app: Flask, monkeypatch: pytest.MonkeyPatch, stored: str, told: str) -> None:
    speak_pseudo(monkeypatch)
    with app.test_request_context():
        assert stored_words.cause_in_words(stored) == told


def written() -> Iterator[str]:
    """The literals of rules, with NUL for each value."""
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "rule":
                yield from text_of(node.value)
            if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "rule" for to in node.targets):
                yield from text_of(node.value)


def text_of(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and node.value:
        yield str(node.value)
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)


def fillings(rule: str) -> Iterator[str]:
    """The rule with each choice of values in it; without the problem in front, which is told apart."""
    rule = rule.removeprefix("\0: ")
    parts = rule.split("\0")
    for values in itertools.product(VALUES, repeat=len(parts) - 1):
        yield "".join(itertools.chain(*itertools.zip_longest(parts, values, fillvalue="")))


def fits(rule: str) -> bool:
    return any(stored_words._pattern(shape).fullmatch(rule) for shape in stored_words.RULES)
