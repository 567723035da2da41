"""The front page: all courses on offer."""

from __future__ import annotations

from flask import render_template

from studium.services.courses.catalogue import find_courses
from studium.services.languages import language
from studium.services.users import current_user

from ..outline import make_outlines


def show() -> str:
    """GET /"""
    user = current_user()
    return render_template("catalogue.html", outlines=make_outlines(find_courses(language()), user))
