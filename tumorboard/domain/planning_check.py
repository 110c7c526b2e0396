"""Checks a plan against the facts alone, independently of how it was made; the same check serves plans made by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tumorboard.domain.model import (
    AgendaEntry,
    Attendance,
    MeetingFacts,
    MeetingPlan,
    MemberFacts,
    Need,
    Proposal,
    Reason,
    SeatFacts,
    SeatKind,
    Urgency,
    WaitingCase,
)
from tumorboard.domain.planning_problem import Problem, answers, holders_at, is_after_closing, key_of
from tumorboard.domain.timeline import is_free

VIOLATION_CODES: Mapping[str, tuple[str, ...]] = {
    "meetings-differ": (),
    "unknown-case": ("reference",),
    "case-twice": ("reference",),
    "case-forgotten": ("reference",),
    "case-not-ready": ("reference", "meeting"),
    "case-after-closing": ("reference", "meeting"),
    "meeting-started": ("meeting",),
    "meeting-too-long": ("meeting", "minutes"),
    "agenda-times-wrong": ("reference", "meeting"),
    "agenda-blocks-wrong": ("meeting",),
    "fixed-time-missed": ("reference", "meeting"),
    "room-in-use": ("meeting",),
    "need-uncovered": ("reference", "meeting", "specialty"),
    "named-member-missing": ("reference", "meeting", "member"),
    "uncovered-not-reported": ("reference", "meeting", "specialty"),
    "member-unknown": ("member", "meeting"),
    "member-busy": ("member", "meeting"),
    "member-in-two-places": ("member", "meeting"),
    "member-twice": ("member", "meeting"),
    "member-called-too-often": ("member", "meeting"),
    "window-wrong": ("member", "meeting"),
    "seat-wrong": ("specialty", "meeting"),
    "empty-meeting-attended": ("meeting",),
}
"""Every code of a violation with the names of its values; `meeting` and `member` are ids."""


def check_plan(problem: Problem, proposal: Proposal) -> tuple[Reason, ...]:
    """The violations of a proposal, empty when it is right: those of its meetings, and cases lost on the way."""
    placed = [entry.reference for plan in proposal.meetings for entry in plan.agenda]
    accounted = sorted((*placed, *proposal.left_out))
    known = {case.reference for case in problem.cases}
    lost = [reference for reference in sorted(known) if reference not in accounted]
    both = [reference for reference in proposal.left_out if reference in placed]
    return (
        *(Reason("case-forgotten", {"reference": reference}) for reference in lost),
        *(Reason("case-twice", {"reference": reference}) for reference in both),
        *(Reason("unknown-case", {"reference": ref}) for ref in proposal.left_out if ref not in known),
        *check_meetings(problem, proposal.meetings),
    )


def check_meetings(problem: Problem, plans: Sequence[MeetingPlan]) -> tuple[Reason, ...]:
    """The violations of meetings laid out for this problem, however they came about; empty when they are right."""
    if [plan.meeting for plan in plans] != [meeting.id for meeting in problem.meetings]:
        return (Reason("meetings-differ"),)
    checker = _Checker(problem, plans)
    found = [
        *checker.check_references(),
        *(reason for plan in plans for reason in checker.check_meeting(plan)),
        *checker.check_whereabouts(),
        *checker.check_rooms(),
        *checker.check_call_limits(),
    ]
    return tuple(found)


class _Checker:
    """The facts by id, and one method per kind of rule."""

    def __init__(self, problem: Problem, plans: Sequence[MeetingPlan]) -> None:
        self.problem = problem
        self.plans = plans
        self.cases: dict[str, WaitingCase] = {case.reference: case for case in problem.cases}
        self.members: dict[str, MemberFacts] = {member.id: member for member in problem.members}
        self.meetings: dict[str, MeetingFacts] = {meeting.id: meeting for meeting in problem.meetings}

    def check_references(self) -> Iterator[Reason]:
        seen: set[str] = set()
        for plan in self.plans:
            for entry in plan.agenda:
                if entry.reference not in self.cases:
                    yield Reason("unknown-case", {"reference": entry.reference})
                if entry.reference in seen:
                    yield Reason("case-twice", {"reference": entry.reference})
                seen.add(entry.reference)

    def check_meeting(self, plan: MeetingPlan) -> Iterator[Reason]:
        meeting = self.meetings[plan.meeting]
        if not plan.agenda:
            if plan.attendances:
                yield Reason("empty-meeting-attended", {"meeting": plan.meeting})
            return
        if meeting.span.start <= self.problem.now:
            yield Reason("meeting-started", {"meeting": plan.meeting})
        entries = [entry for entry in plan.agenda if entry.reference in self.cases]
        yield from self._check_times(plan, meeting)
        for entry in entries:
            yield from self._check_admission(self.cases[entry.reference], meeting)
            yield from self._check_needs(self.cases[entry.reference], entry, plan)
        for attendance in plan.attendances:
            yield from self._check_attendance(attendance, plan, meeting)
        if len({attendance.member for attendance in plan.attendances}) < len(plan.attendances):
            members = [attendance.member for attendance in plan.attendances]
            twice = next(member for member in members if members.count(member) > 1)
            yield Reason("member-twice", {"member": twice, "meeting": plan.meeting})
        for seat in self.problem.seats:
            yield from self._check_seat(seat, plan, meeting)

    def _check_times(self, plan: MeetingPlan, meeting: MeetingFacts) -> Iterator[Reason]:
        """Cases follow each other; only a break and the fixed time of the next case leave a gap."""
        at = meeting.span.start
        blocks: list[int] = []
        for entry in plan.agenda:
            case = self.cases.get(entry.reference)
            values = {"reference": entry.reference, "meeting": meeting.id}
            fixed_at = None if case is None else case.fixed_at
            is_missed = fixed_at is not None and entry.span.start != fixed_at
            if is_missed:
                yield Reason("fixed-time-missed", values)
            earliest = at if fixed_at is None or is_missed else max(at, fixed_at)
            wanted = _after_breaks(earliest, entry.span.minutes, meeting)
            if entry.span.start != wanted or (case is not None and entry.span.minutes != case.minutes):
                yield Reason("agenda-times-wrong", values)
            at = entry.span.end
            if case is not None and fixed_at is None:
                blocks.append(0 if case.urgency is Urgency.URGENT else 2 if case.last_block else 1)
        if at > meeting.span.end:
            minutes = sum(entry.span.minutes for entry in plan.agenda)
            yield Reason("meeting-too-long", {"meeting": meeting.id, "minutes": minutes})
        if blocks != sorted(blocks):
            yield Reason("agenda-blocks-wrong", {"meeting": meeting.id})

    def _check_admission(self, case: WaitingCase, meeting: MeetingFacts) -> Iterator[Reason]:
        values = {"reference": case.reference, "meeting": meeting.id}
        if case.ready_at is None or case.ready_at > meeting.span.start or meeting.id in case.blocked_on:
            yield Reason("case-not-ready", values)
        if is_after_closing(self.problem, case, meeting):
            yield Reason("case-after-closing", values)

    def _check_needs(self, case: WaitingCase, entry: AgendaEntry, plan: MeetingPlan) -> Iterator[Reason]:
        present = {attendance.member for attendance in plan.attendances if attendance.span.contains(entry.span)}
        present |= self._present_past_the_end(entry, plan)
        for member in case.named_members:
            if member not in present:
                values = {"reference": case.reference, "meeting": plan.meeting, "member": member}
                yield Reason("named-member-missing", values)
        required = {key_of(need) for need in case.needs if need.required and need.waived_by is None}
        for need in case.needs:
            if need.waived_by is not None or self._is_covered(need, present):
                continue
            if not need.required and key_of(need) in required:
                continue
            values = {"reference": case.reference, "meeting": plan.meeting, "specialty": need.specialty}
            if need.required:
                yield Reason("need-uncovered", values)
            is_reported = not need.specialty or need.specialty in plan.uncovered.get(case.reference, ())
            if not is_reported:
                yield Reason("uncovered-not-reported", values)

    def _present_past_the_end(self, entry: AgendaEntry, plan: MeetingPlan) -> set[str]:
        """Core members, for an entry that runs over the end: that it does is a violation of its own."""
        if self.meetings[plan.meeting].span.contains(entry.span):
            return set()
        return {attendance.member for attendance in plan.attendances if attendance.kind is SeatKind.CORE}

    def _is_covered(self, need: Need, present: set[str]) -> bool:
        return any(member in self.members and answers(self.members[member], key_of(need)) for member in present)

    def _check_attendance(self, attendance: Attendance, plan: MeetingPlan, meeting: MeetingFacts) -> Iterator[Reason]:
        values = {"member": attendance.member, "meeting": plan.meeting}
        member = self.members.get(attendance.member)
        if member is None:
            yield Reason("member-unknown", values)
        elif not is_free(attendance.span, member.busy):
            yield Reason("member-busy", values)
        if attendance.kind is SeatKind.CORE:
            is_right = attendance.span == meeting.span
        else:
            hers = [entry.span for entry in plan.agenda if entry.reference in attendance.cases]
            is_right = bool(hers) and (attendance.span.start, attendance.span.end) == (hers[0].start, hers[-1].end)
        if not is_right:
            yield Reason("window-wrong", values)

    def _check_seat(self, seat: SeatFacts, plan: MeetingPlan, meeting: MeetingFacts) -> Iterator[Reason]:
        """Who is invited on the seat sits while free, else the first free holder; a vacant quorum seat is said."""
        if seat.kind is not SeatKind.CORE:
            return
        seated = {attendance.member for attendance in plan.attendances if attendance.kind is SeatKind.CORE}
        free = [
            holder for holder in holders_at(self.problem, seat, meeting.id) if self._could_sit(holder, seat, meeting)
        ]
        is_vacant = seat.specialty in plan.vacant_seats
        elsewhere_possible = any(
            other.id != meeting.id and other.span.overlaps(meeting.span) for other in self.problem.meetings
        )
        if elsewhere_possible:
            is_right = bool(seated & set(free)) or is_vacant or not seat.in_quorum
        else:
            is_right = free[0] in seated if free else is_vacant or not seat.in_quorum
        if not is_right:
            yield Reason("seat-wrong", {"specialty": seat.specialty, "meeting": plan.meeting})

    def _could_sit(self, holder: str, seat: SeatFacts, meeting: MeetingFacts) -> bool:
        member = self.members.get(holder)
        return member is not None and seat.specialty in member.specialties and is_free(meeting.span, member.busy)

    def check_whereabouts(self) -> Iterator[Reason]:
        """Nobody attends two meetings that overlap."""
        ahead = [(self.meetings[plan.meeting], plan) for plan in self.plans if plan.attendances]
        for place, (meeting, plan) in enumerate(ahead):
            here = {attendance.member for attendance in plan.attendances}
            for other, other_plan in ahead[place + 1 :]:
                if other.span.overlaps(meeting.span):
                    for attendance in other_plan.attendances:
                        if attendance.member in here:
                            values = {"member": attendance.member, "meeting": other.id}
                            yield Reason("member-in-two-places", values)

    def check_rooms(self) -> Iterator[Reason]:
        """A meeting with cases has its room for itself: from other boards, and from meetings of this one."""
        held = [meeting for meeting in self.problem.meetings if meeting.published or not meeting.is_extra]
        for plan in self.plans:
            meeting = self.meetings[plan.meeting]
            room = self.problem.rooms.get(meeting.id)
            if not plan.agenda or room is None:
                continue
            is_held = meeting.published or not meeting.is_extra
            others = [self.meetings[other.meeting] for other in self.plans if other.agenda]
            sharing = others if is_held else [*others, *held]
            wanted = [
                other.span for other in sharing if other.id != meeting.id and self.problem.rooms.get(other.id) == room
            ]
            if not is_free(meeting.span, (*wanted, *self.problem.room_bookings.get(room, ()))):
                yield Reason("room-in-use", {"meeting": meeting.id})

    def check_call_limits(self) -> Iterator[Reason]:
        """Nobody is called in more often in a week of the meetings' zone than she takes, other boards included."""
        counts: dict[tuple[str, tuple[int, int]], int] = {}
        for plan in self.plans:
            meeting = self.meetings[plan.meeting]
            week = meeting.span.start.astimezone(ZoneInfo(meeting.time_zone)).isocalendar()[:2]
            for attendance in plan.attendances:
                member = self.members.get(attendance.member)
                if attendance.kind is SeatKind.CORE or member is None or member.most_calls_per_week is None:
                    continue
                known = counts.get((member.id, week), self.problem.calls_elsewhere.get(member.id, {}).get(week, 0))
                counts[member.id, week] = known + 1
                if known + 1 > member.most_calls_per_week:
                    yield Reason("member-called-too-often", {"member": member.id, "meeting": meeting.id})


def _after_breaks(at: datetime, minutes: int, meeting: MeetingFacts) -> datetime:
    """The first instant from `at` on at which so many minutes run into no break."""
    end = at + timedelta(minutes=minutes)
    for minute, length in sorted(meeting.breaks):
        begins = meeting.span.start + timedelta(minutes=minute)
        if at < begins + timedelta(minutes=length) and begins < end:
            at = begins + timedelta(minutes=length)
            end = at + timedelta(minutes=minutes)
    return at
