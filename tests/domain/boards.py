"""Builders of planning problems: a weekly one-hour board with a small core, every part with a good default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from tumorboard.domain.model import (
    MeetingFacts,
    MemberFacts,
    Need,
    SeatFacts,
    SeatKind,
    Text,
    Urgency,
    WaitingCase,
)
from tumorboard.domain.planning import Problem, Weights
from tumorboard.domain.timeline import Interval

NOW = datetime(2027, 1, 4, 0, 0, tzinfo=UTC)
"""A Monday; the meetings are on the Tuesdays at 07:30 UTC."""

BECAUSE = Text(en="because", ko="때문에")
CORE = ("gynecologic_oncology", "radiology")


def at(minute: int, *, week: int = 0) -> datetime:
    """The instant so many minutes after the start of the meeting of that week."""
    return NOW + timedelta(days=7 * week + 1, hours=7, minutes=30 + minute)


def between(start: int, end: int, *, week: int = 0) -> Interval:
    """The minutes `[start, end)` of the meeting of that week."""
    return Interval(at(start, week=week), at(end, week=week))


def a_meeting(
    week: int = 0,
    *,
    minutes: int = 60,
    published: Sequence[str] = (),
    hours: int = 24,
    extra: bool = False,
    breaks: Sequence[tuple[int, int]] = (),
) -> MeetingFacts:
    """The meeting `w0`, `w1`, … whose list closes some hours before."""
    return MeetingFacts(
        id=f"w{week}",
        span=between(0, minutes, week=week),
        closes_at=at(0, week=week) - timedelta(hours=hours),
        time_zone="Asia/Seoul",
        published=tuple(published),
        is_extra=extra,
        breaks=tuple(breaks),
    )


def a_member(
    name: str,
    *specialties: str,
    busy: Sequence[Interval] = (),
    certificates: Sequence[str] = (),
    most_calls: int | None = None,
) -> MemberFacts:
    """Somebody who is free unless told."""
    return MemberFacts(
        id=name,
        name=name,
        specialties=frozenset(specialties),
        certificates=frozenset(certificates),
        busy=tuple(busy),
        most_calls_per_week=most_calls,
    )


def a_seat(specialty: str, *holders: str, core: bool = True, in_quorum: bool = True) -> SeatFacts:
    """A seat with its holders in the order they are asked."""
    kind = SeatKind.CORE if core else SeatKind.ON_DEMAND
    return SeatFacts(specialty=specialty, kind=kind, in_quorum=in_quorum and core, holders=holders)


def a_need(specialty: str, *, required: bool = True, certificate: str | None = None, member: str | None = None) -> Need:
    """A need of rule R01, or R02 for anything but the core."""
    return Need(
        specialty=specialty,
        required=required,
        rule="R01" if specialty in CORE else "R02",
        kind="X",
        because=BECAUSE,
        source="test",
        certificate=certificate,
        member=member,
    )


def a_case(
    reference: str,
    *needs: Need | str,
    minutes: int = 6,
    urgency: Urgency = Urgency.ROUTINE,
    referred_days_ago: int = 1,
    due_in_days: int = 14,
    ready_in_days: int | None = -1,
    blocked_by: Sequence[str] = (),
    blocked_on: Mapping[str, tuple[str, ...]] | None = None,
    named: Sequence[str] = (),
    meeting: str | None = None,
    last_block: bool = False,
    fixed_at: datetime | None = None,
    earlier: Sequence[str] = (),
) -> WaitingCase:
    """A ready routine case that needs the core and what is named."""
    wanted = (*CORE, *needs)
    return WaitingCase(
        reference=reference,
        minutes=minutes,
        urgency=urgency,
        needs=tuple(a_need(need) if isinstance(need, str) else need for need in wanted),
        referred_at=NOW - timedelta(days=referred_days_ago),
        due_at=NOW + timedelta(days=due_in_days),
        ready_at=None if ready_in_days is None else NOW + timedelta(days=ready_in_days),
        blocked_by=tuple(blocked_by),
        named_members=tuple(named),
        meeting=meeting,
        last_block=last_block,
        blocked_on=blocked_on or {},
        fixed_at=fixed_at,
        earlier_members=tuple(earlier),
    )


CORE_MEMBERS = (a_member("gyn", "gynecologic_oncology"), a_member("rad", "radiology"))
CORE_SEATS = (a_seat("gynecologic_oncology", "gyn"), a_seat("radiology", "rad"))


def a_problem(
    *cases: WaitingCase,
    meetings: Sequence[MeetingFacts] | None = None,
    members: Sequence[MemberFacts] = (),
    seats: Sequence[SeatFacts] = (),
    core_members: Sequence[MemberFacts] = CORE_MEMBERS,
    core_seats: Sequence[SeatFacts] = CORE_SEATS,
    now: datetime = NOW,
    weights: Weights | None = None,
    invited: Mapping[str, tuple[str, ...]] | None = None,
) -> Problem:
    """Three weekly meetings with `gyn` and `rad` in the core, and the members and seats added."""
    return Problem(
        board="board",
        meetings=tuple(meetings) if meetings is not None else (a_meeting(0), a_meeting(1), a_meeting(2)),
        cases=cases,
        seats=(*core_seats, *seats),
        members=(*core_members, *members),
        now=now,
        weights=weights or Weights(),
        invited=invited or {},
    )
