"""What changed on agendas since a member's last letter, in one letter in the evening.

What was known when is kept as events of the record: ids of the cases in their order, and of the members who know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.model import SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.mail.notices_facts import AgendaLine, Answers, ChangedMeeting, ChangesFacts
from tumorboard.services.access import Actor
from tumorboard.services.audit import record
from tumorboard.services.notices_post import Notice, Posted, addressee, comes, is_reached, post_notices, sitting
from tumorboard.services.notices_slots import is_done, last_slot, mark_done
from tumorboard.services.preferences import preferences_of
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import AgendaItem, Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import AuditEvent

KIND = "changes"
WRITTEN_AT = time(18)
"""In the centre's zone."""

KNOWN = "agenda:known"
EVENING = "notices:evening"


@dataclass(frozen=True, slots=True)
class Known:
    """An agenda as some members know it: public ids of its cases in order, of the members, and since when."""

    cases: tuple[str, ...]
    members: frozenset[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Told:
    """A member with the meetings of which she is told."""

    member: Member
    meetings: tuple[tuple[MeetingInvitation, ChangedMeeting], ...]


def post_changes(
    session: Session, setup: Setup, meetings: Sequence[Meeting], *, by: Actor, now: datetime
) -> Posted:  # fmt: skip
    """Write the evening letters unless that is done, and note what everybody knows now.

    An agenda that nobody has noted yet is noted at once: the first evening tells what changed since then.
    """
    known = read_known(session, meetings)
    day = last_slot(setup, WRITTEN_AT, now=now)
    if is_done(session, EVENING, day):
        fresh = [meeting for meeting in meetings if meeting.public_id not in known]
        note_known(session, fresh, {}, by=by, now=now)
        return Posted()
    names = _read_references(session, known)
    notices = (_notice(setup, told, f"{KIND}:{told.member.public_id}:{day}") for told in _tell(
        setup, meetings, known, names, now
    ))  # fmt: skip
    posted = post_notices(session, setup, notices, now=now)
    note_known(session, meetings, known, by=by, now=now)
    mark_done(session, EVENING, day, letters=len(posted.keys), by=by, now=now)
    return posted


def read_known(session: Session, meetings: Sequence[Meeting]) -> dict[str, list[Known]]:
    """By public id of the meeting what was noted about its agenda, oldest first."""
    query = select(AuditEvent).where(AuditEvent.action == KNOWN, AuditEvent.subject_kind == "meeting")
    query = query.where(AuditEvent.subject_id.in_([meeting.public_id for meeting in meetings])).order_by(AuditEvent.id)
    found: dict[str, list[Known]] = {}
    for row in session.scalars(query):
        noted = Known(tuple(row.detail["cases"]), frozenset(row.detail["members"]), row.at)
        found.setdefault(row.subject_id, []).append(noted)
    return found


def note_known(
    session: Session, meetings: Sequence[Meeting], known: Mapping[str, Sequence[Known]], *, by: Actor, now: datetime,
    only: Mapping[str, frozenset[str]] | None = None,
) -> None:  # fmt: skip
    """Note what the invited members know of these agendas from now on; nothing where that is known already.

    `only` names by meeting the members who were told just now.
    """
    for meeting in meetings:
        members = frozenset(row.member.public_id for row in meeting.invitations if row.status == "invited")
        members = members if only is None else only[meeting.public_id]
        cases = tuple(item.case.public_id for item in meeting.agenda)
        last = known.get(meeting.public_id, ())
        if last and (last[-1].cases, last[-1].members) == (cases, members):
            continue
        record(
            session, by=by, now=now, action=KNOWN, subject=("meeting", meeting.public_id), cases=list(cases),
            members=sorted(members),
        )  # fmt: skip


def _read_references(session: Session, known: Mapping[str, Sequence[Known]]) -> dict[str, str]:
    """The references of all cases that were noted, by public id."""
    ids = {case for each in known.values() for noted in each for case in noted.cases}
    if not ids:
        return {}
    return {row[0]: row[1] for row in session.execute(select(Case.public_id, Case.reference).where(
        Case.public_id.in_(ids)
    ))}  # fmt: skip


def _tell(
    setup: Setup, meetings: Sequence[Meeting], known: Mapping[str, Sequence[Known]], names: Mapping[str, str],
    now: datetime,
) -> list[_Told]:  # fmt: skip
    found: dict[int, list[tuple[MeetingInvitation, ChangedMeeting]]] = {}
    members: dict[int, Member] = {}
    for meeting in sorted(meetings, key=lambda each: each.starts_at):
        for row in meeting.invitations:
            member = row.member
            if meeting.starts_at <= now or not comes(row) or not is_reached(member):
                continue
            if not preferences_of(member).changes:
                continue
            changed = _compare(setup, meeting, row, known.get(meeting.public_id, ()), names)
            if changed is not None:
                members[member.id] = member
                found.setdefault(member.id, []).append((row, changed))
    return [_Told(members[key], tuple(each)) for key, each in found.items()]


def _compare(
    setup: Setup, meeting: Meeting, row: MeetingInvitation, noted: Sequence[Known], names: Mapping[str, str]
) -> ChangedMeeting | None:
    """What changed for her since she last knew; None when nothing did, or an invitation has said it already.

    Whoever is called in for her cases has had a letter when they or her time changed; their order is news. Who was not
    invited when it was noted knows the agenda from her invitation.
    """
    before = next((each for each in reversed(noted) if row.member.public_id in each.members), None)
    is_core = row.kind == SeatKind.CORE
    if before is None or (not is_core and row.stamp > before.at):
        return None
    hers = frozenset(row.details.get("cases", ()))
    items = [item for item in meeting.agenda if is_core or item.case.reference in hers]
    old = [names.get(case, "") for case in before.cases if is_core or names.get(case) in hers]
    new = [item.case.reference for item in items]
    added = tuple(_line(item) for item in items if item.case.reference not in old)
    removed = tuple(name for name in old if name and name not in new)
    is_reordered = [name for name in old if name in new] != [name for name in new if name in old]
    if not (added or removed or is_reordered):
        return None
    return ChangedMeeting(
        meeting=sitting(setup, meeting, row.member.language),
        added=added,
        removed=removed,
        is_reordered=is_reordered,
        order=tuple(new),
        answers=_count_answers(meeting) if is_core else None,
    )


def _line(item: AgendaItem) -> AgendaLine:
    return AgendaLine(item.case.reference, Interval(item.starts_at, item.ends_at))


def _count_answers(meeting: Meeting) -> Answers:
    """Whoever sent a deputy is not counted: the deputy's own answer is."""
    given = [row.answer for row in meeting.invitations if row.status == "invited" and row.answer != "delegated"]
    accepted, tentative, declined = given.count("accepted"), given.count("tentative"), given.count("declined")
    return Answers(accepted, tentative, declined, len(given) - accepted - tentative - declined)


def _notice(setup: Setup, told: _Told, key: str) -> Notice:
    meetings = [row.meeting for row, _ in told.meetings]
    only = meetings[0].id if len(meetings) == 1 else None
    changed = tuple(each for _, each in told.meetings)
    return Notice(
        key, told.member.id, only,
        lambda: ChangesFacts(to=addressee(setup, told.member, meetings[0].board, KIND), meetings=changed),
    )  # fmt: skip
