"""A member's week on her page and on her own: clinics that repeat, and hours she keeps free."""

from __future__ import annotations

from datetime import time
from typing import Any
from urllib.parse import urlsplit

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput
from tumorboard.services.people import require_own
from tumorboard.services.weekly_hours import Hours, add_hours, change_hours, list_hours, may_read_hours, remove_hours
from tumorboard.store.people import WeeklyHours
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.pages.absences import form_time, say_touched
from tumorboard.web.pages.forms import take_form
from tumorboard.web.pages.frame import answer_form, form_date, form_text, pages, words
from tumorboard.web.pages.own_forms import show_back
from tumorboard.words.centre import WEEKDAYS


@pages.context_processor
def _give_hours() -> dict[str, Any]:
    """What the templates of weekly hours need beside the page's own values."""
    names = [words().gettext(name) for name in WEEKDAYS]
    options = [(str(number), name) for number, name in enumerate(names)]
    return {"weekly_hours_of": weekly_hours_of, "weekdays": names, "weekday_options": options}


def weekly_hours_of(member_id: str) -> tuple[WeeklyHours, ...] | None:
    """The weekly hours of a member, for her page and her own; None for who may not read them."""
    if not may_read_hours(current_actor(), member_id):
        return None
    return list_hours(database(), member_id=member_id, by=current_actor(), now=utc_now())


@pages.post("/people/<member_id>/hours")
def add_hours_of(member_id: str) -> Response:
    """Note what repeats in a member's week."""

    def act() -> str:
        require_own(current_actor(), member_id)
        rows, hit = add_hours(
            database(), setup(), member_id=member_id, hours=_read_hours(), by=current_actor(), now=utc_now()
        )
        _warn_of(hit)
        said = words().ngettext("%(num)d weekday is noted.", "%(num)d weekdays are noted.", len(rows))
        return said % {"num": len(rows)}

    back = next_path(url_for("pages.show_member", member_id=member_id))
    return take_form("h-new", act, back, show_back(back, member_id=member_id))


@pages.post("/hours/<hours_id>")
def change_hours_of(hours_id: str) -> Response:
    """Other hours in place of some."""

    def act() -> str:
        _, hit = change_hours(
            database(), setup(), hours_id=hours_id, hours=_read_hours(), by=current_actor(), now=utc_now()
        )
        _warn_of(hit)
        return words().gettext("The weekly hours are changed.")

    back = next_path(url_for("pages.show_mine"))
    return take_form(f"h{hours_id}", act, back, show_back(back, member_id=_member_of(back)))


@pages.post("/hours/<hours_id>/remove")
def remove_hours_of(hours_id: str) -> Response:
    """Take weekly hours back."""

    def act() -> str:
        remove_hours(database(), setup(), hours_id=hours_id, by=current_actor(), now=utc_now())
        return words().gettext("The weekly hours are removed.")

    return answer_form(next_path(url_for("pages.show_mine")), act)


def _member_of(back: str) -> str:
    """Whose page an address is, where it is a member's."""
    return urlsplit(back).path.rpartition("/")[2]


def _read_hours() -> Hours:
    days = request.form.getlist("weekday")
    if any(not day.isdecimal() or len(day) > 1 for day in days):
        raise BadInput("choose at least one weekday", code="no-weekday", field="weekdays")
    return Hours(
        kind=form_text("kind") or "busy",
        weekdays=frozenset(int(day) for day in days),
        starts=form_time("from") or time(0),
        ends=form_time("to") or time(23, 59),
        first_on=form_date("first") or setup().today(utc_now()),
        last_on=form_date("last"),
    )


def _warn_of(meetings: tuple[str, ...]) -> None:
    for public_id in meetings:
        flash(say_touched(public_id), "warning")
