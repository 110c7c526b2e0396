"""What would let a case in: single changes, each tried; and the cases that have the place instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from tumorboard.domain.model import MeetingFacts, MemberFacts, Reason, Urgency, WaitingCase
from tumorboard.domain.planning_problem import NeedKey, answers, late_days, left_out_cost
from tumorboard.domain.planning_relaxations import (
    CALL_LIMIT,
    MINUTES,
    OTHERS,
    Groups,
    RuleKind,
    missing_minutes,
    with_minutes,
)
from tumorboard.domain.planning_trials import Trials, TrialsUsedUp

LONGEST_APPOINTMENT_MINUTES = 240
"""What lasts longer is a leave or a day's work, and nobody moves it for a case."""

MOST_NAMED = 3
"""Cases named that took a place."""

MOST_MINUTES_LONGER = 30
STEP_MINUTES = 5


def what_helps(
    trials: Trials, case: WaitingCase, meetings: Sequence[MeetingFacts], *, later: Sequence[MeetingFacts] = ()
) -> tuple[Reason, ...]:
    """Single changes that would let the case join one of the meetings, the first found of each kind.

    An appointment of one member moved, a meeting some minutes longer; for a case on no meeting also another case moved
    (or, when none can be moved, whose place it would take), and the first of the later meetings that is open to it.
    """
    found: list[Reason] = []
    is_out = case.reference not in trials.places
    for seek in (_earliest_later, _appointment, _longer, *((_room_made,) if is_out else ())):
        try:
            change = seek(trials, case, later if seek is _earliest_later else meetings)
        except TrialsUsedUp:
            return tuple(found)
        found.extend([] if change is None else [change])
    return tuple(found)


def who_took_its_place(trials: Trials, case: WaitingCase) -> tuple[Reason, ...]:
    """For a case that was published for a meeting and had to leave it: the new cases there without which it fits.

    Where the minutes are gone, all new cases took of them, the first `MOST_NAMED` are named.
    """
    meeting = trials.options.meetings.get(case.meeting or "")
    if meeting is None or meeting not in trials.ahead or trials.places.get(case.reference) == meeting.id:
        return ()
    newcomers = [
        reference
        for reference in trials.assignment.get(meeting.id, ())
        if trials.options.cases[reference].meeting != meeting.id
    ]
    try:
        blocked = trials.blocking_sets(case, meeting)
        needed = _needed_to_leave(trials, case, meeting, newcomers)
    except TrialsUsedUp:
        return ()
    if not needed:
        return ()
    if any(MINUTES in blocking for blocking in blocked):
        needed = tuple(dict.fromkeys((*needed, *newcomers)))
    needed = needed[:MOST_NAMED]
    return (Reason("place-taken-by", {"references": ",".join(needed), "meeting": meeting.id}),)


def _earliest_later(trials: Trials, case: WaitingCase, later: Sequence[MeetingFacts]) -> Reason | None:
    for meeting in later:
        beyond = replace(trials.problem, meetings=(meeting,))
        if case.meeting != meeting.id and trials.fits(beyond, {}, case.reference, meeting.id):
            day = meeting.span.start.astimezone(ZoneInfo(meeting.time_zone)).date()
            return Reason("possible-at", {"meeting": meeting.id, "starts_on": day.isoformat()})
    return None


def _appointment(trials: Trials, case: WaitingCase, meetings: Sequence[MeetingFacts]) -> Reason | None:
    """The appointment without which somebody could come and the case would fit, all else as it is."""
    for meeting in meetings:
        missing = _missing_need(trials, case, meeting)
        if missing is None:
            continue
        for member in _able(trials, missing):
            changed = _without_appointment(trials, member, meeting)
            if changed is None:
                continue
            members = tuple(changed if known.id == member.id else known for known in trials.problem.members)
            problem = replace(trials.problem, members=members)
            if trials.fits(problem, trials.assignment, case.reference, meeting.id):
                taken = next(taken for taken in member.busy if taken.overlaps(meeting.span))
                at = taken.start.astimezone(ZoneInfo(meeting.time_zone)).isoformat()
                return Reason("helps-if-moved", {"member": member.id, "at": at, "meeting": meeting.id})
    return None


def _missing_need(trials: Trials, case: WaitingCase, meeting: MeetingFacts) -> NeedKey | None:
    """The only need that nobody is free for, when nothing else keeps the case off the meeting."""
    keys = set()
    for blocking in trials.blocking_sets(case, meeting):
        needs = [group for group in blocking if group.kind is RuleKind.NEED]
        if len(needs) != 1 or CALL_LIMIT in blocking:
            return None
        keys.add(needs[0].key)
    return keys.pop() if len(keys) == 1 else None


def _able(trials: Trials, key: NeedKey) -> Iterator[MemberFacts]:
    """Those who could cover the need, holders of its seat first."""
    holders = [name for seat in trials.problem.seats if seat.specialty == key.specialty for name in seat.holders]
    members = trials.options.members
    for name in dict.fromkeys((*holders, *members)):
        if name in members and answers(members[name], key):
            yield members[name]


def _without_appointment(trials: Trials, member: MemberFacts, meeting: MeetingFacts) -> MemberFacts | None:
    """The member without the one appointment she has at the time of the meeting.

    None when it is not exactly one, or none that could move: a leave, or an absence that is only supposed.
    """
    taken = [busy for busy in member.busy if busy.overlaps(meeting.span)]
    if len(taken) != 1 or taken[0].minutes > LONGEST_APPOINTMENT_MINUTES:
        return None
    if any(taken[0].overlaps(fixed) for fixed in trials.immovable.get(member.id, ())):
        return None
    return replace(member, busy=tuple(busy for busy in member.busy if busy != taken[0]))


def _longer(trials: Trials, case: WaitingCase, meetings: Sequence[MeetingFacts]) -> Reason | None:
    """The fewest minutes by which a full meeting would have to be longer, with everybody it needs free for them."""
    full = [
        (missing_minutes(trials.problem, trials.assignment, case, meeting), meeting)
        for meeting in meetings
        if _is_full_only(trials.blocking_sets(case, meeting))
    ]
    for lacking, meeting in sorted(full, key=lambda pair: (pair[0], pair[1].span.start)):
        minutes = -(-lacking // STEP_MINUTES) * STEP_MINUTES
        if minutes > MOST_MINUTES_LONGER:
            return None
        longer = with_minutes(meeting, minutes)
        known = tuple(longer if other.id == meeting.id else other for other in trials.problem.meetings)
        problem = replace(trials.problem, meetings=known)
        if trials.fits(problem, trials.assignment, case.reference, meeting.id):
            return Reason("helps-longer", {"minutes": minutes, "meeting": meeting.id})
    return None


def _is_full_only(sets: Sequence[Groups]) -> bool:
    return bool(sets) and all(blocking == {MINUTES, OTHERS} for blocking in sets)


def _room_made(trials: Trials, case: WaitingCase, meetings: Sequence[MeetingFacts]) -> Reason | None:
    """Another case that could move and make room; when there is none, the case whose place this one would take."""
    in_the_way = [
        (other, meeting)
        for meeting in meetings
        if _is_up_to_others(trials.blocking_sets(case, meeting))
        for other in _long_enough(trials, case, meeting)
    ]
    for other, meeting in in_the_way:
        to = next((place for place in trials.ahead if _could_go(trials, case, other, meeting, place)), None)
        if to is not None and _fits_without(trials, case, meeting, {other.reference}):
            return Reason("helps-moving", {"reference": other.reference, "meeting": meeting.id, "to": to.id})
    for other, meeting in sorted(in_the_way, key=lambda pair: left_out_cost(trials.problem, pair[0])):
        if _fits_without(trials, case, meeting, {other.reference}):
            points = trials.price({case.reference: meeting.id, other.reference: None}).points
            code = "outweighed-by" if points >= 0 else "better-instead-of"
            return Reason(code, {"references": other.reference, "meeting": meeting.id, "points": abs(points)})
    return None


def _is_up_to_others(sets: Sequence[Groups]) -> bool:
    return bool(sets) and all(OTHERS in blocking for blocking in sets)


def _long_enough(trials: Trials, case: WaitingCase, meeting: MeetingFacts) -> Iterator[WaitingCase]:
    """The cases of the meeting that take at least the minutes the case lacks."""
    lacking = missing_minutes(trials.problem, trials.assignment, case, meeting)
    for reference in trials.assignment.get(meeting.id, ()):
        if trials.options.cases[reference].minutes >= lacking:
            yield trials.options.cases[reference]


def _could_go(
    trials: Trials, case: WaitingCase, other: WaitingCase, meeting: MeetingFacts, place: MeetingFacts
) -> bool:
    """True when the other case, no more urgent than this one, may go there and is not later for it than its clock."""
    order = list(Urgency)
    if place.id == meeting.id or order.index(other.urgency) > order.index(case.urgency):
        return False
    if late_days(other, place) > late_days(other, meeting):
        return False
    return not trials.blocking_sets(other, place)


def _fits_without(trials: Trials, case: WaitingCase, meeting: MeetingFacts, gone: set[str]) -> bool:
    left = [reference for reference in trials.assignment.get(meeting.id, ()) if reference not in gone]
    if missing_minutes(trials.problem, {meeting.id: left}, case, meeting) > 0:
        return False
    return trials.fits(trials.problem, {**trials.assignment, meeting.id: left}, case.reference, meeting.id)


def _needed_to_leave(
    trials: Trials, case: WaitingCase, meeting: MeetingFacts, newcomers: Sequence[str]
) -> tuple[str, ...]:
    """The fewest of the newcomers found without whom the case fits, none to spare; empty when that is not enough."""
    for reference in newcomers:
        if _fits_without(trials, case, meeting, {reference}):
            return (reference,)
    if not newcomers or not _fits_without(trials, case, meeting, set(newcomers)):
        return ()
    gone = list(newcomers)
    for reference in newcomers:
        rest = [other for other in gone if other != reference]
        if rest and _fits_without(trials, case, meeting, set(rest)):
            gone = rest
    return tuple(gone)
