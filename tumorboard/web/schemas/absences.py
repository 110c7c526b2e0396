"""Availability by day, weekly hours, and an absence with the substitutes of its meetings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from marshmallow import fields, validate

from tumorboard.services.availability import Availability
from tumorboard.services.cover_steps import Restored
from tumorboard.services.covering import Cover, Covered, need_name
from tumorboard.services.weekly_hours import Hours
from tumorboard.store.people import WeeklyHours
from tumorboard.web.schemas.base import Answer, Ask, At, Day, Named, Who, Word, query_whole
from tumorboard.web.schemas.centre import AbsenceAnswer
from tumorboard.web.schemas.open_needs import OpenNeedAnswer, present_need
from tumorboard.words import Words
from tumorboard.words.phrases import Names


class AvailabilityAskSchema(Ask):
    """Which part of the table; `first` is any day of the first week, this week without it."""

    board = Word(load_default="", longest=64)
    department = Word(load_default="", longest=64)
    first = Day(load_default=None)
    weeks = query_whole(1, 4, 1)


class StretchAnswer(Answer):
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class MemberDayAnswer(Answer):
    """What a day is for a member: free, partly, absent, on-board or clash (expected, and cannot come)."""

    on = fields.Date()
    state = fields.String()
    busy = fields.List(fields.Nested(StretchAnswer))
    windows = fields.List(fields.Nested(StretchAnswer))


class MemberDaysAnswer(Who):
    days = fields.List(fields.Nested(MemberDayAnswer))


class DepartmentDaysAnswer(Answer):
    """A department; `folded` where there are too many people to show all departments at once."""

    department = fields.Nested(Named)
    folded = fields.Boolean()
    size = fields.Integer()
    members = fields.List(fields.Nested(MemberDaysAnswer))


class CoverageAnswer(Answer):
    """How many of a specialty could come to a meeting; `missing` where the board has a seat and nobody can."""

    meeting = fields.String()
    board = fields.String()
    starts_at = fields.AwareDateTime()
    specialty = fields.String()
    free = fields.Integer()
    members = fields.Integer()
    missing = fields.Boolean()


class AvailabilityAnswer(Answer):
    first = fields.Date()
    time_zone = fields.String()
    groups = fields.List(fields.Nested(DepartmentDaysAnswer))
    meetings = fields.List(fields.Nested(CoverageAnswer))


class HoursAsk(Ask):
    """From one local time to another on some weekdays (Monday = 0); `ends` 23:59 is midnight.

    `available` hours count although a calendar or another pattern says busy, never although she is absent.
    """

    kind = fields.String(load_default="busy", validate=validate.OneOf(["busy", "available"]))
    weekdays = fields.List(
        fields.Integer(strict=True, validate=validate.Range(0, 6)), required=True, validate=validate.Length(1, 7)
    )
    starts = fields.Time(format="%H:%M", required=True)
    ends = fields.Time(format="%H:%M", required=True)
    first_on = Day(required=True)
    last_on = Day(load_default=None, allow_none=True)
    time_zone = Word(load_default="", longest=64)


class HoursAnswer(Answer):
    id = fields.String()
    kind = fields.String()
    weekday = fields.Integer()
    starts = fields.Time(format="%H:%M")
    ends = fields.Time(format="%H:%M")
    first_on = fields.Date()
    last_on = fields.Date(allow_none=True)
    time_zone = fields.String()


class HoursListAnswer(Answer):
    items = fields.List(fields.Nested(HoursAnswer))
    total = fields.Integer()


class ChangedHoursAnswer(HoursListAnswer):
    """`meetings` are the published meetings at which she is expected during these hours."""

    meetings = fields.List(fields.String())


class AbsenceTimesAsk(Ask):
    starts_at = At(required=True)
    ends_at = At(required=True)


class ChangedAbsenceAnswer(AbsenceAnswer):
    meetings = fields.List(fields.String())


class CoveredNeedAnswer(OpenNeedAnswer):
    """A need with who would be asked for it: `chosen` is null where nobody can. `need` names it among the others."""

    need = fields.String()
    chosen = fields.String(allow_none=True)


class AbsenceCoverAnswer(Answer):
    """What an absence costs. `drafts` are open drafts that count on her; `change` is what can be undone."""

    absence = fields.Nested(AbsenceAnswer)
    member = fields.Nested(Who)
    needs = fields.List(fields.Nested(CoveredNeedAnswer))
    unaffected = fields.List(fields.String())
    drafts = fields.List(fields.String())
    change = fields.String(allow_none=True)


class ChoiceAsk(Ask):
    meeting = Word(required=True, longest=20)
    need = Word(required=True, longest=200)
    instead = Word(load_default="", longest=20)


class ChoicesAsk(Ask):
    """Who is asked; without `choices` the best substitute for each need."""

    choices = fields.List(fields.Nested(ChoiceAsk), load_default=None, validate=validate.Length(0, 500))


class AskedInsteadAnswer(Answer):
    meeting = fields.String()
    member = fields.String()


class CoveredAnswer(Answer):
    """`change` can be undone; `open` are the meetings for which nobody was asked."""

    change = fields.String()
    asked = fields.List(fields.Nested(AskedInsteadAnswer))
    open = fields.List(fields.String())
    letters = fields.Integer()


class UncoveredAnswer(Answer):
    """`left` are meetings that are over or changed since."""

    meetings = fields.List(fields.String())
    left = fields.List(fields.String())
    letters = fields.Integer()


def hours_from(asked: Mapping[str, Any]) -> Hours:
    """What `HoursAsk` says."""
    return Hours(**{**asked, "weekdays": frozenset(asked["weekdays"])})


def present_hours(row: WeeklyHours) -> dict[str, Any]:
    """Weekly hours for `HoursAnswer`."""
    return {
        "id": row.public_id, "kind": row.kind, "weekday": row.weekday, "starts": _minute(row.starts_local),
        "ends": _minute(row.ends_local), "first_on": row.first_on, "last_on": row.last_on, "time_zone": row.time_zone,
    }  # fmt: skip


def _minute(at: time) -> time:
    return at.replace(second=0, microsecond=0)


def present_availability(table: Availability, language: str) -> dict[str, Any]:
    """The table for `AvailabilityAnswer`."""
    meetings = {meeting.public_id: meeting for day in table.days for meeting in day.meetings}
    return {
        "first": table.first,
        "time_zone": table.zone,
        "groups": [
            {
                "department": {
                    "key": group.department.key,
                    "name": group.department.name_ko if language == "ko" else group.department.name_en,
                },
                "folded": group.is_folded,
                "size": group.size,
                "members": [
                    {
                        "id": row.member.public_id,
                        "name": row.member.name,
                        "days": [
                            {"on": day.on, "state": cell.state.value, "busy": _spans(cell.busy),
                             "windows": _spans(cell.windows)}
                            for day, cell in zip(table.days, row.cells, strict=True)
                        ],
                    }
                    for row in group.rows
                ],
            }
            for group in table.groups
        ],
        "meetings": [
            {
                "meeting": one.meeting, "board": meetings[one.meeting].board.key,
                "starts_at": meetings[one.meeting].starts_at, "specialty": one.specialty, "free": one.free,
                "members": one.members, "missing": one.is_missing,
            }
            for day in table.days for one in day.coverage
        ],
    }  # fmt: skip


def _spans(spans: Any) -> list[dict[str, Any]]:
    return [{"starts_at": span.start, "ends_at": span.end} for span in spans]


def present_cover(cover: Cover, words: Words, names: Mapping[int, Names]) -> dict[str, Any]:
    """An absence with its needs for `AbsenceCoverAnswer`; `names` by the row of the board."""
    absence = cover.absence
    return {
        "absence": {
            "id": absence.public_id, "starts_at": absence.starts_at, "ends_at": absence.ends_at, "kind": absence.kind,
        },
        "member": {"id": absence.member.public_id, "name": absence.member.name},
        "needs": [
            {
                **present_need(need, words, names[one.meeting.board_id]), "need": need_name(need.lost),
                "chosen": chosen,
            }
            for one in cover.open for need, chosen in zip(one.needs, one.chosen, strict=True)
        ],
        "unaffected": [one.meeting.public_id for one in cover.meetings if not one.needs],
        "drafts": [draft.public_id for draft in cover.drafts],
        "change": cover.done.public_id if cover.done is not None else None,
    }  # fmt: skip


def present_covered(done: Covered) -> dict[str, Any]:
    """What was asked, for `CoveredAnswer`."""
    return {
        "change": done.change.public_id,
        "asked": [{"meeting": meeting.public_id, "member": member.public_id} for meeting, member in done.asked],
        "open": list(dict.fromkeys(meeting.public_id for meeting, _ in done.open)),
        "letters": done.letters,
    }


def present_restored(done: Restored) -> dict[str, Any]:
    """What was taken back, for `UncoveredAnswer`."""
    return {
        "meetings": [meeting.public_id for meeting in done.meetings],
        "left": [meeting.public_id for meeting in done.left],
        "letters": done.letters,
    }
