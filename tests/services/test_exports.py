"""Files that leave: each with a purpose, each recorded, none with a fact of a case."""

from __future__ import annotations

import csv
import io
import re

import openpyxl
import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, SURGEON, a_case_csv, import_list, member_id
from tests.services.conftest import NOW
from tests.services.past_meetings import after, note_there, publish_next, record_all
from tumorboard.domain.errors import BadInput, NotAllowed
from tumorboard.services.access import Actor, Role, actor_with
from tumorboard.services.exports import (
    Export,
    Kind,
    Purpose,
    Stated,
    export_agenda,
    export_cases,
    export_record,
    print_agenda,
    state_purpose,
)
from tumorboard.services.setup import Setup
from tumorboard.services.worklist import CaseFilter
from tumorboard.store.meetings import Meeting
from tumorboard.store.post import AuditEvent

WHY = Stated(Purpose.MEETING)
SURGEON_ALONE = actor_with("surgeon", frozenset({Role.SURGEON}))


@pytest.fixture
def meeting(centre: Session, setup: Setup) -> Meeting:
    return publish_next(centre, setup, now=NOW)


def events(session: Session) -> list[AuditEvent]:
    return list(session.scalars(select(AuditEvent).where(AuditEvent.action == "export:made")))


def text_of(export: Export) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(export.content)).pages)


def rows_of(export: Export) -> list[list[str]]:
    return list(csv.reader(io.StringIO(export.content.decode("utf-8-sig"), newline="")))


def agenda(session: Session, setup: Setup, meeting: Meeting, by: Actor, stated: Stated | None = WHY) -> Export:
    return print_agenda(
        session, setup, meeting_id=meeting.public_id, stated=stated, language="en", by=by, now=NOW
    )  # fmt: skip


def test_agenda_on_paper_is_recorded_with_purpose_and_cases(centre: Session, setup: Setup, meeting: Meeting) -> None:
    cases = [item.case.public_id for item in meeting.agenda]

    export = agenda(centre, setup, meeting, OPERATOR)

    assert export.name == "agenda-ovarian-weekly-2026-11-24-0730.pdf"
    assert all(item.case.reference in text_of(export) for item in meeting.agenda)
    row = events(centre)[0]
    assert (row.subject_kind, row.subject_id) == ("meeting", meeting.public_id)
    assert row.detail == {
        "what": "agenda", "format": "pdf", "count": len(cases), "cases": cases, "purpose": "meeting", "note": "",
    }  # fmt: skip


def test_paper_says_neither_the_question_nor_a_fact(centre: Session, setup: Setup, meeting: Meeting) -> None:
    said = text_of(agenda(centre, setup, meeting, OPERATOR))

    for fact in ("Which operation", "high_grade", "IIIC", "55"):
        assert fact not in said.replace(":55", ""), fact


def test_invited_member_prints_her_own_meeting_without_being_asked(
    centre: Session, setup: Setup, meeting: Meeting
) -> None:
    surgeon = actor_with("s", frozenset({Role.SURGEON}), member_id=member_id(centre, SURGEON))

    agenda(centre, setup, meeting, surgeon, None)

    assert events(centre)[0].detail["purpose"] == "own-meeting"


def test_others_need_the_permission_and_a_purpose(centre: Session, setup: Setup, meeting: Meeting) -> None:
    with pytest.raises(NotAllowed):
        agenda(centre, setup, meeting, SURGEON_ALONE)
    with pytest.raises(BadInput) as caught:
        agenda(centre, setup, meeting, OPERATOR, None)

    assert (caught.value.code, events(centre)) == ("purpose-missing", [])


@pytest.mark.parametrize("kind", [Kind.CSV, Kind.XLSX])
def test_agenda_as_a_table(centre: Session, setup: Setup, meeting: Meeting, kind: Kind) -> None:
    export = export_agenda(
        centre, setup, meeting_id=meeting.public_id, kind=kind, stated=WHY, language="ko", by=OPERATOR, now=NOW
    )

    if kind is Kind.CSV:
        rows = rows_of(export)
        assert [row[4] for row in rows[1:]] == [item.case.reference for item in meeting.agenda]
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(export.content)).active
        assert sheet is not None
        assert [sheet.cell(row, 5).value for row in range(2, 2 + len(meeting.agenda))] == [
            item.case.reference for item in meeting.agenda
        ]


def test_worklist_leaves_as_it_is_filtered(centre: Session, setup: Setup) -> None:
    export = export_cases(
        centre, setup, kind=Kind.CSV, stated=WHY, language="en", by=OPERATOR, now=NOW, only=CaseFilter(search="C-3")
    )

    rows = rows_of(export)
    assert [row[0] for row in rows] == ["Case", "C-3"]
    assert "CT" in rows[1][4]
    assert (events(centre)[0].detail["count"], export.name) == (1, "cases-2026-11-22.csv")


def test_reference_that_looks_like_a_formula_stays_text(centre: Session, setup: Setup) -> None:
    day = setup.today(NOW)
    content = a_case_csv(on=day).replace(b"C-1,", b"=C-9+1,")
    import_list(centre, setup, now=NOW, content=content)

    export = export_cases(centre, setup, kind=Kind.CSV, stated=WHY, language="en", by=OPERATOR, now=NOW)

    assert "'=C-9+1" in [row[0] for row in rows_of(export)]


def test_record_tells_outcomes_and_who_was_there(centre: Session, setup: Setup, meeting: Meeting) -> None:
    record_all(centre, meeting, "deferred", "report-missing")
    note_there(centre, meeting, "choi.pathology@hospital.example")

    book, paper = (
        export_record(
            centre, setup, meeting_id=meeting.public_id, kind=kind, stated=WHY, language="en", by=OPERATOR,
            now=after(meeting),
        )
        for kind in (Kind.XLSX, Kind.PDF)
    )  # fmt: skip

    sheets = openpyxl.load_workbook(io.BytesIO(book.content)).worksheets
    assert [sheet.title for sheet in sheets] == ["Record", "Attendance"]
    assert [sheets[0].cell(2, column).value for column in (3, 4)] == ["Deferred", "A report was missing"]
    assert [sheets[1].cell(2, column).value for column in (1, 5)] == ["Choi", 90]
    assert ("Was there" in text_of(paper), "Choi" in text_of(paper)) == (True, True)


def test_recommendation_leaves_in_the_record_only(centre: Session, setup: Setup, meeting: Meeting) -> None:
    record_all(centre, meeting)

    paper = export_record(
        centre, setup, meeting_id=meeting.public_id, kind=Kind.PDF, stated=WHY, language="en", by=OPERATOR,
        now=after(meeting),
    )  # fmt: skip

    assert "Operate" not in text_of(paper)


def test_nothing_leaves_that_looks_like_a_registration_number(centre: Session, setup: Setup, meeting: Meeting) -> None:
    export = agenda(centre, setup, meeting, OPERATOR)

    assert not re.search(r"\d{6}-[1-8]\d{6}", text_of(export) + export.name)


@pytest.mark.parametrize(
    ("code", "note", "refusal"),
    [
        ("pleasure", "", "purpose-unknown"),
        ("research", "", "purpose-unsaid"),
        ("other", "  x ", "purpose-unsaid"),
        ("care", "x" * 201, "too-long"),
        ("care", "for 900101-2345678", "resident-registration-number"),
    ],
)
def test_purpose_is_checked(code: str, note: str, refusal: str) -> None:
    with pytest.raises(BadInput) as caught:
        state_purpose(code, note)

    assert caught.value.code == refusal


def test_purpose_keeps_its_note_without_outer_space() -> None:
    assert state_purpose("research", "  IRB \n 12 ") == Stated(Purpose.RESEARCH, "IRB 12")
