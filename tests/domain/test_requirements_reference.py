"""The ovarian rules once more, written down in Python from the clinical text: both must agree on random cases."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from tumorboard.domain.model import Assessment, CaseFacts
from tumorboard.domain.program import load_programs
from tumorboard.domain.requirements import assess

PROGRAM = load_programs()["ovarian"]
ON = date(2026, 11, 24)
CORE = {
    "gynecologic_oncology",
    "radiation_oncology",
    "pathology",
    "radiology",
    "medical_oncology",
    "nuclear_medicine",
    "nurse_specialist",
}
SINGLE = {
    **dict.fromkeys(
        ("hysterectomy_bso", "omentectomy", "pelvic_lymphadenectomy", "paraaortic_lymphadenectomy"),
        1,
    ),
    **dict.fromkeys(("pelvic_peritonectomy", "abdominal_peritonectomy", "small_bowel_resection"), 1),
    **dict.fromkeys(("large_bowel_resection", "splenectomy", "liver_resection"), 2),
    "rectosigmoid_resection_anastomosis": 3,
}


def score_aletti(planned: set[str]) -> int:
    diaphragm = 2 if planned & {"diaphragm_stripping", "diaphragm_full_thickness"} else 0
    return sum(SINGLE.get(each, 0) for each in planned) + diaphragm


def list_needs(v: Mapping[str, Any]) -> list[tuple[str, set[str], set[str]]]:
    """Rule, required, recommended of an eligible case, as section 4 of the clinical text says it."""
    planned = set(v.get("planned_procedures", ()))
    found_at, acute = set(v.get("disease_sites", ())), set(v.get("acute_events", ()))
    ill, germline = set(v.get("comorbidity", ())), set(v.get("germline", ()))
    age, ecog, asa = v.get("age_years", -1), v.get("ecog", -1), v.get("asa", -1)
    albumin, weeks = v.get("albumin_g_l", 99), v.get("pregnancy_weeks", 0)
    histology, stage = v.get("histology", ""), v.get("figo_stage", "")
    operation = bool(planned - {"image_guided_biopsy", "ascites_drainage", "nephrostomy", "pleural_drainage"})
    out: list[tuple[str, set[str], set[str]]] = []

    def add(rule: str, required: object, *specialties: str, recommended: object = False) -> None:
        if required:
            out.append((rule, set(specialties), set()))
        elif recommended:
            out.append((rule, set(), set(specialties)))

    add("R01", True, "gynecologic_oncology", "medical_oncology", "radiology", "pathology")
    bowel = {"small_bowel_resection", "large_bowel_resection", "rectosigmoid_resection_anastomosis", "stoma"}
    add("R10", planned & (bowel | {"pelvic_exenteration"}), "colorectal_surgery")
    liver = {"liver_resection", "porta_hepatis_dissection", "distal_pancreatectomy", "cholecystectomy"}
    add("R11", planned & liver, "hpb_surgery", recommended="splenectomy" in planned)
    add("R12", "gastrectomy_partial" in planned, "upper_gi_surgery")
    urinary = {"bladder_resection", "ureter_resection_reimplant", "ureteric_stent", "nephrostomy"}
    add("R13", planned & (urinary | {"pelvic_exenteration"}) or "hydronephrosis_bilateral" in found_at, "urology")
    chest = {"diaphragm_full_thickness", "cardiophrenic_node_resection", "vats", "pleurectomy", "lung_resection"}
    near_chest = "diaphragm_stripping" in planned or "pleural_effusion" in found_at
    add("R14", planned & chest, "thoracic_surgery", recommended=near_chest)
    vessel = "major_vessel_resection" in planned or ("vessel_encasement" in found_at and operation)
    add("R15", vessel, "vascular_surgery")
    rebuilt = {"abdominal_wall_resection_mesh", "flap_reconstruction", "pelvic_exenteration"}
    add("R16", planned & rebuilt, "plastic_surgery")
    add("R17", "hipec" in planned, "anesthesiology")
    add("R18", "brain_metastasis" in found_at, "neurosurgery", "radiation_oncology")
    add("R19", "isolated_nodal_recurrence" in acute or "bone_metastasis" in found_at, "radiation_oncology")
    add("R20", planned & {"image_guided_biopsy", "nephrostomy"}, "interventional_radiology")
    add("R30", ecog >= 3, "palliative_medicine", recommended=ecog == 2)
    heavy = score_aletti(planned) >= 8 or "pelvic_exenteration" in planned
    risky = operation and (ecog >= 2 or asa >= 3 or albumin < 35 or age >= 80 or heavy)
    add("R31", risky, "anesthesiology", *(["critical_care"] if asa >= 4 else []))
    add("R32", age >= 80 or (age >= 70 and (ecog >= 2 or asa >= 3)), "geriatrics", recommended=70 <= age <= 79)
    wish = 0 <= age <= 40 and v.get("fertility_wish") is True
    early = stage in {"I", "IA", "IB", "IC", "IC1", "IC2", "IC3"} or histology.startswith("borderline")
    add("R33", wish and early, "reproductive_medicine", recommended=wish)
    if weeks >= 1:
        neonatal = {"neonatology"}
        late = weeks >= 22
        out.append(("R34", {"obstetrics_mfm"} | (neonatal if late else set()), set() if late else neonatal))
    inherited = any(each == "VUS" or each.endswith("_PV") for each in germline)
    inherited = inherited or v.get("prior_dx", "").startswith("Yes") or v.get("jewish_origin", "") == "ASHKENAZI"
    invasive = bool(histology) and not histology.startswith("borderline")
    add("R35", inherited, "clinical_genetics", recommended=invasive and histology != "mucinous")
    add("R36", histology == "mucinous", "gastroenterology")
    if operation and ill & {"cardiac_disease", "recent_vte"}:
        clot = "recent_vte" in ill
        required = ({"cardiology"} if "cardiac_disease" in ill else set()) | ({"hematology"} if clot else set())
        out.append(("R37", required, {"interventional_radiology"} if clot else set()))
    add("R38", "bowel_obstruction" in acute, "colorectal_surgery", "palliative_medicine", "nutrition")
    add("R39", v.get("platinum_status") in ("resistant", "refractory"), "palliative_medicine")
    add("R43", False, "nutrition", recommended=albumin < 35)
    return out


def expect(v: Mapping[str, Any]) -> dict[str, Any]:
    """What `cases needs` should say of a case."""
    planned = set(v.get("planned_procedures", ()))
    score = score_aletti(planned)
    eligible = v.get("histology") not in ("benign", "normal")
    needs = list_needs(v) if eligible else [("R02", set(), set())]
    required = set().union(*(each[1] for each in needs))
    urgent = set(v.get("acute_events", ())) & {"bowel_obstruction", "brain_metastasis", "bilateral_hydronephrosis"}
    is_urgent = eligible and bool(urgent or v.get("pregnancy_weeks", 0) >= 1)
    called_in = len(required - CORE)
    minutes = 4
    if 4 <= score <= 7 or called_in == 1:
        minutes = 6
    late = v.get("figo_stage") in ("IV", "IVA", "IVB") or v.get("process_stage") == "recurrence"
    if score >= 8 or called_in >= 2 or late:
        minutes = 8
    minutes += ("question_radiology" in v) + ("question_pathology" in v)
    group = None if score == 0 else "low" if score <= 3 else "intermediate" if score <= 7 else "high"
    return {
        "eligible": eligible,
        "required": sorted(required),
        "recommended": sorted(set().union(*(each[2] for each in needs)) - required),
        "rules": [each[0] for each in needs] + (["U1"] if is_urgent else []),
        "urgency": "urgent" if is_urgent else "routine",
        "minutes": 1 if v.get("track") == "standard_of_care" else minutes,
        "score": (score if planned else None, group),
    }


def tell(found: Assessment) -> dict[str, Any]:
    return {
        "eligible": found.eligible,
        "required": list(found.required),
        "recommended": list(found.recommended),
        "rules": list(found.rules),
        "urgency": str(found.urgency),
        "minutes": found.minutes,
        "score": (found.scores["aletti"], found.score_groups["aletti"]),
    }


def draw_case(chance: random.Random) -> dict[str, Any]:
    """A random case around the limits of the rules; each field is there half of the time."""
    values: dict[str, Any] = {}
    for field, choices in (
        ("age_years", [25, 40, 41, 55, 69, 70, 75, 79, 80, 91]),
        ("ecog", [0, 1, 2, 3, 4]),
        ("asa", [1, 2, 3, 4, 5]),
        ("albumin_g_l", [28, 34.9, 35, 41]),
        ("pregnancy_weeks", [0, 1, 21, 22, 30]),
        ("prior_dx", ["No", "Yes", "Yes, History of Prior Malignancy"]),
        ("jewish_origin", ["ASHKENAZI", "SEPHARDI"]),
        ("fertility_wish", [True, True, False]),
        ("question_radiology", ["which vessels?"]),
        ("question_pathology", ["which type?"]),
        *((each, PROGRAM.fields[each].choices) for each in ("histology", "figo_stage", "process_stage")),
        *((each, PROGRAM.fields[each].choices) for each in ("platinum_status", "track")),
    ):
        if chance.random() < (0.2 if field in ("track", "pregnancy_weeks") else 0.5):
            values[field] = chance.choice(choices)
    for field, most in (
        ("planned_procedures", 6),
        ("disease_sites", 5),
        ("acute_events", 2),
        ("comorbidity", 2),
        ("germline", 2),
    ):
        if chance.random() < 0.6:
            values[field] = frozenset(chance.sample(PROGRAM.fields[field].choices, chance.randint(0, most)))
    return values


@pytest.mark.parametrize("seed", range(200))
def test_programme_and_clinical_text_agree(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(10):
        values = draw_case(chance)

        found = assess(PROGRAM, CaseFacts("C-1", "ovarian", values), on=ON)

        assert tell(found) == expect(values), values
