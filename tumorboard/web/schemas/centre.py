"""People, departments, specialties and rooms."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from tumorboard.store.people import Absence, Department, Member, Specialty
from tumorboard.web.schemas.base import Answer, Ask, At, Named, PageAnswer, PageAsk, Word, query_whole
from tumorboard.web.schemas.boards import RoomAnswer


class PeopleAsk(PageAsk):
    specialty = Word(longest=64)
    search = Word(load_default="", longest=80)
    department = Word(load_default="", longest=64)
    away_days = query_whole(0, 730, 0)


class AbsenceAsk(Ask):
    starts_at = At(required=True)
    ends_at = At(required=True)
    kind = fields.String(load_default="absence", validate=validate.OneOf(["absence", "busy"]))


class AbsenceAnswer(Answer):
    """When a member cannot come; no reason is kept."""

    id = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    kind = fields.String()


class NewAbsenceAnswer(AbsenceAnswer):
    """`meetings` are the published meetings it touches; they stay as they are until somebody proposes again."""

    meetings = fields.List(fields.String())


class MemberAnswer(Answer):
    id = fields.String()
    name = fields.String()
    title = fields.String()
    department = fields.Nested(Named)
    specialties = fields.List(fields.String())
    certificates = fields.List(fields.String())
    time_zone = fields.String()
    absences = fields.List(fields.Nested(AbsenceAnswer))


class PeoplePageAnswer(PageAnswer):
    items = fields.List(fields.Nested(MemberAnswer))


class DepartmentAnswer(Named):
    specialties = fields.List(fields.String())


class DepartmentListAnswer(Answer):
    items = fields.List(fields.Nested(DepartmentAnswer))
    total = fields.Integer()


class SpecialtyAnswer(Named):
    department = fields.String()


class SpecialtyListAnswer(Answer):
    items = fields.List(fields.Nested(SpecialtyAnswer))
    total = fields.Integer()


class RoomListAnswer(Answer):
    items = fields.List(fields.Nested(RoomAnswer))
    total = fields.Integer()


def present_member(row: Member, language: str) -> dict[str, Any]:
    """A member; department, specialties, certificates and absences must be loaded."""
    return {
        "id": row.public_id,
        "name": row.name,
        "title": row.title,
        "department": {"key": row.department.key, "name": name_of(row.department, language)},
        "specialties": [held.specialty for held in row.specialties],
        "certificates": [held.certificate for held in row.certificates],
        "time_zone": row.time_zone,
        "absences": [present_absence(absence) for absence in row.absences],
    }


def present_absence(row: Absence) -> dict[str, Any]:
    """An absence or busy time."""
    return {"id": row.public_id, "starts_at": row.starts_at, "ends_at": row.ends_at, "kind": row.kind}


def name_of(row: Department | Specialty, language: str) -> str:
    """What it is called in the language of the reader."""
    return row.name_ko if language == "ko" else row.name_en
