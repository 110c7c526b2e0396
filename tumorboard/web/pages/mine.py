"""My windows, my absences and my calendar link."""

from __future__ import annotations

import segno
from flask import url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.services.boards import list_windows
from tumorboard.services.feeds import list_feeds, revoke_feed, rotate_feed
from tumorboard.services.people import find_member
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.pages.frame import answer_form, form_text, pages, refuse_form, show, words
from tumorboard.web.pages.meetings import labels_of
from tumorboard.web.pages.names import all_specialties, full_name
from tumorboard.web.pages.people import absences_ahead


@pages.get("/mine")
def show_mine() -> Response:
    """When I am needed, where and why; when I cannot come; how my calendar shows it."""
    actor, now = current_actor(), utc_now()
    if actor.member_id is None:
        return show("mine_nobody.html")
    member = find_member(database(), actor.member_id)
    windows = list_windows(database(), member_id=actor.member_id, by=actor, now=now)
    feeds = list_feeds(database(), by=actor)
    return show(
        "mine.html",
        member=member,
        name=full_name(member),
        windows=windows,
        labels_of=labels_of,
        specialties=all_specialties(),
        absences=absences_ahead(member, now),
        feed=next((feed for feed in feeds if (feed.scope, feed.subject_id) == ("member", member.id)), None),
        today=setup().today(now),
    )


@pages.post("/calendar-links")
def make_link() -> Response:
    """A new secret link, shown this once: it is kept nowhere, so the answer itself is the page."""
    scope, subject = form_text("scope"), form_text("subject")
    back = next_path(url_for("pages.show_mine"))
    try:
        token = rotate_feed(database(), setup(), scope=scope, subject=subject, by=current_actor(), now=utc_now())
    except (BadInput, Conflict) as error:
        return refuse_form(back, error)
    link = f"{setup().base_url}/feeds/{token}.ics"
    return show(
        "calendar_link.html",
        link=link,
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
