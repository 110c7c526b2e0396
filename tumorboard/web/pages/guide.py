"""Help: what each kind of user does here, the keys, and the switch that turns the keys off."""

from __future__ import annotations

from flask import url_for
from werkzeug.wrappers import Response

from tumorboard.web.auth import SHORTCUTS_COOKIE, next_path
from tumorboard.web.pages.frame import form_text, keep_cookie, pages, show


@pages.get("/help")
def show_help() -> Response:
    """The page; the overlay of `?` shows its main part over any other page."""
    return show("help.html")


@pages.post("/help/keys")
def choose_keys() -> Response:
    """Turn single keys on or off in this browser."""
    chosen = "off" if form_text("keys") == "off" else "on"
    answer = Response(status=303, headers={"Location": next_path(url_for("pages.show_help"))})
    keep_cookie(answer, SHORTCUTS_COOKIE, chosen)
    return answer
