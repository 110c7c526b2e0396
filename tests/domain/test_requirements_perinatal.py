"""The rules of the perinatal conference and of the emergency cerclage, case by case."""

from __future__ import annotations

from datetime import date

import pytest

from tumorboard.domain.model import Assessment, CaseFacts, Urgency, Value
from tumorboard.domain.program import load_programs
from tumorboard.domain.requirements import assess

PROGRAMS = load_programs()
ON = date(2026, 11, 24)
BOTH = ("fetal_medicine", "neonatology")


def judge(program: str, on: date = ON, **values: Value | tuple[str, ...]) -> Assessment:
    """Assess a case; sets may be written as tuples."""
    plain = {id_: frozenset(value) if isinstance(value, tuple) else value for id_, value in values.items()}
    return assess(PROGRAMS[program], CaseFacts("C-1", program, plain), on=on)


def confer(**values: Value | tuple[str, ...]) -> Assessment:
    return judge("perinatal", **values)


def stitch(**values: Value | tuple[str, ...]) -> Assessment:
    return judge("cerclage", **values)


def test_perinatal_case_always_needs_mother_and_child() -> None:
    found = confer(gestational_age="30+0")

    assert (found.required, found.recommended, found.rules) == (BOTH, (), ("P01",))
    assert (found.urgency, found.target_days) == (Urgency.ROUTINE, 14)


@pytest.mark.parametrize(
    ("values", "further", "rule"),
    [
        ({"findings": ("cleft",)}, {"pediatric_plastic_surgery"}, "P02"),
        ({"findings": ("micrognathia",)}, {"pediatric_plastic_surgery"}, "P02"),
        ({"anomaly_groups": ("gastrointestinal",)}, {"pediatric_surgery"}, "P03"),
        (
            {"anomaly_groups": ("thoracic",)},
            {"pediatric_surgery", "pediatric_thoracic_surgery", "radiology", "pediatric_cardiology"},
            "P04",
        ),
        ({"anomaly_groups": ("urologic",)}, {"pediatric_urology"}, "P05"),
        ({"anomaly_groups": ("cns",)}, {"radiology"}, "P06"),
        ({"anomaly_groups": ("cardiac",)}, {"pediatric_cardiology"}, "P07"),
        ({"amniocentesis": "done"}, {"laboratory_medicine"}, "P08"),
        ({"findings": ("skeletal_dysplasia",)}, {"laboratory_medicine"}, "P08"),
        ({"anomaly_groups": ("facial", "musculoskeletal")}, {"laboratory_medicine"}, "P08"),
        ({"fetal_mri_planned": True}, {"radiology"}, "P09"),
    ],
)
def test_perinatal_rule_fires_alone(values: dict[str, Value | tuple[str, ...]], further: set[str], rule: str) -> None:
    found = confer(gestational_age="30+0", **values)

    assert found.required == tuple(sorted({*BOTH, *further}))
    assert (found.recommended, found.rules) == ((), ("P01", rule))


@pytest.mark.parametrize(
    "values",
    [
        {"findings": ("oligohydramnios",)},
        {"anomaly_groups": ("facial",)},
        {"anomaly_groups": ("musculoskeletal",)},
        {"amniocentesis": "too_early"},
        {"fetal_mri_planned": False},
        {"pregnancy_risks": ("placenta_previa",)},
        {"plurality": 2},
    ],
)
def test_perinatal_rule_does_not_fire(values: dict[str, Value | tuple[str, ...]]) -> None:
    assert confer(gestational_age="30+0", **values).rules == ("P01",)


@pytest.mark.parametrize(
    ("values", "recommended"),
    [
        ({"amniocentesis": "offered"}, ("laboratory_medicine",)),
        ({"amniocentesis": "not_done"}, ("laboratory_medicine",)),
        ({"amniocentesis": "offered", "findings": ("isolated_hydronephrosis",)}, ()),
        ({"amniocentesis": "not_done", "findings": ("isolated_hydronephrosis",)}, ()),
        ({"amniocentesis": "offered", "findings": ("skeletal_dysplasia",)}, ()),
    ],
)
def test_amniocentesis_open_recommends_the_laboratory(
    values: dict[str, Value | tuple[str, ...]], recommended: tuple[str, ...]
) -> None:
    assert confer(**values).recommended == recommended


@pytest.mark.parametrize(
    ("values", "urgency", "days"),
    [
        ({"findings": ("hydrops",), "gestational_age": "33+0"}, "urgent", 1),
        ({"findings": ("hydrops",), "gestational_age": "20+0"}, "urgent", 1),
        ({"findings": ("hydrops", "diaphragmatic_hernia"), "gestational_age": "20+0"}, "urgent", 1),
        ({"severe": True, "gestational_age": "23+6"}, "expedited", 3),
        ({"severe": True, "gestational_age": "24+0"}, "routine", 7),
        ({"severe": False, "gestational_age": "23+6"}, "routine", 7),
        ({"anomaly_groups": ("cns",), "gestational_age": "20+0"}, "expedited", 3),
        ({"anomaly_groups": ("cns",), "gestational_age": "24+0"}, "routine", 7),
        ({"findings": ("bilateral_obstruction",), "gestational_age": "20+0"}, "expedited", 3),
        ({"findings": ("bilateral_obstruction",), "gestational_age": "26+0"}, "routine", 7),
        ({"anomaly_groups": ("urologic",), "gestational_age": "20+0"}, "routine", 7),
        ({"findings": ("diaphragmatic_hernia",), "gestational_age": "20+0"}, "expedited", 3),
        ({"findings": ("diaphragmatic_hernia",), "gestational_age": "31+0"}, "expedited", 3),
        ({"findings": ("airway_risk",), "gestational_age": "28+0"}, "expedited", 7),
        ({"findings": ("airway_risk",), "gestational_age": "27+6"}, "routine", 7),
        ({"gestational_age": "27+6"}, "routine", 7),
        ({"gestational_age": "28+0"}, "routine", 14),
        ({"gestational_age": "28+0", "urgency": "expedited"}, "expedited", 7),
        ({"gestational_age": "20+0", "urgency": "urgent"}, "urgent", 1),
        ({}, "routine", 7),
    ],
)
def test_perinatal_clock(values: dict[str, Value | tuple[str, ...]], urgency: str, days: int) -> None:
    found = confer(**values)

    assert (str(found.urgency), found.target_days) == (urgency, days)


def test_perinatal_clock_follows_the_age_on_the_day_of_the_assessment() -> None:
    early, late = (
        judge("perinatal", on=day, gestational_age="27+0@2026-11-20", findings=("airway_risk",))
        for day in (date(2026, 11, 26), date(2026, 11, 27))
    )

    assert (early.rules, early.urgency) == (("P01", "P23"), Urgency.ROUTINE)
    assert (late.rules, late.urgency) == (("P01", "P22"), Urgency.EXPEDITED)


@pytest.mark.parametrize(("groups", "minutes"), [((), 10), (("cns",), 10), (("cns", "cardiac"), 15)])
def test_perinatal_minutes(groups: tuple[str, ...], minutes: int) -> None:
    assert confer(anomaly_groups=groups).minutes == minutes


FIT = {
    "gestational_age": "23+0",
    "cervical_dilation_cm": 3,
    "membranes": "at_external_os",
    "membranes_ruptured": False,
    "temperature_c": 36.8,
    "crp_mg_l": 8,
    "tenderness": False,
    "contractions": "none",
    "bleeding": "light",
    "fetal_heart": True,
    "lethal_anomaly": False,
    "plurality": 1,
}


def test_cerclage_case_within_the_rules() -> None:
    found = stitch(**FIT)

    assert (found.eligible, found.notices, found.rules) == (True, (), ("C01", "C02"))
    assert found.required == ("anesthesiology", "fetal_medicine", "neonatology")
    assert (found.urgency, found.target_days) == (Urgency.URGENT, pytest.approx(2 / 24))


@pytest.mark.parametrize(
    ("gestational_age", "required", "recommended"),
    [
        ("21+6", ("anesthesiology", "fetal_medicine"), ("neonatology",)),
        ("22+0", ("anesthesiology", "fetal_medicine", "neonatology"), ()),
        (None, ("anesthesiology", "fetal_medicine"), ("neonatology",)),
    ],
)
def test_cerclage_requires_neonatology_from_22_weeks(
    gestational_age: str | None, required: tuple[str, ...], recommended: tuple[str, ...]
) -> None:
    found = stitch(gestational_age=gestational_age) if gestational_age else stitch()

    assert (found.required, found.recommended) == (required, recommended)


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"temperature_c": 37.9}, None),
        ({"temperature_c": 38.0}, "C10"),
        ({"crp_mg_l": 29.9}, None),
        ({"crp_mg_l": 30}, "C10"),
        ({"tenderness": True}, "C10"),
        ({"contractions": "irregular"}, None),
        ({"contractions": "regular"}, "C11"),
        ({"membranes_ruptured": True}, "C12"),
        ({"bleeding": "none"}, None),
        ({"bleeding": "moderate"}, "C13"),
        ({"bleeding": "heavy"}, "C13"),
        ({"fetal_heart": False}, "C14"),
        ({"lethal_anomaly": True}, "C15"),
        ({"gestational_age": "14+6"}, "C16"),
        ({"gestational_age": "15+0"}, None),
        ({"gestational_age": "28+0"}, None),
        ({"gestational_age": "28+1"}, "C16"),
        ({"membranes": "beyond_external_os"}, None),
        ({"membranes": "above_external_os"}, "C17"),
        ({"cervical_dilation_cm": 0}, "C17"),
        ({"cervical_dilation_cm": 0.5}, None),
    ],
)
def test_cerclage_exclusion_alerts_the_team_with_its_reason_first(values: dict[str, Value], rule: str | None) -> None:
    found = stitch(**{**FIT, **values})

    assert found.eligible is (rule is None)
    assert {"anesthesiology", "fetal_medicine"} <= {*found.required}
    assert [each for each in found.rules if each in ("C10", "C11", "C12", "C13", "C14", "C15", "C16", "C17")] == (
        [rule] if rule else []
    )
    if rule:
        because = {each.id: each.because for each in PROGRAMS["cerclage"].rules}
        assert found.notices[0] == because[rule]


def test_cerclage_case_without_findings_is_not_excluded_for_what_is_unknown() -> None:
    found = stitch()

    assert (found.eligible, found.rules) == (True, ("C01", "C02", "C22"))


@pytest.mark.parametrize(
    ("values", "rules"),
    [
        ({"gestational_age": "23+6"}, ()),
        ({"gestational_age": "24+0"}, ("C20",)),
        ({"plurality": 2}, ("C21",)),
        ({"plurality": 2, "gestational_age": "25+0"}, ("C20", "C21")),
    ],
)
def test_cerclage_caution_leaves_the_case_eligible(values: dict[str, Value], rules: tuple[str, ...]) -> None:
    found = stitch(**{**FIT, **values})

    assert (found.eligible, tuple(rule for rule in found.rules if rule >= "C20")) == (True, rules)
    assert len(found.notices) == len(rules)


def test_cerclage_exclusion_stands_before_cautions() -> None:
    found = stitch(**{**FIT, "gestational_age": "25+0", "plurality": 2, "membranes_ruptured": True})

    assert found.rules == ("C01", "C02", "C12", "C20", "C21")
    assert found.notices[0].en.startswith("After rupture of the membranes")


def test_cerclage_decision_is_due_within_one_hour_when_an_infection_is_suspected() -> None:
    assert stitch(**{**FIT, "temperature_c": 38.5}).target_days == pytest.approx(1 / 24)


def test_cerclage_window_is_judged_on_the_day_of_the_assessment() -> None:
    values = {**FIT, "gestational_age": "14+6@2026-11-24"}

    days = (date(2026, 11, 24), date(2026, 11, 25))

    assert [judge("cerclage", on=day, **values).eligible for day in days] == [False, True]


def test_cerclage_milestones_are_shown_beside_the_clock() -> None:
    milestones = PROGRAMS["cerclage"].clocks.milestones

    assert [(each.id, each.hours) for each in milestones] == [("first_answer", 0.5), ("operation", 24)]
