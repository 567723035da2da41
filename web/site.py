"""The addresses of the site on one screen; what they show lives in pages/, media.py, assets.py, api.py and jobs_api.py."""

from __future__ import annotations

from flask import Blueprint

from studium.services.token_scopes import JOBS, token_scope

from . import api, assets, jobs_api, lesson_access, media
from .pages import catalogue, course, dashboard, jobs, language, lesson

site = Blueprint("web", __name__, template_folder="templates")

site.add_url_rule("/", "catalogue", catalogue.show)
site.add_url_rule("/courses/<course>", "course", course.show)
site.add_url_rule("/courses/<course>/<lesson>", "lesson", lesson.show)
site.add_url_rule("/dashboard", "dashboard", dashboard.show)
site.add_url_rule("/jobs", "start_job", jobs.start, methods=["POST"])
site.add_url_rule("/jobs/<job_id>/cancel", "cancel_job", jobs.cancel, methods=["POST"])
site.add_url_rule("/jobs/<job_id>/retry", "retry_job", jobs.retry, methods=["POST"])
site.add_url_rule("/jobs/<job_id>/card", "job_card", jobs.card)
site.add_url_rule("/language", "language", language.choose, methods=["POST"])
site.add_url_rule("/media/<course>/<lesson>/<name>", "media", media.show)
site.add_url_rule("/static/<version>/<path:name>", "static", assets.show)
site.add_url_rule("/favicon.ico", "favicon", assets.favicon)
site.add_url_rule("/api/openapi.json", "openapi", api.openapi)
site.add_url_rule("/api/v1/courses", "api_courses", api.courses)
site.add_url_rule("/api/v1/courses/<course>", "api_course", api.course)
site.add_url_rule("/api/v1/lessons/<course>/<lesson>/access", "api_lesson_access", lesson_access.show)
site.add_url_rule("/api/v1/jobs", "api_start_job", token_scope(JOBS)(jobs_api.start), methods=["POST"])
site.add_url_rule("/api/v1/jobs", "api_jobs", jobs_api.show_all)
site.add_url_rule("/api/v1/jobs/<job_id>", "api_job", jobs_api.show)
site.add_url_rule("/api/v1/jobs/<job_id>/cancel", "api_cancel_job", token_scope(JOBS)(jobs_api.cancel), methods=["POST"])
site.add_url_rule("/api/v1/jobs/<job_id>/retry", "api_retry_job", token_scope(JOBS)(jobs_api.retry), methods=["POST"])
