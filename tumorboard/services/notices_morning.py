"""The coordinators' morning letter: one each, at seven on workdays, and only when there is something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.model import Level, ReadinessState
from tumorboard.mail.digest import DigestMeeting
from tumorboard.mail.letters import Mailbox
from tumorboard.mail.notices_facts import Addressee, MorningFacts, Unanswered, Unready
from tumorboard.services.access import Actor
from tumorboard.services.digest import coordinators, describe_meetings, member_names
from tumorboard.services.findings import StandingFinding, list_findings
from tumorboard.services.letter_tokens import write_letter_link
from tumorboard.services.notices_post import Notice, Posted, comes, post_notices, sitting
from tumorboard.services.notices_preparation import judge_for
from tumorboard.services.notices_slots import is_done, is_workday, last_slot, mark_done, next_workday, slot_at
from tumorboard.services.preferences import account_preferences_of, preferences_url
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Account
from tumorboard.store.post import OutboxMessage

KIND = "morning"
WRITTEN_AT = time(7)
"""In the centre's zone."""

NOON = time(12)
MORNING = "notices:morning"
STILL_NEWS = timedelta(days=3)
"""How long a letter about no single meeting that was given up is told of."""

SILENCE = "no-answer"
"""The finding that the list of those who have not answered stands for."""

FIRST_NEWS = timedelta(days=1)
"""Before the first morning letter of all, this is how far back something is new."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What there is to look at, the same for every coordinator; nothing in two places.

    The keys of `unready` are meeting ids, its values the references of blocked cases and of others that owe something.
    `unreached` are invited members to whom no letter gets, as long as no message about that is open.
    """

    findings: Sequence[StandingFinding]
    unanswered: Sequence[MeetingInvitation]
    unready: Mapping[int, tuple[tuple[str, ...], tuple[str, ...]]]
    meetings: Mapping[int, Meeting]
    message_count: int
    dead_count: int
    unreached: Sequence[str]
    since: datetime

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to write: what is only asked for is no reason for a letter."""
        is_blocked = any(blocked for blocked, _ in self.unready.values())
        mail = self.message_count or self.dead_count or self.unreached
        return not (self.findings or self.unanswered or is_blocked or mail)


def post_morning(
    session: Session, setup: Setup, meetings: Sequence[Meeting], *, by: Actor, now: datetime
) -> Posted:  # fmt: skip
    """Write the morning letters of today unless that is done. Yesterday's are not made up for: today's say it all.

    On a free day only what is wrong about a meeting before noon of the next workday is told.
    """
    day = last_slot(setup, WRITTEN_AT, now=now)
    if day != setup.today(now) or is_done(session, MORNING, day):
        return Posted()
    if is_workday(session, setup, day):
        work = _look(session, setup, meetings, by=by, now=now)
    else:
        until = slot_at(setup, next_workday(session, setup, day), NOON)
        work = _look_at_findings(session, until, by=by, now=now)
    posted = Posted()
    if not work.is_empty:
        _drop_older(session)
        names, fallback = member_names(session), session.scalars(select(Board).order_by(Board.key)).first()
        accounts = [account for account in coordinators(session) if _wants(account)]
        notices = [_notice(setup, account, work, names, fallback, f"{KIND}:{account.public_id}:{day}")
                   for account in accounts]  # fmt: skip
        posted = post_notices(session, setup, notices, now=now)
    mark_done(session, MORNING, day, letters=len(posted.keys), by=by, now=now)
    return posted


def _wants(account: Account) -> bool:
    member = account.member
    came_back = member is not None and member.bounced_at is not None and member.email == account.email
    return account_preferences_of(account).morning and not came_back


def _drop_older(session: Session) -> None:
    """A morning letter that never left says less than today's."""
    query = select(OutboxMessage).where(OutboxMessage.state == "waiting")
    for message in session.scalars(query.where(OutboxMessage.dedupe_key.startswith(f"{KIND}:"))):
        message.state = "superseded"


def _look_at_findings(session: Session, until: datetime, *, by: Actor, now: datetime) -> _Work:
    findings = [each for each in list_findings(session, by=by, now=now) if each.meeting.starts_at < until]
    return _Work(findings, (), {}, {}, 0, 0, (), _last_letter_at(session, now))


def _look(session: Session, setup: Setup, meetings: Sequence[Meeting], *, by: Actor, now: datetime) -> _Work:
    findings = [each for each in list_findings(session, by=by, now=now) if each.reason.code != SILENCE]
    near = setup.morning_of(setup.today(now) + timedelta(days=2))
    soon = [meeting for meeting in meetings if now < meeting.starts_at < near]
    told = {
        (each.meeting.id, reference)
        for each in findings
        if each.reason.code == "case-not-ready"
        for reference in [str(each.reason.values.get("reference", ""))]
    }
    return _Work(
        findings=findings,
        unanswered=_list_unanswered(meetings, now),
        unready=dict(_list_unready(session, setup, soon, told, now)),
        meetings={meeting.id: meeting for meeting in meetings},
        message_count=_count_messages(session),
        dead_count=_count_dead(session, now),
        unreached=_list_unreached(session, meetings, now),
        since=_last_letter_at(session, now),
    )


def _count_messages(session: Session) -> int:
    return session.scalars(select(func.count()).where(InboundMessage.state == "open")).one()


def _count_dead(session: Session, now: datetime) -> int:
    """Letters that were given up and would still be of use: about a meeting ahead, or of the last days."""
    is_of_use = or_(Meeting.starts_at > now, Meeting.id.is_(None) & (OutboxMessage.created_at > now - STILL_NEWS))
    query = select(func.count()).select_from(OutboxMessage).outerjoin(Meeting, Meeting.id == OutboxMessage.meeting_id)
    return session.scalars(query.where(OutboxMessage.state == "dead", is_of_use)).one()


def _list_unreached(session: Session, meetings: Sequence[Meeting], now: datetime) -> list[str]:
    bounced = {
        row.member_id: row.member.name
        for meeting in meetings
        for row in meeting.invitations
        if comes(row) and row.starts_at > now and row.member.active and row.member.bounced_at is not None
    }
    query = select(InboundMessage.member_id).where(InboundMessage.state == "open", InboundMessage.effect == "bounce")
    known = set(session.scalars(query)) if bounced else set()
    return sorted(name for member_id, name in bounced.items() if member_id not in known)


def _last_letter_at(session: Session, now: datetime) -> datetime:
    query = select(func.max(OutboxMessage.created_at)).where(OutboxMessage.dedupe_key.startswith(f"{KIND}:"))
    return session.scalar(query) or now - FIRST_NEWS


def _list_unanswered(meetings: Sequence[Meeting], now: datetime) -> list[MeetingInvitation]:
    """Invitations whose question went to the coordinator, and still nobody answered."""
    rows = [
        row
        for meeting in sorted(meetings, key=lambda each: each.starts_at)
        for row in meeting.invitations
        if row.status == "invited" and row.answer == "needs-action" and row.escalated_at is not None
    ]
    return [row for row in rows if row.starts_at > now]


def _list_unready(
    session: Session, setup: Setup, meetings: Sequence[Meeting], told: set[tuple[int, str]], now: datetime
) -> Iterator[tuple[int, tuple[tuple[str, ...], tuple[str, ...]]]]:
    """Per meeting the cases that lack something; what the findings say is not said twice."""
    ids = [item.case_id for meeting in meetings for item in meeting.agenda]
    if not ids:
        return
    query = select(Case).where(Case.id.in_(ids)).options(selectinload(Case.readiness))
    cases = {row.id: row for row in session.scalars(query.execution_options(populate_existing=True))}
    for meeting in sorted(meetings, key=lambda each: each.starts_at):
        if meeting.board.program not in setup.programs:
            continue
        program, blocked, owed = setup.program(meeting.board.program), [], []
        for item in meeting.agenda:
            found = judge_for(setup, program, meeting, cases[item.case_id], now)
            missing = {each.level for each in found if each.state in (ReadinessState.MISSING, ReadinessState.STALE)}
            if Level.BLOCKS in missing:
                if (meeting.id, item.case.reference) not in told:
                    blocked.append(item.case.reference)
            elif Level.WARNS in missing:
                owed.append(item.case.reference)
        if blocked or owed:
            yield meeting.id, (tuple(blocked), tuple(owed))


def _notice(
    setup: Setup, account: Account, work: _Work, names: Mapping[str, str], fallback: Board | None, key: str
) -> Notice:
    return Notice(key, account.member_id, None, lambda: _facts(setup, account, work, names, fallback))


def _facts(
    setup: Setup, account: Account, work: _Work, names: Mapping[str, str], fallback: Board | None
) -> MorningFacts:
    language = account.language or setup.language
    zone = account.member.time_zone if account.member is not None else setup.time_zone
    return MorningFacts(
        to=_addressee(setup, account, _organizer(setup, work, fallback), language, zone),
        finding_count=len(work.findings),
        new_count=sum(each.row.found_at > work.since for each in work.findings),
        findings=tuple(_describe(setup, work.findings, names, language, zone)),
        unanswered=tuple(
            Unanswered(sitting(setup, meeting, language), tuple(row.member.name for row in rows))
            for meeting, rows in groupby(work.unanswered, key=lambda row: row.meeting)
        ),
        unready=tuple(
            Unready(sitting(setup, work.meetings[key], language), blocked, owed)
            for key, (blocked, owed) in work.unready.items()
        ),
        message_count=work.message_count,
        messages_url=f"{setup.base_url}/answers",
        dead_count=work.dead_count,
        unreached=tuple(work.unreached),
        outbox_url=f"{setup.base_url}/outbox",
    )


def _describe(
    setup: Setup, findings: Sequence[StandingFinding], names: Mapping[str, str], language: str, zone: str
) -> Iterator[DigestMeeting]:
    boards = {each.meeting.board_id: each.meeting.board for each in findings}
    for key, board in boards.items():
        mine = [each for each in findings if each.meeting.board_id == key]
        yield from describe_meetings(setup, board, mine, names, language, zone)


def _organizer(setup: Setup, work: _Work, fallback: Board | None) -> Mailbox:
    """The mailbox of the board there is most to say about first, else of any board."""
    meetings = [each.meeting for each in work.findings] + [row.meeting for row in work.unanswered]
    board = meetings[0].board if meetings else fallback
    return Mailbox(board.organizer_name, board.organizer_email) if board else Mailbox("", setup.mail_from)


def _addressee(setup: Setup, account: Account, organizer: Mailbox, language: str, zone: str) -> Addressee:
    link = write_letter_link(setup, account, KIND)
    return Addressee(
        recipient=Mailbox(account.name, account.email), organizer=organizer, language=language, time_zone=zone,
        preferences_url=link or preferences_url(setup), unsubscribe_url=link,
        title=account.member.title if account.member else "",
    )  # fmt: skip
