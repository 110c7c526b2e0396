"""Letters of invitations into the outbox: about a meeting, about one instance of a series, or about a whole series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from tumorboard.domain.model import SeatKind
from tumorboard.domain.preferences import read_member_preferences
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical import (
    Invitation,
    Partstat,
    SeriesInvitation,
    Weekly,
    write_cancel,
    write_request,
    write_series_request,
)
from tumorboard.mail.delegated import compose_delegated
from tumorboard.mail.letters import InvitationFacts, Letter, LetterKind, Mailbox
from tumorboard.services.answer_tokens import write_answer_links
from tumorboard.services.invitation_letters import (
    Change,
    Instance,
    invitation_of,
    letter_facts,
    next_stamp,
    outbox_message,
    supersede,
)
from tumorboard.services.setup import Setup
from tumorboard.services.standing import find_instances, list_excluded, starts_of, what_is_said, zone_of
from tumorboard.services.standing_answers import list_kept
from tumorboard.services.standing_hours import hour_changes_of
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.words import Words, format_date


def post_letters(
    session: Session, setup: Setup, meeting: Meeting, changes: Iterable[Change], *, now: datetime, batch: str = ""
) -> int:
    """Write the letters of the changes into the outbox of the running transaction; gives how many will leave.

    Of what is past nobody is told. Letters of one `batch` can be held and let go together.
    """
    due = [change for change in sorted(changes, key=lambda change: change.row.id) if change.row.ends_at > now]
    places = find_instances(session, [change.row for change in due]) if meeting.series_id is not None else {}
    count = 0
    for change in due:
        instance = change.instance or places.get(change.row.id)
        if change.opens is not None:
            count += post_series(
                session, setup, change.opens, change.row, change.kind, now=now, is_first=True, batch=batch
            )
        elif instance is not None and read_member_preferences(change.row.member.preferences).whole_series:
            count += _post_as_series(session, setup, change, instance, now, batch)
        else:
            count += _post(session, setup, meeting, change, instance, now, batch)
    session.flush()
    return count


def resend_invitation(
    session: Session, setup: Setup, row: MeetingInvitation, *, now: datetime, kind: LetterKind = LetterKind.INVITATION
) -> int:
    """Post the invitation as it stands to this member alone, in the running transaction: she asked, or did not answer.

    Gives the number of letters: none when she is not invited any more, or when it is past.
    """
    if row.status != "invited":
        return 0
    row.stamp = next_stamp(row.stamp, now)
    return post_letters(session, setup, row.meeting, [Change(row, kind)], now=now)


def _post(
    session: Session,
    setup: Setup,
    meeting: Meeting,
    change: Change,
    instance: Instance | None,
    now: datetime,
    batch: str,
) -> bool:
    """Write one letter; gives whether it will leave."""
    row, kind, previous = change.row, change.kind, change.previous
    if instance is None:
        unheard = supersede(session, row.uid)
    else:
        supersede(session, instance.standing.uid, meeting)
        unheard = False
    if unheard and not kind.is_cancellation:
        kind, previous = LetterKind.INVITATION, None
    facts = letter_facts(setup, meeting, row, kind, previous)
    invitation = invitation_of(setup, meeting, row, facts)
    if instance is not None:
        invitation = replace(invitation, uid=instance.standing.uid, related_uid=None)
    if change.instance is not None:
        start = change.instance.recurrence_at
        invitation = replace(invitation, starts_at=start, ends_at=start + (row.ends_at - row.starts_at))
        facts = replace(facts, window=Interval(invitation.starts_at, invitation.ends_at))
    recurrence_at = None if instance is None else instance.recurrence_at
    if kind.is_cancellation:
        method, whole = "CANCEL", kind is LetterKind.CANCELLED
        ics = write_cancel(invitation, whole_meeting=whole, recurrence_at=recurrence_at)
    else:
        method, ics = "REQUEST", write_request(invitation, recurrence_at=recurrence_at)
        facts = replace(facts, answer_links=write_answer_links(setup, row))
    message = outbox_message(
        setup, facts, invitation, ics, method, member_id=row.member_id, meeting=meeting, now=now, batch=batch,
        letter=_to_delegator(facts, invitation),
    )  # fmt: skip
    if unheard and kind.is_cancellation:
        message.state = "superseded"
    session.add(message)
    return message.state != "superseded"


def _to_delegator(facts: InvitationFacts, invitation: Invitation) -> Letter | None:
    """Words for who is represented; None for everybody else, and for the end of an invitation."""
    if invitation.delegated_to is None or facts.kind.is_cancellation:
        return None
    return compose_delegated(facts, invitation.delegated_to.name)


def _post_as_series(
    session: Session, setup: Setup, change: Change, instance: Instance, now: datetime, batch: str
) -> bool:
    """A changed instance told by the whole series, for servers that would lose the others; the words say the change."""
    standing, row = instance.standing, change.row
    standing.sequence = max(standing.sequence, row.sequence)  # it grew with the change, or nothing did
    standing.stamp = next_stamp(max(standing.stamp, row.stamp), now)
    supersede(session, standing.uid)
    facts = letter_facts(setup, row.meeting, row, change.kind, change.previous)
    words = _to_delegator(facts, invitation_of(setup, row.meeting, row, facts))
    first = first_of_series(setup, standing, row)
    ics = write_series_request(series_of(setup, standing, first))
    if not change.kind.is_cancellation:
        facts = replace(facts, answer_links=write_answer_links(setup, row))
    letter = outbox_message(
        setup, facts, first, ics, "REQUEST", member_id=row.member_id, meeting=None, now=now, batch=batch, letter=words
    )
    session.add(letter)
    session.flush()
    return True


def post_series(
    session: Session, setup: Setup, standing: StandingInvitation, row: MeetingInvitation, kind: LetterKind, *,
    now: datetime, is_first: bool = False, batch: str = "",
) -> bool:  # fmt: skip
    """Write the letter about a whole series as it stands; `row` is one of its instances, for what they have in common.

    A kind that cancels ends the entry of the series, and nobody else's. Gives whether the letter will leave.
    """
    if not is_first:
        standing.stamp = next_stamp(max(standing.stamp, row.stamp), now)
    if supersede(session, standing.uid) and kind.is_cancellation:
        return False
    first = first_of_series(setup, standing, row)
    facts = series_facts(setup, standing, kind)
    if kind.is_cancellation:
        method, ics = "CANCEL", write_cancel(first, whole_meeting=kind is LetterKind.CANCELLED)
    else:
        method, ics = "REQUEST", write_series_request(series_of(setup, standing, first))
        facts = replace(facts, answer_links=write_answer_links(setup, standing))
    words = Words(standing.member.language)
    until = format_date(standing.until.astimezone(zone_of(standing)).date(), standing.member.language)
    named = words.gettext("%(board)s, weekly until %(day)s") % {"board": facts.board_name, "day": until}
    facts = replace(facts, board_name=named, hour_changes=hour_changes_of(standing))
    member_id = standing.member_id
    session.add(
        outbox_message(setup, facts, first, ics, method, member_id=member_id, meeting=None, now=now, batch=batch)
    )
    session.flush()
    return True


def series_facts(setup: Setup, standing: StandingInvitation, kind: LetterKind) -> InvitationFacts:
    """What a letter or an entry says of a series: its first instance, and no link to a single meeting."""
    member, board, said = standing.member, standing.series.board, what_is_said(standing)
    span = Interval(standing.starts_at, standing.ends_at)
    return InvitationFacts(
        kind=kind, recipient=Mailbox(member.name, member.email),
        organizer=Mailbox(board.organizer_name, board.organizer_email), language=member.language,
        time_zone=member.time_zone, board_name=board.name_ko if member.language == "ko" else board.name_en,
        board_time_zone=standing.time_zone, meeting=span, window=span, seat=SeatKind.CORE, room=said["room"],
        video_url=said["video"] or None, page_url=f"{setup.base_url}/mine", required=said["required"],
        has_declined=standing.answer == "declined", recipient_title=member.title,
        has_answered=standing.answer != "needs-action",
    )  # fmt: skip


def first_of_series(setup: Setup, standing: StandingInvitation, row: MeetingInvitation) -> Invitation:
    """The first instance as the series says it; `row` is any of its instances."""
    facts = series_facts(setup, standing, LetterKind.INVITATION)
    return replace(
        invitation_of(setup, row.meeting, row, facts), uid=standing.uid, sequence=standing.sequence,
        stamp=standing.stamp, starts_at=standing.starts_at, ends_at=standing.ends_at, related_uid=None,
        partstat=Partstat(standing.answer.upper()), delegated_to=None, delegated_from=None,
    )  # fmt: skip


def series_of(setup: Setup, standing: StandingInvitation, first: Invitation) -> SeriesInvitation:
    """The whole series of one member with the instances that differ from the first."""
    excluded = list_excluded(standing)
    length = standing.ends_at - standing.starts_at
    overrides = []
    for place in standing.places:
        row = place.invitation
        if place.recurrence_at in excluded or row.status != "invited":
            continue
        facts = letter_facts(setup, row.meeting, row, LetterKind.INVITATION)
        own = replace(invitation_of(setup, row.meeting, row, facts), uid=standing.uid, related_uid=None)
        by_rule = (own.starts_at, own.ends_at) == (place.recurrence_at, place.recurrence_at + length)
        differs = (own.location, own.video_url) != (first.location, first.video_url)
        if not by_rule or differs or row.answer in NOT_COMING:
            overrides.append((place.recurrence_at, replace(own, sequence=max(own.sequence, standing.sequence))))
    overrides += [
        (start, replace(first, starts_at=start, ends_at=start + length, partstat=Partstat(said.answer.upper())))
        for start, said in list_kept(standing).items()
        if start in starts_of(standing) and start not in excluded
    ]
    return SeriesInvitation(
        first=first, weekly=Weekly(until=standing.until, excluded=excluded), overrides=tuple(overrides)
    )
