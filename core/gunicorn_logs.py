"""Makes gunicorn log like the rest of Studium: JSON lines on standard error, also from its master, which loads no app."""

from __future__ import annotations

import os
from typing import Any

from gunicorn.glogging import Logger

from studium.core.logs import init_logs
from studium.core.settings import load_core


class JsonLogger(Logger):  # type: ignore[misc]
    """For `gunicorn --logger-class`; `--name` is the program in each line. There is no access log: reverse proxies write one."""

    def setup(self, cfg: Any) -> None:
        """Hand gunicorn's records to the root logger instead of to handlers of its own."""
        super().setup(cfg)
        init_logs(load_core(os.environ).log_level, cfg.proc_name)
        for logger in (self.error_log, self.access_log):
            logger.handlers = []
            logger.propagate = True
