"""Messages of the bot: rows of a transaction, sent by jobs that try again as Telegram wants it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.logs import get_logger
from studium.queue import jobs
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.telegram import BotApi, BotBlocked, TelegramRefused, TooManyRequests, bot_api, keyboard
from studium.services.translation import N_

log = get_logger(__name__)
MOST_DELAYS = 10


class Button(BaseModel):
    """A button below a message; `data` comes back when it is pressed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    shown: str
    data: str = Field(max_length=64)


class BotMessage(BaseModel):
    """What the bot says to a person. `replaces` is a message of the bot that it takes the place of, `heard` the press of a button to be
    acknowledged; after `until` (UTC) nobody needs it any more. `delays` counts how often Telegram asked us to wait.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    chat_id: int
    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    replaces: int | None = None
    heard: str = ""
    until: datetime | None = None
    delays: int = 0
    key: str = ""


def send(message: BotMessage, run_at: datetime | None = None) -> str:
    """Have a message sent once the open transaction is committed; the id of its job. While one of the same `key` waits, that is it."""
    unique_key = f"{message.chat_id}:{message.key}" if message.key else None
    return str(jobs.enqueue(telegram_message, message, run_at=run_at, unique_key=unique_key).id)


@job_kind("telegram_message", N_("Write to somebody in Telegram"), params=BotMessage, retries=6, backoff=2.0, timeout=60, priority=10)
def telegram_message(job: RunningJob, params: BotMessage) -> dict[str, Any]:
    """Write it, unless it is out of date. A network that is down is tried again by the queue; a person who blocked the bot is not."""
    if params.until and now() >= params.until:
        return {"dropped": "nobody needs it any more"}
    api = bot_api()
    try:
        _acknowledge(api, params, job)
        return {"message_id": _write(api, params)}
    except TooManyRequests as error:
        return _delay(job, params, error.retry_after)
    except BotBlocked as error:
        raise Discard(f"This person does not want messages of the bot. {error}") from error
    except TelegramRefused as error:
        raise Discard(str(error)) from error


def _write(api: BotApi, params: BotMessage) -> int:
    """Send it or put it in the place of an older one; the id of the message."""
    markup = keyboard([[(button.shown, button.data) for button in row] for row in params.buttons]) if params.buttons else None
    if params.replaces is not None:
        try:
            api.edit_message_text(params.chat_id, params.replaces, params.text, markup)
            return params.replaces
        except BotBlocked:
            raise
        except TelegramRefused as error:
            if "message is not modified" in str(error):
                return params.replaces  # an earlier run did it and was lost before it could say so
            log.info("telegram_message_not_replaced", reason=str(error))
    return int(api.send_message(params.chat_id, params.text, markup).get("message_id", 0))


def _acknowledge(api: BotApi, params: BotMessage, job: RunningJob) -> None:
    """End the waiting sign on the pressed button; too late (Telegram allows a short while) it has ended by itself."""
    if not params.heard:
        return
    try:
        api.answer_callback_query(params.heard)
    except TelegramRefused as error:
        job.log(str(error))


def _delay(job: RunningJob, params: BotMessage, seconds: int) -> dict[str, Any]:
    """Ask for the same message later, by a job that waits without holding a worker."""
    if params.delays >= MOST_DELAYS:
        raise Discard(f"Telegram asked {MOST_DELAYS} times to wait; this message is given up.")
    later = params.model_copy(update={"delays": params.delays + 1, "key": f"after {job.id}"})
    with transaction():
        send(later, run_at=now() + timedelta(seconds=seconds))
    return {"delayed_seconds": seconds}
