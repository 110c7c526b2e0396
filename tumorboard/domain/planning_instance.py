"""The board-planning instance of `flask plan solve`: a problem without database, programme or calendar.

Times are whole minutes from the start of the horizon. What the file calls a session is a meeting here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tumorboard.domain.errors import BadInput

DAY_MINUTES = 24 * 60

_LARGEST_CASES = 5_000
_LARGEST_PLACES = 250_000


@dataclass(frozen=True, slots=True)
class InstanceSpecialty:
    """`attendance_cost` is paid for each attendance of one of its specialists."""

    id: str
    on_demand: bool
    attendance_cost: int


@dataclass(frozen=True, slots=True)
class InstanceSpecialist:
    """`busy` are half-open spans of minutes."""

    id: str
    specialty: str
    busy: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class InstanceMeeting:
    """An optional meeting takes place only when a case is on it, and then costs `open_cost`."""

    id: str
    board: str
    room: str
    start: int
    end: int
    capacity: int
    optional: bool = False
    open_cost: int = 0


@dataclass(frozen=True, slots=True)
class InstanceCase:
    """`weight` is paid per day after the day of `target`, `unscheduled_cost` when the case is left out."""

    id: str
    boards: tuple[str, ...]
    duration: int
    requires: tuple[str, ...]
    named: str | None
    ready: int
    target: int
    weight: int
    unscheduled_cost: int


@dataclass(frozen=True, slots=True)
class BoardInstance:
    """A board-planning problem; see `check_instance` for what must hold."""

    name: str
    horizon_days: int
    specialties: tuple[InstanceSpecialty, ...]
    specialists: tuple[InstanceSpecialist, ...]
    meetings: tuple[InstanceMeeting, ...]
    cases: tuple[InstanceCase, ...]


@dataclass(frozen=True, slots=True)
class BoardAnswer:
    """A plan of an instance: the meeting per case, the specialists per meeting, why cases are left out.

    `bound` is a proven lower bound of the cost of any plan, None when there is none. `cost` is what the plan's maker
    says it costs.
    """

    assign: dict[str, str]
    attend: dict[str, tuple[str, ...]]
    cost: int
    bound: int | None = None
    seconds: float = 0.0
    unscheduled: dict[str, tuple[str, ...]] | None = None

    @property
    def gap(self) -> float | None:
        """How far the cost may be above the best possible, as a share of the cost; 0.0 is proven optimal."""
        if self.bound is None:
            return None
        return 0.0 if self.cost <= self.bound else (self.cost - self.bound) / max(1, abs(self.cost))


def lateness_cost(case: InstanceCase, meeting: InstanceMeeting) -> int:
    """`weight` per day that the meeting's day is after the target's day."""
    return case.weight * max(0, meeting.start // DAY_MINUTES - case.target // DAY_MINUTES)


def overlap(one: InstanceMeeting, other: InstanceMeeting) -> bool:
    """True when both share a minute."""
    return one.start < other.end and other.start < one.end


def check_instance(instance: BoardInstance) -> None:
    """Raises BadInput for what no planner can make sense of; the message names the key and the id.

    Codes: `no-sessions`, `no-specialists`, `duplicate-id`, `unknown-reference`, `outside-horizon`, `empty-span`,
    `room-clash` (two meetings that are both bound to take place), `too-large`.
    """
    if not instance.meetings:
        raise BadInput("sessions: there is none; give at least one", code="no-sessions")
    if not instance.specialists:
        raise BadInput("specialists: there is none; give at least one", code="no-specialists")
    _check_size(instance)
    specialties = _check_ids("specialties", (found.id for found in instance.specialties))
    specialists = _check_ids("specialists", (found.id for found in instance.specialists))
    _check_ids("sessions", (found.id for found in instance.meetings))
    _check_ids("cases", (found.id for found in instance.cases))
    _check_times(instance)
    _check_rooms(instance.meetings)
    for position, person in enumerate(instance.specialists):
        if person.specialty not in specialties:
            _refuse_reference(f"specialists[{position}].specialty", person.id, person.specialty, "specialties")
    for position, case in enumerate(instance.cases):
        for place, specialty in enumerate(case.requires):
            if specialty not in specialties:
                _refuse_reference(f"cases[{position}].requires[{place}]", case.id, specialty, "specialties")
        if case.named is not None and case.named not in specialists:
            _refuse_reference(f"cases[{position}].named", case.id, case.named, "specialists")


def _check_size(instance: BoardInstance) -> None:
    """Five hospitals pass; what cannot be planned within a limit of seconds does not."""
    by_board: dict[str, int] = {}
    for meeting in instance.meetings:
        by_board[meeting.board] = by_board.get(meeting.board, 0) + 1
    places = sum(by_board.get(board, 0) for case in instance.cases for board in case.boards)
    if len(instance.cases) > _LARGEST_CASES or places > _LARGEST_PLACES:
        raise BadInput(
            f"cases: {len(instance.cases)} cases with {places} possible sessions are too many, at most "
            f"{_LARGEST_CASES} and {_LARGEST_PLACES}; split the file by board or by time",
            code="too-large",
        )


def _check_ids(key: str, ids: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for position, found in enumerate(ids):
        if found in seen:
            raise BadInput(f"{key}[{position}].id: {found!r} is there twice; ids are unique", code="duplicate-id")
        seen.add(found)
    return seen


def _check_times(instance: BoardInstance) -> None:
    horizon = instance.horizon_days * DAY_MINUTES
    for position, meeting in enumerate(instance.meetings):
        _check_span(f"sessions[{position}]", meeting.id, meeting.start, meeting.end, horizon)
    for position, person in enumerate(instance.specialists):
        for place, (start, end) in enumerate(person.busy):
            _check_span(f"specialists[{position}].busy[{place}]", person.id, start, end, horizon)


def _check_span(where: str, whose: str, start: int, end: int, horizon: int) -> None:
    if end <= start:
        raise BadInput(f"{where} of {whose!r}: {start} to {end} ends before it starts", code="empty-span")
    if start < 0 or end > horizon:
        raise BadInput(
            f"{where} of {whose!r}: {start} to {end} is outside the horizon, 0 to {horizon}", code="outside-horizon"
        )


def _check_rooms(meetings: Sequence[InstanceMeeting]) -> None:
    bound = sorted((found for found in meetings if not found.optional), key=lambda found: (found.room, found.start))
    for first, second in pairwise(bound):
        if first.room == second.room and second.start < first.end:
            raise BadInput(
                f"sessions: {first.id!r} and {second.id!r} are in room {first.room!r} at one time and neither is "
                "optional; move one or make it optional",
                code="room-clash",
            )


def _refuse_reference(where: str, whose: str, value: str, key: str) -> None:
    raise BadInput(f"{where} of {whose!r}: {value!r} is none of the {key}", code="unknown-reference")
