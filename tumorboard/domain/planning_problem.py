"""The planning problem of one board: its facts, its weights, and what a place costs a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from tumorboard.domain.agenda_model import AgendaWeights
from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import MeetingFacts, MemberFacts, Need, SeatFacts, SeatKind, Urgency, WaitingCase
from tumorboard.domain.timeline import Interval

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

PINNED = 100_000_000
"""Points for losing a place that a person chose: more than all that other cases could weigh against it."""

Week = tuple[int, int]
"""ISO year and week."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What a proposal pays for, in points.

    `unscheduled`, `late_day` (a day after the clock) and `waiting_day` are multiplied by the factor of the urgency. A
    `call` is one called-in member at one meeting, `open_meeting` an extra meeting that takes place and had no case so
    far. `moved` keeps a published case where it is. `repeated_call` is paid n(n-1)/2 times by a member with n calls,
    `rank` for each place down the list of holders. `continuity` is paid per case and need that none of those who were
    called in for it before attends for.
    """

    unscheduled: int = 10_000
    late_day: int = 20
    waiting_day: int = 3
    call: int = 30
    call_recommended: int = 8
    uncovered_recommended: int = 12
    moved: int = 60
    changed_invitation: int = 10
    repeated_call: int = 2
    rank: int = 3
    open_meeting: int = 150
    continuity: int = 15
    routine: int = 1
    expedited: int = 3
    urgent: int = 10

    def factor(self, urgency: Urgency) -> int:
        """How many routine cases one case of this urgency counts for."""
        return {Urgency.ROUTINE: self.routine, Urgency.EXPEDITED: self.expedited, Urgency.URGENT: self.urgent}[urgency]


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything a proposal depends on; equal problems have equal proposals.

    `meetings` are in time order. `members[].busy` holds bookings elsewhere, not those of these meetings. `invited`
    names the called-in members who already have an invitation, by meeting: they are asked again rather than others;
    `windows` says from when to when, for those of whom it is known. `sitting` names, by meeting and specialty, who is
    invited on a core seat already and comes: she is kept there, stand-in or not. `rooms` is the room per meeting,
    `room_bookings` what others than these meetings have booked there. `calls_elsewhere` counts, per member and
    ISO week, the calls to meetings that are not of this problem. `later` are meetings known after those planned, to
    which busy times reach: a case that is left out is told the first that would have it. `pinned` is what a person
    decided: the one meeting a case may go to, or None where it stays out. In a repair every new invitation is a
    change, also one to a meeting where nobody is invited yet.

    Raises BadInput (`meetings-not-in-order`, `duplicate-reference`, `duplicate-id`).
    """

    board: str
    meetings: tuple[MeetingFacts, ...]
    cases: tuple[WaitingCase, ...]
    seats: tuple[SeatFacts, ...]
    members: tuple[MemberFacts, ...]
    now: datetime
    weights: Weights = field(default_factory=Weights)
    invited: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    windows: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    sitting: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rooms: Mapping[str, str] = field(default_factory=dict)
    room_bookings: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    calls_elsewhere: Mapping[str, Mapping[Week, int]] = field(default_factory=dict)
    agenda: AgendaWeights = field(default_factory=AgendaWeights)
    later: tuple[MeetingFacts, ...] = ()
    pinned: Mapping[str, str | None] = field(default_factory=dict)
    is_repair: bool = False

    def __post_init__(self) -> None:
        starts = [meeting.span.start for meeting in self.meetings]
        if starts != sorted(starts):
            raise BadInput("The meetings of a plan must be given in time order.", code="meetings-not-in-order")
        if len({case.reference for case in self.cases}) < len(self.cases):
            raise BadInput("A case is given twice to the planner; give each once.", code="duplicate-reference")
        for things in (self.meetings, self.members):
            if len({thing.id for thing in things}) < len(things):
                raise BadInput("A meeting or member is given twice to the planner.", code="duplicate-id")


def repair_weights(weights: Weights) -> Weights:
    """The weights for mending a published plan, in a strict order: the fewest cases without a place, the fewest moves,
    the fewest changed invitations, then all the rest."""
    return replace(weights, unscheduled=100_000_000, moved=2_000_000, changed_invitation=20_000)


@dataclass(frozen=True, slots=True, order=True)
class NeedKey:
    """What has to be covered: a specialty, perhaps with a certificate, or one named member; unused parts are empty."""

    specialty: str
    certificate: str = ""
    member: str = ""


def key_of(need: Need) -> NeedKey:
    """The need without its grounds. A need for a person is hers whatever her specialties."""
    if need.member is not None:
        return NeedKey("", "", need.member)
    return NeedKey(need.specialty, need.certificate or "")


def answers(member: MemberFacts, key: NeedKey) -> bool:
    """True when the member, if present, covers the need."""
    if key.member:
        return member.id == key.member
    return key.specialty in member.specialties and (not key.certificate or key.certificate in member.certificates)


def holders_at(problem: Problem, seat: SeatFacts, meeting: str) -> tuple[str, ...]:
    """Who is asked for the seat at one meeting, in order: who sits there already, then the holders by rank."""
    sits = problem.sitting.get(meeting, {}).get(seat.specialty)
    return seat.holders if sits is None else tuple(dict.fromkeys((sits, *seat.holders)))


def needs_of(case: WaitingCase, *, required: bool) -> tuple[NeedKey, ...]:
    """The unwaived needs of a case, sorted; what is required is not also recommended."""
    wanted = {key_of(need) for need in case.needs if need.required is required and need.waived_by is None}
    if required:
        return tuple(sorted(wanted | {NeedKey("", "", member) for member in case.named_members}))
    return tuple(sorted(wanted - set(needs_of(case, required=True))))


def late_days(case: WaitingCase, meeting: MeetingFacts) -> int:
    """Days, begun ones included, from the end of the clock of the case to the start of the meeting; never negative."""
    return max(0, -((case.due_at - meeting.span.start) // DAY))


def place_cost(problem: Problem, case: WaitingCase, meeting: MeetingFacts) -> int:
    """Points for this case at this meeting, apart from the people it needs.

    Days late before `now` are not counted: no plan can win them back.
    """
    weights = problem.weights
    start = meeting.span.start
    late = max(0, -((max(case.due_at, problem.now) - start) // DAY))
    waiting = max(0, (start - problem.now) // DAY)
    moved = weights.moved if is_moved(problem, case, meeting.id) else 0
    return weights.factor(case.urgency) * (late * weights.late_day + waiting * weights.waiting_day) + moved


def left_out_cost(problem: Problem, case: WaitingCase) -> int:
    """Points for a case without a place."""
    moved = problem.weights.moved if is_moved(problem, case, None) else 0
    pinned = PINNED if problem.pinned.get(case.reference) is not None else 0
    return problem.weights.factor(case.urgency) * problem.weights.unscheduled + moved + pinned


def is_moved(problem: Problem, case: WaitingCase, meeting: str | None) -> bool:
    """True when the case is published for another meeting of this problem that is still ahead."""
    if case.meeting is None or case.meeting == meeting:
        return False
    return any(known.id == case.meeting and known.span.start > problem.now for known in problem.meetings)


def is_after_closing(problem: Problem, case: WaitingCase, meeting: MeetingFacts) -> bool:
    """True when the list of the meeting is closed for the case.

    It is not for an urgent one, and not for one that stands there, or stood there before: its place was prepared.
    """
    if problem.now < meeting.closes_at or case.urgency is Urgency.URGENT:
        return False
    return case.meeting != meeting.id and meeting.id not in case.stood_on


def week_of(meeting: MeetingFacts) -> Week:
    """The ISO week in which the meeting begins, in its own zone."""
    return meeting.span.start.astimezone(ZoneInfo(meeting.time_zone)).isocalendar()[:2]


def is_open(meeting: MeetingFacts) -> bool:
    """True when the meeting takes place whatever the plan: a regular one, or an extra one with published cases."""
    return not meeting.is_extra or bool(meeting.published)


def open_cost(problem: Problem, meeting: MeetingFacts) -> int:
    """Points for putting the first case on the meeting; in a repair its core team is invited anew."""
    opened = 0 if is_open(meeting) else problem.weights.open_meeting
    if not problem.is_repair or meeting.published:
        return opened
    sitting = problem.sitting.get(meeting.id, {})
    anew = sum(seat.kind is SeatKind.CORE and seat.specialty not in sitting for seat in problem.seats)
    return opened + anew * problem.weights.changed_invitation


def room_clashes(problem: Problem) -> Iterator[tuple[MeetingFacts, MeetingFacts]]:
    """Pairs of meetings of the problem, in time order, that want one room at one time."""
    for one, other in combinations(problem.meetings, 2):
        room = problem.rooms.get(one.id)
        if room is not None and room == problem.rooms.get(other.id) and one.span.overlaps(other.span):
            yield one, other


def is_room_taken(problem: Problem, meeting: MeetingFacts) -> bool:
    """True when somebody else has the room: another board, or a meeting of this one that takes place anyway."""
    room = problem.rooms.get(meeting.id)
    if room is None:
        return False
    if any(meeting.span.overlaps(taken) for taken in problem.room_bookings.get(room, ())):
        return True
    if is_open(meeting):
        return False
    return any(
        is_open(other) and problem.rooms.get(other.id) == room and other.span.overlaps(meeting.span)
        for other in problem.meetings
    )


def fixed_minute(case: WaitingCase, meeting: MeetingFacts) -> int | None:
    """The minute of the meeting at which the case must begin; None when it is free to begin at any."""
    return None if case.fixed_at is None else (case.fixed_at - meeting.span.start) // MINUTE


def can_begin(case: WaitingCase, meeting: MeetingFacts) -> bool:
    """True when the meeting spans the fixed time of the case and no break cuts it; always for one without."""
    if case.fixed_at is None:
        return True
    start, rest = divmod(case.fixed_at - meeting.span.start, MINUTE)
    end = start + case.minutes
    is_inside = start >= 0 and not rest and end <= meeting.span.minutes
    return is_inside and all(end <= at or at + minutes <= start for at, minutes in meeting.breaks)
