"""Busy times from a member's own calendar: hand in a file, name an address, look what is known, remove it."""

from __future__ import annotations

from datetime import datetime

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from tumorboard.services.access import Permission, require
from tumorboard.services.busy import BusyRead, add_busy_address, find_source, refresh_busy, remove_busy, upload_busy
from tumorboard.services.busy_views import SourceView, list_blocks, list_busy
from tumorboard.services.meetings import load_meetings
from tumorboard.services.people import find_member, require_own
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.pages.frame import answer_form, form_text, pages, show, words
from tumorboard.web.pages.names import full_name, say_when
from tumorboard.words.refusals import REFUSALS

DAYS_SHOWN = 14
MOST_WARNINGS = 5
"""Warnings of one source that the page names."""


@pages.get("/mine/busy")
def show_my_busy() -> Response:
    """My own busy times."""
    actor = current_actor()
    if actor.member_id is None:
        return show("mine_nobody.html")
    return _show(actor.member_id, is_own=True)


@pages.get("/people/<member_id>/busy")
def show_busy(member_id: str) -> Response:
    """A member's busy times, for her and for coordinators."""
    require(current_actor(), Permission.PEOPLE_READ)
    return _show(member_id, is_own=current_actor().member_id == member_id)


def _show(member_id: str, *, is_own: bool) -> Response:
    actor, now = current_actor(), utc_now()
    require_own(actor, member_id)  # first: who may not look learns nothing of who there is
    member = find_member(database(), member_id)
    return show(
        "busy.html",
        member=member,
        name=full_name(member),
        is_own=is_own,
        sources=list_busy(database(), member_id=member_id, by=actor),
        blocks=list_blocks(database(), member_id=member_id, by=actor, now=now, days=DAYS_SHOWN),
        days=DAYS_SHOWN,
        hosts=setup().busy_hosts,
        may_address=bool(setup().busy_hosts),
        say_code=_say_code,
        most_warnings=MOST_WARNINGS,
    )


def _say_code(code: str) -> str:
    """What a problem or a warning of a calendar means."""
    return words().gettext(REFUSALS.get(code, REFUSALS["bad-input"]))


@pages.app_template_global("busy_summary")
def summarise_busy(member_id: str) -> tuple[SourceView, ...]:
    """The sources of a member for a line on another page; nothing for who may not see them."""
    actor = current_actor()
    if actor.member_id != member_id and not actor.may(Permission.ABSENCE_EDIT_ANY):
        return ()
    return list_busy(database(), member_id=member_id, by=actor)


@pages.post("/people/<member_id>/busy/upload")
def upload_calendar(member_id: str) -> Response:
    """Read a file that was handed in."""

    def act() -> str:
        file = request.files.get("file")
        done = upload_busy(
            database(), setup(), member_id=member_id, content=file.read() if file else b"", by=current_actor(),
            now=utc_now(),
        )  # fmt: skip
        return _say_read(done)

    return answer_form(_back(member_id), act)


@pages.post("/people/<member_id>/busy/address")
def add_address(member_id: str) -> Response:
    """Fetch a calendar now and keep its address."""

    def act() -> str:
        done = add_busy_address(
            database(), setup(), member_id=member_id, address=form_text("address"), by=current_actor(), now=utc_now()
        )
        return _say_read(done)

    return answer_form(_back(member_id), act)


@pages.post("/busy-sources/<source_id>/refresh")
def refresh_source(source_id: str) -> Response:
    """Fetch an address again."""
    member_id = _member_of(source_id)
    return answer_form(
        _back(member_id),
        lambda: _say_read(refresh_busy(database(), setup(), source_id=source_id, by=current_actor(), now=utc_now())),
    )


@pages.post("/busy-sources/<source_id>/remove")
def remove_source(source_id: str) -> Response:
    """Forget a source and what came from it."""
    member_id = _member_of(source_id)

    def act() -> str:
        remove_busy(database(), source_id=source_id, by=current_actor(), now=utc_now(), setup=setup())
        return words().gettext("The calendar is forgotten, with all busy times that came from it.")

    return answer_form(_back(member_id), act)


def _member_of(source_id: str) -> str:
    return find_source(database(), source_id, by=current_actor()).member.public_id


def _back(member_id: str) -> str:
    is_own = current_actor().member_id == member_id
    own = url_for("pages.show_my_busy") if is_own else url_for("pages.show_busy", member_id=member_id)
    return next_path(own)


def _say_read(done: BusyRead) -> str:
    """What was read; the published meetings that it collides with are named before."""
    for meeting in load_meetings(database(), done.meetings):
        flash(_say_collision(meeting.starts_at, meeting.time_zone), "warning")
    said = words().ngettext(
        "The calendar is read: %(number)d busy time.", "The calendar is read: %(number)d busy times.", done.intervals
    )
    return said % {"number": done.intervals}


def _say_collision(starts_at: datetime, time_zone: str) -> str:
    said = words().gettext(
        "Busy at a meeting with an invitation: %(when)s. The board now shows the coordinator that somebody else is "
        "needed."
    )
    return said % {"when": say_when(starts_at, time_zone)}
