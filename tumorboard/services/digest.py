"""Coordinators are told what is new about published meetings: one plain letter each, and only when something is new."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.timeline import Interval, at_wall_clock
from tumorboard.mail.digest import DigestFacts, DigestLine, DigestMeeting, compose_digest
from tumorboard.mail.letters import Mailbox
from tumorboard.mail.message import build_plain_message
from tumorboard.services.access import Role
from tumorboard.services.findings import StandingFinding
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Meeting
from tumorboard.store.people import Account, AccountRole, Member
from tumorboard.store.post import OutboxMessage
from tumorboard.words import choose_language

METHOD = "NOTE"
"""What the outbox shows instead of an iTIP method: this letter has no calendar object."""

READ_AT = time(7)
"""When what the night found is delivered, in the centre's zone."""

_News = Sequence[tuple[Board, Sequence[StandingFinding]]]


def post_digests(session: Session, setup: Setup, news: _News, *, now: datetime, at_once: bool = False) -> int:
    """Write one digest to each coordinator into the outbox of the running transaction; gives how many.

    What the night found is delivered in the morning, unless it has to be known `at_once`.
    """
    query = select(Account).join(AccountRole).where(AccountRole.role == Role.COORDINATOR, Account.active.is_(True))
    accounts = list(session.scalars(query.order_by(Account.id)))
    names, due_at = _names(session), now if at_once else _morning(setup, now)
    session.add_all(_outbox_message(setup, account, news, names, now, due_at) for account in accounts)
    session.flush()
    return len(accounts)


def _names(session: Session) -> dict[str, str]:
    return {row[0]: row[1] for row in session.execute(select(Member.public_id, Member.name))}


def _outbox_message(
    setup: Setup,
    account: Account,
    news: _News,
    names: Mapping[str, str],
    now: datetime,
    due_at: datetime,
) -> OutboxMessage:
    board = news[0][0]
    facts = DigestFacts(
        recipient=Mailbox(account.name, account.email),
        organizer=Mailbox(board.organizer_name, board.organizer_email),
        language=account.language or setup.language,
        count=sum(len(findings) for _, findings in news),
        meetings=tuple(
            meeting
            for each, findings in news
            for meeting in _meetings(setup, each, findings, names, account.language or setup.language)
        ),
    )
    letter = compose_digest(facts)
    message_id = f"<{uuid.uuid4()}@{setup.mail_domain}>"
    content = build_plain_message(
        letter, mail_from=setup.mail_from, organizer=facts.organizer, to=facts.recipient, message_id=message_id,
        date=now,
    )  # fmt: skip
    uid = f"{uuid.uuid4()}@{setup.mail_domain}"
    return OutboxMessage(
        dedupe_key=f"{uid}:{METHOD}", message_id=message_id, recipient=account.email, member_id=account.member_id,
        meeting_id=news[0][1][0].meeting.id, uid=uid, sequence=0, method=METHOD, subject=letter.subject,
        content=content, due_at=due_at, created_at=now,
    )  # fmt: skip


def _meetings(
    setup: Setup, board: Board, findings: Iterable[StandingFinding], names: Mapping[str, str], language: str
) -> Iterable[DigestMeeting]:
    by_meeting: dict[int, list[StandingFinding]] = {}
    for finding in findings:
        by_meeting.setdefault(finding.meeting.id, []).append(finding)
    for group in sorted(by_meeting.values(), key=lambda group: group[0].meeting.starts_at):
        meeting = group[0].meeting
        yield DigestMeeting(
            board_name=board.name_ko if choose_language(language) == "ko" else board.name_en,
            span=Interval(meeting.starts_at, meeting.ends_at),
            time_zone=meeting.time_zone,
            page_url=_page(setup, meeting),
            lines=tuple(_lines(group, names)),
        )


def _page(setup: Setup, meeting: Meeting) -> str:
    return f"{setup.base_url}/meetings/{meeting.public_id}"


def _lines(findings: Iterable[StandingFinding], names: Mapping[str, str]) -> Iterable[DigestLine]:
    """One line per kind of trouble, with the cases and members it is about."""
    by_code: dict[str, list[StandingFinding]] = {}
    for finding in findings:
        by_code.setdefault(finding.reason.code, []).append(finding)
    for code, group in sorted(by_code.items()):
        values = [finding.reason.values for finding in group]
        cases = [str(one["reference"]) for one in values if "reference" in one]
        cases += [reference for one in values for reference in str(one.get("references", "")).split(",") if reference]
        members = [names.get(str(one["member"]), "") for one in values if "member" in one]
        yield DigestLine(code, tuple(dict.fromkeys(cases)), tuple(name for name in dict.fromkeys(members) if name))


def _morning(setup: Setup, now: datetime) -> datetime:
    """At seven for what was found between midnight and seven; else at once."""
    read_at = at_wall_clock(setup.today(now), READ_AT, ZoneInfo(setup.time_zone))
    return read_at if timedelta(0) < read_at - now <= timedelta(hours=7) else now
