"""JSON lines on standard error, one a happening, with the id of the request or job that it belongs to."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TextIO

from flask import Flask, Response, request

from studium.core.lean_structlog import structlog

REQUEST_ID_HEADER = "X-Request-ID"


class NamedLogger(structlog.WriteLogger):
    """Writes whole lines to a file, and knows the name of the module that logs."""

    def __init__(self, file: TextIO, name: str = "") -> None:
        super().__init__(file)
        self.name = name


def get_logger(name: str) -> Any:
    """A structlog logger: `log.info("job_started", job_id=...)`; keys are logged as given, never secrets."""
    return structlog.get_logger(name)


def init_logs(level: str, program: str) -> None:
    """Send structlog's and the standard library's records to standard error as JSON lines.

    Lines are `{"at", "level", "event", "program", ...}`; `at` is UTC, ISO 8601.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        lambda _logger, _method, event: event | {"program": program},
    ]
    to_json_line = structlog.processors.JSONRenderer()
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(  # straight to standard error: a quarter of what the standard library's way costs, and each job has two lines
        processors=[_dropper(least), *shared, to_json_line],
        logger_factory=partial(NamedLogger, sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, to_json_line],
    ))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(least)
    logging.getLogger("huey").setLevel(logging.WARNING)


def _dropper(least: int) -> Callable[[Any, str, Any], Any]:
    """Drops what is below the level."""
    dropped = {name for name, number in structlog.processors.NAME_TO_LEVEL.items() if number < least}

    def drop(_logger: Any, method: str, event: Any) -> Any:
        if method in dropped:
            raise structlog.DropEvent
        return event

    return drop


def init_request_ids(app: Flask) -> None:
    """Give each request an id: the proxy's, if it looks like one, or a new one; it is in each line and in the answer."""

    @app.before_request
    def _bind() -> None:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        request_id = given if 8 <= len(given) <= 64 and given.isascii() and given.replace("-", "").isalnum() else secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

    @app.after_request
    def _tell(response: Response) -> Response:
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id:
            response.headers[REQUEST_ID_HEADER] = request_id
        return response
