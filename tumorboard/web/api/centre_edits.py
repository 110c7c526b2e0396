"""Edits of the centre: name, departments, specialties, members, rooms, boards, series and closed days."""

from __future__ import annotations

from datetime import date
from typing import Any

from tumorboard.domain.errors import NotFound
from tumorboard.services import (
    centre_boards,
    centre_days,
    centre_edits,
    centre_members,
    centre_overview,
    centre_rooms,
    centre_series,
)
from tumorboard.services.meetings import find_board
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.schemas import centre_edits as schemas

door = Door("centre-edits", description="Edits of the centre, one change each; asks `centre:edit`")


def _who() -> dict[str, Any]:
    return {"by": current_actor(), "now": utc_now()}


@door.get("/centre")
@door.response(200, schemas.CentreAnswer)
def read_centre() -> dict[str, Any]:
    """Read what the centre consists of and what it lacks to begin"""
    return schemas.present_overview(centre_overview.read_overview(database(), setup(), **_who()))


@door.put("/centre")
@door.arguments(schemas.NamesAsk)
@door.response(204)
def rename_centre(asked: dict[str, Any]) -> None:
    """Name the centre"""
    centre_edits.rename_centre(database(), **asked, **_who())


@door.post("/centre/departments")
@door.arguments(schemas.NewNamesAsk)
@door.response(201, schemas.KeyAnswer)
def add_department(asked: dict[str, Any]) -> dict[str, str]:
    """Add a department"""
    return {"key": centre_edits.add_department(database(), **asked, **_who()).key}


@door.put("/centre/departments/<key:department>")
@door.arguments(schemas.NamesAsk)
@door.response(204)
def change_department(asked: dict[str, Any], department: str) -> None:
    """Rename a department"""
    centre_edits.change_department(database(), key=department, **asked, **_who())


@door.delete("/centre/departments/<key:department>")
@door.response(204)
def remove_department(department: str) -> None:
    """Remove a department to which nobody belongs"""
    centre_edits.remove_department(database(), key=department, **_who())


@door.put("/centre/specialties/<key:specialty>")
@door.arguments(schemas.DepartmentOfAsk)
@door.response(204)
def place_specialty(asked: dict[str, Any], specialty: str) -> None:
    """Say which department supplies a specialty; a new one is added"""
    centre_edits.place_specialty(database(), setup(), specialty=specialty, **asked, **_who())


@door.delete("/centre/specialties/<key:specialty>")
@door.response(204)
def remove_specialty(specialty: str) -> None:
    """Take a specialty from the centre that nobody holds and no board seats"""
    centre_edits.remove_specialty(database(), specialty=specialty, **_who())


@door.get("/centre/members")
@door.response(200, schemas.MemberEditListAnswer)
def list_members_to_edit() -> dict[str, Any]:
    """List every member as edits say them, also who left"""
    items = [schemas.present_member_edit(row) for row in centre_members.list_members(database(), by=current_actor())]
    return {"items": items, "total": len(items)}


@door.post("/centre/members")
@door.arguments(schemas.MemberEditAsk)
@door.response(201, schemas.MemberEditAnswer)
def add_member(asked: dict[str, Any]) -> dict[str, Any]:
    """Add a member"""
    row = centre_members.add_member(database(), setup(), values=schemas.read_member(asked), **_who())
    return schemas.present_member_edit(row)


@door.put("/centre/members/<public_id:member_id>")
@door.arguments(schemas.MemberEditAsk)
@door.response(200, schemas.MemberEditAnswer)
def change_member(asked: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Change a member as a whole"""
    values = schemas.read_member(asked)
    row = centre_members.change_member(database(), setup(), member_id=member_id, values=values, **_who())
    return schemas.present_member_edit(row)


@door.post("/centre/members/<public_id:member_id>/leave")
@door.response(200, schemas.StillInvitedAnswer)
def retire_member(member_id: str) -> dict[str, Any]:
    """A member leaves

    Log-in, links and seats end at once. Gives the published meetings to which the member is still invited.
    """
    return {"meetings": list(centre_members.retire_member(database(), member_id=member_id, **_who()))}


@door.post("/centre/members/<public_id:member_id>/return")
@door.response(204)
def readmit_member(member_id: str) -> None:
    """A member is back"""
    centre_members.readmit_member(database(), member_id=member_id, **_who())


@door.post("/centre/rooms")
@door.arguments(schemas.NewRoomAsk)
@door.response(201, schemas.KeyAnswer)
def add_room(asked: dict[str, Any]) -> dict[str, str]:
    """Add a room"""
    return {"key": centre_rooms.add_room(database(), **asked, **_who()).key}


@door.put("/centre/rooms/<key:room>")
@door.arguments(schemas.RoomEditAsk)
@door.response(204)
def change_room(asked: dict[str, Any], room: str) -> None:
    """Change a room"""
    centre_rooms.change_room(database(), setup(), key=room, **asked, **_who())


@door.delete("/centre/rooms/<key:room>")
@door.response(204)
def remove_room(room: str) -> None:
    """Remove a room in which nothing was ever held"""
    centre_rooms.remove_room(database(), key=room, **_who())


@door.post("/centre/boards")
@door.arguments(schemas.NewBoardAsk)
@door.response(201, schemas.BoardEditAnswer)
def add_board(asked: dict[str, Any]) -> dict[str, Any]:
    """Add a board with the seats of its programme"""
    values, more = schemas.read_board(asked), {"program": asked["program"], "key": asked["key"]}
    return schemas.present_board_edit(centre_boards.add_board(database(), setup(), values=values, **more, **_who()))


@door.put("/centre/boards/<key:board>")
@door.arguments(schemas.BoardEditAsk)
@door.response(200, schemas.BoardEditAnswer)
def change_board(asked: dict[str, Any], board: str) -> dict[str, Any]:
    """Change name, zone and organizer of a board"""
    centre_boards.change_board(database(), setup(), board=board, values=schemas.read_board(asked), **_who())
    return schemas.present_board_edit(find_board(database(), board))


@door.delete("/centre/boards/<key:board>")
@door.response(204)
def remove_board(board: str) -> None:
    """Remove a board for which nothing was ever planned"""
    centre_boards.remove_board(database(), board=board, **_who())


@door.put("/centre/boards/<key:board>/seats/<key:specialty>")
@door.arguments(schemas.SeatAsk)
@door.response(200, schemas.SeatEditAnswer)
def set_seat(asked: dict[str, Any], board: str, specialty: str) -> dict[str, Any]:
    """Give a board a seat, or change one"""
    holders = None if asked["holders"] is None else tuple(asked["holders"])
    seat = centre_boards.set_seat(
        database(), setup(), board=board, specialty=specialty, kind=asked["kind"], holders=holders, **_who()
    )
    return schemas.present_seat_edit(seat)


@door.delete("/centre/boards/<key:board>/seats/<key:specialty>")
@door.response(204)
def remove_seat(board: str, specialty: str) -> None:
    """Take a seat from a board"""
    centre_boards.remove_seat(database(), board=board, specialty=specialty, **_who())


@door.get("/centre/series")
@door.response(200, schemas.SeriesListAnswer)
def list_series() -> dict[str, Any]:
    """List every weekly series, also those that are over"""
    items = [schemas.present_series(row) for row in centre_series.list_series(database(), by=current_actor())]
    return {"items": items, "total": len(items)}


@door.post("/centre/series")
@door.arguments(schemas.NewSeriesAsk)
@door.response(201, schemas.SeriesResultAnswer)
def add_series(asked: dict[str, Any]) -> dict[str, Any]:
    """Let a board meet every week

    Its meetings of the next half year are made at once.
    """
    values = schemas.read_series(asked)
    return schemas.present_result(
        centre_series.add_series(database(), setup(), board=asked["board"], values=values, **_who())
    )


@door.put("/centre/series/<key:series>")
@door.arguments(schemas.SeriesEditAsk)
@door.response(200, schemas.SeriesResultAnswer)
def change_series(asked: dict[str, Any], series: str) -> dict[str, Any]:
    """Let a series go on under other rules

    Meetings ahead that are not published follow; published ones stay and are listed in `kept`.
    """
    values, number = schemas.read_series(asked), _read_number(series)
    return schemas.present_result(
        centre_series.change_series(database(), setup(), series_id=number, values=values, **_who())
    )


@door.delete("/centre/series/<key:series>")
@door.response(200, schemas.SeriesResultAnswer)
def remove_series(series: str) -> dict[str, Any]:
    """End a series after its last published meeting"""
    number = _read_number(series)
    return schemas.present_result(centre_series.remove_series(database(), setup(), series_id=number, **_who()))


def _read_number(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < len("1000000000"):
        return int(text)
    raise NotFound("there is no such series", code="unknown-series")


@door.get("/centre/days")
@door.arguments(schemas.DaysAsk, location="query")
@door.response(200, schemas.DayListAnswer)
def list_days(asked: dict[str, Any]) -> dict[str, Any]:
    """List the days of the year ahead on which no series meets"""
    days = centre_days.list_days(database(), setup(), language=current_language(), **_who())
    items = [schemas.present_day(day) for day in days if not (asked["own_only"] and day.is_public)]
    return {"items": items, "total": len(items)}


@door.post("/centre/days")
@door.arguments(schemas.DayAsk)
@door.response(201, schemas.SeriesResultAnswer)
def add_day(asked: dict[str, Any]) -> dict[str, Any]:
    """Close a day

    Its meetings that are not published go; published ones stay and are listed in `kept`.
    """
    return schemas.present_result(centre_days.add_day(database(), setup(), **asked, **_who()))


@door.delete("/centre/days/<key:day>")
@door.response(200, schemas.SeriesResultAnswer)
def remove_day(day: str) -> dict[str, Any]:
    """Open a day again that the hospital had closed"""
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise NotFound("the hospital has not closed this day itself", code="unknown-day") from None
    return schemas.present_result(centre_days.remove_day(database(), setup(), on=on, **_who()))
