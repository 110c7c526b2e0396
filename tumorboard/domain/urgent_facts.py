"""The question and the answer of an urgent call as values: needs, people and rooms in; moments, teams and gaps out.

An urgent call also goes outside working hours: only who is busy or absent cannot come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import MemberFacts, Need, SeatFacts
from tumorboard.domain.planning_problem import NeedKey
from tumorboard.domain.timeline import Interval
from tumorboard.domain.urgent_team import Standing
from tumorboard.domain.working_hours import WorkingHours


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A room and when it is taken; `busy` is sorted and non-overlapping."""

    id: str
    busy: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class UrgentQuestion:
    """All that the answer depends on; equal questions have equal answers.

    The meeting lasts `minutes` and has to end by `until`; when that is impossible, the search goes on to `look_until`.
    It begins `notice_minutes` after `now` at the earliest, on a multiple of `step_minutes`. `seats` have their regular
    holders only: deputies stand with the members. `rooms` are in the order they are preferred. Who is in
    `declined` is not asked for a time that overlaps one she declined; at `taken_starts` the board begins another
    meeting. `recent_calls` are the urgent calls of each member in the last days. With `hours` a moment inside them is
    better than an earlier one outside. Raises BadInput (`bad-length`, `bad-step`, `until-past`).
    """

    needs: tuple[Need, ...]
    members: tuple[MemberFacts, ...]
    seats: tuple[SeatFacts, ...]
    rooms: tuple[RoomFacts, ...]
    now: datetime
    until: datetime
    minutes: int
    look_until: datetime | None = None
    notice_minutes: int = 10
    step_minutes: int = 5
    declined: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    taken_starts: frozenset[datetime] = frozenset()
    recent_calls: Mapping[str, int] = field(default_factory=dict)
    hours: WorkingHours | None = None

    def has_declined(self, member: str, span: Interval) -> bool:
        """True when the member said that she cannot come at a part of this time."""
        return any(span.start < one.end and one.start < span.end for one in self.declined.get(member, ()))

    def __post_init__(self) -> None:
        if self.minutes <= 0:
            raise BadInput("a meeting lasts at least a minute", code="bad-length", field="minutes")
        if self.step_minutes <= 0 or 60 % self.step_minutes:
            raise BadInput("steps are minutes that divide an hour", code="bad-step", field="step_minutes")
        if self.until <= self.now:
            raise BadInput("the time to find a moment in is over", code="until-past", field="until")


@dataclass(frozen=True, slots=True)
class Cover:
    """A need and who covers it. `instead_of` is the member asked before her who cannot come, if there is one."""

    key: NeedKey
    member: str
    standing: Standing
    required: bool
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Askable:
    """Somebody who could cover a missing need: the first start she is free for, None when there is none in sight."""

    member: str
    free_from: datetime | None
    has_declined: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A need that nobody covers, from when somebody could, and everybody who may be asked, soonest free first.

    `code` is `no-member-free`, `no-member-for-specialty`, `certificate-missing`, `named-member-absent` or
    `named-member-gone` (she is no member any more).
    """

    key: NeedKey
    code: str
    free_from: datetime | None
    askable: tuple[Askable, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A possible meeting: its time, its room (None: by phone or video), and who covers what.

    The same people could begin at any step until `latest_start`. `missing` are required needs that nobody covers: with
    one of them the meeting cannot decide. `unadvised` are recommended needs of nobody.
    """

    span: Interval
    latest_start: datetime
    room: str | None
    covers: tuple[Cover, ...]
    missing: tuple[Gap, ...] = ()
    unadvised: tuple[NeedKey, ...] = ()

    @property
    def is_quorate(self) -> bool:
        """True when every required need is covered."""
        return not self.missing

    @property
    def team(self) -> tuple[str, ...]:
        """The members called, each once, in the order of the needs."""
        return tuple(dict.fromkeys(cover.member for cover in self.covers))


@dataclass(frozen=True, slots=True)
class UrgentAnswer:
    """Moments before the clock runs out: the earliest, then those inside working hours, then others, each by time.

    A later one is better, or there when the others are gone.

    Without any, `nearest` is the moment at which fewest needs are missing (None when there is no time left at all), and
    `first_late` the first moment after the clock. `instants` counts the starts looked at.
    """

    moments: tuple[Moment, ...]
    nearest: Moment | None = None
    first_late: Moment | None = None
    instants: int = 0
