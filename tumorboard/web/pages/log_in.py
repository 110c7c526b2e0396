"""Log in and out."""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response

from tumorboard.domain.errors import NotAllowed
from tumorboard.domain.identity import without_resident_number
from tumorboard.services import accounts
from tumorboard.services.first_start import is_fresh
from tumorboard.web.auth import (
    current_account,
    database,
    limit_failed_log_in,
    log_in_account,
    log_out,
    next_path,
    utc_now,
)
from tumorboard.web.pages.frame import form_text, go_to, pages, show, words
from tumorboard.words.refusals import say_error


@pages.get("/log-in")
def show_log_in() -> Response:
    """The form; who is logged in already goes on, and where nobody can log in yet the first start begins."""
    if current_account() is not None:
        return redirect(next_path(), 303)
    if is_fresh(database()):
        return go_to("pages.show_setup")
    return show("log_in.html", next=next_path(), email="", problem="")


@pages.post("/log-in")
@limit_failed_log_in
def log_in() -> Response:
    """Begin a session, or say that the pair is wrong."""
    email = form_text("email")
    try:
        account = accounts.log_in(database(), email=email, password=request.form.get("password", ""), now=utc_now())
    except NotAllowed as error:
        problem = say_error(error, words())
        return show("log_in.html", 401, next=next_path(), email=without_resident_number(email), problem=problem)
    log_in_account(account)
    return redirect(next_path(), 303)


@pages.post("/log-out")
def end() -> Response:
    """End the session of this browser; those on other devices go on."""
    log_out(everywhere=False)
    return go_to("pages.show_log_in")
