"""A school that sells nothing: whoever signed in may watch everything, whatever the plugin `payments` would say.

For tests that are not about buying. It answers before the first-party plugins because it is loaded after them, and leaves the answer to
plugins that a test registers later still. A test of buying sets `OPEN` to False (fixture `selling` of tests/plugins/payments).
"""

from __future__ import annotations

from studium.core.plugins import hookimpl

OPEN = True


@hookimpl
def may_watch(user_id: int, lesson_id: int) -> bool | None:
    """Yes while the school is open; otherwise others are asked."""
    return True if OPEN else None
