"""Reports of what happened: read from past meetings, their records and attendance, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tumorboard.domain.errors import BadInput
from tumorboard.domain.indicators import (
    UNRECORDED,
    Item,
    Roll,
    Share,
    Wait,
    Week,
    count_reasons,
    count_weeks,
    days_between,
    share_attendance,
    weigh_waits,
)
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.judging import judge
from tumorboard.services.meetings import find_board
from tumorboard.services.minutes import Minutes, add_up, minutes_of_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.discussions import Discussion, Presence
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation
from tumorboard.store.people import Member

USUAL_WEEKS = 12
LONGEST_DAYS = 371
"""A year, in whole weeks."""
MOST_MEETINGS = 600
_MIDNIGHT = datetime.min.time()


@dataclass(frozen=True, slots=True)
class Period:
    """Which meetings a report is about: of a board (its key) or of all, from a day to a day, both included."""

    board: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report shows. `late` are the cases first discussed after the end of their clock.

    `unrecorded` counts agenda items without an outcome, `unattended` the meetings of which nobody noted who was there;
    both are left out of the other numbers. With `is_cut` only the newest meetings of the period were read.
    """

    period: Period
    meetings: int
    waits: tuple[Wait, ...]
    late: tuple[Item, ...]
    weeks: tuple[Week, ...]
    attended: tuple[Share, ...]
    held: Minutes
    reasons: tuple[tuple[str, int], ...]
    unrecorded: int
    unattended: int
    is_cut: bool = False


def choose_period(setup: Setup, *, board: str, first: date | None, last: date | None, now: datetime) -> Period:
    """The days asked for; by default the twelve weeks until today. Raises BadInput `bad-period`."""
    last = last or setup.today(now)
    first = first or last - timedelta(weeks=USUAL_WEEKS) + timedelta(days=1)
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise BadInput("give a period of one day to one year, its first day before its last", code="bad-period",
                       field="from")  # fmt: skip
    return Period(board, first, last)


def read_report(session: Session, setup: Setup, *, period: Period, by: Actor, now: datetime) -> Report:
    """What happened in a period. Everybody who may read reports sees numbers; cases are named by their references."""
    require(by, Permission.REPORT_READ)
    found = _load_meetings(session, period, now)
    is_cut, meetings = len(found) > MOST_MEETINGS, found[:MOST_MEETINGS]
    held = _load_discussions(session, meetings)
    present = _load_presence(session, meetings)
    seen = _seen_before(session, held)
    items = [item for meeting in meetings for item in _items(setup, meeting, held, seen)]
    rolls = [_roll(meeting, present[meeting.id]) for meeting in meetings if meeting.id in present]
    return Report(
        period=period,
        meetings=len(meetings),
        waits=weigh_waits(items),
        late=tuple(item for item in items if item.is_late),
        weeks=count_weeks(items, first=period.first, last=period.last),
        attended=share_attendance(rolls),
        held=add_up(minutes_of_meeting(meeting) for meeting in meetings),
        reasons=count_reasons(items),
        unrecorded=sum(item.outcome == UNRECORDED for item in items),
        unattended=len(meetings) - len(rolls),
        is_cut=is_cut,
    )


def _load_meetings(session: Session, period: Period, now: datetime) -> list[Meeting]:
    """Past meetings with cases, newest first; one more than are read. The days are those of each meeting's zone."""
    start = datetime.combine(period.first, _MIDNIGHT, UTC) - timedelta(days=1)
    end = datetime.combine(period.last, _MIDNIGHT, UTC) + timedelta(days=2)
    query = select(Meeting).where(Meeting.starts_at >= start, Meeting.starts_at < end, Meeting.ends_at <= now)
    query = query.where(Meeting.status == "published", Meeting.agenda.any())
    if period.board:
        query = query.where(Meeting.board_id == find_board(session, period.board).id)
    case = joinedload(AgendaItem.case)
    query = query.options(
        selectinload(Meeting.agenda).options(case.selectinload(Case.readiness), case.selectinload(Case.waivers)),
        selectinload(Meeting.invitations).joinedload(MeetingInvitation.member),
        joinedload(Meeting.board),
    )
    found = session.scalars(query.order_by(Meeting.starts_at.desc(), Meeting.id).limit(MOST_MEETINGS + 1))
    return [row for row in found if period.first <= _day(row, row.starts_at) <= period.last]


def _load_discussions(session: Session, meetings: Sequence[Meeting]) -> dict[int, Discussion]:
    """What is recorded, by agenda item."""
    ids = [meeting.id for meeting in meetings]
    query = select(Discussion).join(AgendaItem).where(AgendaItem.meeting_id.in_(ids))
    return {row.item_id: row for row in session.scalars(query)}


def _load_presence(session: Session, meetings: Sequence[Meeting]) -> dict[int, list[Presence]]:
    """Who was there, by meeting; a meeting of which nothing is noted is not in it."""
    query = select(Presence).where(Presence.meeting_id.in_([meeting.id for meeting in meetings]))
    found: dict[int, list[Presence]] = {}
    for row in session.scalars(query.options(joinedload(Presence.member).selectinload(Member.specialties))):
        found.setdefault(row.meeting_id, []).append(row)
    return found


def _seen_before(session: Session, held: Mapping[int, Discussion]) -> dict[int, datetime]:
    """When each case that was discussed in the period was discussed for the first time, by the row of the case."""
    query = select(AgendaItem.case_id, AgendaItem.starts_at).join(Discussion).where(Discussion.outcome == "discussed")
    wanted = select(AgendaItem.case_id).join(Discussion).where(Discussion.item_id.in_(list(held)))
    found: dict[int, datetime] = {}
    for case_id, starts_at in session.execute(query.where(AgendaItem.case_id.in_(wanted))):
        found[case_id] = min(starts_at, found.get(case_id, starts_at))
    return found


def _items(
    setup: Setup, meeting: Meeting, held: Mapping[int, Discussion], seen: Mapping[int, datetime]
) -> Iterable[Item]:
    for row in meeting.agenda:
        record = held.get(row.id)
        outcome = record.outcome if record else UNRECORDED
        case, on = row.case, _day(meeting, row.starts_at)
        is_first = outcome == "discussed" and seen.get(case.id) == row.starts_at and case.program in setup.programs
        item = Item(
            case=case.public_id, reference=case.reference, program=case.program, urgency=case.urgency, on=on,
            outcome=outcome, reason=record.reason if record else "",
        )  # fmt: skip
        at = record.started_at or row.starts_at if record else row.starts_at
        yield _time(setup, case, item, at) if is_first else item


def _time(setup: Setup, case: Case, item: Item, at: datetime) -> Item:
    """The item with the wait for it, against the clock that ran on that day."""
    judgement = judge(setup, case, on=item.on)
    return Item(
        case=item.case, reference=item.reference, program=item.program, urgency=judgement.assessment.urgency.value,
        on=item.on, outcome=item.outcome, reason=item.reason, waited_days=days_between(case.referred_at, at),
        limit_days=days_between(case.referred_at, judgement.due_at), is_late=at > judgement.due_at,
    )  # fmt: skip


def _roll(meeting: Meeting, present: Sequence[Presence]) -> Roll:
    """Who was expected, and who was there: for a specialty somebody asked for it, or another who holds it."""
    invited = [row for row in meeting.invitations if row.status == "invited"]
    came = {row.member_id for row in present}
    asked = {name for row in invited if row.member_id in came for name in row.details["specialties"]}
    held = {one.specialty for row in present for one in row.member.specialties}
    expected = frozenset(name for row in invited if row.details["required"] for name in row.details["specialties"])
    return Roll(expected, expected & (asked | held))


def _day(meeting: Meeting, at: datetime) -> date:
    return at.astimezone(ZoneInfo(meeting.time_zone)).date()
