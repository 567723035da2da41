"""Makes gunicorn log like the rest of Studium: JSON lines on standard error.

Gunicorn's master loads no app, so this module must stay light: what it imports is paid for by each master process.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from gunicorn.glogging import Logger


class JsonLines(logging.Formatter):
    """The keys of core/logs.py: at, level, logger, event, program."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._program = program

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {"event": record.getMessage(), "level": record.levelname.lower(), "logger": record.name,
                "at": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"), "program": self._program}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class JsonLogger(Logger):  # type: ignore[misc]
    """For `gunicorn --logger-class`; `--name` is the program in each line. There is no access log: reverse proxies write one."""

    def setup(self, cfg: Any) -> None:
        """Hand gunicorn's records to the root logger, whose handler is ours until `create_app` sets the app's."""
        super().setup(cfg)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines(cfg.proc_name))
        logging.getLogger().handlers = [handler]
        for logger in (self.error_log, self.access_log):
            logger.handlers = []
            logger.propagate = True
