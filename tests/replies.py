"""What members' calendars send back: iMIP messages about the invitations that lie in the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

ORGANIZER = "board@hospital.example"


def publish(session: Session, setup: Setup, *, now: datetime) -> Meeting:
    """The board as it is proposed; its one published meeting. The letters have left."""
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)
    deliver(session, now=now)
    return session.scalars(select(Meeting).where(Meeting.status == "published")).one()


def publish_series(session: Session) -> None:
    """The board keeps its core members' calendars as series."""
    row = session.scalars(select(Board).where(Board.key == BOARD)).one()
    row.settings = {**row.settings, "standing_invitations": True}
    session.commit()


def deliver(session: Session, *, now: datetime) -> None:
    """Every waiting letter has left."""
    for row in session.scalars(select(OutboxMessage).where(OutboxMessage.state == "waiting")):
        row.state, row.tries, row.sent_at = "sent", 1, now
    session.commit()


def invitation(session: Session, email: str) -> MeetingInvitation:
    """The newest invitation of a member, as it is in the database now."""
    query = select(MeetingInvitation).join(Member).where(Member.email == email).order_by(MeetingInvitation.id.desc())
    return session.scalars(query.execution_options(populate_existing=True)).first()  # type: ignore[return-value]


def messages(session: Session) -> list[InboundMessage]:
    """What came in, in order."""
    query = select(InboundMessage).order_by(InboundMessage.id).execution_options(populate_existing=True)
    return list(session.scalars(query))


def last_letter(session: Session) -> int:
    """The number of the newest letter."""
    return max(session.scalars(select(OutboxMessage.id)), default=0)


def letters(session: Session, *, after: int = 0) -> list[OutboxMessage]:
    """What was written since a letter, in the order of the recipients."""
    query = select(OutboxMessage).where(OutboxMessage.id > after, OutboxMessage.state != "superseded")
    return list(session.scalars(query.order_by(OutboxMessage.recipient, OutboxMessage.id)))


def a_reply(
    row: MeetingInvitation,
    partstat: str = "ACCEPTED",
    *,
    stamp: datetime | None = None,
    sequence: int | None = None,
    method: str = "REPLY",
    sender: str | None = None,
    attendee: str | None = None,
    parameters: str = "",
    comment: str = "",
    span: tuple[datetime, datetime] | None = None,
    lines: Sequence[str] = (),
    uid: str = "",
) -> bytes:
    """The answer of the invited member, as her calendar writes it; any part can be another."""
    address = attendee or row.member.email
    at = stamp or row.stamp + timedelta(minutes=1)
    start, end = span or (row.starts_at, row.ends_at)
    who = "" if method == "REFRESH" else f";PARTSTAT={partstat}"
    event = [
        "BEGIN:VEVENT",
        f"UID:{uid or row.uid}",
        f"DTSTAMP:{_utc(at)}",
        f"SEQUENCE:{row.sequence if sequence is None else sequence}",
        f"ORGANIZER:mailto:{ORGANIZER}",
        f"ATTENDEE{who}{parameters}:mailto:{address}",
        *([] if method == "REFRESH" else [f"DTSTART:{_utc(start)}", f"DTEND:{_utc(end)}"]),
        *([f"COMMENT:{comment}"] if comment else []),
        *lines,
        "END:VEVENT",
    ]
    calendar = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//x//EN", f"METHOD:{method}", *event, "END:VCALENDAR", ""]
    return a_mail("\r\n".join(calendar), sender=sender or address, method=method)


def a_mail(calendar: str, *, sender: str, method: str) -> bytes:
    """An e-mail with a calendar part."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ORGANIZER
    message["Subject"] = "Accepted"
    message["Date"] = "Sun, 22 Nov 2026 12:00:00 +0900"
    message["Message-ID"] = f"<{abs(hash(calendar)):x}@mail.example>"
    message.set_content("See the attached answer.\n")
    message.add_alternative(calendar.encode(), maintype="text", subtype="calendar", cte="base64",
                            params={"method": method, "charset": "UTF-8"})  # fmt: skip
    return message.as_bytes()


def a_note(sender: str, text: str = "I cannot come on Tuesday.", **headers: str) -> bytes:
    """An e-mail without a calendar part."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ORGANIZER
    message["Subject"] = "Tuesday"
    message["Message-ID"] = f"<{abs(hash(text)):x}@mail.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def a_bounce(letter: OutboxMessage, *, recipient: str | None = None) -> bytes:
    """The report of a mail server that gives up on a letter (RFC 3464)."""
    address = recipient or letter.recipient
    return "\r\n".join(
        [
            "From: MAILER-DAEMON@mail.example", f"To: {ORGANIZER}", "Subject: Undelivered Mail Returned to Sender",
            "Auto-Submitted: auto-replied", f"Message-ID: <bounce-{letter.id}@mail.example>", "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "",
            "--b", "Content-Type: text/plain", "", "Your message could not be delivered.", "",
            "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mail.example", "",
            f"Final-Recipient: rfc822; {address}", "Action: failed", "Status: 5.1.1",
            "Diagnostic-Code: smtp; 550 5.1.1 no such mailbox", "",
            "--b", "Content-Type: text/rfc822-headers", "", f"Message-ID: {letter.message_id}", f"To: {address}", "",
            "--b--", "",
        ]
    ).encode()  # fmt: skip


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
