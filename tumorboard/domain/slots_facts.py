"""The question and the answer of a search for free slots as values: who is wanted, when, and what was found.

A group is some specialties with how many members of each, and members by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import MemberFacts, Reason
from tumorboard.domain.timeline import Interval
from tumorboard.domain.urgent_facts import RoomFacts
from tumorboard.domain.working_hours import WorkingHours

MOST_WEEKS = 26

LEAD_TIME = timedelta(hours=4)
"""How far ahead a slot lies at least: people must read the invitation and come. Half a working day."""

SLOT_REASONS: Mapping[str, tuple[str, ...]] = {
    "slot-past": (),
    "slot-too-soon": ("hours",),
    "slot-holiday": ("day", "name"),
    "slot-outside-hours": ("day",),
    "slot-board-meets": (),
    "slot-nobody-free": ("specialty",),
    "slot-too-few-free": ("specialty", "free", "needed"),
    "slot-member-busy": ("member",),
    "slot-room-taken": ("room",),
    "slot-no-room": (),
}
"""Every code of a rejected slot with the names of its values; `day` is an ISO date, `member` and `room` are ids."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many members of a specialty. With `among` only these count; a recommended specialty never rules a slot out."""

    specialty: str
    count: int = 1
    required: bool = True
    certificate: str = ""
    among: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlotQuestion:
    """All that the answer depends on; equal questions have equal answers.

    `named` members must be free. `members` are in the order they are asked, `rooms` in the order they are preferred;
    without rooms the place does not matter. At `meetings` the board itself meets. Slots of `minutes` begin every
    `step_minutes` from the first working hour of a day, from the day of `now` for `weeks`,
    those that begin within `lead` are rejected. Raises BadInput (`nobody-
    wanted`, `bad-length`, `bad-step`, `bad-weeks`, `bad-count`, `unknown-member`, `too-many-slots`).
    """

    wanted: tuple[Wanted, ...]
    members: tuple[MemberFacts, ...]
    now: datetime
    hours: WorkingHours
    named: tuple[str, ...] = ()
    rooms: tuple[RoomFacts, ...] = ()
    meetings: tuple[Interval, ...] = ()
    minutes: int = 60
    step_minutes: int = 30
    weeks: int = 8
    lead: timedelta = timedelta()

    def __post_init__(self) -> None:
        if not self.named and not any(each.required for each in self.wanted):
            raise BadInput("name at least one specialty or member who must attend", code="nobody-wanted")
        if not 1 <= self.weeks <= MOST_WEEKS:
            raise BadInput(f"look 1 to {MOST_WEEKS} weeks ahead", code="bad-weeks", field="weeks")
        if not 5 <= self.minutes <= 480:
            raise BadInput("a slot lasts 5 to 480 minutes", code="bad-length", field="minutes")
        if not 5 <= self.step_minutes <= 480:
            raise BadInput("slots begin every 5 to 480 minutes", code="bad-step", field="step_minutes")
        if any(each.count < 1 for each in self.wanted):
            raise BadInput("of a specialty at least one member is wanted", code="bad-count")
        unknown = set(self.named) - {member.id for member in self.members}
        if unknown:
            raise BadInput("a member who must attend is not at this centre", code="unknown-member")


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which everybody wanted can come: who comes for which specialty, and how many more could.

    `unadvised` are recommended specialties of nobody; `tight` counts attendees with something else right before or
    after. `attendees` are (specialty, members), named members under an empty one.
    """

    span: Interval
    room: str | None
    attendees: tuple[tuple[str, tuple[str, ...]], ...]
    spare: Mapping[str, int] = field(default_factory=dict)
    unadvised: tuple[str, ...] = ()
    tight: int = 0


@dataclass(frozen=True, slots=True)
class RejectedSlot:
    """Starts one after another that are no slot for the same reasons: from the first to the end of the last."""

    span: Interval
    count: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Slots:
    """The best slots first, all rejected ones in time order, and how many starts were possible and looked at."""

    best: tuple[Slot, ...]
    rejected: tuple[RejectedSlot, ...]
    possible: int
    looked_at: int
