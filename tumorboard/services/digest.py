"""Coordinators are told what is new about published meetings: at once where it cannot wait, else in the morning.

What the night found stands in the morning letter of `notices_morning.py`; this module says in it, and in a letter of
its own when something has to be known at once, what is wrong.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.timeline import Interval
from tumorboard.mail.digest import DigestFacts, DigestLine, DigestMeeting, compose_digest
from tumorboard.mail.letters import Mailbox
from tumorboard.mail.message import build_plain_message
from tumorboard.services.access import Role
from tumorboard.services.findings import StandingFinding
from tumorboard.services.preferences import account_preferences_of
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board, Meeting
from tumorboard.store.people import Account, AccountRole, Member
from tumorboard.store.post import OutboxMessage
from tumorboard.words import choose_language

METHOD = "NOTE"
"""What the outbox shows instead of an iTIP method: this letter has no calendar object."""

_News = Sequence[tuple[Board, Sequence[StandingFinding]]]


def post_digests(session: Session, setup: Setup, news: _News, *, now: datetime, at_once: bool = False) -> int:
    """Tell the coordinators; gives how many hear of it.

    What has to be known `at_once` is written into the outbox of the running transaction. Everything else stands in the
    next morning letter, which reads the findings themselves.
    """
    accounts = coordinators(session)
    if not at_once:
        return sum(account_preferences_of(account).morning for account in accounts)
    names = member_names(session)
    session.add_all(_outbox_message(setup, account, news, names, now) for account in accounts)
    session.flush()
    return len(accounts)


def coordinators(session: Session) -> list[Account]:
    """The accounts that are written to, oldest first."""
    query = select(Account).join(AccountRole).where(AccountRole.role == Role.COORDINATOR, Account.active.is_(True))
    return list(session.scalars(query.order_by(Account.id).options(joinedload(Account.member))))


def member_names(session: Session) -> dict[str, str]:
    """What the members are called, by public id."""
    return {row[0]: row[1] for row in session.execute(select(Member.public_id, Member.name))}


def _outbox_message(
    setup: Setup,
    account: Account,
    news: _News,
    names: Mapping[str, str],
    now: datetime,
) -> OutboxMessage:
    board = news[0][0]
    facts = DigestFacts(
        recipient=Mailbox(account.name, account.email),
        organizer=Mailbox(board.organizer_name, board.organizer_email),
        language=account.language or setup.language,
        recipient_title=account.member.title if account.member else "",
        count=sum(len(findings) for _, findings in news),
        meetings=tuple(
            meeting
            for each, findings in news
            for meeting in describe_meetings(setup, each, findings, names, account.language or setup.language)
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
        content=content, due_at=now, created_at=now,
    )  # fmt: skip


def describe_meetings(
    setup: Setup, board: Board, findings: Iterable[StandingFinding], names: Mapping[str, str], language: str,
    zone: str | None = None,
) -> Iterable[DigestMeeting]:  # fmt: skip
    """What is wrong about the meetings of a board, soonest first; times in `zone`, the meetings' own without one."""
    by_meeting: dict[int, list[StandingFinding]] = {}
    for finding in findings:
        by_meeting.setdefault(finding.meeting.id, []).append(finding)
    for group in sorted(by_meeting.values(), key=lambda group: group[0].meeting.starts_at):
        meeting = group[0].meeting
        yield DigestMeeting(
            board_name=board.name_ko if choose_language(language) == "ko" else board.name_en,
            span=Interval(meeting.starts_at, meeting.ends_at),
            time_zone=zone or meeting.time_zone,
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
