"""What is noted about the reports that a case waits for."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.cases import find_case, note_item
from tumorboard.services.setup import Setup
from tumorboard.services.texts import read_line


def note_readiness(
    session: Session, setup: Setup, *, case_ids: list[str], item: str, by: Actor, now: datetime,
    reported_on: date | None = None, expected_on: date | None = None, not_applicable: bool = False,
    owed_by: str | None = None,
) -> int:  # fmt: skip
    """Note for one or many cases that a report is there, expected, or does not apply; gives how many were noted.

    All None clears the item. Raises BadInput for an unknown item or a report dated in the future.
    """
    require(by, Permission.CASE_EDIT)
    if reported_on is not None and reported_on > setup.today(now):
        raise BadInput("a report cannot be dated in the future; note it as expected", code="report-in-future")
    owed_by = read_line(owed_by, "owed_by") if owed_by else None
    with transaction(session):
        for case_id in case_ids:
            row = find_case(session, case_id)
            items = {entry.id for entry in setup.program(row.program).readiness}
            if item not in items:
                raise BadInput(f"'{item}' is no readiness item; known: {', '.join(sorted(items))}", code="unknown-item")
            noted = note_item(row, item)
            noted.reported_on, noted.expected_on = reported_on, expected_on
            noted.not_applicable_by = by.name if not_applicable else None
            noted.owed_by = owed_by or noted.owed_by
            noted.owed_since = noted.owed_since or (None if reported_on else setup.today(now))
            row.updated_at = now
            record(session, by=by, now=now, action="readiness:noted", subject=("case", row.public_id), item=item)
    return len(case_ids)
