"""What follows from an answer, at once: quorum and needs are checked again, and substitutes are offered or invited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tumorboard.domain.board_settings import Substitutes, read_settings
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.urgent_facts import Gap
from tumorboard.services.access import Actor
from tumorboard.services.invitations import is_urgent_call
from tumorboard.services.meetings import lock_meeting
from tumorboard.services.need_facts import BoardFacts, OpenNeed, find_needs, load_board
from tumorboard.services.recheck import recheck_meeting
from tumorboard.services.setup import Setup
from tumorboard.services.substitutes import ask, find_member
from tumorboard.services.urgent_decline import ask_again
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.plans import MeetingFinding

ABOUT_ANSWERS = ("member-declined", "no-answer")
"""Findings that an answer may end."""

MOST_ASKED = 10
"""Substitutes invited because of one answer."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed from an answer: who was asked instead, and with how many letters.

    `open_needs` is what the meeting lacks now because of it, with substitutes to offer; `missing` what nobody covers at
    an urgent meeting. Both are empty where the meeting goes on as planned.
    """

    asked: tuple[Member, ...] = ()
    letters: int = 0
    open_needs: tuple[OpenNeed, ...] = ()
    missing: tuple[Gap, ...] = ()


def follow_answer(session: Session, setup: Setup, row: MeetingInvitation, *, by: Actor, now: datetime) -> Followed:
    """Do what follows from an answer that was just written, in the running transaction.

    Who does not come is looked for in all cases of the meeting by the rules of the nightly check, and its findings are
    kept. A lost need is offered, or the best substitute is invited, as the board is set; an urgent meeting asks at
    once. An answer after which she comes closes what an earlier one opened.
    """
    meeting = lock_meeting(session, row.meeting.public_id)
    if meeting.status != "published" or meeting.starts_at <= now or row.status != "invited":
        return Followed()
    is_gone = row.answer in NOT_COMING
    if is_urgent_call(meeting):
        if not is_gone:
            return Followed()
        again = ask_again(session, setup, row, by=by, now=now)
        return Followed(asked=again.asked, letters=again.letters, missing=again.missing)
    if not is_gone:
        if _is_told_of(session, row):
            recheck_meeting(session, setup, meeting, now=now)
        return Followed()
    facts = load_board(session, setup, meeting.board, now=now)
    needs = _needs_of(facts, row)
    if read_settings(meeting.board.settings).substitutes is Substitutes.INVITE and needs:
        followed = _invite(session, setup, row, needs, by=by, now=now)
        recheck_meeting(session, setup, meeting, now=now)
        return followed
    recheck_meeting(session, setup, meeting, now=now, published=facts.published if facts is not None else None)
    return Followed(open_needs=needs)


def _is_told_of(session: Session, row: MeetingInvitation) -> bool:
    """True when a finding about her answer stands."""
    query = select(MeetingFinding).where(
        MeetingFinding.meeting_id == row.meeting_id, MeetingFinding.mended_at.is_(None)
    )
    query = query.where(MeetingFinding.code.in_(ABOUT_ANSWERS))
    return any(each.detail.get("member") == row.member.public_id for each in session.scalars(query))


def _needs_of(facts: BoardFacts | None, row: MeetingInvitation) -> tuple[OpenNeed, ...]:
    """What the meeting lacks because of one member."""
    found = find_needs(facts, meeting=row.meeting) if facts is not None else ()
    return tuple(need for need in found if need.lost.member == row.member.public_id)


def _invite(
    session: Session, setup: Setup, row: MeetingInvitation, needs: tuple[OpenNeed, ...], *, by: Actor, now: datetime
) -> Followed:
    """Ask the best substitute of each lost need, until none is left that somebody could cover."""
    asked: list[Member] = []
    letters = 0
    while needs and len(asked) < MOST_ASKED:
        found = (_ask_best(session, setup, row, need, needs, by, now) for need in needs)
        done = next((one for one in found if one is not None), None)
        if done is None:
            break
        asked.append(done[0])
        letters += done[1]
        is_replaced = row.status != "invited"
        needs = () if is_replaced else _needs_of(load_board(session, setup, row.meeting.board, now=now), row)
    return Followed(tuple(asked), letters, needs)


def _ask_best(
    session: Session, setup: Setup, row: MeetingInvitation, need: OpenNeed, needs: tuple[OpenNeed, ...], by: Actor,
    now: datetime,
) -> tuple[Member, int] | None:  # fmt: skip
    """The best candidate who can still be booked, and the letters; None when there is nobody.

    She covers what else she can of the needs that are lost with the same member.
    """
    meeting: Meeting = row.meeting
    for candidate in (one for one in need.ranking.candidates if one.is_reached):
        hers = [each.lost for each in needs if each.ranking.reason_against(candidate.member) is None]
        try:
            with session.begin_nested():
                done = ask(
                    session, setup, meeting, row, find_member(session, candidate.member), hers, by=by, now=now,
                    is_all=len(hers) == len(needs), is_automatic=True,
                )  # fmt: skip
        except IntegrityError:
            continue  # somebody else booked her a moment ago
        return done.member, done.letters
    return None
