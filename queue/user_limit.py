"""The number of active jobs that one user may have. Counted from rows, inside the transaction that adds one, so no crash can leave
it wrong.
"""

from __future__ import annotations

from studium.core.database import query
from studium.core.runtime import runtime
from studium.queue.errors import TooManyJobs
from studium.queue.settings import QueueSettings

ACTIVE_OF_USER = "select count(*) from job where user_id = ? and state in ('queued', 'running', 'retrying')"


def refuse_too_many(user_id: int | None, more: int) -> None:
    """Raise TooManyJobs if `more` jobs would be too many for this user; jobs of no user are not limited.

    Exact over all processes, because a transaction has the write lock from its beginning.
    """
    if user_id is None:
        return
    limit, active = runtime().settings[QueueSettings].user_limit, int(query(ACTIVE_OF_USER, (user_id,))[0][0])
    if active + more > limit:
        raise TooManyJobs(active, more, limit)
