"""The list of jobs, newest first: searched by the filter of its address, a page at a time."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from studium.queue.kinds import QUEUES
from studium.queue.overview import overview
from studium.queue.queues import queues
from studium.queue.search import search

from .bulk import how_many, verbs_for
from .filters import AskedFilter, read_filter
from .words import STATES

PAGE = 50
NEWER_PAGES = 20  # so many the address remembers; from further back there is the way to the newest


def show() -> str | tuple[str, int]:
    """GET /ops/jobs/list; 422 with the form as it was typed when the filter cannot be understood."""
    asked = read_filter(request.args)
    before = request.args.get("before") or None
    page = None if asked.errors else search(asked.filter, before=before, limit=PAGE)
    shown = render_template(
        "ops/list.html",
        asked=asked,
        page=page,
        before=before,
        newer=_newer(asked, before),
        older=_older(asked, before, page.next if page else None),
        states=STATES,
        queues=QUEUES,
        kinds=sorted({*queues().kinds, *overview().kinds}),
        matching="" if before or page is None else how_many(asked.filter, page),
        verbs=verbs_for(asked.filter) if page and page.jobs else (),
    )
    return (shown, 422) if asked.errors else shown


def _newer(asked: AskedFilter, before: str | None) -> str | None:
    """The page that this one was reached from; None on the first one."""
    passed = request.args.getlist("via")[-NEWER_PAGES:]
    if not before or not passed:
        return None
    query: dict[str, Any] = {"before": passed[-1], "via": passed[:-1]} if passed[-1] else {}
    return url_for("ops.job_list", **asked.query(), **query)


def _older(asked: AskedFilter, before: str | None, following: str | None) -> str | None:
    """The page after this one, which remembers the way back; None on the last one."""
    passed = [*request.args.getlist("via"), before or ""][-NEWER_PAGES:]
    return url_for("ops.job_list", **asked.query(), before=following, via=passed) if following else None
