"""What a rule's scenario came to, and the exception by which it says that the provider broke the rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

DOCUMENT = "docs/provider-conformance.md"
Outcome = Literal["kept", "broken", "not applicable"]


class Broken(AssertionError):
    """The provider broke a rule: what was expected of it, and what it did instead. `rule` names another than the scenario's own.

    `todo` is the method that is not written yet.
    """

    def __init__(self, expected: str, got: str, rule: str = "", todo: str = "") -> None:
        super().__init__(f"expected: {expected}; but: {got}")
        self.expected, self.got, self.rule, self.todo = expected, got, rule, todo


@dataclass(frozen=True)
class Verdict:
    """How one scenario ended. `expected` and `got` are there when the rule is broken, `why` when it does not apply.

    `todo` is the method of the provider that must be written before the rule can be judged.
    """

    rule: str
    sentence: str
    outcome: Outcome
    expected: str = ""
    got: str = ""
    why: str = ""
    seconds: float = 0.0
    todo: str = ""

    @property
    def documented(self) -> str:
        """Where the rule is explained."""
        return f"{DOCUMENT}#{self.rule}"

    def __str__(self) -> str:
        if self.outcome == "not applicable":
            return f"{self.rule}: not applicable: {self.why}"
        if self.outcome == "kept":
            return f"{self.rule}: kept"
        if self.todo:
            return f"{self.rule}: {self.todo}() is not written yet: {self.got}"
        return "\n".join((f"Broken rule {self.rule}: {self.sentence}", f"  expected: {self.expected}", f"  but:      {self.got}",
                          f"  see:      {self.documented}"))

    def plain(self) -> Mapping[str, Any]:
        """As JSON."""
        return {name: value for name, value in asdict(self).items() if value != ""} | {"documented": self.documented}


def expect(true: object, expected: str, got: object) -> None:
    """Raise Broken unless `true`."""
    if not true:
        raise Broken(expected, got if isinstance(got, str) else repr(got))
