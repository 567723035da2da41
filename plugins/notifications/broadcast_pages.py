"""/owner/broadcasts: what the school announced, and a form, a page that says exactly who will read what, then it is sent, once."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.errors import BadRequest, NotFound, Unprocessable
from studium.core.gates import put_gate
from studium.plugins.notifications.audience import count_people
from studium.plugins.notifications.broadcast_form import Form, announcement_of, find_errors, read_form
from studium.plugins.notifications.broadcasts import Announcement, newest, resume, send_once
from studium.services.courses.catalogue import find_courses
from studium.services.languages import language
from studium.services.owner_pages import OwnerPage
from studium.services.people import find_people
from studium.services.users import OWNER, require_role, require_user

SHOWN = 30
HIGHEST_ID = 2**31 - 1
DAMAGED = "The address of this page is damaged. Begin at its first page."
blueprint = Blueprint("broadcasts", __name__, url_prefix="/owner/broadcasts", template_folder="templates")
put_gate(blueprint, lambda: require_role(OWNER))


def links() -> list[OwnerPage]:
    """The link in the owner's navigation."""
    return [OwnerPage(_("Announcements"), "/owner/broadcasts", order=20)]


@blueprint.get("")
def show() -> str:
    """The announcements, the newest first; ?before= goes on below an id."""
    before = request.args.get("before", type=int)
    if before is not None and before > HIGHEST_ID:
        raise BadRequest(DAMAGED)
    found = newest(before, SHOWN + 1)
    rows = found[:SHOWN]
    return render_template(
        "notifications/owner/broadcasts.html", rows=rows, first=before is None, older=rows[-1].id if len(found) > SHOWN else None,
        people=find_people({row.by_user_id for row in rows if row.by_user_id is not None}),
        titles={course.id: course.title for course in find_courses(language())})


@blueprint.get("/new")
def write() -> str:
    """The empty form."""
    return _page(Form(read_form({})))


@blueprint.post("/new")
def send() -> Response | tuple[str, int] | str:
    """POST {words, course_id, path}: the page to confirm; with `sure` and its `form_id` it is sent. 422 with the form otherwise."""
    asked = read_form(request.form)
    paths = {course.id: f"/courses/{course.slug}" for course in find_courses(language())}
    if errors := find_errors(asked, paths):
        return _page(Form(asked, errors)), 422
    if request.form.get("change"):
        return _page(Form(asked))
    said = announcement_of(asked, paths)
    return _send(said) if request.form.get("sure") else _confirm(asked, said)


@blueprint.post(f"/<int(max={HIGHEST_ID}):broadcast_id>/resume")
def go_on(broadcast_id: int) -> Response:
    """POST .../resume: ask for the job again."""
    if not resume(broadcast_id):
        raise NotFound(_("There is no such announcement."))
    flash(_("It is being sent on."), "done")
    return redirect(url_for("broadcasts.show"), 303)


def _send(said: Announcement) -> Response:
    form_id = request.form.get("form_id", "")
    if not 8 <= len(form_id) <= 64:
        raise Unprocessable(_("The form is damaged. Open it again."))
    sent = send_once(said, require_user().id, form_id)
    flash(_("The announcement is being sent.") if sent else _("It was sent already; the second click changed nothing."), "done")
    return redirect(url_for("broadcasts.show"), 303)


def _confirm(asked: Mapping[str, str], said: Announcement) -> str:
    course = next((course for course in find_courses(language()) if course.id == said.course_id), None)
    return render_template("notifications/owner/confirm_broadcast.html", asked=asked, said=said, course=course,
                           people=count_people(said.course_id), form_id=uuid4().hex)


def _page(form: Form) -> str:
    return render_template("notifications/owner/new_broadcast.html", form=form, courses=find_courses(language()))
