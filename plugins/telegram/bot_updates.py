"""Updates of the bot (core.telegram.org/bots/api#update): each is taken once, whatever way it came, and of it only what is needed is kept.

`take` is the entrance for the webhook and for the program that polls; the job `telegram_update` then calls `handle_update`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pony.orm import delete
from pydantic import BaseModel, ConfigDict, ValidationError

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.errors import BadRequest
from studium.core.logs import get_logger
from studium.plugins.telegram import chats
from studium.plugins.telegram.bot_answers import answers
from studium.plugins.telegram.bot_messages import send
from studium.plugins.telegram.bot_reading import BotUpdate, read_update, update_id_of
from studium.plugins.telegram.entities import TelegramUpdate
from studium.queue import jobs
from studium.queue.kinds import job_kind
from studium.queue.running import RunningJob
from studium.services.translation import N_

log = get_logger(__name__)
KEPT_FOR = timedelta(days=3)  # Telegram repeats an update for a day


class Handling(BaseModel):
    """The update that a job handles, and the bot that received it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    update: BotUpdate
    bot_id: int = 0  # of jobs that waited while rows had no bot yet


def take(raw: Mapping[str, Any], bot_id: int) -> bool:
    """Take an update as Telegram sent it to this bot: remember its id and ask for its handling, in one transaction.

    False when it was taken before. Raises BadRequest when it has no id, and then nothing is stored.
    """
    update_id = update_id_of(raw)
    if update_id is None:
        raise BadRequest("This is no update of the Bot API: its update_id is missing.")
    try:
        update = read_update(raw)
    except ValidationError as error:
        log.warning("telegram_update_not_read", update_id=update_id, fields=[".".join(map(str, one["loc"])) for one in error.errors()])
        update = None
    with transaction():
        if TelegramUpdate.get(bot_id=bot_id, update_id=update_id):
            return False
        TelegramUpdate(bot_id=bot_id, update_id=update_id, received_at=now(), handled_at=None if update else now())
        if update:
            jobs.enqueue(telegram_update, Handling(update=update, bot_id=bot_id), unique_key=f"{bot_id}:{update_id}")
    return True


@job_kind("telegram_update", N_("Answer a message to the bot"), params=Handling, retries=5, backoff=1.0, queue="realtime")
def telegram_update(job: RunningJob, params: Handling) -> dict[str, Any]:
    """Only the database is touched here; what is to be said goes out by jobs of their own."""
    return {"handled": handle_update(params)}


def handle_update(handling: Handling) -> bool:
    """Do what an update asks for, once: the changes, the messages to be sent and the mark that it is done are one transaction."""
    with transaction():
        row = TelegramUpdate.get(bot_id=handling.bot_id, update_id=handling.update.update_id)
        if row is None or row.handled_at is not None:
            return False
        note_chat(handling.bot_id, handling.update)
        for message in answers(handling.update):
            send(message)
        row.handled_at = now()
    return True


def note_chat(bot_id: int, update: BotUpdate) -> None:
    """Remember to whom the bot may write. A link that signs in brings no notices back to somebody who stopped them. Needs an open
    transaction.
    """
    person = update.sender.id
    if update.verb == "stop":
        chats.stop(bot_id, person)
    elif update.verb == "blocked":
        chats.block(bot_id, person)
    else:
        chats.hear(bot_id, person, wants_notices=update.verb == "start" and not update.token_hash)


def trim() -> int:
    """Forget updates of which Telegram will not speak again; how many."""
    before = now() - KEPT_FOR
    with transaction():
        return int(delete(row for row in TelegramUpdate if row.received_at < before))  # type: ignore[attr-defined]
