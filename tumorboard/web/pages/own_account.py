"""My log-in: language, zone, keys, password, sessions. For everybody who has one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput
from tumorboard.services.accounts import MINIMUM_PASSWORD
from tumorboard.services.own_account import change_own_account, change_own_password, read_own_account
from tumorboard.services.preferences import list_zones
from tumorboard.web.auth import (
    SHORTCUTS_COOKIE,
    current_actor,
    database,
    limit_log_in,
    log_in_account,
    log_out,
    own_zone,
    setup,
    shortcuts_on,
    utc_now,
)
from tumorboard.web.pages.forms import Refused, forms_of, take_form
from tumorboard.web.pages.frame import form_text, keep_cookie, pages, show, show_period, words
from tumorboard.words import is_same_clock


@pages.app_context_processor
def _own() -> dict[str, Any]:
    """For every template: a time on the reader's own clock."""
    return {"on_own_clock": on_own_clock}


def on_own_clock(start: datetime, end: datetime, zone: str) -> Markup | None:
    """A span in the zone of the reader's account, None where the clock of the zone it is shown in is the same."""
    own = own_zone()
    return None if is_same_clock(start, own, zone) else Markup("{} ({})").format(show_period(start, end, own), own)


@pages.get("/account", endpoint="show_account")
def show_account() -> Response:
    """Everything about my log-in."""
    return _page()


def _page(refused: Refused | None = None) -> Response:
    row = read_own_account(database(), by=current_actor())
    form = forms_of(refused)
    return show(
        "own_account.html",
        mine=row,
        form=form("own", language=row.language, time_zone=row.time_zone, shortcuts=shortcuts_on()),
        password=form("password"),
        languages=(("ko", "한국어"), ("en", "English")),
        zones=list_zones(),
        usual_zone=setup().time_zone,
        shortest=MINIMUM_PASSWORD,
    )


@pages.post("/account")
def save_account_of_mine() -> Response:
    """Language, zone, and keys on this device."""

    def act() -> str:
        change_own_account(
            database(), language=form_text("language"), time_zone=form_text("time_zone"), by=current_actor(),
            now=utc_now(),
        )  # fmt: skip
        return words().gettext("Kept.")

    answer = take_form("own", act, url_for("pages.show_account"), _page)
    if answer.status_code == 303:
        keep_cookie(answer, SHORTCUTS_COOKIE, "on" if "shortcuts" in request.form else "off")
    return answer


@pages.post("/account/password")
@limit_log_in
def save_own_password() -> Response:
    """Another password; the session on this device goes on, all others end."""

    def act() -> str:
        password = request.form.get("password", "")
        if password != request.form.get("again", ""):
            raise BadInput("the two passwords differ", code="passwords-differ", field="again")
        account = change_own_password(
            database(), current=request.form.get("current", ""), password=password, by=current_actor(), now=utc_now()
        )
        log_in_account(account)
        return words().gettext("The password is changed. Every other session has ended.")

    return take_form("password", act, url_for("pages.show_account"), _page)


@pages.post("/account/sessions")
def end_sessions_of_mine() -> Response:
    """Log out everywhere, here too."""
    current_actor()
    log_out(everywhere=True)
    return redirect(url_for("pages.show_log_in"), 303)
