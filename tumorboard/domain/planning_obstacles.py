"""What keeps a case from a meeting whatever else is on it, and who has the time to be called in for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tumorboard.domain.model import MeetingFacts, MemberFacts, WaitingCase
from tumorboard.domain.planning_problem import (
    MINUTE,
    NeedKey,
    Problem,
    answers,
    can_begin,
    fixed_minute,
    is_after_closing,
    is_room_taken,
    week_of,
)
from tumorboard.domain.timeline import Interval, is_free, subtract

Span = tuple[int, int]
"""`[start, end)` in minutes from the start of a meeting."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who could be called in. `free` is in minutes from the start of the meeting, sorted.

    `longest_minutes` is the time for cases in her longest free stretch, breaks taken off.
    """

    member: str
    free: tuple[Span, ...]
    is_whole: bool
    longest_minutes: int


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What speaks against a case on a meeting: a reason code and the need, or the specialty and cases, it is about."""

    code: str
    key: NeedKey | None = None
    specialty: str = ""
    cases: int = 0


def find_obstacle(
    problem: Problem,
    case: WaitingCase,
    meeting: MeetingFacts,
    required: tuple[NeedKey, ...],
    core: Mapping[tuple[str, NeedKey], str],
    candidates: Mapping[tuple[str, NeedKey], tuple[Candidate, ...]],
) -> Obstacle | None:
    """The first thing that keeps the case from the meeting, None when it may join."""
    if meeting.span.start <= problem.now:
        return Obstacle("no-meeting")
    if problem.pinned.get(case.reference, meeting.id) != meeting.id:
        return Obstacle("pinned-elsewhere")
    if case.ready_at is None:
        return Obstacle("not-ready")
    if meeting.span.start < case.ready_at:
        return Obstacle("not-ready-before")
    if meeting.id in case.blocked_on:
        return Obstacle("no-longer-ready" if stale_items(problem, case, meeting) else "not-there-yet")
    if is_after_closing(problem, case, meeting):
        return Obstacle("list-closed")
    if not can_begin(case, meeting):
        return Obstacle("fixed-time")
    if is_room_taken(problem, meeting):
        return Obstacle("room-taken")
    if case.minutes > max((end - start for start, end in pieces((0, meeting.span.minutes), meeting)), default=0):
        return Obstacle("no-capacity")
    for key in required:
        if (meeting.id, key) in core:
            continue
        if not any(has_time(found, case, meeting) for found in candidates[meeting.id, key]):
            return Obstacle(lack_of(problem, meeting, key), key)
    return None


def stale_items(problem: Problem, case: WaitingCase, meeting: MeetingFacts) -> tuple[str, ...]:
    """The items that keep the case off the meeting by their age; the others are expected after its list closes."""
    by = max(meeting.closes_at, problem.now)
    return tuple(
        item
        for item in case.blocked_on.get(meeting.id, ())
        if case.awaited.get(item) is None or case.awaited[item] <= by
    )


def find_candidate(problem: Problem, meeting: MeetingFacts, member: MemberFacts) -> Candidate | None:
    """The member with her free time at the meeting; None when she has none, or enough calls in that week."""
    if is_called_enough(problem, meeting, member):
        return None
    free = free_minutes(member, meeting.span)
    if not free:
        return None
    longest = max(sum(end - start for start, end in pieces(stretch, meeting)) for stretch in free)
    return Candidate(member.id, free, free == ((0, meeting.span.minutes),), longest)


def is_called_enough(problem: Problem, meeting: MeetingFacts, member: MemberFacts, more: int = 0) -> bool:
    """True when the calls to other boards, and `more`, are all that the member takes in the week of the meeting."""
    if member.most_calls_per_week is None:
        return False
    elsewhere = problem.calls_elsewhere.get(member.id, {}).get(week_of(meeting), 0)
    return elsewhere + more >= member.most_calls_per_week


def free_minutes(member: MemberFacts, span: Interval) -> tuple[Span, ...]:
    """Her free whole minutes in the span, counted from its start; sorted, non-overlapping."""
    start = span.start
    stretches = ((-((start - gap.start) // MINUTE), (gap.end - start) // MINUTE) for gap in subtract(span, member.busy))
    return tuple((first, last) for first, last in stretches if first < last)


def has_time(candidate: Candidate, case: WaitingCase, meeting: MeetingFacts) -> bool:
    """True when the candidate is free for the case: at its fixed time, or in one piece between the breaks."""
    start = fixed_minute(case, meeting)
    if start is not None:
        return any(first <= start and start + case.minutes <= last for first, last in candidate.free)
    found = (piece for stretch in candidate.free for piece in pieces(stretch, meeting))
    return any(end - begin >= case.minutes for begin, end in found)


def pieces(stretch: Span, meeting: MeetingFacts) -> tuple[Span, ...]:
    """What the breaks of the meeting leave of a stretch."""
    first, last = stretch
    found: list[Span] = []
    for at, minutes in sorted(meeting.breaks):
        if at + minutes <= first or at >= last:
            continue
        if first < at:
            found.append((first, at))
        first = at + minutes
    return (*found, (first, last)) if first < last else tuple(found)


def lack_of(problem: Problem, meeting: MeetingFacts, key: NeedKey) -> str:
    """The reason code for a need that nobody can cover at the meeting."""
    able = [member for member in problem.members if answers(member, key)]
    free = [member for member in able if is_free(meeting.span, member.busy)]
    if any(is_called_enough(problem, meeting, member) for member in free):
        return "call-limit-reached"
    if key.member:
        return "named-member-absent" if able else "named-member-gone"
    holders = [member for member in problem.members if key.specialty in member.specialties]
    if not holders:
        return "no-member-for-specialty"
    if key.certificate and not able:
        return "nobody-certified"
    if key.certificate and any(
        key.certificate not in member.certificates and is_free(meeting.span, member.busy) for member in holders
    ):
        return "certificate-missing"
    return "no-member-free"
