"""Somebody comes instead of a member who does not: ranked with reasons, asked by one click, and nothing else moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.domain.model import Attendance, Reason, SeatKind
from tumorboard.domain.substitutes import NOT_COMING, LostNeed
from tumorboard.domain.timeline import Interval
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.feeds import render_feeds_of
from tumorboard.services.invitations import is_urgent_call, post_letters, sync_invitations
from tumorboard.services.meetings import find_meeting, lock_meeting
from tumorboard.services.need_facts import (
    BoardFacts,
    OpenNeed,
    as_open,
    find_needs,
    load_board,
    lost_needs,
    needs_of_member,
    who_is_gone,
)
from tumorboard.services.parts import holds_place, part_of
from tumorboard.services.recheck import recheck_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.facts import case_facts
from tumorboard.store.meetings import Booking, Meeting, MeetingInvitation, Resource
from tumorboard.store.people import Member


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked instead of whom (None where nobody was there before), for which needs, with how many letters."""

    meeting: Meeting
    member: Member
    instead_of: Member | None
    needs: tuple[LostNeed, ...]
    letters: int


def list_substitutes(
    session: Session, setup: Setup, *, meeting_id: str, by: Actor, now: datetime
) -> tuple[OpenNeed, ...]:
    """What a published meeting lacks, and who could cover it, best first, each with the reason why not. Reads only."""
    require(by, Permission.PLAN_EDIT)
    meeting = find_meeting(session, meeting_id)
    facts = load_board(session, setup, meeting.board, now=now)
    return () if facts is None else tuple(find_needs(facts, meeting=meeting))


def ask_instead(
    session: Session, setup: Setup, *, meeting_id: str, member_id: str, instead_id: str, by: Actor, now: datetime
) -> Asked:  # fmt: skip
    """Ask a substitute to come for exactly the window of a member who does not come.

    That one is withdrawn from the list, unless needs are left that the substitute does not cover. Whoever did not
    answer may be replaced as well; an empty `member_id` stands for needs that nobody covered. Only the two hear of it.
    Raises Conflict `not-invited`, `member-comes` (she accepted), `not-suited` with the reason, `nothing-lost`,
    `urgent-call`, `meeting-past`, `meeting-cancelled`, and `double-booked` from the schema's guard; NotFound.
    """
    require(by, Permission.PLAN_PUBLISH)
    with transaction(session):
        meeting = lock_meeting(session, meeting_id)
        refuse_closed(meeting, now)
        facts = load_board(session, setup, meeting.board, now=now)
        instead = find_member(session, instead_id)
        row = _row_of(meeting, member_id) if member_id else None
        if facts is None or (row is not None and not _may_be_replaced(facts, meeting, row)):
            raise Conflict("the member comes to this meeting; ask them first whether they do not", code="member-comes")
        needs, left = _needs_for(facts, meeting, row, instead)
        asked = ask(session, setup, meeting, row, instead, needs, by=by, now=now, is_all=not left)
        recheck_meeting(session, setup, meeting, now=now)
    return asked


def ask(
    session: Session, setup: Setup, meeting: Meeting, row: MeetingInvitation | None, instead: Member,
    needs: Sequence[LostNeed], *, by: Actor, now: datetime, is_all: bool = True,
    is_automatic: bool = False,
) -> Asked:  # fmt: skip
    """Write bookings, invitations, letters, feeds and the record of one substitution; nothing is checked here.

    With `is_all` nothing is left that the member was needed for: she is withdrawn.
    """
    rows = {one.member_id: one for one in meeting.invitations if holds_place(one)}
    own = rows.pop(instead.id, None)
    gone = [row.member_id] if row is not None and is_all else []
    rows = {member_id: one for member_id, one in rows.items() if member_id not in gone}
    part = part_instead(
        row, own, instead, needs, {item.case.reference: place for place, item in enumerate(meeting.agenda)}
    )
    book_part(session, meeting, [*gone, instead.id], instead.id, part.span)
    cases = {item.case.reference: case_facts(item.case) for item in meeting.agenda}
    meeting.agenda_changes += 1
    changes = sync_invitations(
        session, setup, meeting, [*(part_of(one) for one in rows.values()), part], cases, now=now
    )  # fmt: skip
    letters = post_letters(session, setup, meeting, changes, now=now, batch=meeting.public_id)
    render_feeds_of(session, setup, [meeting], now=now)
    record(
        session, by=by, now=now, action="substitute:asked", subject=("meeting", meeting.public_id),
        member=row.member.public_id if row is not None else "", instead=instead.public_id, automatic=is_automatic,
        needs=[need.key.specialty or need.key.member for need in needs], letters=letters,
    )  # fmt: skip
    return Asked(meeting, instead, row.member if row is not None else None, tuple(needs), letters)


def part_instead(
    row: MeetingInvitation | None, own: MeetingInvitation | None, instead: Member, needs: Sequence[LostNeed],
    place: Mapping[str, int],
) -> Attendance:  # fmt: skip
    """What the substitute comes for: the lost needs, or all of the place she takes; what she came for stays hers."""
    held = {each.specialty for each in instead.specialties}
    parts = [one for one in (own, row) if one is not None]
    taken = set(row.details["specialties"]) & held if row is not None else set()
    specialties = taken | {need.key.specialty for need in needs if need.key.specialty}
    specialties |= set(own.details["specialties"]) if own is not None else set()
    cases = {reference for one in parts for reference in one.details["cases"]}
    cases |= {reference for need in needs for reference in need.references}
    rules = [rule for one in parts for rule in one.details["rules"]] + [rule for need in needs for rule in need.rules]
    spans = [Interval(one.starts_at, one.ends_at) for one in parts] + [need.span for need in needs]
    kinds = {*(one.kind for one in parts), *(need.kind for need in needs)}
    return Attendance(
        member=instead.public_id,
        kind=SeatKind.CORE if SeatKind.CORE in kinds else SeatKind.ON_DEMAND,
        span=Interval(min(span.start for span in spans), max(span.end for span in spans)),
        specialties=tuple(sorted(specialties)),
        cases=tuple(sorted((each for each in cases if each in place), key=lambda each: place[each])),
        rules=tuple(dict.fromkeys(rules)),
        required=bool(needs) or any(one.details["required"] for one in parts),
    )


def book_part(session: Session, meeting: Meeting, released: Sequence[int], member_id: int, span: Interval) -> None:
    """The bookings of this meeting: those of the members in `released` end, hers is made under the schema's guard."""
    release_parts(session, meeting, released)
    resource = session.scalars(select(Resource.id).where(Resource.member_id == member_id)).one()
    session.add(Booking(resource_id=resource, meeting_id=meeting.id, starts_at=span.start, ends_at=span.end))
    session.flush()


def release_parts(session: Session, meeting: Meeting, members: Sequence[int]) -> None:
    """The bookings of these members (row ids) at the meeting end."""
    of_members = select(Resource.id).where(Resource.member_id.in_(members))
    session.execute(
        delete(Booking).where(Booking.meeting_id == meeting.id, Booking.resource_id.in_(of_members))
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _needs_for(
    facts: BoardFacts, meeting: Meeting, row: MeetingInvitation | None, instead: Member
) -> tuple[tuple[LostNeed, ...], int]:
    """The needs lost with her that the substitute covers, and how many are left.

    Where nothing is lost, her specialties count.
    """
    plan = next((plan for plan in facts.plans if plan.meeting == meeting.public_id), None)
    if plan is None:
        raise Conflict("no case stands on this meeting; nobody is asked to come", code="nothing-lost")
    if row is not None:
        found = needs_of_member(facts, plan, row)
    else:
        found = tuple(lost for lost in lost_needs(facts, plan, who_is_gone(facts, plan)) if not lost.member)
    against = [as_open(facts, meeting, lost, "").ranking.reason_against(instead.public_id) for lost in found]
    needs = tuple(lost for lost, code in zip(found, against, strict=True) if code is None)
    if not needs:
        if not found:
            raise Conflict("nothing is open here any more; load the page again", code="nothing-lost")
        raise not_suited(next(code for code in against if code is not None))
    return needs, len(found) - len(needs)


def _may_be_replaced(facts: BoardFacts, meeting: Meeting, row: MeetingInvitation) -> bool:
    plan = next((plan for plan in facts.plans if plan.meeting == meeting.public_id), None)
    is_gone = plan is not None and row.member.public_id in who_is_gone(facts, plan)
    return row.status != "invited" or row.answer == "needs-action" or row.answer in NOT_COMING or is_gone


def _row_of(meeting: Meeting, member_id: str) -> MeetingInvitation:
    """Her invitation; one that was withdrawn because she does not come counts, for what she covered beside."""
    row = next((row for row in meeting.invitations if row.member.public_id == member_id), None)
    if row is None or row.status != "invited":
        raise Conflict("this member is not asked to come to this meeting", code="not-invited")
    return row


def not_suited(code: str) -> Conflict:
    """The refusal to ask somebody, with its reason."""
    return Conflict(
        f"this member cannot be asked for it ({code}); choose somebody else", code="not-suited", reasons=(Reason(code),)
    )


def find_member(session: Session, member_id: str) -> Member:
    """An active member. Raises NotFound."""
    member = session.scalar(select(Member).where(Member.public_id == member_id, Member.active.is_(True)))
    if member is None:
        raise NotFound("there is no such member", code="unknown-member")
    return member


def refuse_closed(meeting: Meeting, now: datetime) -> None:
    """Raise Conflict where nobody can be asked any more, or the urgent call asks by itself."""
    if meeting.status == "cancelled":
        raise Conflict("this meeting is cancelled already", code="meeting-cancelled")
    if meeting.starts_at <= now:
        raise Conflict("this meeting has begun; it cannot be changed any more", code="meeting-past")
    if is_urgent_call(meeting):
        raise Conflict("this is an urgent meeting; choose another moment or phone somebody", code="urgent-call")
