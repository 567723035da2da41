"""What people are told of by the site itself: one entry for each event, few of them by mail unless somebody asks for more.

The bell has them all. Mail carries what matters away from the site: money, the end of access, a certificate, a strange sign-in.
"""

from __future__ import annotations

from collections.abc import Mapping

from studium.services.notifications.events import Mode, NotificationEvent
from studium.services.translation import N_
from studium.services.translation import mark_plural as ngettext

LEARNING, PAYMENTS, TASKS, SECURITY, SCHOOL = N_("Learning"), N_("Payments and access"), N_("Tasks"), N_("Security"), N_("From the school")
ENDS_IN = ngettext("Your access to {course} ends in {number} day", "Your access to {course} ends in {number} days")
EVERYWHERE: Mapping[str, Mode] = {"email": "now", "telegram": "now"}

LESSON_COMPLETED = NotificationEvent(
    "lesson_completed", N_("A lesson is completed"), LEARNING, N_("Lesson completed: {lesson}"), N_("Course: {course}"),
    N_("Open the course"), "tick")
COURSE_COMPLETED = NotificationEvent(
    "course_completed", N_("A course is completed"), LEARNING, N_("You have completed the course {course}"),
    N_("All its required lessons are done. Well done!"), N_("Open the course"), "star", defaults={"telegram": "now"})
CERTIFICATE_READY = NotificationEvent(
    "certificate_ready", N_("A certificate is ready"), LEARNING, N_("Your certificate for {course} is ready"),
    N_("Anybody who has its link can check that it is genuine."), N_("Open the certificate"), "certificate", defaults=EVERYWHERE)

PAYMENT_RECEIVED = NotificationEvent(
    "payment_received", N_("A payment arrived"), PAYMENTS, N_("We have received your payment of {amount}"),
    N_("It is for {course}, tier {tier}."), N_("Open the payment"), "card", defaults=EVERYWHERE)
PAYMENT_FAILED = NotificationEvent(
    "payment_failed", N_("A payment did not work"), PAYMENTS, N_("Your payment for {course} did not work"),
    N_("You can try again with the same or another way to pay."), N_("Open the payment"), "card", defaults=EVERYWHERE)
PAYMENT_EXPIRED = NotificationEvent(
    "payment_expired", N_("A payment ran out of time"), PAYMENTS, N_("Your payment for {course} ran out of time"),
    N_("No money came in time. You can begin it again."), N_("Open the payment"), "card")
PAYMENT_REFUNDED = NotificationEvent(
    "payment_refunded", N_("Money is given back"), PAYMENTS, N_("We have given {amount} back to you"),
    N_("It was paid for {course}. Your bank may need some days to show it."), N_("Open the payment"), "card", defaults=EVERYWHERE)
ACCESS_GIVEN = NotificationEvent(
    "access_given", N_("Access is given to you"), PAYMENTS, N_("{course} is open to you now"), N_("Tier: {tier}."), N_("Open the course"),
    "unlock", defaults=EVERYWHERE)
ACCESS_ENDING = NotificationEvent(
    "access_ending", N_("Access ends soon"), PAYMENTS, ENDS_IN[0], N_("It ends on {until}. Tier: {tier}."), N_("Open the course"), "clock",
    plural=ENDS_IN[1], defaults=EVERYWHERE)
ACCESS_ENDED = NotificationEvent(
    "access_ended", N_("Access has ended"), PAYMENTS, N_("Your access to {course} has ended"),
    N_("What you have completed stays recorded."), N_("Open the course"), "lock", defaults={"email": "daily"})

JOB_DONE = NotificationEvent("job_done", N_("A task is ready"), TASKS, N_("Ready: {title}"), "", N_("Open"), "tick")
JOB_FAILED = NotificationEvent(
    "job_failed", N_("A task did not work"), TASKS, N_("Did not work: {title}"), N_("You can try again on your dashboard."), N_("Open"),
    "warning")

NEW_DEVICE = NotificationEvent(
    "new_device", N_("A sign-in on a new device"), SECURITY, N_("New sign-in to your account: {device}"),
    N_("{at}, from the address {address}. If it was not you, sign that device out and check who else can use your Telegram."),
    N_("Look at your devices"), "shield", defaults=EVERYWHERE, urgent=True)
CHANNEL_OFF = NotificationEvent(
    "channel_off", N_("A channel is switched off"), SECURITY, N_("We cannot reach you any more: {channel}"),
    N_("Messages did not arrive, so none are sent there for now. Mend the address, or switch it on again."), N_("Look at it"), "warning",
    urgent=True)

ANNOUNCEMENT = NotificationEvent(
    "announcement", N_("News of the school"), SCHOOL, "{title}", "{text}", N_("Read more"), "megaphone",
    defaults={"email": "daily", "telegram": "now"}, to_many=True)

EVENTS = (LESSON_COMPLETED, COURSE_COMPLETED, CERTIFICATE_READY, PAYMENT_RECEIVED, PAYMENT_FAILED, PAYMENT_EXPIRED, PAYMENT_REFUNDED,
          ACCESS_GIVEN, ACCESS_ENDING, ACCESS_ENDED, JOB_DONE, JOB_FAILED, NEW_DEVICE, CHANNEL_OFF, ANNOUNCEMENT)
