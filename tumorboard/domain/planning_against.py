"""What speaks against a case on a meeting, by its name, and as the reasons that people read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.model import MeetingFacts, Reason, WaitingCase
from tumorboard.domain.planning_obstacles import stale_items
from tumorboard.domain.planning_problem import NeedKey, Problem
from tumorboard.domain.planning_reasons import REASON_CODES
from tumorboard.domain.planning_relaxations import (
    CLOSING,
    FIXED_TIME,
    MINUTES,
    OTHERS,
    READINESS,
    ROOM,
    Groups,
    RuleKind,
)
from tumorboard.domain.planning_trials import Trials


@dataclass(frozen=True, slots=True)
class Against:
    """What speaks against a case on a meeting: a reason code and what it is about."""

    code: str
    key: NeedKey = NeedKey("")
    specialty: str = ""
    cases: int = 0
    mostly: str = ""
    items: tuple[str, ...] = ()


Found = list[tuple[MeetingFacts, Against, int]]
"""Per meeting, in time order, what speaks against it, and the points where it is a matter of points."""


def name_conflict(trials: Trials, case: WaitingCase, meeting: MeetingFacts, conflict: Groups) -> Against:
    """The reason for the part of the conflict that keeps the case off this meeting."""
    inside = [found for found in trials.blocking_sets(case, meeting) if found <= conflict]
    if not inside:
        return Against("window-does-not-fit", _first_need(conflict))
    return _name_set(trials, case, meeting, inside[0])


def _name_set(trials: Trials, case: WaitingCase, meeting: MeetingFacts, blocking: Groups) -> Against:
    kinds = {group.kind for group in blocking}
    plain = {FIXED_TIME: "fixed-time", CLOSING: "list-closed", ROOM: "room-taken"}
    for group, code in plain.items():
        if group in blocking:
            return Against(code)
    if READINESS in blocking:
        return _readiness(trials.problem, case, meeting)
    if MINUTES in blocking:
        return Against("meeting-full" if OTHERS in blocking else "no-capacity")
    if RuleKind.NEED not in kinds:
        return Against("not-examined")
    key = _first_need(blocking)
    if RuleKind.CALL_LIMIT in kinds:
        return Against("call-limit-reached", key)
    if len(blocking) == 1:
        return Against(trials.lack_of(case, meeting, key), key)
    return Against("window-does-not-fit", key)


def _readiness(problem: Problem, case: WaitingCase, meeting: MeetingFacts) -> Against:
    if case.ready_at is None:
        return Against("not-ready")
    if meeting.span.start < case.ready_at:
        return Against("not-ready-before")
    stale = stale_items(problem, case, meeting)
    return Against("no-longer-ready", items=stale) if stale else Against("not-there-yet")


def _first_need(groups: Groups) -> NeedKey:
    return min((group.key for group in groups if group.kind is RuleKind.NEED), default=NeedKey(""))


def list_stated(trials: Trials, case: WaitingCase, meetings: Sequence[MeetingFacts]) -> list[Reason]:
    """What the facts say against each meeting, without a trial."""
    return collect_reasons(case, [(meeting, _stated(trials, case, meeting), 0) for meeting in meetings])


def _stated(trials: Trials, case: WaitingCase, meeting: MeetingFacts) -> Against:
    obstacle = trials.options.obstacles.get((case.reference, meeting.id))
    if obstacle is None:
        return Against("not-examined")
    return Against(obstacle.code, obstacle.key or NeedKey(""))


def collect_reasons(case: WaitingCase, found: Found) -> list[Reason]:
    """One reason per code and need, in the order of the meetings, with the number of meetings it holds for."""
    groups: dict[Against, list[tuple[MeetingFacts, int]]] = {}
    for meeting, against, points in found:
        groups.setdefault(against, []).append((meeting, points))
    return [_as_reason(case, against, meetings) for against, meetings in groups.items()]


def _as_reason(case: WaitingCase, against: Against, meetings: Sequence[tuple[MeetingFacts, int]]) -> Reason:
    first, points = min(meetings, key=lambda pair: pair[1])
    if against.code == "better-earlier":
        first, points = max(meetings, key=lambda pair: pair[1])
    known: dict[str, str | int] = {
        "meeting": first.id,
        "meetings": len(meetings),
        "minutes": case.minutes,
        "items": ",".join(against.items or case.blocked_on.get(first.id, case.blocked_by)),
        "ready_on": "" if case.ready_at is None else _local_date(case.ready_at, first),
        "specialty": against.key.specialty or against.specialty,
        "certificate": against.key.certificate,
        "member": against.key.member,
        "cases": against.cases,
        "points": points,
        "mostly": against.mostly,
    }
    return Reason(against.code, {name: known[name] for name in REASON_CODES[against.code]})


def _local_date(instant: datetime, meeting: MeetingFacts) -> str:
    return instant.astimezone(ZoneInfo(meeting.time_zone)).date().isoformat()
