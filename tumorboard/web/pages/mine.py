"""My windows with what is asked of me and my answers; my absences; my calendar link."""

from __future__ import annotations

from typing import Any, cast

import segno
from flask import g, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.series import FUTURE, PAST
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.services.feeds import LEVELS, change_detail, list_feeds, revoke_feed, rotate_feed, write_own_event
from tumorboard.services.my_parts import list_my_parts
from tumorboard.services.people import find_member, list_absences_ahead
from tumorboard.store.post import FeedToken
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.feeds import CALENDAR_TYPE
from tumorboard.web.pages.frame import answer_form, form_text, pages, refuse_form, show, words
from tumorboard.web.pages.names import full_name
from tumorboard.web.pages.part_cards import card_of


@pages.context_processor
def _give_feeds() -> dict[str, Any]:
    """What the templates of calendar links need beside the page's own values."""
    return {"feed_of": feed_of, "feed_levels": LEVELS}


def feed_of(scope: str, subject_id: int) -> FeedToken | None:
    """The reader's living link to a feed; her links are read once for a page."""
    if "feeds" not in g:
        g.feeds = list_feeds(database(), by=current_actor())
    feeds = cast("list[FeedToken]", g.feeds)
    return next((feed for feed in feeds if (feed.scope, feed.subject_id) == (scope, subject_id)), None)


@pages.get("/mine")
def show_mine() -> Response:
    """When I am needed, where and why; what I answer; when I cannot come; how my calendar shows it."""
    actor, now = current_actor(), utc_now()
    if actor.member_id is None:
        return show("mine_nobody.html")
    member = find_member(database(), actor.member_id)
    cards = [card_of(part, now) for part in list_my_parts(database(), setup(), by=actor, now=now)]
    return show(
        "mine.html",
        member=member,
        name=full_name(member),
        cards=cards,
        asked=sum(card.is_asked for card in cards),
        expected=sum(card.row.answer not in NOT_COMING for card in cards),
        absences=list_absences_ahead(database(), member, now=now),
        feed=feed_of("member", member.id),
        today=setup().today(now),
    )


@pages.get("/meetings/<meeting_id>/event.ics")
def download_event(meeting_id: str) -> Response:
    """My part in a meeting, to take into my calendar by hand."""
    content = write_own_event(database(), setup(), meeting_id=meeting_id, by=current_actor())
    response = Response(content, content_type=CALENDAR_TYPE)
    response.headers["Content-Disposition"] = "attachment; filename=meeting.ics"
    return response


@pages.post("/calendar-links")
def make_link() -> Response:
    """A new secret link, shown this once: it is kept nowhere, so the answer itself is the page."""
    scope, subject, detail = form_text("scope"), form_text("subject"), form_text("detail")
    back = next_path(url_for("pages.show_mine"))
    try:
        token = rotate_feed(
            database(), setup(), scope=scope, subject=subject, detail=detail, by=current_actor(), now=utc_now()
        )
    except (BadInput, Conflict) as error:
        return refuse_form(back, error)
    link = f"{setup().base_url}/feeds/{token}.ics"
    return show(
        "calendar_link.html",
        scope=scope,
        detail=detail or LEVELS[scope][0],
        past_days=PAST.days,
        future_days=FUTURE.days,
        link=link,
        server=setup().base_url,
        webcal=f"webcal://{link.partition('://')[2]}",
        code=_draw_code(f"webcal://{link.partition('://')[2]}"),
        back=back,
        is_local=setup().base_url.startswith("http://"),
        shown_once=True,
    )


def _draw_code(text: str) -> Markup:
    """A QR code as SVG inside the page; dark on light in dark mode too, or cameras do not read it."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(border=4, omitsize=True, light="#fff", dark="#000", svgclass="qr", lineclass=None))  # noqa: S704 - drawn by segno from our own link


@pages.post("/calendar-links/detail")
def change_link() -> Response:
    """The same link shows more or less."""

    def act() -> str:
        change_detail(
            database(), setup(), scope=form_text("scope"), subject=form_text("subject"), detail=form_text("detail"),
            by=current_actor(), now=utc_now(),
        )  # fmt: skip
        return words().gettext("Kept; the link is the same, and calendars that use it show it the next time they look.")

    return answer_form(next_path(url_for("pages.show_mine")), act)


@pages.post("/calendar-links/end")
def end_link() -> Response:
    """End a link at once."""

    def act() -> str:
        revoke_feed(
            database(), scope=form_text("scope"), subject=form_text("subject"), by=current_actor(), now=utc_now()
        )
        return words().gettext("The link is ended; calendars that use it stay as they are and get no news.")

    return answer_form(next_path(url_for("pages.show_mine")), act)
