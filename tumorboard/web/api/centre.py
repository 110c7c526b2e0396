"""The centre: people with their absences, departments, specialties and rooms."""

from __future__ import annotations

from typing import Any

from tumorboard.services import lists, people
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.schemas.base import page_of
from tumorboard.web.schemas.centre import (
    AbsenceAsk,
    DepartmentListAnswer,
    MemberAnswer,
    NewAbsenceAnswer,
    PeopleAsk,
    PeoplePageAnswer,
    RoomListAnswer,
    SpecialtyListAnswer,
    name_of,
    present_absence,
    present_member,
)

door = Door("centre", description="People, departments, specialties and rooms")


@door.get("/people")
@door.arguments(PeopleAsk, location="query")
@door.response(200, PeoplePageAnswer)
def list_people(asked: dict[str, Any]) -> dict[str, Any]:
    """List active members, by department and name

    Narrowed by a part of the name, a department, a specialty, or to those away within so many days.
    """
    offset, limit = asked["offset"], asked["limit"]
    rows = people.search_people(
        database(), by=current_actor(), now=utc_now(), text=asked["search"], department=asked["department"],
        specialty=asked.get("specialty") or "", away_days=asked["away_days"],
    )  # fmt: skip
    items = [present_member(row, current_language()) for row in rows[offset : offset + limit]]
    return page_of(items, total=len(rows), offset=offset, limit=limit)


@door.get("/people/<public_id:member_id>")
@door.response(200, MemberAnswer)
def read_member(member_id: str) -> dict[str, Any]:
    """Read a member"""
    return present_member(lists.read_member(database(), member_id=member_id, by=current_actor()), current_language())


@door.post("/people/<public_id:member_id>/absences")
@door.arguments(AbsenceAsk)
@door.response(201, NewAbsenceAnswer)
def add_absence(asked: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Note when a member cannot come"""
    row, meetings = people.add_absence(
        database(), member_id=member_id, by=current_actor(), now=utc_now(), setup=setup(), **asked
    )
    return {**present_absence(row), "meetings": list(meetings)}


@door.delete("/absences/<public_id:absence_id>")
@door.response(204)
def remove_absence(absence_id: str) -> None:
    """Take an absence back"""
    people.remove_absence(database(), absence_id=absence_id, by=current_actor(), now=utc_now(), setup=setup())


@door.get("/departments")
@door.response(200, DepartmentListAnswer)
def list_departments() -> dict[str, Any]:
    """List the departments with the specialties they supply"""
    language = current_language()
    items = [
        {"key": row.key, "name": name_of(row, language), "specialties": [held.key for held in row.specialties]}
        for row in lists.list_departments(database(), by=current_actor())
    ]
    return {"items": items, "total": len(items)}


@door.get("/specialties")
@door.response(200, SpecialtyListAnswer)
def list_specialties() -> dict[str, Any]:
    """List the specialties of the centre"""
    language = current_language()
    items = [
        {"key": row.key, "name": name_of(row, language), "department": row.department.key}
        for row in lists.list_specialties(database(), by=current_actor())
    ]
    return {"items": items, "total": len(items)}


@door.get("/rooms")
@door.response(200, RoomListAnswer)
def list_rooms() -> dict[str, Any]:
    """List the rooms"""
    items = [
        {"key": row.key, "name": row.name, "capacity": row.capacity, "video_url": row.video_url or None}
        for row in lists.list_rooms(database(), by=current_actor())
    ]
    return {"items": items, "total": len(items)}
