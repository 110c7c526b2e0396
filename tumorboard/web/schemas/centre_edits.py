"""Edits of the centre: each ask names the thing as a whole, so that what is left away gets its default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from marshmallow import fields, validate

from tumorboard.services.centre import WEEKDAYS
from tumorboard.services.centre_boards import SEAT_KINDS, BoardValues
from tumorboard.services.centre_days import ClosedDay
from tumorboard.services.centre_members import MOST_CALLS, MemberValues
from tumorboard.services.centre_overview import Overview
from tumorboard.services.centre_rooms import LARGEST_ROOM, LONGEST_URL
from tumorboard.services.centre_series import SeriesResult, SeriesValues
from tumorboard.store.meetings import Board, Seat, Series
from tumorboard.store.people import Member
from tumorboard.web.schemas.base import Answer, Ask, Day, Flag, Who, Whole, Word

CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z"
MOST_OF_A_LIST = 100


def _words_list(**kwargs: Any) -> fields.List[Any]:
    return fields.List(Word(longest=64, shortest=1), validate=validate.Length(max=MOST_OF_A_LIST), **kwargs)


class NamesAsk(Ask):
    """A name in both languages; the empty one is the other."""

    name_ko = Word(load_default="")
    name_en = Word(load_default="")


class NewNamesAsk(NamesAsk):
    key = Word(longest=64, load_default=None, allow_none=True)


class DepartmentOfAsk(Ask):
    department = Word(longest=64, required=True)


class MemberEditAsk(Ask):
    """`deputies` are public ids in the order they are asked."""

    name = Word(required=True)
    email = Word(required=True)
    department = Word(longest=64, required=True)
    title = Word(load_default="")
    language = fields.String(load_default="ko", validate=validate.OneOf(["ko", "en"]))
    time_zone = Word(longest=64, load_default="")
    most_calls_per_week = Whole(1, MOST_CALLS, load_default=None, allow_none=True)
    specialties = _words_list(load_default=list)
    certificates = _words_list(load_default=list)
    deputies = _words_list(load_default=list)


class RoomEditAsk(Ask):
    name = Word(required=True)
    capacity = Whole(1, LARGEST_ROOM, required=True)
    video_url = Word(longest=LONGEST_URL, load_default="")


class NewRoomAsk(RoomEditAsk):
    key = Word(longest=64, load_default=None, allow_none=True)


class BoardEditAsk(NamesAsk):
    """Empty: the installation's zone and address, the board's name."""

    time_zone = Word(longest=64, load_default="")
    organizer_email = Word(load_default="")
    organizer_name = Word(load_default="")


class NewBoardAsk(BoardEditAsk):
    program = Word(longest=64, required=True)
    key = Word(longest=64, load_default=None, allow_none=True)


class SeatAsk(Ask):
    """`holders` are public ids in the order they are asked; null for everybody who has the specialty."""

    kind = fields.String(required=True, validate=validate.OneOf(SEAT_KINDS))
    holders = _words_list(load_default=None, allow_none=True)


class SeriesEditAsk(Ask):
    """`first_on` of a change is the day from which it counts; null for as soon as possible."""

    weekday = fields.String(required=True, validate=validate.OneOf(WEEKDAYS))
    local_time = fields.String(required=True, validate=validate.Regexp(CLOCK))
    minutes = Whole(10, 480, required=True)
    room = Word(longest=64, required=True)
    time_zone = Word(longest=64, load_default="")
    first_on = Day(load_default=None, allow_none=True)
    last_on = Day(load_default=None, allow_none=True)


class NewSeriesAsk(SeriesEditAsk):
    board = Word(longest=64, required=True)


class DayAsk(Ask):
    on = Day(required=True)
    name = Word(required=True)


class MissingAnswer(Answer):
    """What is missing to begin; `board` and `specialty` are keys, null where it is about none."""

    code = fields.String()
    board = fields.String(allow_none=True)
    specialty = fields.String(allow_none=True)


class CentreAnswer(Answer):
    name_ko = fields.String()
    name_en = fields.String()
    members = fields.Integer()
    rooms = fields.Integer()
    boards = fields.Integer()
    accounts = fields.Integer()
    cases = fields.Integer()
    missing = fields.List(fields.Nested(MissingAnswer))


class KeyAnswer(Answer):
    key = fields.String()


class MemberEditAnswer(Answer):
    """A member as an edit says her, with her id and whether she is still here."""

    id = fields.String()
    active = fields.Boolean()
    name = fields.String()
    email = fields.String()
    department = fields.String()
    title = fields.String()
    language = fields.String()
    time_zone = fields.String()
    most_calls_per_week = fields.Integer(allow_none=True)
    specialties = fields.List(fields.String())
    certificates = fields.List(fields.String())
    deputies = fields.List(fields.String())


class MemberEditListAnswer(Answer):
    items = fields.List(fields.Nested(MemberEditAnswer))
    total = fields.Integer()


class StillInvitedAnswer(Answer):
    """Published meetings to which a member who left is still invited: propose and publish again."""

    meetings = fields.List(fields.String())


class SeatEditAnswer(Answer):
    specialty = fields.String()
    kind = fields.String()
    holders = fields.List(fields.Nested(Who))


class BoardEditAnswer(Answer):
    key = fields.String()
    program = fields.String()
    name_ko = fields.String()
    name_en = fields.String()
    time_zone = fields.String()
    organizer_email = fields.String()
    organizer_name = fields.String()
    seats = fields.List(fields.Nested(SeatEditAnswer))


class SeriesAnswer(Answer):
    id = fields.Integer()
    board = fields.String()
    weekday = fields.String()
    local_time = fields.String()
    minutes = fields.Integer()
    room = fields.String()
    time_zone = fields.String()
    first_on = fields.Date()
    last_on = fields.Date(allow_none=True)


class SeriesListAnswer(Answer):
    items = fields.List(fields.Nested(SeriesAnswer))
    total = fields.Integer()


class SeriesResultAnswer(Answer):
    """What an edit did to meetings: made, taken away, published ones that stay, and dates left out with the reason.

    `series` is the one that goes on, null where none does.
    """

    series = fields.Integer(allow_none=True)
    created = fields.Integer()
    removed = fields.Integer()
    kept = fields.List(fields.String())
    problems = fields.List(fields.String())


class DayAnswer(Answer):
    on = fields.Date()
    name = fields.String()
    is_public = fields.Boolean()


class DayListAnswer(Answer):
    items = fields.List(fields.Nested(DayAnswer))
    total = fields.Integer()


class DaysAsk(Ask):
    """`own_only` leaves the public holidays away."""

    own_only = Flag(load_default=False)


def read_member(asked: Mapping[str, Any]) -> MemberValues:
    """The values of an ask."""
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in asked.items()}
    return MemberValues(**values)


def read_board(asked: Mapping[str, Any]) -> BoardValues:
    """The values of an ask, without its programme and key."""
    return BoardValues(**{name: asked[name] for name in BoardEditAsk().fields})


def read_series(asked: Mapping[str, Any]) -> SeriesValues:
    """The values of an ask, without its board."""
    plain = {name: asked[name] for name in ("minutes", "room", "time_zone", "first_on", "last_on")}
    clock = time.fromisoformat(asked["local_time"])
    return SeriesValues(weekday=WEEKDAYS.index(asked["weekday"]), local_time=clock, **plain)


def present_overview(view: Overview) -> dict[str, Any]:
    """The centre with what is missing."""
    missing = [{"code": gap.code, "board": gap.board or None, "specialty": gap.specialty or None} for gap in view.gaps]
    counts = {name: view.counts[name] for name in ("members", "rooms", "accounts", "cases")}
    names = {name: getattr(view.centre, name) if view.centre else "" for name in ("name_ko", "name_en")}
    return {**names, **counts, "boards": len(view.boards), "missing": missing}


def present_member_edit(row: Member) -> dict[str, Any]:
    """A member; department, specialties, certificates and deputies must be loaded."""
    plain = ("active", "name", "email", "title", "language", "time_zone", "most_calls_per_week")
    return {
        "id": row.public_id,
        "department": row.department.key,
        "specialties": [held.specialty for held in row.specialties],
        "certificates": [held.certificate for held in row.certificates],
        "deputies": [deputy.deputy.public_id for deputy in row.deputies],
        **{name: getattr(row, name) for name in plain},
    }


def present_seat_edit(seat: Seat) -> dict[str, Any]:
    """A seat with who is asked, in order."""
    core = "core" if seat.in_quorum else "core_without_quorum"
    return {
        "specialty": seat.specialty,
        "kind": core if seat.kind == "core" else "on_demand",
        "holders": [{"id": each.member.public_id, "name": each.member.name} for each in seat.holders],
    }


def present_board_edit(row: Board) -> dict[str, Any]:
    """A board with its seats."""
    plain = ("key", "program", "name_ko", "name_en", "time_zone", "organizer_email", "organizer_name")
    return {**{name: getattr(row, name) for name in plain}, "seats": [present_seat_edit(seat) for seat in row.seats]}


def present_series(row: Series) -> dict[str, Any]:
    """A weekly series; board and room must be loaded."""
    return {
        "id": row.id, "board": row.board.key, "weekday": WEEKDAYS[row.weekday],
        "local_time": row.local_time.strftime("%H:%M"), "minutes": row.minutes, "room": row.room.key,
        "time_zone": row.time_zone, "first_on": row.first_on, "last_on": row.last_on,
    }  # fmt: skip


def present_result(result: SeriesResult) -> dict[str, Any]:
    """What an edit of a series or a day did."""
    return {
        "series": result.series.id if result.series else None, "created": result.created, "removed": result.removed,
        "kept": [meeting.public_id for meeting in result.kept], "problems": list(result.problems),
    }  # fmt: skip


def present_day(day: ClosedDay) -> dict[str, Any]:
    """A closed day."""
    return {"on": day.on, "name": day.name, "is_public": day.is_public}
