"""What the test of the storm asks for: a random mix of jobs, and of what people do to them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from tests.faults.stack import Stack

ORDERS: list[dict[str, Any]] = [
    {"kind": "chore", "params": {}},
    {"kind": "chore", "params": {"seconds": 0.3}},
    {"kind": "chore", "params": {"fail_first": 1}},
    {"kind": "stubborn_chore", "params": {"seconds": 0.4}},
    {"kind": "hopeless_chore", "params": {}},
    {"kind": "single_drill", "params": {"seconds": 0.15}},
    {"kind": "double_drill", "params": {"seconds": 0.3}},
    {"kind": "patient_drill", "params": {"fail_first": 2}},
    {"kind": "patient_drill", "params": {"fail_first": 1}, "options": {"priority": 3}},
    {"kind": "free_drill", "params": {"fail": True}},
    {"kind": "free_drill", "params": {"seconds": 1.0}},
    {"kind": "free_drill", "params": {}, "options": {"in_seconds": 1}},
    {"kind": "free_drill", "params": {"seconds": 0.2}, "options": {"unique_key": "one"}},
    {"kind": "free_drill", "params": {"fail_first": 1}, "options": {"unique_key": "two", "queue": "realtime"}},
    {"do": "bulk", "kind": "free_drill", "params": [{"seconds": 0.05}] * 4},
    {"do": "bulk", "kind": "single_drill", "params": [{"seconds": 0.1}] * 2},
    {"do": "bulk", "kind": "double_drill", "params": [{"seconds": 0.1}] * 3},
]


@dataclass
class Orders:
    """Asks through the asker; `acknowledged` are the jobs whose ids came back, `told` the words of the facts that they tell."""

    stack: Stack
    chance: random.Random
    acknowledged: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    surely_cancelled: set[str] = field(default_factory=set)
    retried: int = 0
    _paused: str = ""
    _number: int = 0

    def order(self) -> dict[str, Any]:
        """One to be sent; half of the chores tell a fact."""
        question = dict(self.chance.choice(ORDERS))
        self._number += 1
        if question["kind"] == "chore" and self.chance.random() < 0.5:
            question["params"] = question["params"] | {"tell": True, "word": str(self._number)}
        return question

    def place(self, number: int) -> None:
        """Send a few orders."""
        for question in (self.order() for _ in range(number)):
            if answer := self._ask(question):
                self.acknowledged |= set(answer if isinstance(answer, list) else [answer])
                if isinstance(question["params"], dict) and question["params"].get("tell"):
                    self.told.add(question["params"]["word"])

    def meddle(self) -> None:
        """Cancel something that waits, runs or waits for its retry; try a failed one again; pause a queue until the next round."""
        if self._paused:
            self._ask({"do": "resume", "queue": self._paused})
            self._paused = ""
        for _ in range(2):
            self._cancel(self.chance.choice(["queued", "running", "retrying"]))
        if self.chance.random() < 0.4 and (failed := self._any("state = 'failed' and user_id is null")):
            params = {"fail": False} if self.chance.random() < 0.5 else None
            kind, job = failed
            answer = self._ask({"do": "retry", "job": job, "params": params if kind == "free_drill" else None})
            self.retried += answer == "queued"
        if self.chance.random() < 0.15:
            self._paused = self.chance.choice(["default", "realtime"])
            self._ask({"do": "pause", "queue": self._paused})

    def finish(self) -> None:
        """No pause, and no more ticks."""
        for queue in ("default", "realtime"):
            self._ask({"do": "resume", "queue": queue})
        for task in ("tick_all", "tick_once"):
            self._ask({"do": "pause_task", "task": task})

    def _cancel(self, state: str) -> None:
        found = self._any(f"state = '{state}' and kind not in ('deliver_fact', 'tick_drill')")
        if found:
            self.cancelled.add(found[1])
            if self._ask({"do": "cancel", "job": found[1]}) == "cancelled":
                self.surely_cancelled.add(found[1])

    def _any(self, condition: str) -> tuple[str, str] | None:
        rows = self.stack.query(f"select kind, id from job where {condition} order by random() limit 1")
        return (rows[0][0], rows[0][1]) if rows else None

    def _ask(self, question: dict[str, Any]) -> Any:
        answer = self.stack.ask("asker", question)
        return None if isinstance(answer, dict) else answer  # refused, such as the retry of one that ended meanwhile
