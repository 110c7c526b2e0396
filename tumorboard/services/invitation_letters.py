"""What a letter of an invitation says, its calendar entry, and the finished message for the outbox."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.board_settings import read_settings
from tumorboard.domain.deadlines import answer_due_at
from tumorboard.domain.model import SeatKind, Text
from tumorboard.domain.preferences import read_member_preferences
from tumorboard.domain.requirements import NAMED, REQUESTED
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical import Invitation, OtherAttendee, Partstat
from tumorboard.mail.compose import compose, compose_event
from tumorboard.mail.letters import EntryFacts, InvitationFacts, Letter, LetterKind, Mailbox, Previous, Why
from tumorboard.mail.message import build_message
from tumorboard.services.letter_tokens import write_letter_link
from tumorboard.services.parts import delegator_of, deputy_of, is_asked_again
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

ASKED_FOR = {
    NAMED: Text(en="asked for by name", ko="지명 참석 요청"),
    REQUESTED: Text(en="asked for by the referrer", ko="의뢰자의 참석 요청"),
}
"""Needs that come from the referral and not from a rule."""

PREFERENCES_PAGE = "/mine/preferences"
"""That of `services.preferences`, which needs the feeds and so these letters."""
_REMINDERS = "reminders"
_SEATS = {str(kind): kind for kind in SeatKind}


@dataclass(frozen=True, slots=True)
class Instance:
    """One meeting of a standing invitation: the start that the series gives it is its RECURRENCE-ID."""

    standing: StandingInvitation
    recurrence_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one invitation, and what its last letter said.

    `instance` is for a letter about an instance that the row stands for no more; otherwise it is found. `opens` is the
    series entry that begins with this invitation.
    """

    row: MeetingInvitation
    kind: LetterKind
    previous: Previous | None = None
    instance: Instance | None = None
    opens: StandingInvitation | None = None


def new_uid(setup: Setup) -> str:
    """A random UUID and the centre's own domain: nothing can be read from it (RFC 7986, 5.3), and it has no thirteen
    digits in a row, which would look like a resident registration number."""
    return f"{uuid.uuid4()}@{setup.mail_domain}"


def next_stamp(last: datetime, now: datetime) -> datetime:
    """The DTSTAMP of a further message: now, but at least a second later than the last, since calendars count seconds.

    A client that gets both messages in the wrong order tells by it which is the newer one.
    """
    return max(now, last.replace(microsecond=0) + timedelta(seconds=1))


class Reasons:
    """Why members are asked to come: the rules of an invitation in words, each list of rules read once."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._known: dict[tuple[str, ...], tuple[Why, ...]] = {}

    def list_of(self, program_id: str, rules: Sequence[str]) -> tuple[Why, ...]:
        """The reasons by rule ids of a programme, or by what stands for the referral."""
        key = (program_id, *rules)
        found = self._known.get(key)
        if found is None:
            labels = {rule.id: rule.label for rule in self._setup.program(program_id).rules}
            found = self._known[key] = tuple(
                Why("", ASKED_FOR[rule]) if rule in ASKED_FOR else Why(rule, labels.get(rule, Text(en=rule, ko=rule)))
                for rule in rules
            )
        return found


def entry_facts(
    setup: Setup, member: Member, board: Board, *, meeting_id: str, meeting: Interval, kind: str,
    details: Mapping[str, Any], in_place_of: str, reasons: Reasons,
) -> EntryFacts:  # fmt: skip
    """All that a calendar entry may say of one member's part in a meeting beside its times.

    `kind` and `details` are those of her invitation, `meeting_id` is the public id.
    """
    language = member.language
    return EntryFacts(
        language=language,
        time_zone=member.time_zone,
        board_name=board.name_ko if language == "ko" else board.name_en,
        meeting=meeting,
        seat=_SEATS[kind],
        room=details["room"],
        video_url=details["video"] or None,
        page_url=f"{setup.base_url}/meetings/{meeting_id}",
        required=details["required"],
        is_urgent=details.get("urgent", False),
        in_place_of=in_place_of,
        why=reasons.list_of(board.program, details["rules"]),
        case_references=tuple(details["cases"]),
        question_count=details["questions"],
    )


def letter_facts(
    setup: Setup, meeting: Meeting, row: MeetingInvitation, kind: LetterKind, previous: Previous | None = None
) -> InvitationFacts:
    """All that a letter may say of one member's part in a meeting."""
    board, member, principal = meeting.board, row.member, delegator_of(row)
    entry = entry_facts(
        setup, member, board, meeting_id=meeting.public_id, meeting=Interval(meeting.starts_at, meeting.ends_at),
        kind=row.kind, details=row.details, in_place_of=principal.member.name if principal is not None else "",
        reasons=Reasons(setup),
    )  # fmt: skip
    reminds = kind is LetterKind.REMINDER
    link = write_letter_link(setup, member, _REMINDERS) if reminds else None
    return InvitationFacts(
        **{each.name: getattr(entry, each.name) for each in fields(EntryFacts)},
        kind=kind,
        recipient=Mailbox(member.name, member.email),
        organizer=Mailbox(board.organizer_name, board.organizer_email),
        board_time_zone=meeting.time_zone,
        window=Interval(row.starts_at, row.ends_at),
        previous=previous,
        has_declined=row.answer in NOT_COMING,
        has_answered=row.answer != "needs-action",
        answer_until=_answer_until(meeting, row) if reminds else None,
        preferences_url=(link or f"{setup.base_url}{PREFERENCES_PAGE}") if reminds else None,
        unsubscribe_url=link,
        recipient_title=member.title,
    )


def _answer_until(meeting: Meeting, row: MeetingInvitation) -> datetime | None:
    """None when the answer is due already by the time of the letter, its stamp."""
    if row.asked_at is None:
        return None
    days = read_settings(meeting.board.settings).answer_days
    due_at = answer_due_at(row.asked_at, meeting.starts_at, answer_days=days)
    return due_at if due_at > row.stamp else None


def supersede(session: Session, uid: str, meeting: Meeting | None = None) -> bool:
    """A newer letter makes older unsent ones of the same entry pointless, or of one meeting of it.

    True when the member has never heard of the entry: letters were written, and none was ever tried. Then a change is
    a first invitation to her, and the end of it no news at all.
    """
    query = select(OutboxMessage).where(OutboxMessage.uid == uid)
    letters = list(session.scalars(query if meeting is None else query.where(OutboxMessage.meeting_id == meeting.id)))
    for message in letters:
        if message.state in ("waiting", "held"):
            message.state = "superseded"
    return bool(letters) and all(message.tries == 0 and message.sent_at is None for message in letters)


def invitation_of(setup: Setup, meeting: Meeting, row: MeetingInvitation, facts: InvitationFacts) -> Invitation:
    """A member's part in a meeting as her calendar shows it."""
    words = compose_event(facts)
    preferences = read_member_preferences(row.member.preferences)
    habits = read_settings(meeting.board.settings)
    partstat = Partstat.NEEDS_ACTION if is_asked_again(row) else Partstat(row.answer.upper())
    return Invitation(
        uid=row.uid, sequence=row.sequence, stamp=row.stamp, starts_at=row.starts_at, ends_at=row.ends_at,
        time_zone=meeting.time_zone, title=words.title, description=words.description, location=words.location,
        video_url=facts.video_url, url=facts.page_url, organizer_email=facts.organizer.email,
        organizer_name=facts.organizer.name, attendee_email=facts.recipient.email, attendee_name=facts.recipient.name,
        language=facts.language, partstat=partstat, required=facts.required,
        alarm_minutes=None if partstat is Partstat.DELEGATED else preferences.alarm_minutes,
        allow_proposals=habits.allow_proposals,
        related_uid=row.details.get("related"),
        delegated_to=_other(deputy_of(row)) if partstat is Partstat.DELEGATED else None,
        delegated_from=_other(delegator_of(row)),
    )  # fmt: skip


def _other(row: MeetingInvitation | None) -> OtherAttendee | None:
    if row is None:
        return None
    return OtherAttendee(row.member.email, row.member.name, Partstat(row.answer.upper()))


def outbox_message(
    setup: Setup, facts: InvitationFacts, invitation: Invitation, ics: bytes, method: str, *, member_id: int,
    meeting: Meeting | None, now: datetime, batch: str = "", letter: Letter | None = None,
) -> OutboxMessage:  # fmt: skip
    """The finished letter; `method` is that of `ics`. Without a meeting it is about a whole series.

    Unless the meeting is urgent it waits for more changes, as long as the centre chose; `supersede` takes it then.
    """
    letter = letter or compose(facts)
    message_id = f"<{uuid.uuid4()}@{setup.mail_domain}>"
    content = build_message(
        letter,
        ics,
        method,
        mail_from=setup.mail_from,
        organizer=facts.organizer,
        to=facts.recipient,
        message_id=message_id,
        date=now,
        unsubscribe_url=facts.unsubscribe_url,
    )
    about = "" if meeting is None else meeting.public_id
    version = f"{invitation.sequence}:{invitation.stamp.timestamp():.6f}"
    return OutboxMessage(
        dedupe_key=f"{invitation.uid}:{version}:{method}:{about}", message_id=message_id,
        recipient=facts.recipient.email, member_id=member_id, meeting_id=None if meeting is None else meeting.id,
        uid=invitation.uid, sequence=invitation.sequence, method=method, subject=letter.subject, content=content,
        batch=batch, due_at=now if facts.is_urgent else now + timedelta(seconds=setup.quiet_seconds), created_at=now,
    )  # fmt: skip
