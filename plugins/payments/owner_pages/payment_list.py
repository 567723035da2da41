"""/owner/payments: searched by the filter of its address, a page at a time, with the sums of all that match."""

from __future__ import annotations

from flask import render_template, request

from studium.plugins.payments.key_pages import place_of, text_of
from studium.plugins.payments.owner_pages.filters import read_filter
from studium.plugins.payments.owner_pages.search import find_payments, find_totals
from studium.plugins.payments.owner_pages.words import NEEDS
from studium.plugins.payments.story_words import PROBLEMS
from studium.plugins.payments.transitions import STATUSES
from studium.services.courses.catalogue import find_courses
from studium.services.languages import language
from studium.services.provider_registry import provider_classes

PAGE = 50


def show() -> str | tuple[str, int]:
    """GET /owner/payments?before=<place>; 422 with the form as it was typed when the filter cannot be understood."""
    asked = read_filter(request.args)
    before = place_of(request.args.get("before", ""))
    rows = [] if asked.errors else find_payments(asked.filter, before, PAGE + 1)
    courses = find_courses(language())
    shown = render_template(
        "payments/owner/list.html", asked=asked, rows=rows[:PAGE], first=before is None,
        totals=find_totals(asked.filter) if before is None and not asked.errors else [],
        older=text_of(rows[PAGE - 1].place) if len(rows) > PAGE else None, statuses=STATUSES, needs=NEEDS, problems=tuple(PROBLEMS),
        providers=(*sorted(provider_classes()), "free"), courses=courses,
        tiers=sorted({tier.key for course in courses for tier in course.tiers}))
    return (shown, 422) if asked.errors else shown
