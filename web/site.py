"""The addresses of the site on one screen; what they show lives in pages/, media.py, assets.py and api.py."""

from __future__ import annotations

from flask import Blueprint

from . import api, assets, media
from .pages import catalogue, course, dashboard, language, lesson

site = Blueprint("web", __name__, template_folder="templates")

site.add_url_rule("/", "catalogue", catalogue.show)
site.add_url_rule("/courses/<course>", "course", course.show)
site.add_url_rule("/courses/<course>/<lesson>", "lesson", lesson.show)
site.add_url_rule("/dashboard", "dashboard", dashboard.show)
site.add_url_rule("/language", "language", language.choose, methods=["POST"])
site.add_url_rule("/media/<course>/<lesson>/<name>", "media", media.show)
site.add_url_rule("/static/<version>/<path:name>", "static", assets.show)
site.add_url_rule("/favicon.ico", "favicon", assets.favicon)
site.add_url_rule("/api/v1/courses", "api_courses", api.courses)
site.add_url_rule("/api/v1/courses/<course>", "api_course", api.course)
