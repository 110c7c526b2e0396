"""Errors as pages that say what happened and where to go on."""

from __future__ import annotations

from http import HTTPStatus

from flask import redirect, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from tumorboard.web.auth import database
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
_BODIES = {
    404: "not-found",
    413: "too-large",
    429: "too-many-requests",
}


def render_problem(status: int, code: str, message: str) -> Response:
    """The page for an error. Who must log in first is sent to the form and comes back afterwards."""
    if code == "log-in-needed":
        back = request.full_path.rstrip("?") if request.method == "GET" else "/"
        return redirect(url_for("pages.show_log_in", next=back), 303)
    try:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            database().rollback()
        title = words().gettext(_TITLES.get(status, _TITLES[500 if status >= 500 else 400]))
        return show("problem.html", status, number=status, title=title, said=_say(status, code, message))
    except SQLAlchemyError:  # the page asks the database who is there, and that is what is broken
        database().rollback()
        return Response(f"{HTTPStatus(status).phrase}\n{_NOTHING_HALF_DONE}\n", status, mimetype="text/plain")


def _say(status: int, code: str, message: str) -> str:
    known = code if code in REFUSALS else _BODIES.get(status, "")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return words().gettext(_NOTHING_HALF_DONE)
    if known and (words().language == "ko" or not message or status in _BODIES):
        return words().gettext(REFUSALS[known])
    return say_refusal(code, message, words())
