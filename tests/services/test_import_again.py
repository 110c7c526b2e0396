"""A list that comes a second time, in part, or as the worklist that was taken out."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, a_case_csv, a_case_row, case_id
from tests.services.conftest import NOW
from tests.services.past_meetings import publish_next
from tumorboard.domain.errors import BadTable, Conflict, NotFound
from tumorboard.domain.identity import RESIDENT_NUMBER
from tumorboard.services.access import Actor
from tumorboard.services.case_changes import Change, Changed
from tumorboard.services.case_history import list_case_events
from tumorboard.services.case_lists import ImportReport, import_cases, preview_import
from tumorboard.services.cases import change_case, withdraw_cases
from tumorboard.services.exports import Kind, Purpose, Stated, export_cases
from tumorboard.services.import_undo import take_back_import
from tumorboard.services.imports import drop_old_imports, stage_import
from tumorboard.services.planning import edit_draft, propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case, DoneImport

TODAY = date(2026, 11, 22)


def bring(session: Session, setup: Setup, content: bytes, *, name: str = "list.csv") -> ImportReport:
    return import_cases(session, setup, program="ovarian", content=content, filename=name, by=OPERATOR, now=NOW)


def look_at(session: Session, setup: Setup, content: bytes, *, program: str = "ovarian") -> ImportReport:
    return preview_import(session, setup, program=program, content=content, filename="list", by=OPERATOR, now=NOW)


def counts(report: ImportReport) -> dict[str, int]:
    return {action: report.count(action) for action in ("created", "updated", "unchanged", "refused")}


def test_empty_cells_leave_values_and_remarks_as_they_are(session: Session, setup: Setup) -> None:
    first = a_case_row("C-1", on=TODAY, grade="3", figo_edition="2014", ecog="")
    bring(session, setup, a_case_csv([first]))
    before = session.execute(select(Case.facts, Case.sources, Case.flags)).one()

    report = bring(session, setup, b"reference,grade,figo_edition,figo_stage,ecog,question\nC-1,,,,,\n")

    assert counts(report) == {"created": 0, "updated": 0, "unchanged": 1, "refused": 0}
    session.rollback()
    assert session.execute(select(Case.facts, Case.sources, Case.flags)).one() == before
    assert before.flags == {"flags": ["ps-missing"]}


def test_a_value_that_comes_later_takes_its_remark_away(session: Session, setup: Setup) -> None:
    bring(session, setup, a_case_csv([a_case_row("C-1", on=TODAY)]))

    (row,) = look_at(session, setup, b"reference,grade\nC-1,2\n").rows

    assert row.changes == (
        Change(Changed.FIELD, "grade", None, 2), Change(Changed.FLAG, "grade-missing", before=True, after=False),
    )  # fmt: skip


def test_remarks_of_columns_that_are_not_there_stay(session: Session, setup: Setup) -> None:
    rows = b"reference,icd_o_3_histology,clinical_stage,tumor_status\nC-1,8460/3,IIIC/IA,[Discrepancy]\n"
    bring(session, setup, rows)
    before = session.scalars(select(Case.flags)).one()

    report = bring(session, setup, b"reference,ecog\nC-1,1\n")

    assert report.rows[0].changes == (
        Change(Changed.FIELD, "ecog", None, 1), Change(Changed.FLAG, "ps-missing", before=True, after=False),
    )  # fmt: skip
    after = session.scalars(select(Case.flags)).one()
    assert set(after["flags"]) == set(before["flags"]) - {"ps-missing"}
    assert "stage-ambiguous" in after["flags"]


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("kind", [Kind.CSV, Kind.XLSX])
def test_the_worklist_that_was_taken_out_changes_nothing(
    centre: Session, setup: Setup, kind: Kind, language: str
) -> None:
    taken = export_cases(centre, setup, kind=kind, stated=Stated(Purpose.CARE), language=language, by=OPERATOR, now=NOW)

    report = look_at(centre, setup, taken.content)

    assert counts(report) == {"created": 0, "updated": 0, "unchanged": 3, "refused": 0}
    assert [problem.code for problem in report.problems] == ["derived-columns"]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_worklist_of_another_programme_is_refused(centre: Session, setup: Setup, language: str) -> None:
    taken = export_cases(
        centre, setup, kind=Kind.CSV, stated=Stated(Purpose.CARE), language=language, by=OPERATOR, now=NOW
    )

    report = look_at(centre, setup, taken.content, program="perinatal")

    assert counts(report) == {"created": 0, "updated": 0, "unchanged": 0, "refused": 3}


def test_a_column_added_to_the_worklist_is_read(centre: Session, setup: Setup) -> None:
    stated = Stated(Purpose.CARE)
    taken = export_cases(centre, setup, kind=Kind.CSV, stated=stated, language="ko", by=OPERATOR, now=NOW)
    lines = taken.content.decode("utf-8-sig").splitlines()
    listed = "\r\n".join([f"{lines[0]},asa", *(f"{line},3" for line in lines[1:])])

    report = look_at(centre, setup, listed.encode())

    assert {row.changed for row in report.rows} == {("asa",)}


def test_an_import_stands_in_the_history_of_its_cases(session: Session, setup: Setup) -> None:
    bring(session, setup, a_case_csv([a_case_row("C-1", on=TODAY)]), name="Kim Hana.CSV")
    bring(session, setup, b"reference,ecog,pet_ct_reported_on\nC-1,2,2026-11-20\n", name="Kim Hana.csv")

    events = list_case_events(session, case_id=case_id(session, "C-1"), by=OPERATOR)

    assert [(event.code, event.detail) for event in events] == [
        ("case:imported", {"row": 2, "kind": "csv", "fields": ["ecog"], "items": ["pet_ct"]}),
        ("case:imported", {"row": 2, "kind": "csv", "fields": [], "items": []}),
    ]


def test_a_row_of_a_withdrawn_case_says_so(centre: Session, setup: Setup) -> None:
    withdraw_cases(centre, case_ids=[case_id(centre, "C-1")], by=OPERATOR, now=NOW)

    report = look_at(centre, setup, b"reference,asa\nC-1,3\n")

    assert [(problem.row, problem.code) for problem in report.problems] == [(2, "case-withdrawn")]
    assert (report.rows[0].action, report.rows[0].case_id) == ("updated", case_id(centre, "C-1"))


def test_a_second_publication_stands_in_the_history_of_whom_it_concerns(centre: Session, setup: Setup) -> None:
    first = publish_next(centre, setup, now=NOW)
    order = [item.case.reference for item in first.agenda]
    draft = propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW)
    edit_draft(
        centre, setup, draft_id=draft.public_id, reference=order[1], meeting_id=first.public_id, position=0,
        by=OPERATOR, now=NOW,
    )  # fmt: skip
    publish_draft(centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)
    publish_next(centre, setup, now=NOW)

    events = list_case_events(centre, case_id=case_id(centre, order[1]), by=OPERATOR)

    told = [(event.code, event.meeting and event.meeting.public_id) for event in events if "draft" not in event.code]
    meeting = first.public_id
    assert told == [("case:published-again", meeting), ("case:placed", meeting), ("case:imported", None)]


def test_import_is_taken_back_as_a_whole(any_session: Session, setup: Setup) -> None:
    bring(any_session, setup, a_case_csv([a_case_row("C-1", on=TODAY, ecog="1")]))
    query = select(Case.facts, Case.sources, Case.flags, Case.urgency, Case.referred_at)
    before = any_session.execute(query).one()
    case = any_session.scalars(select(Case)).one()
    noted = {each.item: (each.reported_on, each.expected_on) for each in case.readiness}
    second = [
        a_case_row("C-1", on=date(2026, 11, 20), ecog="2", urgency="urgent", pet_ct_reported_on="2026-11-20"),
        a_case_row("C-2", on=TODAY),
    ]
    done = bring(any_session, setup, a_case_csv(second))

    counts_back = take_back_import(any_session, import_id=done.import_id, by=OPERATOR, now=NOW)

    any_session.rollback()
    assert (counts(done)["updated"], counts_back) == (1, {"removed": 1, "restored": 1})
    assert any_session.execute(query).one() == before
    assert {each.item: (each.reported_on, each.expected_on) for each in case.readiness} == noted
    with pytest.raises(NotFound, match="can no longer be taken back"):
        take_back_import(any_session, import_id=done.import_id, by=OPERATOR, now=NOW)


def test_import_stays_when_somebody_worked_on_it_since(session: Session, setup: Setup) -> None:
    done = bring(session, setup, a_case_csv([a_case_row("C-1", on=TODAY), a_case_row("C-2", on=TODAY)]))
    change_case(session, setup, case_id=case_id(session, "C-2"), cells={"ecog": "3"}, by=OPERATOR, now=NOW)

    with pytest.raises(Conflict) as caught:
        take_back_import(session, import_id=done.import_id, by=OPERATOR, now=NOW)

    assert (caught.value.code, caught.value.values["cases"]) == ("import-outdated", "C-2")
    assert len(session.scalars(select(Case)).all()) == 2


def test_import_is_somebody_s_own_and_kept_for_a_day(session: Session, setup: Setup) -> None:
    done = bring(session, setup, a_case_csv([a_case_row("C-1", on=TODAY)]))
    again = bring(session, setup, a_case_csv([a_case_row("C-1", on=TODAY)]))
    other = Actor(name="somebody else", permissions=OPERATOR.permissions)

    for by, now in ((other, NOW), (OPERATOR, NOW + timedelta(hours=25))):
        with pytest.raises(NotFound):
            take_back_import(session, import_id=done.import_id, by=by, now=now)
    drop_old_imports(session, now=NOW + timedelta(hours=25))

    assert again.import_id == ""
    assert session.scalars(select(DoneImport)).all() == []


def test_imports_are_taken_back_one_after_the_other(session: Session, setup: Setup) -> None:
    first = bring(session, setup, a_case_csv([a_case_row("C-1", on=TODAY, ecog="1")]))
    second = bring(session, setup, b"reference,ecog\nC-1,3\n")

    counts_back = [
        take_back_import(session, import_id=done.import_id, by=OPERATOR, now=NOW) for done in (second, first)
    ]

    assert counts_back == [{"removed": 0, "restored": 1}, {"removed": 1, "restored": 0}]


@pytest.mark.parametrize("column", ["Missing", "Programme", "Case"])
def test_an_exported_list_with_a_resident_number_is_refused_wherever_it_stands(
    centre: Session, setup: Setup, column: str
) -> None:
    taken = export_cases(centre, setup, kind=Kind.CSV, stated=Stated(Purpose.CARE), language="en", by=OPERATOR, now=NOW)
    rows = list(csv.DictReader(io.StringIO(taken.content.decode("utf-8-sig"))))
    rows[0][column] = "800101-2234567"
    if column == "Case":
        rows[0]["Programme"] = "Perinatal conference"
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)

    report = look_at(centre, setup, text.getvalue().encode())

    said = [(problem.row, problem.column) for problem in report.problems if problem.code == RESIDENT_NUMBER]
    assert said == [(2, "reference" if column == "Case" else column)]
    assert "800101-2234567" not in repr(report)


def test_every_cell_with_a_resident_number_is_named(session: Session, setup: Setup) -> None:
    number = "800101-" + "2234567"
    content = f"reference,question\nC-1,good\nC-2,{number}\n{number},x\n".encode()

    with pytest.raises(BadTable) as refused:
        stage_import(session, setup, program="ovarian", content=content, filename="list.csv", by=OPERATOR, now=NOW)

    places = ((3, "question"), (4, "reference"))
    assert (refused.value.code, refused.value.values) == (RESIDENT_NUMBER, {"places": places})
    assert str(refused.value) == (
        "row 3, column 'question', row 4, column 'reference': holds what looks like a resident registration number; "
        "such a number must not be entered anywhere, remove it from the file and choose it again; "
        "nothing of it was kept"
    )


def test_a_list_whose_cases_are_described_takes_the_reference_from_its_own_column(
    session: Session, setup: Setup
) -> None:
    report = look_at(session, setup, "증례,증례 번호\n복강경 수술,C-1\n".encode())

    assert [(row.row, row.reference, row.action) for row in report.rows] == [(2, "C-1", "created")]
    assert [(problem.column, problem.code) for problem in report.problems] == [("증례", "unknown-column")]
