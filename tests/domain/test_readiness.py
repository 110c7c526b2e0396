"""Readiness: which items apply to a case, how they stand on a day, and the first day on which nothing blocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from tumorboard.domain.model import CaseFacts, Finding, Level, ReadinessRecord, ReadinessState, Value
from tumorboard.domain.program import load_programs
from tumorboard.domain.readiness import first_ready_on, is_ready, judge_readiness

PROGRAM = load_programs()["ovarian"]
TODAY = date(2026, 11, 22)
CT = "ct_chest_abdomen_pelvis"


def a_case(**values: Value | tuple[str, ...]) -> CaseFacts:
    plain = {id_: frozenset(value) if isinstance(value, tuple) else value for id_, value in values.items()}
    return CaseFacts("C-1", PROGRAM.id, plain)


def reported(item: str, days_ago: int) -> ReadinessRecord:
    return ReadinessRecord(item, reported_on=TODAY - timedelta(days=days_ago))


def expected(item: str, in_days: int) -> ReadinessRecord:
    return ReadinessRecord(item, expected_on=TODAY + timedelta(days=in_days))


def after(days: int) -> date:
    return TODAY + timedelta(days=days)


def find(item: str, case: CaseFacts, *records: ReadinessRecord, on: date = TODAY) -> Finding:
    return next(each for each in judge_readiness(PROGRAM, case, records, on=on) if each.item == item)


def applying(case: CaseFacts) -> list[str]:
    return [each.item for each in judge_readiness(PROGRAM, case, [], on=TODAY)]


@pytest.mark.parametrize(
    ("values", "item", "applies"),
    [
        ({}, "blood_counts", True),
        ({}, "ca125", True),  # a suspected cancer: most are epithelial
        ({"histology": "high_grade_serous"}, "ca125", True),
        ({"histology": "borderline_serous"}, "ca125", True),
        ({"histology": "dysgerminoma"}, "ca125", False),
        ({"histology": "granulosa_cell"}, "ca125", False),
        ({}, "cea", False),
        ({"histology": "mucinous"}, "cea", True),
        ({"histology": "borderline_mucinous"}, "cea", True),
        ({"histology": "clear_cell", "figo_stage": "IIB"}, "cea", False),
        ({"figo_stage": "III"}, "cea", True),
        ({"figo_stage": "IIIA1ii"}, "cea", True),
        ({"figo_stage": "IVB"}, "cea", True),
        ({}, CT, True),
        ({}, "mri_pelvis", True),  # nothing known of the mass
        ({"histology": "clear_cell"}, "mri_pelvis", False),
        ({"figo_stage": "IIIC"}, "mri_pelvis", False),
        ({"process_stage": "interval"}, "mri_pelvis", False),
        ({"histology": "clear_cell", "fertility_wish": True}, "mri_pelvis", True),
        ({"histology": "clear_cell", "fertility_wish": False}, "mri_pelvis", False),
        ({"figo_stage": "IA", "planned_procedures": ("fertility_sparing_uso",)}, "mri_pelvis", True),
        ({}, "pet_ct", False),
        ({"process_stage": "recurrence"}, "pet_ct", True),
        ({"disease_sites": ("pleural_effusion",)}, "pet_ct", True),
        ({"disease_sites": ("lung_parenchyma",), "figo_stage": "IIIC"}, "pet_ct", True),
        ({"disease_sites": ("lung_parenchyma",), "figo_stage": "IVB"}, "pet_ct", False),
        ({"disease_sites": ("omentum",)}, "pet_ct", False),
        ({}, "pathology_report", False),
        ({"process_stage": "pre_treatment"}, "pathology_report", False),
        ({"process_stage": "interval"}, "pathology_report", True),
        ({"process_stage": "post_op"}, "pathology_report", True),
        ({"process_stage": "recurrence"}, "pathology_report", True),
        ({"process_stage": "second_opinion"}, "pathology_report", True),
        ({"histology": "clear_cell"}, "pathology_report", True),
        ({}, "molecular_results", False),
        ({"histology": "serous_grade_unknown"}, "molecular_results", True),
        ({"histology": "mucinous"}, "molecular_results", False),
        ({"histology": "borderline_serous"}, "molecular_results", False),
        ({"histology": "yolk_sac_tumor"}, "molecular_results", False),
        ({}, "stage_and_performance", True),
        ({}, "patient_view", True),
    ],
)
def test_item_applies(values: dict[str, Value | tuple[str, ...]], item: str, applies: bool) -> None:
    assert (item in applying(a_case(**values))) is applies


def test_items_stand_in_the_order_of_the_file() -> None:
    case = a_case(histology="clear_cell", figo_stage="IIIC", process_stage="recurrence", fertility_wish=True)

    assert applying(case) == [item.id for item in PROGRAM.readiness]


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ({"histology": "mucinous"}, Level.WARNS),
        ({"histology": "mucinous", "figo_stage": "IC"}, Level.WARNS),
        ({"figo_stage": "IIIC"}, Level.BLOCKS),  # before treatment is what is assumed
        ({"figo_stage": "IV", "process_stage": "pre_treatment"}, Level.BLOCKS),
        ({"figo_stage": "IIIC", "process_stage": "interval"}, Level.WARNS),
        ({"figo_stage": "IIIC", "process_stage": "recurrence"}, Level.WARNS),
    ],
)
def test_cea_blocks_before_treatment_of_advanced_disease(values: dict[str, Value], level: Level) -> None:
    assert find("cea", a_case(**values)).level is level


@pytest.mark.parametrize(("item", "limit"), [("blood_counts", 14), ("ca125", 28), (CT, 56), ("mri_pelvis", 42)])
def test_item_is_current_up_to_its_limit_and_stale_the_day_after(item: str, limit: int) -> None:
    states = [find(item, a_case(), reported(item, days_ago)).state for days_ago in (0, limit, limit + 1)]

    assert states == [ReadinessState.CURRENT, ReadinessState.CURRENT, ReadinessState.STALE]


def test_finding_says_age_limit_and_record() -> None:
    record = reported("ca125", 30)

    assert find("ca125", a_case(), record) == Finding(
        item="ca125",
        label=PROGRAM.readiness[1].label,
        state=ReadinessState.STALE,
        level=Level.WARNS,
        record=record,
        age_days=30,
        limit_days=28,
    )


def test_item_current_today_is_stale_on_a_later_meeting() -> None:
    record = reported(CT, 50)

    assert find(CT, a_case(), record).state is ReadinessState.CURRENT
    assert find(CT, a_case(), record, on=after(7)).state is ReadinessState.STALE
    assert is_ready(PROGRAM, a_case(), [record], on=after(6))
    assert not is_ready(PROGRAM, a_case(), [record], on=after(7))


def test_item_without_a_record_is_missing() -> None:
    found = find(CT, a_case())

    assert (found.state, found.record, found.age_days, found.is_blocking) == (ReadinessState.MISSING, None, None, True)


def test_record_of_another_item_changes_nothing() -> None:
    assert find(CT, a_case(), reported("mri_pelvis", 1)).state is ReadinessState.MISSING


@pytest.mark.parametrize(
    ("in_days", "on_day", "state"),
    [
        (3, 3, ReadinessState.EXPECTED),
        (3, 10, ReadinessState.EXPECTED),
        (3, 2, ReadinessState.MISSING),
        (3, 59, ReadinessState.EXPECTED),
        (3, 60, ReadinessState.STALE),
        (0, 0, ReadinessState.EXPECTED),
    ],
)
def test_announced_result_counts_from_its_day_until_it_grows_stale(
    in_days: int, on_day: int, state: ReadinessState
) -> None:
    assert find(CT, a_case(), expected(CT, in_days), on=after(on_day)).state is state


def test_expected_item_does_not_block() -> None:
    found = find(CT, a_case(), expected(CT, 2), on=after(2))

    assert (found.level, found.is_blocking) == (Level.BLOCKS, False)


def test_item_that_is_not_yet_expected_keeps_its_record_for_the_page() -> None:
    record = expected(CT, 5)

    assert find(CT, a_case(), record).record == record


def test_stale_item_with_an_announced_result_is_expected() -> None:
    record = ReadinessRecord(CT, reported_on=TODAY - timedelta(days=90), expected_on=after(4))

    states = [find(CT, a_case(), record, on=after(day)).state for day in (3, 4)]

    assert states == [ReadinessState.STALE, ReadinessState.EXPECTED]


def test_report_dated_after_the_day_is_not_there_yet() -> None:
    assert find(CT, a_case(), ReadinessRecord(CT, reported_on=after(1))).state is ReadinessState.MISSING


def test_overdue_announcement_counts_only_without_a_today() -> None:
    overdue = [expected(CT, -3)]

    assert is_ready(PROGRAM, a_case(), overdue, on=after(2))
    assert not is_ready(PROGRAM, a_case(), overdue, on=after(2), today=TODAY)
    assert is_ready(PROGRAM, a_case(), [expected(CT, 0)], on=after(2), today=TODAY)


def test_item_somebody_declared_not_applicable_does_not_block() -> None:
    found = find(CT, a_case(), ReadinessRecord(CT, not_applicable_by="Dr. Han"))

    assert (found.state, found.is_blocking) == (ReadinessState.NOT_APPLICABLE, False)


@pytest.mark.parametrize("order", [1, -1])
def test_best_of_several_records_counts(order: int) -> None:
    records = [reported(CT, 90), reported(CT, 20), reported(CT, 5), expected(CT, 0)][::order]

    found = find(CT, a_case(), *records)

    assert (found.state, found.age_days) == (ReadinessState.CURRENT, 5)


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, ReadinessState.MISSING),
        ({"figo_stage": "IIIC"}, ReadinessState.MISSING),
        ({"ecog": 0}, ReadinessState.MISSING),
        ({"figo_stage": "IIIC", "ecog": 0}, ReadinessState.CURRENT),
    ],
)
def test_stage_and_performance_are_judged_from_the_case(values: dict[str, Value], state: ReadinessState) -> None:
    assert find("stage_and_performance", a_case(**values)).state is state


@pytest.mark.parametrize(("view", "state"), [("", ReadinessState.MISSING), ("at home", ReadinessState.CURRENT)])
def test_patient_view_is_judged_from_the_case(view: str, state: ReadinessState) -> None:
    found = find("patient_view", a_case(patient_view=view))

    assert (found.state, found.age_days) == (state, None)


def test_item_judged_from_the_case_may_be_not_applicable() -> None:
    record = ReadinessRecord("patient_view", not_applicable_by="Dr. Han")

    assert find("patient_view", a_case(), record).state is ReadinessState.NOT_APPLICABLE


FIRST: list[tuple[dict[str, Value], Sequence[ReadinessRecord], date | None, tuple[str, ...]]] = [
    ({}, [reported(CT, 10)], TODAY, ()),
    ({}, [], None, (CT,)),
    ({}, [reported(CT, 57)], None, (CT,)),
    ({}, [expected(CT, 0)], TODAY, ()),
    ({}, [expected(CT, 6)], after(6), ()),
    ({}, [expected(CT, -1)], None, (CT,)),
    ({}, [reported(CT, 57), expected(CT, 6)], after(6), ()),
    ({"histology": "clear_cell"}, [reported(CT, 10)], None, ("pathology_report",)),
    ({"histology": "clear_cell"}, [], None, (CT, "pathology_report")),
    ({"histology": "clear_cell"}, [expected(CT, 6)], None, ("pathology_report",)),
    ({"histology": "clear_cell"}, [expected(CT, 6), expected("pathology_report", 9)], after(9), ()),
    ({"histology": "clear_cell"}, [reported(CT, 50), expected("pathology_report", 6)], after(6), ()),
    # the CT is stale before the pathologist is ready
    ({"histology": "clear_cell"}, [reported(CT, 50), expected("pathology_report", 7)], None, ("pathology_report",)),
    ({"figo_stage": "IIIC"}, [reported(CT, 3), expected("cea", 2)], after(2), ()),
    ({"figo_stage": "IIIC"}, [reported(CT, 3)], None, ("cea",)),
    ({"figo_stage": "IIIC", "process_stage": "interval"}, [reported(CT, 3)], None, ("pathology_report",)),
    ({}, [ReadinessRecord(CT, not_applicable_by="Dr. Han")], TODAY, ()),
]


@pytest.mark.parametrize(("values", "records", "day", "blocking"), FIRST)
def test_first_day_without_blocking_items(
    values: dict[str, Value], records: Sequence[ReadinessRecord], day: date | None, blocking: tuple[str, ...]
) -> None:
    assert first_ready_on(PROGRAM, a_case(**values), records, today=TODAY) == (day, blocking)


@pytest.mark.parametrize(("values", "records", "day", "blocking"), FIRST)
def test_first_day_is_the_first_of_all_days(
    values: dict[str, Value], records: Sequence[ReadinessRecord], day: date | None, blocking: tuple[str, ...]
) -> None:
    case = a_case(**values)

    ready = (after(n) for n in range(60) if is_ready(PROGRAM, case, records, on=after(n), today=TODAY))

    assert next(ready, None) == day


def test_item_may_be_read_from_a_date_of_the_case() -> None:
    perinatal = load_programs()["perinatal"]
    case = CaseFacts("C-1", "perinatal", {"gestational_age": "21+0", "detailed_ultrasound_on": date(2026, 11, 20)})

    found = {each.item: (each.state, each.age_days) for each in judge_readiness(perinatal, case, [], on=TODAY)}

    assert found == {
        "gestational_age": (ReadinessState.CURRENT, None),
        "detailed_ultrasound": (ReadinessState.CURRENT, 2),
    }


def test_item_may_begin_to_apply_as_the_pregnancy_goes_on() -> None:
    perinatal = load_programs()["perinatal"]
    case = CaseFacts("C-1", "perinatal", {"gestational_age": "17+6@2026-11-22"})

    items = [[each.item for each in judge_readiness(perinatal, case, [], on=after(day))] for day in (0, 1)]

    assert items == [["gestational_age"], ["gestational_age", "detailed_ultrasound"]]


def test_nothing_blocks_an_emergency() -> None:
    cerclage = load_programs()["cerclage"]

    assert first_ready_on(cerclage, CaseFacts("C-1", "cerclage", {}), [], today=TODAY) == (TODAY, ())
