"""Errors as pages that say what happened and where to go on."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import current_app, redirect, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from tumorboard.web.auth import current_account, database
from tumorboard.web.pages.frame import show, words
from tumorboard.words import to_translate as _
from tumorboard.words.refusals import REFUSALS, say_refusal

_TITLES = {
    400: _("This request cannot be understood"),
    401: _("Please log in"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("This does not work here"),
    409: _("Somebody was faster"),
    413: _("The file is too large"),
    422: _("Something is not right yet"),
    429: _("Too many attempts"),
    500: _("Something went wrong on our side"),
}
_NOTHING_HALF_DONE = _("Nothing was half done. Try again in a moment; if it happens again, tell the operator.")
_LOGGED_OUT = _(
    "You are logged out; nothing of the form was kept. Go back in your browser to what you typed and copy it, "
    "then log in: you come back to the page of the form."
)
_BODIES = {
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    429: "too-many-requests",
}


_FOR_STRANGERS = ("/answer/", "/letters/", "/password/", "/log-in", "/log-out", "/language", "/setup")
"""Forms that need no log-in."""
_FORMS_OF_MINE = ("/invitations/", "/calendar-links")
"""Addresses that only take forms of a member's own page: opened by a reload or a bookmark they lead there."""


def render_problem(status: int, code: str, message: str) -> Response:
    """The page for an error. Who must log in first is sent to the form and comes back afterwards."""
    is_read = request.method in ("GET", "HEAD")
    if code == "log-in-needed" and is_read:
        return redirect(url_for("pages.show_log_in", next=request.full_path.rstrip("?")), 303)
    if status == HTTPStatus.METHOD_NOT_ALLOWED and is_read and request.path.startswith(_FORMS_OF_MINE):
        return redirect(url_for("pages.show_mine"), 303)
    try:
        if code == "log-in-needed" or (code == "csrf" and _is_logged_out()):
            title, said = words().gettext(_TITLES[401]), words().gettext(_LOGGED_OUT)
            return show("problem.html", status, number=status, title=title, said=said, back=_page_of_the_form())
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            database().rollback()
        title = words().gettext(_TITLES.get(status, _TITLES[500 if status >= 500 else 400]))
        return show("problem.html", status, number=status, title=title, said=_say(status, code, message))
    except SQLAlchemyError:  # the page asks the database who is there, and that is what is broken
        database().rollback()
        return Response(f"{HTTPStatus(status).phrase}\n{_NOTHING_HALF_DONE}\n", status, mimetype="text/plain")


def _is_logged_out() -> bool:
    """True for a form that somebody sent who was logged in when she opened it."""
    return current_account() is None and not request.path.startswith(_FOR_STRANGERS)


def _page_of_the_form() -> str:
    """The path of this site that the form was sent from, if it can be read again; else the start page."""
    sent_from = urlsplit(request.referrer or "")
    path = f"{sent_from.path}?{sent_from.query}" if sent_from.query else sent_from.path
    is_ours = sent_from.netloc == request.host and path.startswith("/") and not path.startswith(("//", "/\\"))
    if not is_ours or not path.isprintable():
        return "/"
    try:
        current_app.create_url_adapter(request).match(sent_from.path, method="GET")  # type: ignore[union-attr]
    except (HTTPException, RequestRedirect):
        return "/"
    return path


def _say(status: int, code: str, message: str) -> str:
    known = code if code in REFUSALS else _BODIES.get(status, "")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return words().gettext(_NOTHING_HALF_DONE)
    if known and (words().language == "ko" or not message or status in _BODIES):
        return words().gettext(REFUSALS[known])
    return say_refusal(code, message, words())
