"""When a lesson opens for somebody, from what its author wrote as `available`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def opens_at(available: str, since: datetime | None) -> datetime | None:
    """The moment (naive UTC) from which the lesson is open; None when it is open from the beginning.

    `available` is "now", "+7d" or "+12h" after the enrolment, or an ISO moment; `since` is the day of enrolment, naive UTC. Without one
    nothing can be counted, so a delay opens at once: who must be enrolled is not this function's question.
    """
    if available == "now":
        return None
    if available.startswith("+"):
        number = int(available[1:-1])
        delay = timedelta(days=number) if available.endswith("d") else timedelta(hours=number)
        return since + delay if since is not None else None
    return datetime.fromisoformat(available).astimezone(UTC).replace(tzinfo=None)
