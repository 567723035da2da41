"""Who may see and do all this, and under which name what they do is recorded."""

from __future__ import annotations

from studium.services.users import require_role, require_user


def let_ops_in() -> None:
    """Before each request under /ops, whatever the address and the method: visitors go to sign in, people without the role are told that
    there is nothing.
    """
    require_role("ops")


def who() -> str:
    """The person in words, for the record: "Anna (user 3)"."""
    user = require_user()
    return f"{user.display_name} (user {user.id})"
