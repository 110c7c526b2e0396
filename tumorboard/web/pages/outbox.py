"""The outbox: what has left, what waits, and what needs a person."""

from __future__ import annotations

from flask import request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.identity import without_resident_number
from tumorboard.services.access import Permission, require
from tumorboard.services.lists import list_letters, list_troubled_letters
from tumorboard.services.outbox import count_post, hold_batch, list_batches, release_batch, retry_letter
from tumorboard.services.post_rounds import read_post_state
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import answer_form, form_text, pages, show, words

MOST_SHOWN = 100
PAGE_ROWS = 40
LAST_PAGE = 1_000_000
"""No list is longer, and no database counts further than it can."""
STATES = ("waiting", "failing", "held", "dead", "sent", "superseded")


@pages.get("/outbox", endpoint="list_letters")
def show_letters() -> Response:
    """Counts, what is being sent, every letter that has trouble; then all, narrowed as the address says."""
    actor = current_actor()
    require(actor, Permission.OUTBOX_READ)
    asked = request.args.get("state", "")
    state, search = asked if asked in STATES else "", without_resident_number(request.args.get("search", "").strip())
    page = min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE)
    part = list_letters(
        database(), by=actor, state=state or None, search=search, offset=(page - 1) * PAGE_ROWS, limit=PAGE_ROWS
    )  # fmt: skip
    return show(
        "outbox.html",
        counts=count_post(database()),
        post=read_post_state(database(), by=actor, now=utc_now()),
        batches=[batch for batch in list_batches(database(), by=actor) if not batch.is_done],
        trouble=list_troubled_letters(database(), by=actor, limit=MOST_SHOWN),
        most_shown=MOST_SHOWN,
        letters=part.rows,
        total=part.total,
        state=state,
        states=STATES,
        search=search,
        page=page,
        last_page=max(1, -(-part.total // PAGE_ROWS)),
        may_retry=actor.may(Permission.MEETING_EDIT),
        zone=setup().time_zone,
    )


@pages.post("/outbox/<letter_id>/retry")
def retry(letter_id: str) -> Response:
    """Send a letter that was given up again."""

    def act() -> str:
        retry_letter(database(), letter_id=letter_id, by=current_actor(), now=utc_now())
        return words().gettext("The letter will be sent again.")

    return answer_form(url_for("pages.list_letters"), act)


@pages.post("/outbox/batches/<batch>")
def change_batch(batch: str) -> Response:
    """Hold what has not left of letters sent together, or let it go."""

    def act() -> str:
        if form_text("letters") == "hold":
            held = hold_batch(database(), batch=batch, by=current_actor(), now=utc_now()).held
            said = words().ngettext("%(number)d letter is held.", "%(number)d letters are held.", held)
            return said % {"number": held}
        release_batch(database(), batch=batch, by=current_actor(), now=utc_now())
        return words().gettext("The letters are on their way.")

    return answer_form(url_for("pages.list_letters"), act)
