"""Why a sign-in with Telegram did not work, in words for the person, with a way back."""

from __future__ import annotations

from collections.abc import Callable

from flask import make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core import errors
from studium.core.errors import Problem
from studium.core.logs import get_logger
from studium.plugins.telegram import pending
from studium.services.sign_in import AFTER_SIGN_IN
from studium.services.users import current_user

log = get_logger(__name__)


class SignInFailed(Problem):
    """A sign-in that ended without a person. `reason` is for the log and for programs; `name` is that of the words, to find them again."""

    status, code, title = 400, "sign-in-failed", "Signing in did not work"

    def __init__(self, detail: str, reason: str, *, status: int = 400, begun: pending.Pending | None = None, name: str = "") -> None:
        super().__init__(detail, status=status, reason=reason)
        self.reason = reason
        self.begun = begun
        self.name = name


def show(problem: SignInFailed) -> Response:
    """The page with the words and the way to begin again; nothing can end the begun sign-in any more."""
    log.warning("sign_in_failed", reason=problem.reason)
    if errors.wants_json():
        response: Response = errors.render(problem)
    else:
        target = problem.begun.next if problem.begun else None
        response = make_response(render_template("telegram/failed.html", problem=problem, next=target), problem.status)
    if problem.begun:
        pending.fail(response, problem.begun, problem.name)
    return response


def lost() -> Response:
    """The end of a sign-in that this browser did not begin, or too long ago, or whose end it had already: raises SignInFailed.

    A page that told of a failure tells it again, such as in another language. Otherwise a browser that is signed in, such as one that
    went back or reloaded, is led on as itself.
    """
    failed = pending.find_failed(request.args.get("state"))
    if failed is not None:
        raise KINDS[failed.failed](failed)
    if current_user() is not None:
        return redirect(AFTER_SIGN_IN, 303)
    if not request.cookies:
        raise SignInFailed(_("This browser keeps no cookies, so it cannot be signed in. Allow cookies for this site, then begin anew."),
                           "no_cookies")
    raise SignInFailed(_("This sign-in was begun in another browser, or more than ten minutes ago. Please begin again."), "state_lost")


def refused(begun: pending.Pending) -> SignInFailed:
    """The person said no to Telegram."""
    return SignInFailed(_("You did not allow Telegram to tell us who you are, so you are not signed in. Nothing was changed."),
                        "access_denied", status=403, begun=begun, name="refused")


def down(reason: str, begun: pending.Pending | None = None) -> SignInFailed:
    """Telegram cannot be reached, or answers with an error of its own: 503, since it passes."""
    return SignInFailed(_("Telegram does not answer right now. Please try again in a minute, or choose another way to sign in."),
                        reason, status=503, begun=begun, name="down")


def unbelievable(reason: str, begun: pending.Pending | None = None) -> SignInFailed:
    """What came back is not what Telegram would say; nobody is signed in on it."""
    return SignInFailed(_("The answer that came back from Telegram could not be verified, so you are not signed in. Please try again."),
                        reason, begun=begun, name="unbelievable")


def outdated(begun: pending.Pending) -> SignInFailed:
    """The widget's data is old, or was used before."""
    return SignInFailed(_("This confirmation from Telegram is too old or was used already. Please begin again."), "outdated", begun=begun,
                        name="outdated")


def not_set_up() -> SignInFailed:
    """There is no client of Telegram in the settings."""
    return SignInFailed(_("Signing in with Telegram is not set up here. Please choose another way."), "not_set_up", status=404)


KINDS: dict[str, Callable[[pending.Pending], SignInFailed]] = {
    "refused": refused,
    "unbelievable": lambda begun: unbelievable("shown again", begun),
    "down": lambda begun: down("shown again", begun),
    "outdated": outdated,
}
