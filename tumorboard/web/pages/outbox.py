"""The outbox: what has left, what waits, and what needs a person."""

from __future__ import annotations

from flask import url_for
from sqlalchemy import or_, select
from sqlalchemy.orm import defer, selectinload
from werkzeug.wrappers import Response

from tumorboard.services.access import Permission, require
from tumorboard.services.outbox import count_post, hold_batch, list_batches, release_batch, retry_letter
from tumorboard.store.post import OutboxMessage
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import answer_form, form_text, pages, show, words

MOST_SHOWN = 100


@pages.get("/outbox")
def list_letters() -> Response:
    """Counts, what is being sent, and every letter that has trouble; then the newest others."""
    actor = current_actor()
    require(actor, Permission.OUTBOX_READ)
    letters = select(OutboxMessage).options(defer(OutboxMessage.content), selectinload(OutboxMessage.member))
    has_trouble = or_(
        OutboxMessage.state == "dead", (OutboxMessage.state == "waiting") & (OutboxMessage.last_error != "")
    )
    trouble = database().scalars(letters.where(has_trouble).order_by(OutboxMessage.id.desc()).limit(MOST_SHOWN))
    newest = database().scalars(letters.where(~has_trouble).order_by(OutboxMessage.id.desc()).limit(MOST_SHOWN))
    return show(
        "outbox.html",
        counts=count_post(database()),
        batches=[batch for batch in list_batches(database(), by=actor) if not batch.is_done],
        trouble=list(trouble),
        newest=list(newest),
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
