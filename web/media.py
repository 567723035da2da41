"""Serves course media to those who may watch: byte ranges and conditional requests (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response as AnyResponse

from studium.core.errors import NotFound
from studium.services.access import may_watch
from studium.services.courses.catalogue import find_lesson_by_id
from studium.services.courses.media import Asset, find_asset
from studium.services.users import current_user

# The bytes under a name never change; the time is short because access may be withdrawn.
MAX_AGE = 3600
ONE_RANGE = re.compile(r"bytes=(?:\d+-\d*|-\d+)")
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
        return response.make_conditional(_readable_environ(), accept_ranges=True, complete_length=found.size)
    except RequestedRangeNotSatisfiable:
        response.close()
        return Response(status=416, headers={"Content-Range": f"bytes */{found.size}", "Accept-Ranges": "bytes"})


def _readable_environ() -> dict[str, Any]:
    """The request without a Range that is not one range of bytes: such a header is ignored (RFC 9110, section 14.2)."""
    if ONE_RANGE.fullmatch(request.headers.get("Range", "")):
        return request.environ
    return {key: value for key, value in request.environ.items() if key != "HTTP_RANGE"}
