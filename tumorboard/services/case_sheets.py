"""What a judgement of a case rests on, as plain texts and days: read for hundreds of cases at once, and compared."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, cast, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from tumorboard.domain.model import CaseFacts, ReadinessRecord, Waiver
from tumorboard.store.cases import Case, CaseWaiver, ReadinessItem
from tumorboard.store.facts import make_case_facts

_RECORD = (
    ReadinessItem.item, ReadinessItem.reported_on, ReadinessItem.expected_on, ReadinessItem.not_applicable_by,
    ReadinessItem.owed_by, ReadinessItem.owed_since,
)  # fmt: skip
_WAIVER = (CaseWaiver.specialty, CaseWaiver.by_name, CaseWaiver.because, CaseWaiver.at)


class CaseSheet(NamedTuple):
    """All that a programme judges a case by. Equal sheets are judged alike; the documents are JSON texts."""

    program: str
    reference: str
    facts: str
    sources: str
    flags: str
    referred_at: datetime
    readiness: tuple[tuple[str, date | None, date | None, str | None, str | None, date | None], ...]
    waivers: tuple[tuple[str, str, str, datetime], ...]

    def case(self) -> CaseFacts:
        """The case as the rules see it."""
        facts, sources, flags = (json.loads(text) for text in (self.facts, self.sources, self.flags))
        return make_case_facts(self.program, self.reference, facts=facts, sources=sources, flags=flags)

    def records(self) -> tuple[ReadinessRecord, ...]:
        """What is noted about the readiness items."""
        return tuple(ReadinessRecord(*record) for record in self.readiness)

    def waived(self) -> tuple[Waiver, ...]:
        """The needs that physicians waived."""
        return tuple(Waiver(*waiver) for waiver in self.waivers)


class CaseLine(NamedTuple):
    """A case without its row: what lists choose and sort by."""

    id: int
    status: str
    fixed_at: datetime | None
    sheet: CaseSheet


def sheet_of(row: Case) -> CaseSheet:
    """The sheet of a row, also of one that is changed and not written yet. Reads its readiness and waivers."""
    return CaseSheet(
        program=row.program,
        reference=row.reference,
        facts=json.dumps(row.facts),
        sources=json.dumps(row.sources),
        flags=json.dumps(row.flags),
        referred_at=row.referred_at,
        readiness=tuple(_entry(entry, _RECORD) for entry in row.readiness),
        waivers=tuple(_entry(entry, _WAIVER) for entry in row.waivers),
    )


def _entry(row: ReadinessItem | CaseWaiver, columns: Iterable[InstrumentedAttribute[Any]]) -> tuple[Any, ...]:
    return tuple(getattr(row, column.key) for column in columns)


def load_lines(session: Session, *which: ColumnElement[bool]) -> list[CaseLine]:
    """The cases for which all conditions hold, longest referred first: three queries, and no row is made for them."""
    texts = (cast(Case.facts, Text), cast(Case.sources, Text), cast(Case.flags, Text))
    query = select(
        Case.id, Case.status, Case.fixed_at, Case.program, Case.reference, *texts, Case.referred_at
    ).where(*which)  # fmt: skip
    readiness = _by_case(session, ReadinessItem.case_id, _RECORD, which)
    waivers = _by_case(session, CaseWaiver.case_id, _WAIVER, which)
    found = []
    for row in session.execute(query.order_by(Case.referred_at, Case.reference)):
        sheet = CaseSheet._make([*row[3:], tuple(readiness.get(row.id, ())), tuple(waivers.get(row.id, ()))])
        found.append(CaseLine(row.id, row.status, row.fixed_at, sheet))
    return found


def _by_case(
    session: Session,
    case_id: InstrumentedAttribute[int],
    columns: Iterable[InstrumentedAttribute[Any]],
    which: Iterable[ColumnElement[bool]],
) -> dict[int, list[tuple[Any, ...]]]:
    """The entries of each case, in the order in which its row has them: by their first column."""
    first, *rest = columns
    query = select(case_id, first, *rest).join(Case, Case.id == case_id).where(*which).order_by(case_id, first)
    found: dict[int, list[tuple[Any, ...]]] = {}
    for id_, *entry in session.execute(query):
        found.setdefault(id_, []).append(tuple(entry))
    return found
