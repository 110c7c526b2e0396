"""What no plan shows: what an urgent meeting lacks, and answers that are overdue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tumorboard.domain.model import Reason
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.services.invitations import is_urgent_call
from tumorboard.services.judging import judge
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting


def missing_of(setup: Setup, meeting: Meeting, *, now: datetime) -> tuple[str, ...] | None:
    """The required specialties that nobody invited covers at an urgent meeting; None for any other meeting."""
    if meeting.status != "published" or not meeting.agenda or not is_urgent_call(meeting):
        return None
    invited = [row for row in meeting.invitations if row.status == "invited" and row.answer not in NOT_COMING]
    covered = {specialty for row in invited for specialty in row.details["specialties"]}
    emails = {row.member.email for row in invited}
    needs = judge(setup, meeting.agenda[0].case, on=setup.today(now)).assessment.needs
    lost = [
        need.specialty or need.member or ""
        for need in needs
        if need.required
        and need.waived_by is None
        and (need.member.strip().lower() not in emails if need.member else need.specialty not in covered)
    ]
    return tuple(dict.fromkeys(lost))


def find_missing(setup: Setup, meeting: Meeting, *, now: datetime) -> Iterator[Reason]:
    """What no plan shows: what an urgent meeting lacks, and at any meeting who did not answer in time."""
    for row in meeting.invitations if meeting.status == "published" else ():
        if row.status == "invited" and row.answer == "needs-action" and row.escalated_at is not None:
            specialties = ",".join(row.details["specialties"]) if row.details["required"] else ""
            values = {"member": row.member.public_id, "specialties": specialties, "meeting": meeting.public_id}
            yield Reason("no-answer", values)
    for name in missing_of(setup, meeting, now=now) or ():
        reference = meeting.agenda[0].case.reference
        yield Reason("call-uncovered", {"reference": reference, "specialty": name, "meeting": meeting.public_id})
