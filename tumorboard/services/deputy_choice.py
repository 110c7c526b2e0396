"""Which of those with her specialties could come in a member's place: the check that naming a deputy passes, ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.substitutes import NOT_COMING, why_not_there
from tumorboard.domain.timeline import Interval, is_free
from tumorboard.services.parts import holds_place
from tumorboard.store.busy import busy_times, taken_times
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.store.people import Member


def reasons_against(
    session: Session, rows: Sequence[MeetingInvitation], deputies: Mapping[int, Sequence[Member]]
) -> dict[tuple[int, int], str]:
    """By invitation and member (row ids), why she cannot come for it: `has-declined`, `not-free`; who can is left out.

    A fixed number of queries. `deputies` are by invitation.
    """
    asked = [row for row in rows if deputies.get(row.id)]
    if not asked:
        return {}
    start, end = min(row.meeting.starts_at for row in asked), max(row.meeting.ends_at for row in asked)
    busy, taken = busy_times(session, start=start, end=end), taken_times(session, start=start, end=end)
    own = _parts_of(session, asked, {one.id for found in deputies.values() for one in found})
    found = {}
    for row in asked:
        for one in deputies[row.id]:
            hers = own.get((row.meeting_id, one.id))
            part = Interval(hers.starts_at, hers.ends_at) if hers is not None and holds_place(hers) else None
            if part is not None and one.id in taken and not is_free(part, taken[one.id].all):
                part = None  # she is away, whatever she was booked for
            against = why_not_there(
                Interval(row.starts_at, row.ends_at), part, busy.get(one.id, ()),
                has_declined=hers is not None and hers.answer in NOT_COMING,
            )  # fmt: skip
            if against is not None:
                found[row.id, one.id] = against
    return found


def _parts_of(
    session: Session, rows: Sequence[MeetingInvitation], members: set[int]
) -> dict[tuple[int, int], MeetingInvitation]:
    """Their own invitations to the same meetings, by meeting and member."""
    query = select(MeetingInvitation).where(
        MeetingInvitation.meeting_id.in_({row.meeting_id for row in rows}), MeetingInvitation.member_id.in_(members)
    )
    return {(one.meeting_id, one.member_id): one for one in session.scalars(query)}
