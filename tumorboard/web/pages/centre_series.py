"""Weekly meetings and closed days."""

from __future__ import annotations

from datetime import time

from flask import flash, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput
from tumorboard.services.access import Permission, require
from tumorboard.services.boards import list_boards
from tumorboard.services.centre_days import add_day, remove_day
from tumorboard.services.centre_days import list_days as find_days
from tumorboard.services.centre_series import (
    SeriesResult,
    SeriesValues,
    add_series,
    change_series,
    remove_series,
)
from tumorboard.services.centre_series import (
    list_series as find_series,
)
from tumorboard.services.lists import list_rooms
from tumorboard.services.preferences import list_zones
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.forms import Refused, form_whole, forms_of, take_form
from tumorboard.web.pages.frame import answer_form, form_date, form_text, own_name, pages, show, words
from tumorboard.web.pages.names import say_when
from tumorboard.words.centre import WEEKDAYS

MOST_SAID = 8


@pages.get("/centre/series", endpoint="list_series")
def list_series() -> Response:
    """Every weekly meeting, also those that are over."""
    return _page()


def _page(refused: Refused | None = None) -> Response:
    rows = find_series(database(), by=current_actor())
    today = setup().today(utc_now())
    return show(
        "centre_series.html",
        rows=[row for row in rows if row.last_on is None or row.last_on >= today],
        over=[row for row in rows if row.last_on is not None and row.last_on < today],
        boards=[(row.key, own_name(row)) for row in list_boards(database(), by=current_actor())],
        rooms=[(row.key, row.name) for row in list_rooms(database(), by=current_actor())],
        weekdays=[(number, words().gettext(name)) for number, name in enumerate(WEEKDAYS)],
        zones=list_zones(),
        today=today,
        form=forms_of(refused),
    )


@pages.post("/centre/series")
def add_series_here() -> Response:
    """A board meets every week."""

    def act() -> str:
        result = add_series(
            database(), setup(), board=form_text("board"), values=read_series(), by=current_actor(), now=utc_now()
        )
        return say_result(result)

    return take_form("new-series", act, url_for("pages.list_series"), _page)


@pages.post("/centre/series/<int:series_id>")
def save_series(series_id: int) -> Response:
    """Another time, room or last day; or it ends."""

    def act() -> str:
        if form_text("do") == "remove":
            return say_result(
                remove_series(database(), setup(), series_id=series_id, by=current_actor(), now=utc_now())
            )
        result = change_series(
            database(), setup(), series_id=series_id, values=read_series(), by=current_actor(), now=utc_now()
        )
        return say_result(result)

    return take_form(f"series-{series_id}", act, url_for("pages.list_series"), _page)


def read_series() -> SeriesValues:
    """What a form says of a series. Raises BadInput with the field."""
    require(current_actor(), Permission.CENTRE_EDIT)
    return SeriesValues(
        weekday=form_whole("weekday", code="bad-weekday"), local_time=_read_time(),
        minutes=form_whole("minutes", code="bad-length"), room=form_text("room"), time_zone=form_text("time_zone"),
        first_on=form_date("first_on"), last_on=form_date("last_on"),
    )  # fmt: skip


def _read_time() -> time:
    try:
        return time.fromisoformat(form_text("local_time")).replace(tzinfo=None)
    except ValueError:
        raise BadInput("no time; write it as 07:30", code="bad-time", field="local_time") from None


def say_result(result: SeriesResult) -> str:
    """What an edit of a series did; what stays and what was left out are notes of their own."""
    if result.kept:
        when = [say_when(meeting.starts_at, meeting.time_zone) for meeting in result.kept]
        said = words().gettext(
            "These are published already and stay as they are; move or cancel each of them: %(when)s"
        )
        flash(said % {"when": _list(when)}, "warning")
    if result.problems:
        said = words().gettext("Left out, because the room is taken: %(when)s")
        flash(said % {"when": _list([problem.partition(": ")[0] for problem in result.problems])}, "warning")
    counts = {"created": result.created, "removed": result.removed}
    return words().gettext("Kept. Meetings made: %(created)d, taken away: %(removed)d.") % counts


def _list(texts: list[str]) -> str:
    more = len(texts) - MOST_SAID
    said = ", ".join(texts[:MOST_SAID])
    return said if more <= 0 else words().gettext("%(list)s and %(number)d more") % {"list": said, "number": more}


@pages.get("/centre/days", endpoint="list_days")
def list_days() -> Response:
    """The closed days of the year ahead."""
    return _days()


def _days(refused: Refused | None = None) -> Response:
    days = find_days(database(), setup(), by=current_actor(), now=utc_now(), language=words().language)
    return show("centre_days.html", days=days, country=setup().holidays, today=setup().today(utc_now()),
                form=forms_of(refused))  # fmt: skip


@pages.post("/centre/days")
def add_day_here() -> Response:
    """The hospital closes a day."""

    def act() -> str:
        on = form_date("on")
        if on is None:
            raise BadInput("name the day", code="not-a-date", field="on")
        result = add_day(database(), setup(), on=on, name=form_text("name"), by=current_actor(), now=utc_now())
        return say_result(result)

    return take_form("new-day", act, url_for("pages.list_days"), _days)


@pages.post("/centre/days/remove")
def remove_day_here() -> Response:
    """The hospital is open on it after all."""

    def act() -> str:
        on = form_date("on")
        if on is None:
            raise BadInput("name the day", code="not-a-date", field="on")
        return say_result(remove_day(database(), setup(), on=on, by=current_actor(), now=utc_now()))

    return answer_form(url_for("pages.list_days"), act)
