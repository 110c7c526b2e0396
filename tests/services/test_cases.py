"""Importing, referring and changing cases; readiness and waivers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, SURGEON, a_case_csv, a_case_row, case_id
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, BadTable, Conflict, NotAllowed, NotFound
from tumorboard.services.access import Role, actor_with
from tumorboard.services.case_lists import import_cases, preview_import
from tumorboard.services.cases import change_case, find_case, refer_case, reopen_cases, withdraw_cases
from tumorboard.services.fixed_times import fix_time
from tumorboard.services.judging import judge
from tumorboard.services.readiness import note_readiness
from tumorboard.services.setup import Setup
from tumorboard.services.waivers import restore_need, waive_need
from tumorboard.services.worklist import list_cases, read_case
from tumorboard.store.cases import Case
from tumorboard.store.people import Member
from tumorboard.store.post import AuditEvent

TODAY = date(2026, 11, 22)


def _import(session: Session, setup: Setup, content: bytes, *, minutes: int = 0) -> dict[str, object]:
    report = import_cases(session, setup, program="ovarian", content=content, filename="list.csv", by=OPERATOR,
                          now=NOW + timedelta(minutes=minutes))  # fmt: skip
    return report.summary()


def test_import_creates_then_changes_nothing(any_session: Session, setup: Setup) -> None:
    first = _import(any_session, setup, a_case_csv(on=TODAY))

    second = _import(any_session, setup, a_case_csv(on=TODAY), minutes=60)

    assert first == {"created": 3, "updated": 0, "unchanged": 0, "refused": 0, "problems": []}
    assert second == {"created": 0, "updated": 0, "unchanged": 3, "refused": 0, "problems": []}


def test_preview_says_the_same_as_the_import_and_writes_nothing(session: Session, setup: Setup) -> None:
    content = a_case_csv([a_case_row("C-1", on=TODAY), a_case_row("C-1", on=TODAY), a_case_row("C-2", on=TODAY)])

    preview = preview_import(session, setup, program="ovarian", content=content, filename="list.csv", by=OPERATOR,
                             now=NOW)  # fmt: skip

    assert session.scalars(select(Case)).all() == []
    assert preview.summary() == _import(session, setup, content)


def test_import_takes_the_good_rows_and_names_the_refused(session: Session, setup: Setup) -> None:
    rows = [
        a_case_row("C-1", on=TODAY),
        a_case_row("C-1", on=TODAY, ecog="2"),
        a_case_row("C-2", on=TODAY, figo_stage="Stage V"),
        a_case_row("C-3", on=TODAY, question="900101-2234567"),
    ]

    summary = _import(session, setup, a_case_csv(rows))

    problems = [(p["row"], p["column"], p["code"]) for p in summary["problems"]]  # type: ignore[attr-defined]
    assert (summary["created"], summary["refused"]) == (1, 3)
    assert problems == [
        (3, "reference", "duplicate-reference"),
        (4, "figo_stage", "impossible-stage"),
        (5, "question", "resident-registration-number"),
    ]
    assert "2234567" not in str(summary)


def test_import_keeps_what_the_file_does_not_speak_of(session: Session, setup: Setup) -> None:
    _import(session, setup, a_case_csv([a_case_row("C-1", on=TODAY, asa="3")]))

    summary = _import(session, setup, b"reference,ecog\nC-1,2\n")

    facts = session.scalars(select(Case.facts)).one()
    assert summary["updated"] == 1
    assert (facts["asa"], facts["ecog"]) == (3, 2)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 ...", b"name,diagnosis\nx,y\n"])
def test_a_file_that_is_no_case_list_is_refused_whole(session: Session, setup: Setup, content: bytes) -> None:
    with pytest.raises(BadTable):
        _import(session, setup, content)

    assert session.scalars(select(Case)).all() == []


def test_refer_case_refuses_a_second_with_the_same_reference(session: Session, setup: Setup) -> None:
    cells = {"reference": "C-9", "question": "Operate?", "figo_stage": "IIIC"}
    refer_case(session, setup, program="ovarian", cells=cells, by=OPERATOR, now=NOW)

    with pytest.raises(Conflict) as refused:
        refer_case(session, setup, program="ovarian", cells=cells, by=OPERATOR, now=NOW)

    assert refused.value.code == "case-exists"


@pytest.mark.parametrize("written", ["c-1", "Ｃ-1", "C–1", " C-1 "])
def test_one_reference_written_in_two_ways_is_one_case(session: Session, setup: Setup, written: str) -> None:
    _import(session, setup, a_case_csv([a_case_row("C-1", on=TODAY)]))

    again = _import(session, setup, a_case_csv([a_case_row(written, on=TODAY, ecog="2")]))
    with pytest.raises(Conflict) as taken:
        refer_case(session, setup, program="ovarian", cells={"reference": written}, by=OPERATOR, now=NOW)

    assert (again["created"], again["updated"], taken.value.code) == (0, 1, "case-exists")
    assert session.execute(select(Case.reference, Case.facts["ecog"].as_integer())).all() == [("C-1", 2)]


def test_refer_case_names_the_wrong_field(session: Session, setup: Setup) -> None:
    with pytest.raises(BadInput) as refused:
        refer_case(session, setup, program="ovarian", cells={"reference": "C-9", "ecog": "7"}, by=OPERATOR, now=NOW)

    assert refused.value.values["field"] == "ecog"


def test_change_case_sets_and_clears_fields_and_judges_anew(centre: Session, setup: Setup) -> None:
    changed = change_case(centre, setup, case_id=case_id(centre, "C-1"), by=OPERATOR, now=NOW,
                          cells={"acute_events": "bowel_obstruction", "question": ""})  # fmt: skip

    assert changed.urgency == "urgent"
    assert "question" not in changed.facts
    assert changed.facts["planned_procedures"] == ["hysterectomy_bso", "omentectomy"]


def test_a_missing_blocking_report_keeps_a_case_from_being_ready(centre: Session, setup: Setup) -> None:
    row = find_case(centre, case_id(centre, "C-3"))
    before = judge(setup, row, on=TODAY)

    note_readiness(centre, setup, case_ids=[row.public_id], item="ct_chest_abdomen_pelvis",
                   expected_on=TODAY + timedelta(days=3), by=OPERATOR, now=NOW)  # fmt: skip

    after = judge(setup, find_case(centre, row.public_id), on=TODAY)
    assert (before.is_ready, before.blocked_by) == (False, ("ct_chest_abdomen_pelvis",))
    assert (after.is_ready, after.ready_on) == (True, TODAY + timedelta(days=3))


def test_a_report_dated_tomorrow_is_refused(centre: Session, setup: Setup) -> None:
    with pytest.raises(BadInput) as refused:
        note_readiness(centre, setup, case_ids=[case_id(centre, "C-1")], item="pathology_report",
                       reported_on=TODAY + timedelta(days=1), by=OPERATOR, now=NOW)  # fmt: skip

    assert refused.value.code == "report-in-future"


def test_a_waiver_takes_the_need_away_and_its_withdrawal_brings_it_back(centre: Session, setup: Setup) -> None:
    case = case_id(centre, "C-2")
    waive_need(centre, setup, case_id=case, specialty="urology", physician="Dr Kim", because="stent in place",
               by=OPERATOR, now=NOW)  # fmt: skip
    waived = judge(setup, find_case(centre, case), on=TODAY).assessment

    restore_need(centre, case_id=case, specialty="urology", by=OPERATOR, now=NOW)

    need = next(need for need in waived.needs if need.specialty == "urology")
    assert "urology" not in waived.required
    assert (need.waived_by, need.waived_because) == ("Dr Kim", "stent in place")
    assert "urology" in judge(setup, find_case(centre, case), on=TODAY).assessment.required
    trail = centre.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == case).order_by(AuditEvent.id))
    assert list(trail) == ["case:imported", "need:waived", "need:restored"]


@pytest.mark.parametrize(("physician", "because"), [("", "reason"), ("Dr Kim", " ")])
def test_a_waiver_needs_a_name_and_a_reason(centre: Session, setup: Setup, physician: str, because: str) -> None:
    with pytest.raises(BadInput) as refused:
        waive_need(centre, setup, case_id=case_id(centre, "C-2"), specialty="urology", physician=physician,
                   because=because, by=OPERATOR, now=NOW)  # fmt: skip

    assert refused.value.code == "waiver-incomplete"


def test_withdrawn_cases_leave_the_worklist(centre: Session, setup: Setup) -> None:
    withdraw_cases(centre, case_ids=[case_id(centre, "C-1")], by=OPERATOR, now=NOW)

    worklist = list_cases(centre, setup, by=OPERATOR, now=NOW)
    later = list_cases(centre, setup, by=OPERATOR, now=NOW + timedelta(days=60))

    assert [view.row.reference for view in worklist.cases] == ["C-2", "C-3"]
    assert (worklist.late, later.late) == (0, 2)


def test_a_withdrawn_case_is_reopened_as_it_was(centre: Session, setup: Setup) -> None:
    case, other = case_id(centre, "C-1"), case_id(centre, "C-2")
    before = [view.row.reference for view in list_cases(centre, setup, by=OPERATOR, now=NOW).cases]
    gone = withdraw_cases(centre, case_ids=[case, case], by=OPERATOR, now=NOW)

    back = reopen_cases(centre, case_ids=[case, other], by=OPERATOR, now=NOW)

    assert (gone, back) == ({case: "C-1"}, {case: "C-1"})
    assert [view.row.reference for view in list_cases(centre, setup, by=OPERATOR, now=NOW).cases] == before
    trail = centre.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == case).order_by(AuditEvent.id))
    assert list(trail) == ["case:imported", "case:withdrawn", "case:reopened"]


def test_who_may_not_edit_cases_reopens_none_and_a_done_case_stays_done(centre: Session, setup: Setup) -> None:
    case = case_id(centre, "C-1")
    physician = actor_with("physician", frozenset({Role.PHYSICIAN}))
    with pytest.raises(NotAllowed):
        reopen_cases(centre, case_ids=[case], by=physician, now=NOW)
    find_case(centre, case).status = "done"
    centre.commit()

    codes = []
    for act in (reopen_cases, withdraw_cases):
        with pytest.raises(Conflict) as refused:
            act(centre, case_ids=[case], by=OPERATOR, now=NOW)
        codes.append(refused.value.code)

    assert (codes, find_case(centre, case).status) == (["case-done", "case-done"], "done")


def test_referring_a_withdrawn_case_says_so(centre: Session, setup: Setup) -> None:
    case = case_id(centre, "C-1")
    withdraw_cases(centre, case_ids=[case], by=OPERATOR, now=NOW)

    with pytest.raises(Conflict) as refused:
        refer_case(centre, setup, program="ovarian", cells={"reference": "C-1"}, by=OPERATOR, now=NOW)

    assert (refused.value.code, refused.value.values["case_id"]) == ("case-withdrawn", case)


def test_a_surgeon_may_not_read_cases(centre: Session, setup: Setup) -> None:
    surgeon = actor_with("surgeon", frozenset({Role.SURGEON}))

    with pytest.raises(NotAllowed):
        list_cases(centre, setup, by=surgeon, now=NOW)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1899-12-31", "2201-01-01"])
@pytest.mark.parametrize("field", ["target_on", "referred_on"])
def test_an_absurd_day_is_refused_and_breaks_no_list(session: Session, setup: Setup, field: str, day: str) -> None:
    summary = _import(session, setup, f"reference,{field}\nA-1,{day}\n".encode())

    problems = [(p["column"], p["code"]) for p in summary["problems"]]  # type: ignore[attr-defined]
    assert (summary["refused"], problems) == (1, [(field, "not-a-date")])
    assert list_cases(session, setup, by=OPERATOR, now=NOW).total == 0


def test_a_resident_number_is_refused_in_waivers_and_in_who_owes_a_report(centre: Session, setup: Setup) -> None:
    number = "900101-" + "2345678"
    case = case_id(centre, "C-2")

    codes = []
    for physician, because in ((f"Kim {number}", "reason"), ("Dr Kim", number)):
        with pytest.raises(BadInput) as refused:
            waive_need(centre, setup, case_id=case, specialty="urology", physician=physician, because=because,
                       by=OPERATOR, now=NOW)  # fmt: skip
        codes.append(refused.value.code)
    with pytest.raises(BadInput) as refused:
        note_readiness(centre, setup, case_ids=[case], item="pet_ct", owed_by=number, by=OPERATOR, now=NOW)

    assert {*codes, refused.value.code} == {"resident-registration-number"}
    assert number not in str(refused.value)


def test_a_case_is_not_late_on_the_day_it_is_due(centre: Session, setup: Setup) -> None:
    """Referred on 19 November with 14 days: 3 December, until the end of the day in Seoul."""
    due_at = judge(setup, find_case(centre, case_id(centre, "C-1")), on=TODAY).due_at

    assert due_at.isoformat() == "2026-12-03T14:59:00+00:00"


def test_reading_a_case_is_recorded_and_an_unknown_one_is_not(centre: Session, setup: Setup) -> None:
    case = case_id(centre, "C-1")

    read_case(centre, setup, case_id=case, by=OPERATOR, now=NOW)
    with pytest.raises(NotFound):
        read_case(centre, setup, case_id="900101-" + "2345678", by=OPERATOR, now=NOW)

    query = select(AuditEvent.subject_id).where(AuditEvent.action == "case:read")
    assert centre.scalars(query).all() == [case]


def test_a_time_is_fixed_and_freed_again(centre: Session, setup: Setup) -> None:
    case = case_id(centre, "C-1")
    at = NOW.replace(microsecond=0, second=0) + timedelta(days=9)

    fix_time(centre, case_id=case, at=at, by=OPERATOR, now=NOW)
    fixed = find_case(centre, case).fixed_at
    fix_time(centre, case_id=case, at=None, by=OPERATOR, now=NOW)

    assert (fixed, find_case(centre, case).fixed_at) == (at, None)
    actions = centre.scalars(select(AuditEvent.action).where(AuditEvent.action.like("case:time-%")))
    assert list(actions) == ["case:time-fixed", "case:time-freed"]


def test_a_past_far_or_uneven_time_is_refused(centre: Session, setup: Setup) -> None:
    case = case_id(centre, "C-1")

    codes = []
    for at in (
        NOW - timedelta(minutes=1),
        NOW.replace(second=0) + timedelta(days=731),
        NOW.replace(second=0) + timedelta(days=1, seconds=30),
    ):
        with pytest.raises(BadInput) as refused:
            fix_time(centre, case_id=case, at=at, by=OPERATOR, now=NOW)
        codes.append(refused.value.code)

    assert (codes, find_case(centre, case).fixed_at) == (["time-past", "time-too-far", "time-off-minute"], None)


@pytest.mark.parametrize(
    ("cells", "code", "field"),
    [
        ({"reference": "박철수"}, "reference-like-a-name", "reference"),
        ({"reference": "C-8", "referred_on": "2027-11-20"}, "referred-in-future", "referred_on"),
        (
            {"reference": "C-8", "referred_on": "2026-11-20", "target_on": "2026-11-19"},
            "target-before-referral",
            "target_on",
        ),
        ({"reference": "C-8", "named_members": "문성진"}, "named-member-unknown", "named_members"),
    ],
)
def test_names_and_days_to_come_are_refused_at_their_field(
    centre: Session, setup: Setup, cells: dict[str, str], code: str, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        refer_case(centre, setup, program="ovarian", cells=cells, by=OPERATOR, now=NOW)

    assert (refused.value.code, refused.value.values["field"]) == (code, field)


def test_member_is_named_by_name_as_on_the_list(centre: Session, setup: Setup) -> None:
    surgeon = centre.scalars(select(Member).where(Member.email == SURGEON)).one()

    row = refer_case(
        centre, setup, program="ovarian", cells={"reference": "C-8", "named_members": surgeon.name}, by=OPERATOR,
        now=NOW,
    )  # fmt: skip

    assert row.facts["named_members"] == [surgeon.public_id]


def test_report_of_a_day_to_come_is_refused_at_its_cell(centre: Session, setup: Setup) -> None:
    rows = [a_case_row("C-8", on=TODAY, pathology_report_reported_on="2027-01-15")]

    report = preview_import(
        centre, setup, program="ovarian", content=a_case_csv(rows), filename="list.csv", by=OPERATOR, now=NOW
    )

    assert [(problem.row, problem.column, problem.code) for problem in report.problems] == [
        (2, "pathology_report_reported_on", "report-in-future")
    ]
