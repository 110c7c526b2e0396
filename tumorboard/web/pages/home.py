"""The first page: where the person's work is."""

from __future__ import annotations

from werkzeug.wrappers import Response

from tumorboard.services.access import Permission, Role
from tumorboard.services.accounts import set_language
from tumorboard.services.centre_overview import read_progress
from tumorboard.services.first_start import is_fresh
from tumorboard.web.auth import LANGUAGE_COOKIE, current_account, current_actor, database, next_path
from tumorboard.web.pages.frame import form_text, go_to, keep_cookie, pages
from tumorboard.words import choose_language


@pages.get("/")
def show_home() -> Response:
    """The worklist for who plans, her windows for who is invited, the centre for who administers.

    A fresh installation begins with its first start, and goes on with it until a board can be planned.
    """
    if current_account() is None and is_fresh(database()):
        return go_to("pages.show_setup")
    actor, account = current_actor(), current_account()
    if actor.may(Permission.CENTRE_EDIT) and not read_progress(database()).is_usable:
        return go_to("pages.show_setup")
    roles = {row.role for row in account.roles} if account else set()
    if actor.may(Permission.PLAN_EDIT):
        return go_to("pages.list_cases")
    if roles & {Role.PHYSICIAN, Role.SURGEON}:
        return go_to("pages.show_mine")
    if actor.may(Permission.ACCOUNT_EDIT):
        return go_to("pages.show_centre")
    return go_to("pages.list_boards")


@pages.post("/language")
def choose() -> Response:
    """Keep the language of the pages: in the account, and in a cookie for before the log-in."""
    language = choose_language(form_text("language"))
    if current_account() is not None:
        set_language(database(), language=language, by=current_actor())
    answer = Response(status=303, headers={"Location": next_path()})
    keep_cookie(answer, LANGUAGE_COOKIE, language)
    return answer
