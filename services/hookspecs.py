"""The product's words: hooks about people, lessons, progress and live frames. The framework's words are in core/hookspecs.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from studium.core.plugins import hookspec

if TYPE_CHECKING:
    from studium.services.account_sections import AccountSection
    from studium.services.cable.connection import Connection
    from studium.services.cable.hub import Hub
    from studium.services.documents import DocumentStore
    from studium.services.facts import (
        AccessEnding,
        CertificateIssued,
        CourseCompleted,
        EnrolmentGranted,
        EnrolmentRevoked,
        JobFinished,
        LessonCompleted,
        PaymentCompleted,
        PaymentDisputed,
        PaymentFailed,
        PaymentRefunded,
        SignedInOnNewDevice,
        UserDeleted,
        UserSignedIn,
    )
    from studium.services.header_items import HeaderItem
    from studium.services.notifications.channels import NotificationChannel
    from studium.services.notifications.events import NotificationEvent
    from studium.services.notifications.giving import NewNotice
    from studium.services.offers import JobOffer
    from studium.services.owner_pages import OwnerPage
    from studium.services.people import Person
    from studium.services.progress import CourseProgress, LessonProgress
    from studium.services.providers import PaymentProvider
    from studium.services.sales import CourseAccess, TierOffer
    from studium.services.sign_in import ExternalIdentity, OpenedSession, SignInMethod
    from studium.services.telegram import BotAccount, LoginClient
    from studium.services.users import SignedInUser
    from studium.services.watched_time import WatchedTime


@hookspec(firstresult=True)
def find_signed_in_user(token: str) -> SignedInUser | None:
    """The person whose browser carries this session token.

    Asked once a request by `services.users.current_user()` in web, and at the handshake in the cable. Return None for an unknown,
    expired or closed session. The first plugin with an answer wins.
    """


@hookspec(firstresult=True)
def find_token_user(token: str) -> SignedInUser | None:
    """The person whose API token a program sends as `Authorization: Bearer ...`, with the token's scopes and without a session.

    Asked once a request that carries such a header, by `services.users.current_user()`, in web. Return None for an unknown, expired
    or revoked token. The first plugin with an answer wins.
    """


@hookspec(firstresult=True)
def find_open_sessions(session_ids: Sequence[int]) -> Collection[int] | None:
    """Which of these sessions still count: neither signed out nor expired nor idle for too long.

    Asked in the cable, in a thread, every STUDIUM_CABLE_SESSION_CHECK_SECONDS for the sessions of all open sockets, some hundred
    at a time; sockets of the others are closed. Return None to leave the question to others; when nobody answers, all stay open.
    """


@hookspec(firstresult=True)
def find_sign_in_address(session_id: int) -> str | None:
    """The network address that a session was opened from, as its person sees it among their devices; None for an unknown session.

    Asked in workers, when the person is told of a sign-in: the address is in no fact, because facts outlive accounts.
    """


@hookspec
def register_sign_in_methods() -> Sequence[SignInMethod]:  # type: ignore[empty-body]
    """Ways to sign in, shown as buttons of the login page, in the order of their `order`.

    Asked in web for each view of the login page, so a method may come and go with its settings; it must be quick. The endpoint that a
    method names begins it and gets `next`; when the plugin knows who the person is, its view returns
    `services.sign_in.sign_in(ExternalIdentity(...), "name", next)`. Example:
    `return [SignInMethod("school", _("With your school e-mail"), "text", "school.ask", order=20)]`.
    """


@hookspec(firstresult=True)
def complete_sign_in(identity: ExternalIdentity, method: str) -> OpenedSession | None:
    """Make or update the person and open a session for the browser of the current request; end the session it had before.

    Called by `services.sign_in`, in web, once a method has proved who the person is; `method` names it. Implemented by the plugin that
    keeps people and sessions. The first plugin with an answer wins.
    """


@hookspec(firstresult=True)
def may_watch(user_id: int, lesson_id: int) -> bool | None:
    """Whether the user may open this lesson, which is not a free preview.

    Asked in web at the page, the media, the API and each new watch session. Return None to leave the question to others; when nobody
    answers (no plugin sells courses), every signed-in user may. The first answer wins.
    """


@hookspec(firstresult=True)
def find_lesson_progress(user_id: int, lesson_id: int) -> LessonProgress | None:
    """The user's progress in one lesson; None when nothing is known yet. Asked by pages and the API, in web."""


@hookspec(firstresult=True)
def find_course_progress(user_id: int, course_id: int) -> CourseProgress | None:
    """The user's progress in a course with all its lessons, in a constant number of queries. Asked by pages and the API, in web."""


@hookspec(firstresult=True)
def find_courses_progress(user_id: int, course_ids: Collection[int]) -> Mapping[int, CourseProgress] | None:
    """As `find_course_progress`, of several courses by id, in a constant number of queries; unknown courses are left out.

    Asked by pages and the API that list courses, in web. The first plugin with an answer wins.
    """


@hookspec(firstresult=True)
def find_watched_time(user_id: int, since: datetime, until: datetime) -> Sequence[WatchedTime] | None:
    """What the user watched between two moments, one value for each day and lesson, in the order of days; in a constant number of queries.

    `since` and `until` carry a time zone; the days are those of the time zone of `since`, and both ends should be midnights of it.
    Asked by jobs that make reports. Return None when nothing is kept about watching; the first answer wins.
    """


@hookspec(firstresult=True)
def find_person(user_id: int) -> Person | None:
    """The person of this id: names, language and time zone. Asked in workers, which have no request and no session.

    Return None for somebody unknown or deleted. The first plugin with an answer wins.
    """


@hookspec(firstresult=True)
def find_people(user_ids: Collection[int]) -> Mapping[int, Person] | None:
    """Those of these people that have an account, by id, in one query: for lists, where `find_person` would ask once a row.

    Return None when you know no people at all. The first plugin with an answer wins.
    """


@hookspec(firstresult=True)
def find_people_called(words: str, limit: int) -> Sequence[Person] | None:
    """People of whose names each of the words is a part, whatever its case, the newest first; at most `limit`. For the owner's search.

    Names are first name, last name and username. Return None when you know no people at all. The first plugin with an answer wins.
    """


@hookspec(firstresult=True)
def find_user_ids(after: int, limit: int) -> Sequence[int] | None:
    """Ids of all people with an account, above `after`, ascending, at most `limit`: to go through everybody in pieces, in a worker.

    Return None when you know no people at all. The first plugin with an answer wins.
    """


@hookspec(firstresult=True)
def find_enrolled_ids(course_id: int, after: int, limit: int) -> Sequence[int] | None:
    """Ids of the people with a running enrolment in the course, above `after`, ascending, at most `limit`, each once.

    Asked in workers, piece by piece. Return None when nothing is sold. The first plugin with an answer wins.
    """


@hookspec(firstresult=True)
def find_user_id(telegram_id: int) -> int | None:
    """The id of the person with this Telegram account; None for somebody who never signed in. Asked in workers, when they write to the bot.

    `find_person` tells the rest. The first plugin with an answer wins.
    """


@hookspec(firstresult=True)
def find_telegram_ids(user_ids: Collection[int]) -> Mapping[int, int] | None:
    """The Telegram ids of those of these people that have an account, by user id, in one query; below zero for who has no Telegram.

    Asked in web and workers, for what is to reach people by the bot. Return None when you know no people at all. The first answer wins.
    """


@hookspec(firstresult=True)
def find_simulated_bot() -> BotAccount | None:
    """A Telegram bot to use while none is set up, for development: its `api_base` is a simulator of the Bot API.

    Asked by `services.telegram.bot_account()` when STUDIUM_TELEGRAM_BOT_TOKEN is unset, in web and workers. Return None, always so in
    production, to leave the site without a bot. The first answer wins.
    """


@hookspec(firstresult=True)
def find_simulated_login() -> LoginClient | None:
    """A client of an OpenID provider that plays Telegram's, to be used while Telegram is not set up at all, for development.

    Asked in web when neither STUDIUM_TELEGRAM_CLIENT_ID nor a bot's token is set. Return None, always so in production, to leave the site
    without that way to sign in. The first answer wins.
    """


@hookspec
def register_payment_providers() -> Sequence[type[PaymentProvider]]:  # type: ignore[empty-body]
    """Payment providers: subclasses of `studium.services.providers.PaymentProvider`, by class; the core makes them with their settings.

    Asked once a process, in web, workers and the command line, at the first need. Return them whether they are set up or not: one whose
    settings miss something is not offered to buyers, and the doctor can say what it misses. Register their settings with
    `register_settings` too. Two of one code stop with both named. Example: `return [AcmeProvider]`.
    """


@hookspec(firstresult=True)
def find_simulated_payments(code: str) -> Any | None:
    """Settings that let the real provider of this code run against a simulator, for development: its `settings_model`, filled.

    Asked when the provider's own settings are missing. Return None, always so in production, to leave it off. The first answer wins.
    """


@hookspec(firstresult=True)
def find_tier_offers(user_id: int | None, course_id: int) -> Mapping[int, TierOffer] | None:
    """How each tier of a course stands for this person (None: a visitor): to buy, to upgrade to, owned; by tier id.

    Asked in web by the course page, in a constant number of queries. Return None when nothing is sold. The first answer wins.
    """


@hookspec(firstresult=True)
def find_course_access(user_id: int, course_id: int) -> CourseAccess | None:
    """The running enrolments of a person in a course, summed up; None when there are none.

    Asked in web by the lesson page, which closes at `until`, and wherever a lesson opens some days after the enrolment.
    """


@hookspec(firstresult=True)
def find_document_store() -> DocumentStore | None:
    """Where files that jobs make for a user are kept, and downloaded by that user alone.

    Asked by `services.documents.keep_document()` in workers. The first answer wins; without one no job can keep a file.
    """


@hookspec
def export_user_data(user_id: int) -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Everything that the plugin holds on a person, for the copy of their data that they may ask for.

    Called in a worker, outside of any transaction; open short `reading()` inside. Return {name: values}, the name being the file's,
    usually the plugin's: `{"progress": {"lessons": [...]}}`. Values are what JSON knows, dates, datetimes (naive ones are UTC), and
    iterators, which are written as lists one value at a time, so that many rows need not be in memory at once. Leave out secrets
    (hashes of tokens, keys) and what belongs to other people. An exception fails the job, which tries again.
    """


@hookspec
def job_offers(user: SignedInUser, language: str) -> Sequence[JobOffer]:  # type: ignore[empty-body]
    """Jobs that this person may start now by one press on their dashboard, such as "Learning report".

    Asked in web for each view of the dashboard, so it must be quick: a constant number of queries, no network. `language` is the
    reader's; titles and texts are in it. Return a list, empty when there is nothing to offer to this person. The kind must be declared
    with `self_service=True`; offering is no permission, so what a person may not have is refused by the kind's `admit`. The offers of
    all plugins are shown one after the other in the order of loading; an exception of one plugin shows the error page instead of a
    dashboard that hides something. Example: `return [JobOffer("learning_report", {"course_id": 7}, _("Learning report"))]`.
    """


@hookspec
def account_sections(user: SignedInUser, language: str) -> Sequence[AccountSection]:  # type: ignore[empty-body]
    """Sections of the account page, such as what the person wants to be told of, or a link to what they bought.

    Asked in web for each view of /account, of a person in their browser, so it must be quick: a constant number of queries, no network.
    `language` is the reader's. A form in a section carries `csrf_token()`, posts to a view of the plugin, which asks
    `services.users.require_session()`, and leads back to `section_path(name)`; it works without scripts, and there is no inline code. The
    sections of all plugins are shown one after the other in the order of loading, below language and time zone; an exception of one
    shows the error page. Return a list, empty when there is nothing to show to this person. Example:
    `return [AccountSection("notifications", _("Notifications"), Markup(render_template("notifications/account.html", chosen=...)))]`.
    """


@hookspec
def header_items(user: SignedInUser, language: str) -> Sequence[HeaderItem]:  # type: ignore[empty-body]
    """Parts of the header of every page, before the account menu, such as a bell.

    Asked in web for each page that a signed-in person sees, so it must be very quick: at most one query, no network. `language` is the
    reader's. An error page has a header too: what needs the database must not raise when that is gone; an exception of one plugin is
    logged and leaves its item out. Return a list, empty for nothing. Example: `return [HeaderItem(Markup(render_template(...)))]`.
    """


@hookspec
def owner_pages(language: str) -> Sequence[OwnerPage]:  # type: ignore[empty-body]
    """Pages for the owner, as links of the owner's navigation; their views call `services.users.require_role(OWNER)` themselves, best by a
    gate (`core.gates.put_gate`), and their templates extend "owner/layout.html", which shows the navigation.

    Asked in web for each of the owner's pages, so it must be quick. Example:
    `return [OwnerPage(_("Announcements"), "/owner/broadcasts", order=20)]`.
    """


@hookspec
def register_notification_events() -> Sequence[NotificationEvent]:  # type: ignore[empty-body]
    """Things that people can be told of by `services.notifications.give_notice()`: their sentences and where they go by default.

    Asked once a process, at the first need. Two of one code stop with an error. Example:
    `return [NotificationEvent("shop.parcel_sent", N_("Parcel sent"), N_("Shop"), N_("Your parcel {number} is on its way"))]`.
    """


@hookspec
def register_notification_channels() -> Sequence[type[NotificationChannel]]:  # type: ignore[empty-body]
    """Ways to people beside the bell: subclasses of `studium.services.notifications.channels.NotificationChannel`, by class.

    Asked once a process, in web and workers, at the first need; each is made without arguments. Return it whether it is set up or not: its
    `is_available()` tells. Two of one code stop with an error. Example: `return [PostcardChannel]`.
    """


@hookspec(firstresult=True)
def keep_notice(notice: NewNotice) -> bool | None:
    """Keep a notice for the person and have it carried to them; called by `services.notifications.give_notice()`, in the open transaction.

    Return True for a new one, False for one that was given before (same person, event and key). Implemented by the plugin that keeps
    notices; the first answer wins.
    """


@hookspec
def channel_restored(user_id: int, channel: str) -> None:
    """The person can be reached in this channel again, such as after they unblocked the bot.

    Called by `services.notifications.resume_channel()`, in the open transaction of whoever found out.
    """


@hookspec
def channel_lost(user_id: int, channel: str, address: str, reason: str) -> None:
    """The person cannot be reached at this address any more, such as after a mail to it came back; `reason` as of AddressRefused.

    Called by `services.notifications.stop_channel()`, in the open transaction of whoever found out.
    """


@hookspec
def register_frames(hub: Hub) -> Mapping[str, Callable[[Connection, dict[str, Any]], None]]:  # type: ignore[empty-body]
    """Handlers of further WebSocket frames, by the key that names the frame, such as `{"beat": on_beat}`.

    Called once, in the program `cable`; `hub.call_soon(fn)` brings answers of other threads back to the loop. A handler runs on the event
    loop for each such frame: it must not block and must not touch the database; work for the database goes to a thread. It answers with
    `connection.send_json(...)`, now or later; an exception becomes an error frame `internal` and is logged.
    """


@hookspec
def lesson_completed(fact: LessonCompleted) -> None:
    """A student completed a lesson, for the first time; delivered once stored, at least once, by a job."""


@hookspec
def course_completed(fact: CourseCompleted) -> None:
    """A student completed all required lessons of a course, for the first time; delivered at least once, by a job."""


@hookspec
def certificate_issued(fact: CertificateIssued) -> None:
    """A certificate waits for its owner; delivered at least once, by a job."""


@hookspec
def job_finished(fact: JobFinished) -> None:
    """A job that a person asked for ended, of a kind that tells of it; delivered at least once, by a job."""


@hookspec
def user_signed_in(fact: UserSignedIn) -> None:
    """A person signed in on a browser; delivered at least once, by a job."""


@hookspec
def signed_in_on_new_device(fact: SignedInOnNewDevice) -> None:
    """A person signed in with a browser and system that is new for them, which may be somebody else; delivered at least once, by a job."""


@hookspec
def language_chosen(user_id: int, language: str) -> None:
    """A signed-in person chose the language that they read, one of `services.languages.LANGUAGES`.

    Called at once, in web, inside the transaction that keeps the choice. What is made for them while they are away speaks it.
    """


@hookspec
def user_deleted(fact: UserDeleted) -> None:
    """A person deleted their account, which is gone by now: remove what the plugin holds on them, rows and files.

    Delivered at least once, by a job, so it must be safe to repeat. Jobs of the person may still be running: call
    `services.ended_accounts.stop_jobs_of(fact.user_id)` first, which has the delivery tried again until they have ended.
    """


@hookspec
def payment_completed(fact: PaymentCompleted) -> None:
    """The money of a payment arrived, and what it pays for was granted in the same transaction; delivered at least once, by a job."""


@hookspec
def payment_failed(fact: PaymentFailed) -> None:
    """A payment failed or ran out; it may still complete later, which is then told too. Delivered at least once, by a job."""


@hookspec
def payment_refunded(fact: PaymentRefunded) -> None:
    """Money of a payment was given back, in whole or in part; once for each refund. Delivered at least once, by a job."""


@hookspec
def payment_disputed(fact: PaymentDisputed) -> None:
    """The buyer disputes a payment at their bank, or the dispute ended; delivered at least once, by a job."""


@hookspec
def enrolment_granted(fact: EnrolmentGranted) -> None:
    """Somebody may watch what a tier of a course includes, from now on; delivered at least once, by a job."""


@hookspec
def enrolment_revoked(fact: EnrolmentRevoked) -> None:
    """Somebody's enrolment ended: by refund, dispute, expiry or by hand; delivered at least once, by a job."""


@hookspec
def access_ending(fact: AccessEnding) -> None:
    """Somebody's enrolment ends in 7 days, or in 1; delivered at least once, by a job."""
