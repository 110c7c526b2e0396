"""What the tests of letters by the clock do to a small centre, and how they read its letters."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from email import message_from_bytes, policy

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.builders import CORE, ON_DEMAND, OPERATOR, a_case_csv, a_case_row, import_list
from tumorboard.services.access import operator
from tumorboard.services.notices import JOB, Sent, send_notices
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation
from tumorboard.store.people import Account, Member
from tumorboard.store.post import OutboxMessage

CLOCK = operator(JOB)
UROLOGY = ON_DEMAND["urology"]
RADIOLOGY = CORE["radiology"]
PATHOLOGY = CORE["pathology"]
SEOUL = timedelta(hours=9)
TODAY = date(2026, 11, 22)
MEETS_AT = datetime.fromisoformat("2026-11-24T07:30+09:00")


def at(text: str) -> datetime:
    """An instant of November 2026 in Seoul: `23 15:59`."""
    return datetime.fromisoformat(f"2026-11-{text.replace(' ', 'T')}+09:00")


def tick(session: Session, setup: Setup, when: str) -> Sent:
    return send_notices(session, setup, by=CLOCK, now=at(when))


def letters(session: Session, kind: str, state: str | None = None) -> list[OutboxMessage]:
    query = select(OutboxMessage).where(OutboxMessage.dedupe_key.startswith(f"{kind}:")).order_by(OutboxMessage.id)
    return list(session.scalars(query if state is None else query.where(OutboxMessage.state == state)))


def recipients(session: Session, kind: str) -> list[str]:
    return sorted(letter.recipient for letter in letters(session, kind))


def text_of(letter: OutboxMessage) -> str:
    body = message_from_bytes(letter.content, policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def text_to(session: Session, kind: str, email: str) -> str:
    (letter,) = (each for each in letters(session, kind) if each.recipient == email)
    return text_of(letter)


def set_member(session: Session, who: str, **values: object) -> None:
    session.execute(update(Member).where(Member.email == who).values(**values))
    session.commit()


def deliver(session: Session) -> None:
    """Every letter that waits has left."""
    session.execute(update(OutboxMessage).where(OutboxMessage.state == "waiting").values(state="sent"))
    session.commit()


def invitation_of(session: Session, email: str) -> MeetingInvitation:
    query = select(MeetingInvitation).join(Member).where(Member.email == email, MeetingInvitation.status == "invited")
    return session.scalars(query).one()


def meeting_of(session: Session) -> Meeting:
    return session.scalars(select(Meeting).where(Meeting.status == "published")).one()


def move_meeting(session: Session, by: timedelta) -> None:
    """Everything of the meeting at another time, as rescheduling leaves it."""
    meeting = meeting_of(session)
    rows: list[Meeting | AgendaItem | MeetingInvitation] = [meeting, *meeting.agenda, *meeting.invitations]
    for row in rows:
        row.starts_at, row.ends_at = row.starts_at + by, row.ends_at + by
    meeting.closes_at += by
    session.commit()


def reorder(session: Session) -> None:
    """The two cases of the meeting change places."""
    first, second = meeting_of(session).agenda
    spans = (first.starts_at, first.ends_at), (second.starts_at, second.ends_at)
    first.position, second.position = 7, 8
    session.flush()
    (second.starts_at, second.ends_at), (first.starts_at, first.ends_at) = spans
    first.position, second.position = 1, 0
    session.commit()
    session.expire_all()


def publish_more(session: Session, setup: Setup, when: str, *references: str) -> None:
    """More cases come and are published beside the others."""
    now = at(when)
    rows = [a_case_row(reference, on=setup.today(now)) for reference in references]
    import_list(session, setup, now=now, content=a_case_csv(rows))
    draft = propose(session, setup, board="ovarian-weekly", weeks=4, by=OPERATOR, now=now)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)


GENETICS = ON_DEMAND["clinical_genetics"]
EVERYBODY = sorted([*CORE.values(), UROLOGY, GENETICS])


def english_coordinator(session: Session) -> None:
    session.execute(update(Account).where(Account.email == "coordinator@hospital.example").values(language="en"))
    session.commit()
