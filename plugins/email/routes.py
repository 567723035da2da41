"""Forms of the account page about e-mail, and the page of the link that confirms an address.

Programs that look for danger open the links of a mail, so the link alone does nothing: it shows a button. Whoever holds the link may press
it, signed in or not, since mail is often read on another device.
"""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.errors import NotFound, TooManyRequests
from studium.plugins.email import addresses
from studium.plugins.email.section import NAME, remember_wrong
from studium.services.languages import language
from studium.services.mail import mail_is_set_up
from studium.services.mail.addresses import shown_address
from studium.services.people import find_person
from studium.services.users import current_user, require_session

ID = "int(min=1, max=2147483647)"
blueprint = Blueprint("email", __name__, template_folder="templates")
blueprint.add_app_template_filter(shown_address, "shown_address")


@blueprint.post("/account/email")
def ask() -> Response:
    """Send a link to an address {address}; what is wrong is shown at the form."""
    user, typed = require_session(), request.form.get("address", "")
    _require_mail()
    try:
        return _back(addresses.ask(user.id, typed, language()))
    except ValueError:
        remember_wrong(typed, _("Write an address like name@example.org."))
    except TooManyRequests as error:
        remember_wrong(typed, str(error.detail))
    return _back("")


@blueprint.post(f"/account/email/<{ID}:address_id>/resend")
def ask_again(address_id: int) -> Response:
    """Send another link to an address of the person; the earlier one is void then."""
    user = require_session()
    _require_mail()
    try:
        asked = addresses.ask_again(user.id, address_id, language())
    except TooManyRequests as error:
        remember_wrong("", str(error.detail))
        return _back("")
    if asked is None:
        raise NotFound(_("There is no such address of yours."))
    return _back(asked)


@blueprint.post(f"/account/email/<{ID}:address_id>/remove")
def remove(address_id: int) -> Response:
    """Forget an address; 404 for somebody else's."""
    if not addresses.remove(require_session().id, address_id):
        raise NotFound(_("There is no such address of yours."))
    return _back("removed")


@blueprint.get("/email/confirm/<token>")
def show(token: str) -> Response:
    """The button, with whose account it is and which address; 404 for a link that is over."""
    return _confirmation_page(token, done=False)


@blueprint.post("/email/confirm/<token>")
def confirm(token: str) -> Response:
    """The button was pressed. Who is signed in goes back to the account page."""
    found = addresses.find_by_token(token)
    done = addresses.confirm(token)
    user = current_user()
    if done and found is not None and user is not None and user.id == found[0]:
        return _back("confirmed")
    return _confirmation_page(token, done=done)


def _confirmation_page(token: str, done: bool) -> Response:
    """A page that nobody keeps and whose address no link tells, since that holds the token."""
    found = addresses.find_by_token(token)
    person = find_person(found[0]) if found else None
    address = found[1] if found else None
    done = done or (address is not None and address.state == "confirmed")
    html = render_template("email/confirm.html", token=token, address=address, person=person, done=done, signs_in_to="/account")
    response = make_response(html, 200 if address else 404)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _require_mail() -> None:
    if not mail_is_set_up():
        raise NotFound(_("The school sends no mail at present."))


def _back(said: str) -> Response:
    return redirect(url_for("account.show", email=said or None, _anchor=NAME), 303)
