"""Availability: departments and their people by days; a day pressed is a day away, and leads to the substitutes."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.timeline import at_wall_clock
from tumorboard.services.availability import MOST_WEEKS, AvailabilityAsk, monday_of, read_availability
from tumorboard.services.people import require_own
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.pages.absences import enter_absence, night_of
from tumorboard.web.pages.frame import form_text, own_name, pages, refuse_form, show, words
from tumorboard.web.pages.names import all_specialties, full_name


@pages.get("/availability", endpoint="show_availability")
def show_availability() -> Response:
    """The table of some weeks, as the address says."""
    now = utc_now()
    ask = _read_ask()
    table = read_availability(
        database(), setup(), ask=ask, by=current_actor(), now=now, language=words().language
    )  # fmt: skip
    today = monday_of(None, setup().today(now))
    filters: dict[str, Any] = {
        "board": ask.board or None,
        "department": ask.department or None,
        "weeks": request.args.get("weeks"),
    }

    def place(first: date | None = None, **other: str | None) -> str:
        day = first if first is not None else table.first
        return url_for("pages.show_availability", **{**filters, "first": day.isoformat(), **other})

    return show(
        "availability.html",
        table=table,
        place=place,
        earlier=place(table.first - timedelta(weeks=ask.weeks)),
        later=place(table.first + timedelta(weeks=ask.weeks)),
        this_week=place(today) if table.first != today else "",
        last=table.first + timedelta(weeks=ask.weeks, days=-1),
        most_weeks=MOST_WEEKS,
        specialties=all_specialties(),
        full_name=full_name,
        board_options=[(row.key, own_name(row)) for row in table.boards],
        department_options=sorted(((row.key, own_name(row)) for row in table.departments), key=lambda one: one[1]),
    )


def _read_ask() -> AvailabilityAsk:
    first = None
    with suppress(ValueError):
        first = date.fromisoformat(request.args.get("first", ""))
    text = request.args.get("weeks", "")
    weeks = int(text) if text.isdecimal() and len(text) == 1 else 1
    return AvailabilityAsk(
        board=request.args.get("board", ""), department=request.args.get("department", ""), first=first,
        weeks=min(max(weeks, 1), MOST_WEEKS),
    )  # fmt: skip


@pages.post("/availability/absences")
def add_absent_day() -> Response:
    """One press on a day: the member is away on it, and the meetings of that day get their substitutes."""
    back = next_path(url_for("pages.show_availability"))
    try:
        member_id, _, text = form_text("absent").partition(" ")
        require_own(current_actor(), member_id)
        return enter_absence(member_id, *_day_of(text), "absence", back)
    except (BadInput, Conflict) as error:
        return refuse_form(back, error)


def _day_of(text: str) -> tuple[datetime, datetime]:
    """A whole day of the table, which is one of the centre's zone."""
    zone = ZoneInfo(setup().time_zone)
    try:
        on = date.fromisoformat(text)
    except ValueError:
        raise BadInput("no date; write it as YYYY-MM-DD (2026-11-22)", code="not-a-date", field="absent") from None
    return at_wall_clock(on, time(0), zone), night_of(on, zone)
