"""API tokens: who speaks for whom, a new one that is shown once, and the end of one."""

from __future__ import annotations

from flask import url_for
from werkzeug.wrappers import Response

from tumorboard.services.account_edits import list_accounts
from tumorboard.services.accounts import TOKEN_DAYS
from tumorboard.services.api_tokens import list_tokens, make_token, revoke_token
from tumorboard.web.auth import current_actor, database, utc_now
from tumorboard.web.pages.forms import Refused, forms_of, take_form
from tumorboard.web.pages.frame import answer_form, form_text, pages, show, words


@pages.get("/centre/tokens")
def show_tokens() -> Response:
    """Every API token, newest first."""
    return _page()


def _page(refused: Refused | None = None, secret: str = "") -> Response:
    by, now = current_actor(), utc_now()
    return show(
        "tokens.html",
        rows=[(row, row.revoked_at is None and row.expires_at > now) for row in list_tokens(database(), by=by)],
        accounts=[(row.email, row.email) for row in list_accounts(database(), by=by) if row.active],
        form=forms_of(refused),
        secret=secret,
        days=TOKEN_DAYS,
    )


@pages.post("/centre/tokens")
def add_token() -> Response:
    """A new token; it stands on the page that answers the form, once, and in no address and no cookie."""
    made: list[str] = []

    def act() -> str:
        made.append(make_token(
            database(), email=form_text("email"), label=form_text("label"), by=current_actor(), now=utc_now()
        ))  # fmt: skip
        return words().gettext("The token is made.")

    answer = take_form("new-token", act, url_for("pages.show_tokens"), _page)
    return _page(secret=made[0]) if made else answer


@pages.post("/centre/tokens/<token_id>/end")
def end_token(token_id: str) -> Response:
    """End a token at once."""

    def act() -> str:
        row = revoke_token(database(), token_id=token_id, by=current_actor(), now=utc_now())
        return words().gettext("Ended at once: %(label)s") % {"label": row.label}

    return answer_form(url_for("pages.show_tokens"), act)
