"""Help: what each kind of user does here, the keys, and the switch that turns the keys off."""

from __future__ import annotations

from flask import request, url_for
from werkzeug.wrappers import Response

from tumorboard.web.auth import SHORTCUTS_COOKIE, next_path
from tumorboard.web.pages.frame import form_text, pages, show

YEAR_SECONDS = 365 * 24 * 3600


@pages.get("/help")
def show_help() -> Response:
    """The page; the overlay of `?` shows its main part over any other page."""
    return show("help.html")


@pages.post("/help/keys")
def choose_keys() -> Response:
    """Turn single keys on or off in this browser."""
    chosen = "off" if form_text("keys") == "off" else "on"
    answer = Response(status=303, headers={"Location": next_path(url_for("pages.show_help"))})
    answer.set_cookie(
        SHORTCUTS_COOKIE, chosen, max_age=YEAR_SECONDS, secure=request.is_secure, httponly=True, samesite="Lax"
    )
    return answer
