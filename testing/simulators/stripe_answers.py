"""How the Stripe API speaks: nested form fields, errors, lists and expanded ids (docs.stripe.com/api)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from studium.testing.simulators.stripe_store import Body, Books

MOST = 100


class Refused(Exception):
    """The answer to a call that cannot be done. `begun`: Stripe had checked the parameters and keeps the answer for the idempotency key."""

    def __init__(self, message: str, *, status: int = 400, kind: str = "invalid_request_error", code: str = "", param: str = "",
                 begun: bool = False) -> None:
        super().__init__(message)
        self.status, self.begun = status, begun
        self.error = {name: value for name, value in {"type": kind, "message": message, "code": code, "param": param}.items() if value}


def missing(kind: str, object_id: str) -> Refused:
    """There is no such object."""
    return Refused(f"No such {kind}: '{object_id[:100]}'", status=404, code="resource_missing", param="id")


def nested(fields: Iterable[tuple[str, str]]) -> Body:
    """`metadata[order_id]=7&expand[0]=x` as {"metadata": {"order_id": "7"}, "expand": {"0": "x"}}."""
    found: Body = {}
    for name, value in fields:
        parts = re.findall(r"[^\[\]]+", name)
        at = found
        for part in parts[:-1]:
            at = at.setdefault(part, {})
        at[parts[-1]] = value
    return found


def page(objects: list[Body], params: Mapping[str, Any], path: str) -> Body:
    """A list of the API: `limit`, `starting_after`, `created[gte]`."""
    oldest = int((params.get("created") or {}).get("gte", 0))
    found = [one for one in objects if one["created"] >= oldest]
    after, limit = params.get("starting_after"), min(MOST, max(1, int(params.get("limit", 10))))
    if after:
        ids = [one["id"] for one in found]
        found = found[ids.index(after) + 1:] if after in ids else []
    return {"object": "list", "data": found[:limit], "has_more": len(found) > limit, "url": path}


def expanded(books: Books, body: Body, params: Mapping[str, Any]) -> Body:
    """With objects in the place of the ids that `expand` names; at most four levels, as at Stripe."""
    for path in (params.get("expand") or {}).values():
        parts = path.split(".")
        if len(parts) > 4:
            raise Refused("You cannot expand more than 4 levels of a property.", param="expand")
        _expand(books, body, parts)
    return body


def _expand(books: Books, at: Body, parts: list[str]) -> None:
    name, rest = parts[0], parts[1:]
    if name not in at:
        raise Refused(f"This property cannot be expanded ({name}).", param="expand")
    if isinstance(at[name], str):
        at[name] = books.find(at[name])
    for found in at[name] if isinstance(at[name], list) else [at[name]]:
        if rest and isinstance(found, dict):
            _expand(books, found, rest)
