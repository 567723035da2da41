"""Who may see and do all this, and under which name what they do is recorded."""

from __future__ import annotations

from studium.services.users import OWNER, require_role, require_user


def let_owner_in() -> None:
    """Before each request under /owner, whatever the address and the method: visitors go to sign in, people without the role (operators
    too: they do not see money) are told that there is nothing. A token has no roles.
    """
    require_role(OWNER)


def who() -> str:
    """The person in words, for the record: "Vera (user 5)"."""
    user = require_user()
    return f"{user.display_name} (user {user.id})"
