"""The error tree of Studium, and the one handler that shows an error as HTML or as problem+json (RFC 9457).

StudiumError
├── SettingsError, PluginError, DatabaseError   stop the start of a process
└── Problem                                     an answer to a request
    ├── BadRequest 400 · Unauthorized 401 · Forbidden 403 · NotFound 404 · RequestTimeout 408 · Conflict 409
    └── Unprocessable 422 · TooManyRequests 429 · Unavailable 503
"""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, Response, json, render_template, request
from jinja2 import TemplateNotFound
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from studium.core.bearer import bearer_token
from studium.core.logs import get_logger
from studium.core.too_slow import TooSlow

log = get_logger(__name__)
JSON_PATHS = ("/api/", "/up", "/metrics", "/webhooks/", "/cable")


class StudiumError(Exception):
    """The root of every error that Studium raises on purpose; its text says what, why and what to do."""


class SettingsError(StudiumError):
    """A setting is unknown, missing or wrong; the process must not start."""


class PluginError(StudiumError):
    """A plugin cannot be loaded; the process must not start."""


class DatabaseError(StudiumError):
    """The database is used against its rules, or is not migrated."""


class Problem(StudiumError):
    """An answer other than success: HTTP status, a stable code, a title, and a detail that says what to do next."""

    status = 500
    code = "internal-error"
    title = "Something went wrong"

    def __init__(self, detail: str = "", *, status: int | None = None, code: str | None = None,
                 title: str | None = None, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.status = status or self.status
        self.code = code or self.code
        self.title = title or self.title
        self.headers = headers or {}
        self.extra = extra

    def as_dict(self) -> dict[str, Any]:
        """The members of the problem document, RFC 9457 section 3."""
        body = {"type": f"urn:studium:problem:{self.code}", "title": self.title, "status": self.status,
                "code": self.code, "detail": self.detail}
        return body | self.extra


class BadRequest(Problem):
    """400: the request cannot be read."""

    status, code, title = 400, "bad-request", "The request cannot be read"


class Unauthorized(Problem):
    """401: nobody is signed in."""

    status, code, title = 401, "sign-in-required", "Please sign in"


class Forbidden(Problem):
    """403: refused whoever asks, such as a foreign Origin."""

    status, code, title = 403, "forbidden", "This is not allowed"


class NotFound(Problem):
    """404: it does not exist, or the user may not know that it does."""

    status, code, title = 404, "not-found", "There is nothing here"


class RequestTimeout(Problem):
    """408: the request did not arrive in time; the connection is closed."""

    status, code, title = 408, "request-timeout", "That took too long"


class Conflict(Problem):
    """409: the state of the thing does not allow it."""

    status, code, title = 409, "conflict", "This cannot be done now"


class Unprocessable(Problem):
    """422: well-formed, but against the rules; `errors` lists {field, message}."""

    status, code, title = 422, "unprocessable", "Some of the data is wrong"


class TooManyRequests(Problem):
    """429: a limit is reached."""

    status, code, title = 429, "too-many-requests", "Too many requests"


class Unavailable(Problem):
    """503: a part that is needed is not there."""

    status, code, title = 503, "unavailable", "Not available right now"


def wants_json() -> bool:
    """Whether the client of this request reads problem+json rather than a page: it calls the API, sends JSON or a bearer
    token, or asks for JSON alone.
    """
    if request.path.startswith(JSON_PATHS) or request.is_json or bearer_token() is not None:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best is not None and best != "text/html" and not request.accept_mimetypes.accept_html


def render(problem: Problem) -> Response:
    """The answer for a problem, in the form that the client reads."""
    if wants_json():
        response = Response(json.dumps(problem.as_dict()), problem.status, mimetype="application/problem+json")
        response.headers["Cache-Control"] = "no-store"  # else a 404 may be kept (RFC 9111, 4.2.2)
    else:
        response = Response(_page(problem), problem.status, mimetype="text/html")
    response.headers.update(problem.headers)
    return response


def init_errors(app: Flask) -> None:
    """Install the handlers of `Problem`, of Werkzeug's HTTP errors, and of anything unforeseen."""
    app.register_error_handler(Problem, render)
    app.register_error_handler(TooSlow, _render_too_slow)
    app.register_error_handler(HTTPException, _render_http_exception)
    app.register_error_handler(Exception, _render_unforeseen)


def init_unavailable(app: Flask, errors: tuple[type[Exception], ...]) -> None:
    """Show these errors of the database as 503, to be tried again: locked for too long, or the disk is full."""
    for error in errors:
        app.register_error_handler(error, _render_unavailable)


def _render_unavailable(error: Exception) -> Response:
    log.exception("database_unavailable", path=_logged_path(), error=repr(error))
    return render(Unavailable("Nothing was changed. Please try again in a moment.", headers={"Retry-After": "5"}))


def _render_too_slow(error: TooSlow) -> Response:
    log.info("request_too_slow", path=_logged_path(), error=str(error))
    return render(RequestTimeout("The request did not arrive in time. Please check your connection and try again."))


def _render_http_exception(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        return cast(Response, Response.force_type(error.get_response(), request.environ))
    detail = error.description or ""
    headers = {k: v for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length")}
    ours = next((known for known in Problem.__subclasses__() if known.status == error.code), None)
    if ours is not None:
        return render(ours(detail, headers=headers))
    return render(Problem(detail, status=error.code, code=error.name.lower().replace(" ", "-"), title=error.name, headers=headers))


def _render_unforeseen(error: Exception) -> Response:
    log.exception("request_failed", path=_logged_path(), error=repr(error))
    return render(Problem("The error was recorded. Please try again in a moment."))


def _logged_path() -> str:
    """The path of this request; some hold a token that is a permission, which no log may keep."""
    token = (request.view_args or {}).get("token")
    return request.path.replace(token, "<token>") if token else request.path


def _page(problem: Problem) -> str:
    for template in (f"errors/{problem.status}.html", "errors/problem.html"):
        try:
            return render_template(template, problem=problem)
        except TemplateNotFound:
            continue
    return f"<!doctype html><title>{escape(problem.title)}</title><h1>{escape(problem.title)}</h1><p>{escape(problem.detail)}"
