"""My windows with what is asked of me and my answers; my absences; my calendar link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import segno
from flask import g, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.series import FUTURE, PAST
from tumorboard.services.feeds import LEVELS, list_feeds, revoke_feed, rotate_feed, write_own_event
from tumorboard.services.invitations import ASKED_FOR
from tumorboard.services.my_parts import MyCase, MyPart, delegate_own, list_my_parts
from tumorboard.services.people import find_member, list_absences_ahead
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.store.post import FeedToken
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.feeds import CALENDAR_TYPE
from tumorboard.web.pages.frame import answer_form, form_text, pages, refuse_form, show, words
from tumorboard.web.pages.meetings import labels_of
from tumorboard.web.pages.names import full_name
from tumorboard.words.answers import say_answer


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


@dataclass(frozen=True, slots=True)
class PartCard:
    """One window of mine as a card: why I am needed, case by case what is asked, and what I said.

    `why` are the short words of rules with their ids, which are empty for what is no rule. `is_open` while I can
    answer, `is_asked` while an answer is missing. `deputies` are ids and names.
    """

    row: MeetingInvitation
    why: tuple[tuple[str, str], ...]
    cases: tuple[MyCase, ...]
    question_count: int
    hers_to_prepare: int
    answer: str
    is_open: bool
    is_asked: bool
    deputies: tuple[tuple[str, str], ...]
    stand_in: str


@pages.get("/mine")
def show_mine() -> Response:
    """When I am needed, where and why; what I answer; when I cannot come; how my calendar shows it."""
    actor, now = current_actor(), utc_now()
    if actor.member_id is None:
        return show("mine_nobody.html")
    member = find_member(database(), actor.member_id)
    cards = [_card(part, now) for part in list_my_parts(database(), setup(), by=actor, now=now)]
    return show(
        "mine.html",
        member=member,
        name=full_name(member),
        cards=cards,
        asked=sum(card.is_asked for card in cards),
        absences=list_absences_ahead(database(), member, now=now),
        feed=feed_of("member", member.id),
        today=setup().today(now),
    )


def _card(part: MyPart, now: datetime) -> PartCard:
    row = part.row
    labels = labels_of(row)
    is_open = row.meeting.status != "cancelled" and row.starts_at > now and part.stand_in is None
    return PartCard(
        row=row,
        why=tuple((labels.get(rule, rule), "" if rule in ASKED_FOR else rule) for rule in row.details["rules"]),
        cases=part.cases,
        question_count=sum(case.question_count for case in part.cases),
        hers_to_prepare=sum(item.is_hers for case in part.cases for item in case.open_items),
        answer=say_answer(row.answer, words()),
        is_open=is_open,
        is_asked=is_open and row.answer == "needs-action",
        deputies=tuple((member.public_id, full_name(member)) for member in part.deputies) if is_open else (),
        stand_in=full_name(part.stand_in) if part.stand_in else "",
    )


@pages.post("/invitations/<invitation_id>/delegate")
def delegate_invitation(invitation_id: str) -> Response:
    """Somebody of my specialty comes in my place."""

    def act() -> str:
        deputy = delegate_own(
            database(), setup(), invitation_id=invitation_id, deputy=form_text("deputy"), comment=form_text("comment"),
            by=current_actor(), now=utc_now(),
        )  # fmt: skip
        said = words().gettext("%(name)s is invited in your place; both of you get a letter.")
        return said % {"name": full_name(deputy)}

    return answer_form(next_path(url_for("pages.show_mine")), act)


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
    )


def _draw_code(text: str) -> Markup:
    """A QR code as SVG inside the page; dark on light in dark mode too, or cameras do not read it."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(border=4, omitsize=True, light="#fff", dark="#000", svgclass="qr", lineclass=None))  # noqa: S704 - drawn by segno from our own link


@pages.post("/calendar-links/end")
def end_link() -> Response:
    """End a link at once."""

    def act() -> str:
        revoke_feed(
            database(), scope=form_text("scope"), subject=form_text("subject"), by=current_actor(), now=utc_now()
        )
        return words().gettext("The link is ended; calendars that use it stay as they are and get no news.")

    return answer_form(next_path(url_for("pages.show_mine")), act)
