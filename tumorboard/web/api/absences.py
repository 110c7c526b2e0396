"""Availability, weekly hours, and the substitutes of all meetings that an absence touches, with their undo."""

from __future__ import annotations

from typing import Any

from tumorboard.services import availability, cover_steps, covering, people, weekly_hours
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.pages.names import names_of
from tumorboard.web.schemas.absences import (
    AbsenceCoverAnswer,
    AbsenceTimesAsk,
    AvailabilityAnswer,
    AvailabilityAskSchema,
    ChangedAbsenceAnswer,
    ChangedHoursAnswer,
    ChoicesAsk,
    CoveredAnswer,
    HoursAsk,
    HoursListAnswer,
    UncoveredAnswer,
    hours_from,
    present_availability,
    present_cover,
    present_covered,
    present_hours,
    present_restored,
)
from tumorboard.web.schemas.centre import present_absence
from tumorboard.words import Words

door = Door("absences", description="Who can come when, and who comes instead")


@door.get("/availability")
@door.arguments(AvailabilityAskSchema, location="query")
@door.response(200, AvailabilityAnswer)
def read_availability(asked: dict[str, Any]) -> dict[str, Any]:
    """Read who can come on which day, by department

    With the meetings of these days and how many of each specialty could come to them.
    """
    ask = availability.AvailabilityAsk(**asked)
    language = current_language()
    table = availability.read_availability(
        database(), setup(), ask=ask, by=current_actor(), now=utc_now(), language=language
    )  # fmt: skip
    return present_availability(table, language)


@door.get("/people/<public_id:member_id>/hours")
@door.response(200, HoursListAnswer)
def list_hours(member_id: str) -> dict[str, Any]:
    """List what repeats in a member's week"""
    rows = weekly_hours.list_hours(database(), member_id=member_id, by=current_actor(), now=utc_now())
    return {"items": [present_hours(row) for row in rows], "total": len(rows)}


@door.post("/people/<public_id:member_id>/hours")
@door.arguments(HoursAsk)
@door.response(201, ChangedHoursAnswer)
def add_hours(asked: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Add weekly hours, one entry for each weekday"""
    rows, meetings = weekly_hours.add_hours(
        database(), setup(), member_id=member_id, hours=hours_from(asked), by=current_actor(), now=utc_now()
    )
    return {"items": [present_hours(row) for row in rows], "total": len(rows), "meetings": list(meetings)}


@door.put("/hours/<public_id:hours_id>")
@door.arguments(HoursAsk)
@door.response(200, ChangedHoursAnswer)
def change_hours(asked: dict[str, Any], hours_id: str) -> dict[str, Any]:
    """Replace weekly hours by others, on one weekday"""
    row, meetings = weekly_hours.change_hours(
        database(), setup(), hours_id=hours_id, hours=hours_from(asked), by=current_actor(), now=utc_now()
    )
    return {"items": [present_hours(row)], "total": 1, "meetings": list(meetings)}


@door.delete("/hours/<public_id:hours_id>")
@door.response(204)
def remove_hours(hours_id: str) -> None:
    """Remove weekly hours"""
    weekly_hours.remove_hours(database(), setup(), hours_id=hours_id, by=current_actor(), now=utc_now())


@door.put("/absences/<public_id:absence_id>")
@door.arguments(AbsenceTimesAsk)
@door.response(200, ChangedAbsenceAnswer)
def change_absence(asked: dict[str, Any], absence_id: str) -> dict[str, Any]:
    """Give an absence other times"""
    row, meetings = people.change_absence(
        database(), setup(), absence_id=absence_id, by=current_actor(), now=utc_now(), **asked
    )
    return {**present_absence(row), "meetings": list(meetings)}


@door.get("/absences/<public_id:absence_id>/substitutes")
@door.response(200, AbsenceCoverAnswer)
def read_cover(absence_id: str) -> dict[str, Any]:
    """Read what an absence costs all published meetings, with the substitute who would be asked for each need"""
    cover = covering.read_cover(database(), setup(), absence_id=absence_id, by=current_actor(), now=utc_now())
    members = people.load_members(database())
    boards = {one.meeting.board.id: one.meeting.board for one in cover.open}
    names = {key: names_of(setup().program(board.program), members=members) for key, board in boards.items()}
    return present_cover(cover, Words(current_language()), names)


@door.post("/absences/<public_id:absence_id>/substitutes")
@door.arguments(ChoicesAsk)
@door.response(200, CoveredAnswer)
def cover_absence(asked: dict[str, Any], absence_id: str) -> dict[str, Any]:
    """Ask a substitute for every meeting that an absence touches, in one step that can be undone"""
    given = asked["choices"]
    choices = None if given is None else {(one["meeting"], one["need"]): one["instead"] for one in given}
    done = covering.cover_absence(
        database(), setup(), absence_id=absence_id, choices=choices, by=current_actor(), now=utc_now()
    )
    return present_covered(done)


@door.post("/substitutions/<public_id:change_id>/undo")
@door.response(200, UncoveredAnswer)
def undo_cover(change_id: str) -> dict[str, Any]:
    """Take the substitutes of an absence back: everybody is expected again who was expected before"""
    done = cover_steps.undo_cover(database(), setup(), change_id=change_id, by=current_actor(), now=utc_now())
    return present_restored(done)
