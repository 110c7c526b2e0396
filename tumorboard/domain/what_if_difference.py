"""Two plans side by side: cases moved, placed or left out, members called or released, and what each plan costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tumorboard.domain.model import Attendance, MeetingPlan, Reason, SeatKind
from tumorboard.domain.planning_options import Options, plan_cost
from tumorboard.domain.planning_problem import late_days
from tumorboard.domain.timeline import Interval


class CaseChange(StrEnum):
    """What becomes of a case. One that a change is about and that still has no place is `still-out`."""

    MOVED = "moved"
    PLACED = "placed"
    LEFT_OUT = "left-out"
    GONE = "gone"
    STILL_OUT = "still-out"


class MemberChange(StrEnum):
    """What becomes of a member's part in a meeting."""

    CALLED = "called"
    RELEASED = "released"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """A case that stands elsewhere; `before` and `after` are meeting ids, None for none. Reasons are for `after`."""

    reference: str
    change: CaseChange
    before: str | None
    after: str | None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class MemberDifference:
    """A member who is asked for a meeting, no longer asked, or asked for another time."""

    meeting: str
    member: str
    change: MemberChange
    before: Interval | None
    after: Interval | None
    seat: SeatKind = SeatKind.ON_DEMAND


@dataclass(frozen=True, slots=True)
class Summary:
    """One plan in figures: points, days late over all cases, cases left out, calls of on-demand members."""

    cost: int
    late_days: int
    left_out: int
    calls: int
    held_minutes: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Two plans and what differs, cases by reference and members by meeting; `plans` is the later one."""

    before: Summary
    after: Summary
    cases: tuple[CaseDifference, ...] = ()
    members: tuple[MemberDifference, ...] = ()
    plans: tuple[MeetingPlan, ...] = field(default=(), repr=False)

    @property
    def is_nothing(self) -> bool:
        """True when nobody and no case is touched."""
        return not self.members and all(one.change is CaseChange.STILL_OUT for one in self.cases)


def compare_plans(
    before: Options,
    plans: tuple[MeetingPlan, ...],
    after: Options,
    later: tuple[MeetingPlan, ...],
    reasons: Mapping[str, tuple[Reason, ...]],
) -> Difference:
    """The difference from one plan to another, each with the options of its own problem."""
    return Difference(
        before=sum_up(before, plans),
        after=sum_up(after, later),
        cases=tuple(_compare_cases(before, plans, after, later, reasons)),
        members=tuple(_compare_members(plans, later)),
        plans=later,
    )


def sum_up(options: Options, plans: tuple[MeetingPlan, ...]) -> Summary:
    """A plan in figures."""
    placed = {entry.reference: plan.meeting for plan in plans for entry in plan.agenda}
    return Summary(
        cost=plan_cost(options, plans),
        late_days=sum(
            late_days(options.cases[reference], options.meetings[meeting]) for reference, meeting in placed.items()
        ),
        left_out=sum(reference not in placed for reference in options.cases),
        calls=sum(one.kind is SeatKind.ON_DEMAND for plan in plans for one in plan.attendances),
        held_minutes=sum(plan.held_minutes for plan in plans),
    )


def _compare_cases(
    before: Options,
    plans: tuple[MeetingPlan, ...],
    after: Options,
    later: tuple[MeetingPlan, ...],
    reasons: Mapping[str, tuple[Reason, ...]],
) -> Iterator[CaseDifference]:
    old = {entry.reference: plan.meeting for plan in plans for entry in plan.agenda}
    new = {entry.reference: plan.meeting for plan in later for entry in plan.agenda}
    for reference in sorted(before.cases.keys() | after.cases.keys()):
        was, becomes = old.get(reference), new.get(reference)
        is_new = reference not in before.cases
        if reference not in after.cases:
            yield CaseDifference(reference, CaseChange.GONE, was, None)
        elif was != becomes or is_new:
            change = CaseChange.LEFT_OUT if becomes is None else CaseChange.PLACED if was is None else CaseChange.MOVED
            yield CaseDifference(reference, change, was, becomes, reasons.get(reference, ()))
        elif becomes is None and reference in reasons:
            yield CaseDifference(reference, CaseChange.STILL_OUT, None, None, reasons[reference])


def _compare_members(plans: tuple[MeetingPlan, ...], later: tuple[MeetingPlan, ...]) -> Iterator[MemberDifference]:
    old, new = _parts(plans), _parts(later)
    meetings = list(dict.fromkeys([plan.meeting for plan in (*later, *plans)]))
    for meeting, member in sorted(old.keys() | new.keys(), key=lambda pair: (meetings.index(pair[0]), pair[1])):
        was, becomes = old.get((meeting, member)), new.get((meeting, member))
        if was is None and becomes is not None:
            yield MemberDifference(meeting, member, MemberChange.CALLED, None, becomes.span, becomes.kind)
        elif was is not None and becomes is None:
            yield MemberDifference(meeting, member, MemberChange.RELEASED, was.span, None, was.kind)
        elif was is not None and becomes is not None and was.span != becomes.span:
            yield MemberDifference(meeting, member, MemberChange.WINDOW, was.span, becomes.span, becomes.kind)


def _parts(plans: tuple[MeetingPlan, ...]) -> dict[tuple[str, str], Attendance]:
    return {(plan.meeting, one.member): one for plan in plans for one in plan.attendances}
