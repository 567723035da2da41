"""How a lesson is completed: `watch` a share of a video, `read` to the end of a text, or press the `button`."""

from __future__ import annotations

from .fields import Fields
from .yamltree import Mapping

DEFAULT_PERCENT = 90
_KEYS = ("rule", "percent")
_RULES = {True: ("watch", "button"), False: ("read", "button")}


def read_completion(fields: Fields, *, is_video: bool) -> tuple[str, int]:
    """Return (rule, threshold in percent); the default is `watch` at 90 % for a video and `read` for a text."""
    rules = _RULES[is_video]
    node = fields.node("complete")
    if node is None:
        return rules[0], DEFAULT_PERCENT
    if not isinstance(node, Mapping):
        fields.report.error(
            "wrong-type", node.place, "'complete' must be keys and values", f"Write 'complete: {{rule: {rules[0]}}}'."
        )
        return rules[0], DEFAULT_PERCENT
    complete = Fields(node, _KEYS, fields.report)
    rule = complete.choice("rule", ("watch", "read", "button")) or rules[0]
    if rule not in rules:
        kind = "video" if is_video else "text"
        fields.report.error(
            "bad-value",
            complete.place_of("rule"),
            f"a {kind} lesson cannot be completed by '{rule}'",
            f"Possible: {' or '.join(rules)}.",
        )
    percent = complete.number("percent", 1, 100)
    if percent is not None and rule != "watch":
        fields.report.error(
            "bad-value", complete.place_of("percent"), f"'percent' has no meaning with the rule '{rule}'", "Remove it."
        )
    return rule, percent or DEFAULT_PERCENT
