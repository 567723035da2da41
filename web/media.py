"""Serves course media to those who may watch: byte ranges and conditional requests (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response as AnyResponse

from studium.core.errors import NotFound
from studium.core.runtime import runtime
from studium.services.access import may_watch
from studium.services.courses.catalogue import find_lesson_by_id
from studium.services.courses.media import Asset, find_asset
from studium.services.users import current_user
from studium.web.settings import WebSettings

# The bytes under a name never change; the time is short because access may be withdrawn.
MAX_AGE = 3600
ONE_RANGE = re.compile(r"bytes=(?!-$)(\d{0,1000})-(\d{0,1000})", re.ASCII)
PLAYED = ("video/", "audio/")  # by players, which ask on; a download that goes on must get all of the rest
SHOWN_IN_PAGE = ("video/", "audio/", "image/", "text/vtt")


def show(course: str, lesson: str, name: str) -> AnyResponse:
    """GET and HEAD /media/<course>/<lesson>/<name>; 404 for what does not exist and for what the user may not see."""
    found = find_asset(course, lesson, name)
    if found is None or not _is_visible(found) or not found.path.is_file():
        raise NotFound("There is no such file.")
    response = _send(found)
    response.headers["Cache-Control"] = f"private, max-age={MAX_AGE}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.vary.add("Cookie")
    return response


def _is_visible(found: Asset) -> bool:
    if found.lesson_id is None:
        return True
    lesson = find_lesson_by_id(found.lesson_id)
    return lesson is not None and may_watch(current_user(), lesson)


def _send(found: Asset) -> AnyResponse:
    attached = not found.mime.startswith(SHOWN_IN_PAGE)
    response = send_file(
        found.path,
        found.mime,
        conditional=False,
        etag=found.sha256,
        as_attachment=attached,
        download_name=found.filename or None,
    )
    response.accept_ranges = "bytes"
    try:
        return response.make_conditional(_environ_for(found), accept_ranges=True, complete_length=found.size)
    except RequestedRangeNotSatisfiable:
        response.close()
        return Response(status=416, headers={"Content-Range": f"bytes */{found.size}", "Accept-Ranges": "bytes"})


def _environ_for(found: Asset) -> dict[str, Any]:
    """The request, without a Range that is not one range of bytes: such a header is ignored (RFC 9110, section 14.2)."""
    asked = ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None:
        return {key: value for key, value in request.environ.items() if key != "HTTP_RANGE"}
    if found.mime.startswith(PLAYED):
        return request.environ | {"HTTP_RANGE": _piece(asked[1], asked[2], runtime().settings[WebSettings].range_bytes)}
    return request.environ


def _piece(first: str, last: str, most: int) -> str:
    """At most `most` bytes of what is asked; Content-Range tells the player, which asks for the next (RFC 9110, section 15.3.7).

    A paused player stops reading. A short answer then waits in the system's buffers; an open one would hold a thread.
    """
    if not first:
        return f"bytes=-{min(int(last), most)}"
    end = int(first) + most - 1
    return f"bytes={first}-{min(int(last), end) if last else end}"
