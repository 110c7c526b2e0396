"""What published meetings still lack, the most pressing first: the coordinator's list of whom to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from tumorboard.domain.model import SeatKind, Urgency
from tumorboard.domain.planning_problem import NeedKey, Weights
from tumorboard.domain.review import is_blocking
from tumorboard.domain.substitutes import LostNeed, Ranking
from tumorboard.domain.timeline import Interval
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.need_facts import BoardFacts, OpenNeed, find_needs, load_board
from tumorboard.services.setup import Setup
from tumorboard.services.urgent_findings import missing_of
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.plans import MeetingFinding

_OF_SPECIALTIES = ("member-absent", "member-busy-now", "member-declined", "member-left", "no-answer")
_OF_ONE = ("call-uncovered", "named-member-missing", "need-uncovered", "seat-lost")
_BOUNCED = "bounced"
"""No finding, but one of `need_facts.WHYS`."""


def list_open_needs(session: Session, setup: Setup, *, by: Actor, now: datetime) -> tuple[OpenNeed, ...]:
    """The open needs of all published meetings ahead, from the facts of now, with who could be asked. Reads only.

    The hours to the meeting are divided by the factor of the most urgent case: 3 for an expedited one, 10 for an urgent
    one. A fixed number of queries per board.
    """
    require(by, Permission.PLAN_EDIT)
    found: list[OpenNeed] = []
    for board in session.scalars(select(Board).order_by(Board.key)):
        facts = load_board(session, setup, board, now=now) if board.program in setup.programs else None
        if facts is not None:
            found += find_needs(facts)
            found += _urgent_needs(setup, facts)
    return tuple(sorted(found, key=lambda need: sort_key(need, now)))


def sort_key(need: OpenNeed, now: datetime) -> tuple[float, datetime, int, bool, NeedKey, str]:
    """How pressing a need is: the smallest comes first."""
    seconds = (need.meeting.starts_at - now).total_seconds() / Weights().factor(need.urgency)
    return (seconds, need.meeting.starts_at, need.meeting.id, not need.lost.is_seat, need.lost.key, need.lost.member)


def _urgent_needs(setup: Setup, facts: BoardFacts) -> Iterator[OpenNeed]:
    """What nobody covers at urgent meetings: everybody who is free was asked already."""
    for meeting in facts.published.meetings.values():
        span = Interval(meeting.starts_at, meeting.ends_at)
        for name in missing_of(setup, meeting, now=facts.now) or ():
            lost = LostNeed(NeedKey(name), span, SeatKind.ON_DEMAND, (meeting.agenda[0].case.reference,))
            yield OpenNeed(meeting, lost, "urgent-call", Ranking((), ()), Urgency.URGENT)


def count_open_needs(session: Session, *, by: Actor, now: datetime) -> int:
    """How many needs the last checks found open, and those of members whose letters come back; one query."""
    require(by, Permission.PLAN_EDIT)
    findings = select(MeetingFinding.meeting_id, MeetingFinding.code, MeetingFinding.detail)
    findings = findings.join(Meeting, Meeting.id == MeetingFinding.meeting_id)
    findings = findings.where(MeetingFinding.code.in_((*_OF_SPECIALTIES, *_OF_ONE)), MeetingFinding.mended_at.is_(None))
    unreached = select(MeetingInvitation.meeting_id, literal(_BOUNCED), MeetingInvitation.details)
    unreached = unreached.join(Meeting, Meeting.id == MeetingInvitation.meeting_id)
    unreached = unreached.join(Member, Member.id == MeetingInvitation.member_id)
    unreached = unreached.where(MeetingInvitation.status == "invited", MeetingInvitation.answer == "needs-action")
    unreached = unreached.where(Member.bounced_at.is_not(None), Meeting.agenda.any())
    ahead = (Meeting.starts_at > now, Meeting.status == "published")
    found: set[tuple[int, str]] = set()
    for meeting_id, code, detail in session.execute(union_all(findings.where(*ahead), unreached.where(*ahead))):
        found |= {(meeting_id, each) for each in _specialties_of(code, detail)}
    return len(found)


def _specialties_of(code: str, detail: Mapping[str, Any]) -> list[str]:
    """What is open by a finding, or, where `code` says that her letters come back, by the details of an invitation."""
    if code == _BOUNCED:
        return list(detail["specialties"]) if detail["required"] else []
    if code in _OF_ONE:
        return [str(detail.get("specialty") or detail.get("member"))]
    if code != "no-answer" and not is_blocking(code, detail):
        return []
    return [each for each in str(detail.get("specialties", "")).split(",") if each]
