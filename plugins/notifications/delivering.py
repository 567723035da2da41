"""The jobs that carry notices: one notice, or a bundle of several. What is sent was packed just before; what came of it is stored after.

A worker that is killed between the two sends the same message, with the same key, once more: nothing else is sent twice.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pony.orm import DBException, OrmError
from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.logs import get_logger
from studium.plugins.notifications.entities import DROPPED, FAILED, SENT, Bundle, Delivery
from studium.plugins.notifications.packing import NOT_WANTED, NotOurs, Parcel, Unwanted, message_of, pack
from studium.plugins.notifications.resting import Resting, unless_resting
from studium.plugins.notifications.settings import give_up_after
from studium.plugins.notifications.silencing import silence
from studium.queue import jobs
from studium.queue.backoff import seconds_before_retry
from studium.queue.kinds import Discard, RetryLater, job_kind
from studium.queue.running import RunningJob
from studium.services.notifications.channels import AddressRefused, ChannelDown, Message, MessageRefused
from studium.services.notifications.events import NotificationEvent
from studium.services.translation import N_

log = get_logger(__name__)
RETRIES = 1_000_000  # the time after which a message is given up decides
LEAST_TRIES = 5  # so that what was due while the site itself was off is not given up at the first hiccup
FIRST_WAIT, LONGEST_OWN_WAIT, LONGEST_WAIT = 30.0, 900.0, 6 * 3600.0  # seconds: ours, and what a far side may ask for
ERROR_LENGTH, REFERENCE_LENGTH = 500, 200
URGENT, ORDINARY, TO_MANY = 10, 0, -5  # priorities of the jobs
WAIT_OF_RESTING = (15.0, 60.0)  # seconds, from to
Entity = type[Delivery] | type[Bundle]


class DeliveryParams(BaseModel):
    """Which delivery."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    delivery_id: int


class BundleParams(BaseModel):
    """Which bundle."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    bundle_id: int


@job_kind("notification_delivery", N_("Carry a notice"), params=DeliveryParams, retries=RETRIES, timeout=300, limit=1)
def carry_delivery(job: RunningJob, params: DeliveryParams) -> dict[str, Any]:
    """Send one notice through one channel. One at a time, so that a channel that is slow to fail leaves the other threads their work."""
    return _Carrying(job, Delivery, params.delivery_id).carry()


@job_kind("notification_bundle", N_("Carry several notices"), params=BundleParams, retries=RETRIES, timeout=300, limit=1)
def carry_bundle(job: RunningJob, params: BundleParams) -> dict[str, Any]:
    """Send a digest, or what waited for the end of quiet hours, through one channel."""
    return _Carrying(job, Bundle, params.bundle_id).carry()


def carry_later(entity: Entity, row_id: int, event: NotificationEvent | None = None) -> str:
    """Ask for the job that carries this row, in the open transaction; its id, which belongs into the row. `event` is that of one notice."""
    kind, name = (carry_bundle, "bundle_id") if entity is Bundle else (carry_delivery, "delivery_id")
    return str(jobs.enqueue(kind, {name: row_id}, priority=_priority(event)).id)


def settle(
    entity: Entity, row_id: int, job_id: str, state: str, *, error: str = "", reference: str = "", sent: tuple[int, ...] = (),
) -> None:
    """Store what became of a row that this job carries; deliveries of a bundle share its fate, but for those not `sent` with it.

    That it was sent is stored also when another job has taken over meanwhile, which then has nothing to do.
    """
    with transaction():
        row = entity.get_for_update(id=row_id)
        if row is None or (row.job_id != job_id and state != SENT):
            return
        at = now() if state == SENT else None
        row.set(state=state, sent_at=at, reference=reference[:REFERENCE_LENGTH], error=error[:ERROR_LENGTH])
        if entity is Bundle:
            for one in Delivery.select(lambda one: one.bundle_id == row_id):
                left_out = state == SENT and one.id not in sent
                one.set(state=DROPPED if left_out else state, sent_at=None if left_out else at, error=NOT_WANTED if left_out else row.error)


@dataclass(frozen=True)
class _Carrying:
    """One run of a job that carries a row."""

    job: RunningJob
    entity: Entity
    row_id: int

    def carry(self) -> dict[str, Any]:
        """Pack, send, store; answers what came of it."""
        try:
            parcel, message = self._packed()
            self.job.checkpoint()  # a run whose lease is over must not send beside its successor
            return self._sent(parcel, _send(parcel, message))
        except NotOurs:
            return {"outcome": "nothing to do"}
        except Unwanted as reason:
            return self._dropped(str(reason))
        except DeadAddress as dead:
            with transaction():
                silence(dead.user_id, dead.channel, dead.address, dead.reason)
                return self._dropped(str(dead))
        except MessageRefused as error:
            self._settle(FAILED, error=str(error))
            raise Discard(str(error)) from error
        except ChannelDown as error:
            return self._later(error)

    def _packed(self) -> tuple[Parcel, Message]:
        """What breaks here, in a channel that is to name an address or in the words of an event, must not be tried for ever either."""
        try:
            parcel = pack(self.entity, self.row_id, self.job.id)
            return parcel, message_of(parcel)
        except (NotOurs, Unwanted, ChannelDown, OrmError, DBException):
            raise
        except Exception as error:
            log.exception("notice_not_packed", entity=self.entity.__name__, row_id=self.row_id)
            raise ChannelDown(f"{type(error).__name__} while the message was made.") from error

    def _sent(self, parcel: Parcel, reference: str) -> dict[str, Any]:
        self._settle(SENT, reference=reference, sent=tuple(packed.delivery_id for packed in parcel.notices))
        return {"outcome": SENT, "reference": reference[:REFERENCE_LENGTH]}

    def _dropped(self, reason: str) -> dict[str, Any]:
        self._settle(DROPPED, error=reason)
        return {"outcome": DROPPED, "reason": reason}

    def _later(self, error: ChannelDown) -> dict[str, Any]:
        """Give up what was tried for long; else come back when the far side said, or after a wait that grows to a quarter of an hour."""
        with transaction():
            row = self.entity.get(id=self.row_id)
            if row is None or row.job_id != self.job.id:
                return {"outcome": "nothing to do"}
            too_old = not isinstance(error, Resting) and now() - _due(row) > give_up_after() and self.job.attempt >= LEAST_TRIES
            if too_old:
                self._settle(FAILED, error=str(error))
        if too_old:
            raise Discard(f"Given up after {self.job.attempt} tries: {error}") from error
        raise RetryLater(str(error), _wait(error, self.job.attempt), counted=not isinstance(error, Resting)) from error

    def _settle(self, state: str, **what: Any) -> None:
        settle(self.entity, self.row_id, self.job.id, state, **what)


class DeadAddress(Exception):
    """The channel said that this address is dead."""

    def __init__(self, parcel: Parcel, error: AddressRefused) -> None:
        super().__init__(str(error))
        self.user_id, self.channel, self.address, self.reason = parcel.person.id, parcel.channel.code, parcel.address, error.reason


def _send(parcel: Parcel, message: Message) -> str:
    try:
        with unless_resting(parcel.channel.code):
            return parcel.channel.send(message) or ""
    except AddressRefused as error:
        raise DeadAddress(parcel, error) from error
    except (MessageRefused, ChannelDown):
        raise
    except Exception as error:
        log.exception("channel_broke", channel=parcel.channel.code, key=parcel.key)
        raise ChannelDown(f"{type(error).__name__} in the channel {parcel.channel.code}.") from error


def _wait(error: ChannelDown, tries: int) -> float:
    """Seconds until the next try."""
    if isinstance(error, Resting):
        return random.uniform(*WAIT_OF_RESTING)  # noqa: S311  spreads load, protects nothing
    if error.retry_after is not None:
        return min(max(1.0, error.retry_after), LONGEST_WAIT)
    return min(seconds_before_retry(FIRST_WAIT, tries), LONGEST_OWN_WAIT)


def _priority(event: NotificationEvent | None) -> int:
    if event is None:
        return ORDINARY
    return URGENT if event.urgent else TO_MANY if event.to_many else ORDINARY


def _due(row: Delivery | Bundle) -> datetime:
    return row.created_at if isinstance(row, Bundle) else row.due_at
