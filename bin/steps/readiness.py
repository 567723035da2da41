"""Asks /up whether Studium is well, and shows what a person needs to see when it is not."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

from environment import Place

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  compared, not bound
LOG_OF_CHECK = {
    "cable": "cable",
    "worker:default": "worker",
    "worker:realtime": "worker-realtime",
    "dispatcher": "worker-realtime",
}
SHOWN_LINES = 12


def ask(place: Place) -> dict[str, str] | None:
    """What is wrong, check by check; {} when all is well, None when the site does not answer."""
    connection = http.client.HTTPConnection(EVERYWHERE.get(place.host, place.host), place.port, timeout=2)
    try:
        connection.request("GET", "/up")
        answer = connection.getresponse()
        if answer.status not in (200, 503):
            return {"web": f"answers /up with {answer.status}"}
        checks = json.loads(answer.read())["checks"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return None
    finally:
        connection.close()
    return {name: result for name, result in checks.items() if result != "ok"}


def explain(place: Place, wrong: dict[str, str] | None) -> str:
    """The reasons, and the end of each log that belongs to one."""
    if wrong is None:
        lines, logs = ["  web: the site does not answer"], ["web_0"]
    else:
        lines = [f"  {name}: {reason}" for name, reason in wrong.items()]
        logs = [LOG_OF_CHECK.get(name, "web_0") for name in wrong]
    for name in dict.fromkeys(logs):
        lines += ["", *_tail(place.log_dir / f"{name}.log")]
    return "\n".join(lines)


def _tail(path: Path) -> list[str]:
    if not path.exists():
        return [f"{path} does not exist."]
    last = path.read_text(errors="replace").splitlines()[-SHOWN_LINES:]
    return [f"The end of {path}:", *(f"  {_readable(line)}" for line in last)]


def _readable(line: str) -> str:
    """A JSON log line as a person reads it; anything else as it is."""
    try:
        record = json.loads(line)
        rest = record.get("exception", "").replace("\n", "\n      ")
        return f"{record['at'][11:19]} {record['level']} {record['event']}" + (f"\n      {rest}" if rest else "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return line
