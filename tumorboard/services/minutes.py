"""The minutes for which called-in specialists are held: in the order of arrival, and in the order that is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from tumorboard.domain.model import MeetingPlan, SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.services.parts import holds_place
from tumorboard.store.meetings import Meeting


@dataclass(frozen=True, slots=True)
class Held:
    """Minutes in the order of arrival, and now."""

    arrival: int
    now: int

    @property
    def saved(self) -> int:
        """How many minutes the order saves; negative when it costs some."""
        return self.arrival - self.now


@dataclass(frozen=True, slots=True)
class MemberMinutes:
    """One called-in member (public id) of one meeting, with the specialties she comes for."""

    member: str
    specialties: tuple[str, ...]
    held: Held


@dataclass(frozen=True, slots=True)
class Minutes:
    """Per member in the order of her arrival at the meeting, and per group of specialties; `total` over all."""

    members: tuple[MemberMinutes, ...]
    specialties: Mapping[tuple[str, ...], Held]
    total: Held


def minutes_of_meeting(meeting: Meeting) -> Minutes:
    """The minutes of what is published; agenda with cases, invitations and members must be loaded."""
    spans = [Interval(item.starts_at, item.ends_at) for item in meeting.agenda]
    called = [row for row in meeting.invitations if holds_place(row) and row.kind == SeatKind.ON_DEMAND]
    called.sort(key=lambda row: (row.starts_at, row.ends_at, row.member.public_id))
    arrival = _in_arrival_order(
        [(item.case.reference, span, item.case.referred_at) for item, span in zip(meeting.agenda, spans, strict=True)],
        {row.member.public_id: row.details["cases"] for row in called},
    )
    return sum_up(
        MemberMinutes(
            member=row.member.public_id,
            specialties=tuple(sorted(row.details["specialties"])),
            held=Held(arrival.get(row.member.public_id, 0), Interval(row.starts_at, row.ends_at).minutes),
        )
        for row in called
    )


def minutes_of_plan(plan: MeetingPlan, referred_at: Mapping[str, datetime]) -> Minutes:
    """The minutes of a proposal: as the planner measured them or, for an older draft, from its windows.

    `referred_at` is when each case arrived; a case that is unknown counts as the last. Without it an
    older draft is compared with itself.
    """
    called = [one for one in plan.attendances if one.kind is SeatKind.ON_DEMAND]
    arrival: Mapping[str, int] = {one.member: one.span.minutes for one in called}
    if referred_at:
        latest = max(referred_at.values())
        cases = [(e.reference, e.span, referred_at.get(e.reference, latest)) for e in plan.agenda]
        arrival = _in_arrival_order(cases, {one.member: one.cases for one in called})
    return sum_up(
        MemberMinutes(
            member=one.member,
            specialties=tuple(sorted(one.specialties)),
            held=Held(*plan.held_by_member.get(one.member, (arrival.get(one.member, 0), one.span.minutes))),
        )
        for one in called
    )


def sum_up(members: Iterable[MemberMinutes]) -> Minutes:
    """The sums per specialty and over all. Who comes for several specialties counts once, for all of them together."""
    rows = tuple(members)
    groups: dict[tuple[str, ...], list[Held]] = {}
    for row in rows:
        groups.setdefault(row.specialties, []).append(row.held)
    return Minutes(rows, {name: _sum(held) for name, held in sorted(groups.items())}, _sum(row.held for row in rows))


def add_up(parts: Iterable[Minutes]) -> Minutes:
    """Several meetings together: a member who is called to two of them has one row."""
    held: dict[tuple[str, tuple[str, ...]], list[Held]] = {}
    for part in parts:
        for row in part.members:
            held.setdefault((row.member, row.specialties), []).append(row.held)
    return sum_up(MemberMinutes(member, names, _sum(each)) for (member, names), each in held.items())


def _sum(held: Iterable[Held]) -> Held:
    rows = list(held)
    return Held(sum(one.arrival for one in rows), sum(one.now for one in rows))


def _in_arrival_order(
    cases: Sequence[tuple[str, Interval, datetime]], needed: Mapping[str, Iterable[str]]
) -> dict[str, int]:
    """Per member the minutes she would be held if the cases came in the order of their referral."""
    hers = {member: frozenset(references) for member, references in needed.items()}
    stays: dict[str, Interval] = {}
    for reference, span in spans_by_arrival(cases):
        for member in (member for member, references in hers.items() if reference in references):
            stays[member] = Interval(stays.get(member, span).start, span.end)
    return {member: stay.minutes for member, stay in stays.items()}


def spans_by_arrival(cases: Sequence[tuple[str, Interval, datetime]]) -> list[tuple[str, Interval]]:
    """The cases of an agenda (reference, time, when it was referred) at the times they would have in the order of
    their referral. The agenda's pauses stay where they are: no case runs into one."""
    pauses = [Interval(one[1].end, other[1].start) for one, other in pairwise(cases) if one[1].end < other[1].start]
    at = cases[0][1].start if cases else None
    found = []
    for reference, span, _ in sorted(cases, key=lambda case: (case[2], case[0])):
        assert at is not None
        for pause in pauses:
            if at < pause.end and pause.start < at + (span.end - span.start):
                at = pause.end
        found.append((reference, Interval(at, at + (span.end - span.start))))
        at = found[-1][1].end
    return found
