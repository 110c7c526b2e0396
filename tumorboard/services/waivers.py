"""Needs that a named physician waives for one case, and waivers taken back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.cases import find_case
from tumorboard.services.judging import judge
from tumorboard.services.setup import Setup
from tumorboard.services.texts import LONGEST_TEXT, read_line
from tumorboard.store.cases import CaseWaiver


def waive_need(
    session: Session, setup: Setup, *, case_id: str, specialty: str, physician: str, because: str, by: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """A named physician waives a need of a case, with a reason; kept beside the need and in the audit trail."""
    require(by, Permission.NEED_WAIVE)
    physician = read_line(physician, "physician")
    because = read_line(because, "because", longest=LONGEST_TEXT)
    if not physician or not because:
        raise BadInput("a waiver needs the physician's name and a reason", code="waiver-incomplete")
    with transaction(session):
        row = find_case(session, case_id)
        judgement = judge(setup, row, on=setup.today(now))
        if specialty not in {need.specialty for need in judgement.assessment.needs}:
            raise BadInput(f"the case does not need '{specialty}'", code="not-needed", field="specialty")
        if any(entry.specialty == specialty for entry in row.waivers):
            raise Conflict("this need is already waived", code="already-waived")
        row.waivers.append(CaseWaiver(specialty=specialty, by_name=physician, because=because, at=now))
        row.updated_at = now
        record(session, by=by, now=now, action="need:waived", subject=("case", row.public_id), specialty=specialty)


def restore_need(session: Session, *, case_id: str, specialty: str, by: Actor, now: datetime) -> None:
    """Withdraw a waiver: the need stands again."""
    require(by, Permission.NEED_WAIVE)
    with transaction(session):
        row = find_case(session, case_id)
        found = [entry for entry in row.waivers if entry.specialty == specialty]
        if not found:
            raise NotFound("this need is not waived", code="not-waived")
        row.waivers.remove(found[0])
        row.updated_at = now
        record(session, by=by, now=now, action="need:restored", subject=("case", row.public_id), specialty=specialty)
