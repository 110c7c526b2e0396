"""Every rule of the ovarian programme with cases that fire it and cases that do not."""

from __future__ import annotations

from datetime import date

import pytest

from tumorboard.domain.model import Assessment, CaseFacts, Urgency, Value
from tumorboard.domain.program import load_programs
from tumorboard.domain.requirements import assess

PROGRAM = load_programs()["ovarian"]
ON = date(2026, 11, 24)
CORE = ("gynecologic_oncology", "medical_oncology", "pathology", "radiology")
NOT_AN_OPERATION = frozenset({"image_guided_biopsy", "ascites_drainage", "nephrostomy", "pleural_drainage"})
PROCEDURES = frozenset(PROGRAM.fields["planned_procedures"].choices)
SITES = frozenset(PROGRAM.fields["disease_sites"].choices)
EVENTS = frozenset(PROGRAM.fields["acute_events"].choices)
HISTOLOGIES = PROGRAM.fields["histology"].choices
STAGES = PROGRAM.fields["figo_stage"].choices

SETS = ("planned_procedures", "disease_sites", "acute_events", "comorbidity", "germline", "requested_specialties")


def judge(**values: Value | tuple[str, ...] | list[str]) -> Assessment:
    """Assess a case; sets may be written as tuples."""
    plain = {id_: frozenset(value) if id_ in SETS else value for id_, value in values.items()}
    return assess(PROGRAM, CaseFacts("C-1", PROGRAM.id, plain), on=ON)  # type: ignore[arg-type]


def weight(found: Assessment, specialty: str) -> str:
    """`required`, `recommended`, both, or `none`."""
    said = [name for name in ("required", "recommended") if specialty in getattr(found, name)]
    return " and ".join(said) or "none"


def procedures(*names: str) -> dict[str, tuple[str, ...]]:
    return {"planned_procedures": names}


def sites(*names: str) -> dict[str, tuple[str, ...]]:
    return {"disease_sites": names}


def events(*names: str) -> dict[str, tuple[str, ...]]:
    return {"acute_events": names}


OPERATION = procedures("omentectomy")


def test_r01_core_team_sits_on_every_eligible_case() -> None:
    found = judge()

    assert (found.eligible, found.required, found.recommended, found.rules) == (True, CORE, (), ("R01",))
    assert (found.minutes, found.urgency, found.target_days) == (4, Urgency.ROUTINE, 14)


def test_r01_asks_the_medical_oncologist_for_the_certificate() -> None:
    found = judge(planned_procedures=("hipec",))

    assert {need.specialty: need.certificate for need in found.needs if need.certificate} == {
        "medical_oncology": "chemotherapy_certified"
    }


@pytest.mark.parametrize("histology", HISTOLOGIES)
def test_r02_excludes_exactly_benign_and_normal(histology: str) -> None:
    found = judge(
        histology=histology, age_years=85, ecog=3, **procedures("liver_resection"), **events("bowel_obstruction")
    )

    if histology in ("benign", "normal"):
        assert (found.eligible, found.needs, found.required, found.recommended) == (False, (), (), ())
        assert found.rules == ("R02",)
        assert [notice.en for notice in found.notices] == [PROGRAM.rules[1].because.en]
    else:
        assert found.eligible
        assert "R02" not in found.rules


BY_PROCEDURE = {
    ("R10", "colorectal_surgery"): (
        {"small_bowel_resection", "large_bowel_resection", "rectosigmoid_resection_anastomosis", "stoma"}
        | {"pelvic_exenteration"},
        set(),
    ),
    ("R11", "hpb_surgery"): (
        {"liver_resection", "porta_hepatis_dissection", "distal_pancreatectomy", "cholecystectomy"},
        {"splenectomy"},
    ),
    ("R12", "upper_gi_surgery"): ({"gastrectomy_partial"}, set()),
    ("R13", "urology"): (
        {"bladder_resection", "ureter_resection_reimplant", "ureteric_stent", "nephrostomy", "pelvic_exenteration"},
        set(),
    ),
    ("R14", "thoracic_surgery"): (
        {"diaphragm_full_thickness", "cardiophrenic_node_resection", "vats", "pleurectomy", "lung_resection"},
        {"diaphragm_stripping"},
    ),
    ("R15", "vascular_surgery"): ({"major_vessel_resection"}, set()),
    ("R16", "plastic_surgery"): (
        {"abdominal_wall_resection_mesh", "flap_reconstruction", "pelvic_exenteration"},
        set(),
    ),
    ("R17", "anesthesiology"): ({"hipec"}, set()),
    ("R20", "interventional_radiology"): ({"image_guided_biopsy", "nephrostomy"}, set()),
}


@pytest.mark.parametrize("procedure", sorted(PROCEDURES))
@pytest.mark.parametrize(("rule", "specialty"), sorted(BY_PROCEDURE))
def test_one_planned_procedure_calls_exactly_its_surgeons(rule: str, specialty: str, procedure: str) -> None:
    requiring, recommending = BY_PROCEDURE[rule, specialty]
    expected = "required" if procedure in requiring else "recommended" if procedure in recommending else "none"
    if specialty == "anesthesiology" and procedure == "pelvic_exenteration":
        expected = "required"  # R31, not R17

    found = judge(**procedures(procedure))

    assert weight(found, specialty) == expected
    assert (rule in found.rules) is (procedure in requiring | recommending)


BY_SITE = {
    ("R13", "urology"): ({"hydronephrosis_bilateral"}, set()),
    ("R14", "thoracic_surgery"): (set(), {"pleural_effusion"}),
    ("R18", "neurosurgery"): ({"brain_metastasis"}, set()),
    ("R19", "radiation_oncology"): ({"bone_metastasis"}, set()),
}


@pytest.mark.parametrize("site", sorted(SITES))
@pytest.mark.parametrize(("rule", "specialty"), sorted(BY_SITE))
def test_one_site_of_disease_calls_exactly_its_specialists(rule: str, specialty: str, site: str) -> None:
    requiring, recommending = BY_SITE[rule, specialty]
    expected = "required" if site in requiring else "recommended" if site in recommending else "none"
    if (specialty, site) == ("radiation_oncology", "brain_metastasis"):
        expected = "required"  # R18, not R19

    found = judge(**sites(site))

    assert weight(found, specialty) == expected
    assert (rule in found.rules) is (site in requiring | recommending)


@pytest.mark.parametrize(
    ("values", "specialty", "expected"),
    [
        # R11: a splenectomy beside one of the others is no reason of its own
        (procedures("splenectomy", "distal_pancreatectomy"), "hpb_surgery", "required"),
        (procedures("splenectomy", "omentectomy"), "hpb_surgery", "recommended"),
        # R14
        (procedures("diaphragm_stripping", "vats"), "thoracic_surgery", "required"),
        ({**procedures("lung_resection"), **sites("pleural_effusion")}, "thoracic_surgery", "required"),
        ({**procedures("pleural_drainage"), **sites("pleural_effusion")}, "thoracic_surgery", "recommended"),
        (sites("cardiophrenic_nodes"), "thoracic_surgery", "none"),
        # R15: an encased vessel matters when somebody operates
        (sites("vessel_encasement"), "vascular_surgery", "none"),
        ({**sites("vessel_encasement"), **procedures("diagnostic_laparoscopy")}, "vascular_surgery", "required"),
        ({**sites("vessel_encasement"), **procedures("image_guided_biopsy")}, "vascular_surgery", "none"),
        ({**sites("vessel_encasement"), **procedures(*sorted(NOT_AN_OPERATION))}, "vascular_surgery", "none"),
        # R13 reads the site, not the acute event
        (events("bilateral_hydronephrosis"), "urology", "none"),
        # R18 reads the site, not the acute event
        (events("brain_metastasis"), "neurosurgery", "none"),
        (events("brain_metastasis"), "radiation_oncology", "none"),
        # R19
        (events("isolated_nodal_recurrence"), "radiation_oncology", "required"),
        (events("bowel_obstruction"), "radiation_oncology", "none"),
    ],
)
def test_surgical_rule_in_combination(values: dict[str, tuple[str, ...]], specialty: str, expected: str) -> None:
    assert weight(judge(**values), specialty) == expected


@pytest.mark.parametrize(
    ("ecog", "expected"),
    [(None, "none"), (0, "none"), (1, "none"), (2, "recommended"), (3, "required"), (4, "required")],
)
def test_r30_performance_status_calls_palliative_medicine(ecog: int | None, expected: str) -> None:
    found = judge() if ecog is None else judge(ecog=ecog)

    assert weight(found, "palliative_medicine") == expected
    assert ("R30" in found.rules) is (expected != "none")


RISKS: list[tuple[dict[str, Value | tuple[str, ...]], bool]] = [
    ({"ecog": 1}, False),
    ({"ecog": 2}, True),
    ({"asa": 2}, False),
    ({"asa": 3}, True),
    ({"albumin_g_l": 35}, False),
    ({"albumin_g_l": 34.9}, True),
    ({"age_years": 79}, False),
    ({"age_years": 80}, True),
    ({}, False),
]


@pytest.mark.parametrize(("values", "at_risk"), RISKS)
@pytest.mark.parametrize("procedure", sorted(PROCEDURES - {"hipec", "pelvic_exenteration"}))
def test_r31_operative_risk_calls_anesthesiology_for_operations_only(
    procedure: str, values: dict[str, Value | tuple[str, ...]], at_risk: bool
) -> None:
    found = judge(**values, **procedures(procedure))

    assert ("R31" in found.rules) is (at_risk and procedure not in NOT_AN_OPERATION)
    assert weight(found, "anesthesiology") == ("required" if "R31" in found.rules else "none")


HEAVY = ("hysterectomy_bso", "omentectomy", "large_bowel_resection", "splenectomy", "pelvic_peritonectomy")


@pytest.mark.parametrize(
    ("values", "rules"),
    [
        (procedures(*HEAVY), ()),  # 7 points
        (procedures(*HEAVY, "appendectomy"), ()),  # 7 points
        (procedures(*HEAVY, "pelvic_lymphadenectomy"), ("R31",)),  # 8 points
        (procedures("pelvic_exenteration"), ("R31",)),
    ],
)
def test_r31_extent_of_surgery_calls_anesthesiology(values: dict[str, tuple[str, ...]], rules: tuple[str, ...]) -> None:
    assert tuple(rule for rule in judge(**values).rules if rule == "R31") == rules


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"asa": 4, **OPERATION}, "required"),
        ({"asa": 5, **OPERATION}, "required"),
        ({"asa": 3, **OPERATION}, "none"),
        ({"asa": 4}, "none"),
        ({"asa": 4, **procedures("nephrostomy")}, "none"),
    ],
)
def test_r31_asa_4_calls_critical_care_for_operations(
    values: dict[str, Value | tuple[str, ...]], expected: str
) -> None:
    assert weight(judge(**values), "critical_care") == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"age_years": 69}, "none"),
        ({"age_years": 69, "ecog": 4, "asa": 5}, "none"),
        ({"age_years": 70}, "recommended"),
        ({"age_years": 79}, "recommended"),
        ({"age_years": 79, "ecog": 1, "asa": 2}, "recommended"),
        ({"age_years": 70, "ecog": 2}, "required"),
        ({"age_years": 70, "asa": 3}, "required"),
        ({"age_years": 80}, "required"),
        ({"age_years": 95, "ecog": 0}, "required"),
        ({"ecog": 4}, "none"),
    ],
)
def test_r32_age_and_frailty_call_geriatrics(values: dict[str, Value], expected: str) -> None:
    found = judge(**values)

    assert weight(found, "geriatrics") == expected
    assert ("R32" in found.rules) is (expected != "none")


@pytest.mark.parametrize("stage", STAGES)
def test_r33_fertility_is_required_in_stage_i_and_recommended_beyond(stage: str) -> None:
    early = {"I", "IA", "IB", "IC", "IC1", "IC2", "IC3"}

    found = judge(age_years=40, fertility_wish=True, figo_stage=stage)

    assert weight(found, "reproductive_medicine") == ("required" if stage in early else "recommended")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"age_years": 41, "fertility_wish": True, "figo_stage": "IA"}, "none"),
        ({"age_years": 40, "fertility_wish": False, "figo_stage": "IA"}, "none"),
        ({"age_years": 40, "figo_stage": "IA"}, "none"),
        ({"fertility_wish": True, "figo_stage": "IA"}, "none"),
        ({"age_years": 30, "fertility_wish": True}, "recommended"),
        ({"age_years": 30, "fertility_wish": True, "histology": "borderline_serous"}, "required"),
        (
            {"age_years": 30, "fertility_wish": True, "histology": "borderline_mucinous", "figo_stage": "IIIC"},
            "required",
        ),
        ({"age_years": 30, "fertility_wish": True, "histology": "mucinous", "figo_stage": "IIB"}, "recommended"),
    ],
)
def test_r33_needs_age_and_wish(values: dict[str, Value], expected: str) -> None:
    found = judge(**values)

    assert weight(found, "reproductive_medicine") == expected
    assert ("R33" in found.rules) is (expected != "none")


@pytest.mark.parametrize(
    ("weeks", "obstetrics", "neonatology"),
    [
        (None, "none", "none"),
        (0, "none", "none"),
        (1, "required", "recommended"),
        (21, "required", "recommended"),
        (22, "required", "required"),
        (38, "required", "required"),
    ],
)
def test_r34_pregnancy_calls_obstetrics_and_from_22_weeks_neonatology(
    weeks: int | None, obstetrics: str, neonatology: str
) -> None:
    found = judge() if weeks is None else judge(pregnancy_weeks=weeks)

    assert (weight(found, "obstetrics_mfm"), weight(found, "neonatology")) == (obstetrics, neonatology)
    assert ("U1" in found.rules, found.urgency is Urgency.URGENT) == (obstetrics != "none",) * 2


@pytest.mark.parametrize("result", PROGRAM.fields["germline"].choices)
def test_r35_variant_requires_genetics_and_no_finding_does_not(result: str) -> None:
    found = judge(germline=(result,))

    assert weight(found, "clinical_genetics") == ("none" if result in ("negative", "pending") else "required")


@pytest.mark.parametrize("histology", [each for each in HISTOLOGIES if each not in ("benign", "normal")])
def test_r35_recommends_genetics_for_invasive_non_mucinous_cancer(histology: str) -> None:
    spared = {"mucinous", "borderline_serous", "borderline_mucinous"}

    found = judge(histology=histology)

    assert weight(found, "clinical_genetics") == ("none" if histology in spared else "recommended")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"prior_dx": "Yes, History of Synchronous/Bilateral Malignancy"}, "required"),
        ({"prior_dx": "YES"}, "required"),
        ({"prior_dx": "No"}, "none"),
        ({"prior_dx": "No, but yes"}, "none"),
        ({"jewish_origin": "ASHKENAZI"}, "required"),
        ({"jewish_origin": "Ashkenazi"}, "required"),
        ({"jewish_origin": "SEPHARDI"}, "none"),
        ({"germline": ("negative",), "histology": "high_grade_serous"}, "recommended"),
        ({"germline": ("pending",), "histology": "clear_cell"}, "recommended"),
        ({"germline": ("VUS", "negative"), "histology": "mucinous"}, "required"),
        ({"germline": ("BRCA1_PV",), "histology": "borderline_serous"}, "required"),
        ({}, "none"),
    ],
)
def test_r35_history_and_ancestry(values: dict[str, Value | tuple[str, ...]], expected: str) -> None:
    assert weight(judge(**values), "clinical_genetics") == expected


@pytest.mark.parametrize("histology", [each for each in HISTOLOGIES if each not in ("benign", "normal")])
def test_r36_only_invasive_mucinous_calls_gastroenterology(histology: str) -> None:
    found = judge(histology=histology)

    assert weight(found, "gastroenterology") == ("required" if histology == "mucinous" else "none")
    assert ("R36" in found.rules) is (histology == "mucinous")


@pytest.mark.parametrize(
    ("values", "cardiology", "hematology", "intervention"),
    [
        ({"comorbidity": ("cardiac_disease",)}, "none", "none", "none"),
        ({"comorbidity": ("cardiac_disease",), **OPERATION}, "required", "none", "none"),
        ({"comorbidity": ("recent_vte",), **OPERATION}, "none", "required", "recommended"),
        ({"comorbidity": ("recent_vte",)}, "none", "none", "none"),
        ({"comorbidity": ("recent_vte",), **procedures("ascites_drainage")}, "none", "none", "none"),
        ({"comorbidity": ("recent_vte",), **procedures("nephrostomy", "stoma")}, "none", "required", "required"),
        ({"comorbidity": ("diabetes",), **OPERATION}, "none", "none", "none"),
    ],
)
def test_r37_heart_and_thrombosis_matter_around_operations(
    values: dict[str, Value | tuple[str, ...]], cardiology: str, hematology: str, intervention: str
) -> None:
    found = judge(**values)

    assert weight(found, "cardiology") == cardiology
    assert weight(found, "hematology") == hematology
    assert weight(found, "interventional_radiology") == intervention
    assert ("R37" in found.rules) is ("required" in (cardiology, hematology))


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_r38_only_bowel_obstruction_calls_its_three(event: str) -> None:
    called = {"colorectal_surgery", "palliative_medicine", "nutrition"}

    found = judge(**events(event))

    assert {*found.required} & called == (called if event == "bowel_obstruction" else set())
    assert ("R38" in found.rules) is (event == "bowel_obstruction")


@pytest.mark.parametrize(
    ("status", "expected"), [("sensitive", "none"), ("resistant", "required"), ("refractory", "required")]
)
def test_r39_platinum_failure_calls_palliative_medicine(status: str, expected: str) -> None:
    assert weight(judge(platinum_status=status), "palliative_medicine") == expected


@pytest.mark.parametrize(("albumin", "expected"), [(34.9, "recommended"), (35, "none"), (20, "recommended")])
def test_r43_low_albumin_recommends_nutrition(albumin: float, expected: str) -> None:
    found = judge(albumin_g_l=albumin)

    assert weight(found, "nutrition") == expected
    assert ("R43" in found.rules) is (expected != "none")


def test_r43_recommendation_gives_way_to_the_requirement_of_r38() -> None:
    found = judge(albumin_g_l=30, **events("bowel_obstruction"))

    assert (weight(found, "nutrition"), "R43" in found.rules) == ("required", True)


@pytest.mark.parametrize(
    ("event", "urgency"),
    [
        ("bowel_obstruction", Urgency.URGENT),
        ("bilateral_hydronephrosis", Urgency.URGENT),
        ("brain_metastasis", Urgency.URGENT),
        ("isolated_nodal_recurrence", Urgency.ROUTINE),
    ],
)
def test_u1_acute_event_makes_the_case_urgent(event: str, urgency: Urgency) -> None:
    found = judge(**events(event))

    assert found.urgency is urgency
    assert ("U1" in found.rules) is (urgency is Urgency.URGENT)
    assert found.target_days == (1 if urgency is Urgency.URGENT else 14)


@pytest.mark.parametrize("site", ["brain_metastasis", "hydronephrosis_bilateral"])
def test_u1_reads_events_and_not_sites(site: str) -> None:
    assert judge(**sites(site)).urgency is Urgency.ROUTINE


@pytest.mark.parametrize(("asked", "days"), [("routine", 14), ("expedited", 7), ("urgent", 1)])
def test_urgency_of_the_referral_sets_the_clock_without_u1(asked: str, days: int) -> None:
    found = judge(urgency=asked)

    assert (found.urgency, found.target_days, found.rules) == (Urgency(asked), days, ("R01",))


POINTS = {
    "hysterectomy_bso": 1,
    "omentectomy": 1,
    "pelvic_lymphadenectomy": 1,
    "paraaortic_lymphadenectomy": 1,
    "pelvic_peritonectomy": 1,
    "abdominal_peritonectomy": 1,
    "small_bowel_resection": 1,
    "large_bowel_resection": 2,
    "diaphragm_stripping": 2,
    "diaphragm_full_thickness": 2,
    "splenectomy": 2,
    "liver_resection": 2,
    "rectosigmoid_resection_anastomosis": 3,
}


@pytest.mark.parametrize("procedure", sorted(PROCEDURES))
def test_aletti_points_of_one_procedure(procedure: str) -> None:
    assert judge(**procedures(procedure)).scores == {"aletti": POINTS.get(procedure, 0)}


@pytest.mark.parametrize(
    ("names", "score", "group"),
    [
        ((), None, None),
        (("appendectomy",), 0, None),
        (("omentectomy",), 1, "low"),
        (("rectosigmoid_resection_anastomosis",), 3, "low"),
        (("rectosigmoid_resection_anastomosis", "omentectomy"), 4, "intermediate"),
        (("diaphragm_stripping", "diaphragm_full_thickness"), 2, "low"),
        (HEAVY, 7, "intermediate"),
        ((*HEAVY, "liver_resection"), 9, "high"),
        (tuple(POINTS), 18, "high"),
    ],
)
def test_aletti_score_and_group(names: tuple[str, ...], score: int | None, group: str | None) -> None:
    found = judge(**procedures(*names))

    assert (found.scores, found.score_groups) == ({"aletti": score}, {"aletti": group})


@pytest.mark.parametrize(
    ("values", "minutes"),
    [
        ({}, 4),
        (procedures("hysterectomy_bso", "omentectomy", "pelvic_lymphadenectomy"), 4),  # 3 points
        (procedures("hysterectomy_bso", "omentectomy", "pelvic_lymphadenectomy", "pelvic_peritonectomy"), 6),
        (procedures("stoma"), 6),  # one called-in specialty
        (procedures("splenectomy"), 4),  # a recommended one is not counted
        (procedures("stoma", "hipec"), 8),
        (events("isolated_nodal_recurrence"), 4),  # radiation oncology has a core seat
        (sites("brain_metastasis"), 6),  # neurosurgery; radiation oncology has a core seat
        (procedures(*HEAVY, "pelvic_lymphadenectomy"), 8),
        ({"process_stage": "recurrence"}, 8),
        ({"process_stage": "interval"}, 4),
        ({"figo_stage": "IV"}, 8),
        ({"figo_stage": "IVA"}, 8),
        ({"figo_stage": "IVB"}, 8),
        ({"figo_stage": "IIIC"}, 4),
        ({"question_radiology": "resectable?"}, 5),
        ({"question_pathology": "which?"}, 5),
        ({"question_radiology": "resectable?", "question_pathology": "which?", "figo_stage": "IVB"}, 10),
        ({"question": "what next?"}, 4),
        ({"track": "discuss", "figo_stage": "IVB"}, 8),
        ({"track": "standard_of_care", "figo_stage": "IVB", "question_radiology": "resectable?"}, 1),
        ({"track": "standard_of_care"}, 1),
        ({"histology": "benign", "figo_stage": "IVB"}, 8),
        ({"histology": "benign", **procedures("stoma")}, 4),
        ({"requested_specialties": ("urology", "hpb_surgery")}, 4),
    ],
)
def test_minutes(values: dict[str, Value | tuple[str, ...]], minutes: int) -> None:
    assert judge(**values).minutes == minutes
