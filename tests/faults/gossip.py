"""A process that makes people who are reached by mail and by Telegram, then has facts happen to them, and tells each fact twice.

`gossip.py people <number>` prints JSON {user id: [mail address, Telegram id]}; `gossip.py facts` lets everything happen and prints how many
notices each person is to get.
"""

from __future__ import annotations

import json
import sys

from studium.core.app import create_app
from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.facts import FactPayload, publish
from studium.plugins.auth.entities import User
from studium.plugins.auth.people import take_over
from studium.plugins.email.entities import EmailAddress
from studium.plugins.notifications.preferences import keep
from studium.plugins.telegram import chats
from studium.services.facts import CertificateIssued, CourseCompleted, LessonCompleted, PaymentRefunded
from studium.services.sign_in import ExternalIdentity
from studium.services.telegram import bot_api

EVENTS = ("lesson_completed", "course_completed", "certificate_ready", "payment_refunded")
CHANNELS = ("email", "telegram")
COPIES = 2
DIGEST_AT = 18 * 60


def make_people(number: int) -> None:
    """Who wants everything at once, everywhere."""
    made = {}
    for index in range(number):
        telegram_id, address = 100_000 + index, f"student{index}@example.org"
        with transaction():
            user = take_over(ExternalIdentity(telegram_id=telegram_id, first_name=f"Student {index}"))
            user.flush()
            EmailAddress(user_id=user.id, address=address, language="en", nonce=f"nonce{index}", token_hash=f"hash{index}", asked_at=now(),
                         expires_at=now(), confirmed_at=now())
            chats.hear(bot_api().bot_id, telegram_id)
        keep(user.id, {(event, channel): "now" for event in EVENTS for channel in CHANNELS}, DIGEST_AT, None)
        made[user.id] = [address, str(telegram_id)]
    print(json.dumps(made))


def tell() -> None:
    """Each fact is stored twice, as by somebody who forgot that it happened already."""
    with reading():
        people = [user.id for user in User.select().order_by(User.id)]
    for _copy in range(COPIES):
        for user_id in people:
            with transaction():
                for payload in facts_of(user_id):
                    publish(payload)
    print(json.dumps(len(EVENTS)))


def facts_of(user_id: int) -> list[FactPayload]:
    """One for each of EVENTS; what the course is called does not matter here, so there is none."""
    return [
        LessonCompleted(user_id=user_id, lesson_id=1, course_id=1, completed_at=now()),
        CourseCompleted(user_id=user_id, course_id=1, completed_at=now()),
        CertificateIssued(user_id=user_id, course_id=1, code=f"CODE{user_id}", path="/certificates", issued_at=now()),
        PaymentRefunded(payment_id=f"p{user_id}", refund_id=f"r{user_id}", user_id=user_id, course_id=1, tier_id=1, amount_minor=500,
                        currency="EUR", whole=False, refunded_at=now()),
    ]


if __name__ == "__main__":
    with create_app(program="cli").app_context():
        make_people(int(sys.argv[2])) if sys.argv[1] == "people" else tell()
