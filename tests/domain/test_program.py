"""Programme files: what is read, what is refused with file, entry and key, and how a centre lays its own over them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tumorboard.domain.errors import BadInput, BadProgram
from tumorboard.domain.fields import is_given
from tumorboard.domain.gestation import Gestation, read_gestation, show_weeks
from tumorboard.domain.model import Level, Text, Urgency
from tumorboard.domain.program import Exclusion, FieldKind, Program, RuleKind, load_programs

BUILT_IN = load_programs()
FINDINGS = (
    "patient", "disease", "metasta", "obstruct", "pregnan", "anomal", "thrombo", "resist", "low ", "reduced", "older",
    "involve", "planned",
    "환자", "질환", "전이", "폐색", "임신", "기형", "혈전", "저항", "저하", "고령", "침범", "계획", "수종",
)  # fmt: skip

SMALL = """
id = "small"
name = { en = "Small", ko = "작은 프로그램" }

[specialties]
surgery = { en = "Surgery", ko = "외과" }
imaging = { en = "Imaging", ko = "영상의학과" }

[certificates]
expert = { en = "expert", ko = "전문가" }

[[seats]]
specialty = "surgery"
in_quorum = true

[groups]
all = { en = "All", ko = "전체" }

[[fields]]
id = "stage"
kind = "choice"
group = "all"
label = { en = "Stage", ko = "병기" }
choices = ["I", { id = "II", en = "two", ko = "이" }]
default = "I"

[[fields]]
id = "parts"
kind = "set"
group = "all"
label = { en = "Parts", ko = "부위" }
choices = ["arm", "leg"]

[[fields]]
id = "age_years"
kind = "integer"
group = "all"
label = { en = "Age", ko = "나이" }
min = 0
max = 120

[[fields]]
id = "wish"
kind = "yes_no"
group = "all"
label = { en = "Wish", ko = "희망" }

[[fields]]
id = "weeks"
kind = "gestation"
group = "all"
label = { en = "Weeks", ko = "주수" }

[[fields]]
id = "seen_on"
kind = "date"
group = "all"
label = { en = "Seen", ko = "진료일" }

[[fields]]
id = "note"
kind = "text"
group = "all"
label = { en = "Note", ko = "메모" }

[conditions.late]
label = { en = "late", ko = "후기" }
when.stage.is = "II"

[scores.size]
label = { en = "Size", ko = "크기" }
source = "house"
field = "parts"
points = { arm = 1 }
once = [{ any_of = ["leg"], points = 2 }]
groups = [{ id = "small", label = { en = "small", ko = "작음" }, from = 1, to = 2 }]

[[rules]]
id = "R10"
kind = "G"
label = { en = "Always", ko = "항상" }
because = { en = "Always.", ko = "항상 필요합니다." }
source = "book"

[[rules.then]]
when.parts.has_any = ["arm"]
require = ["surgery"]
certificates = { surgery = "expert" }

[[rules]]
id = "R11"
kind = "X"
label = { en = "Late", ko = "후기" }
because = { en = "It is late.", ko = "늦었습니다." }
source = "house"

[[rules.then]]
when.holds = "late"
when.score.size.at_least = 2
recommend = ["imaging"]

[[readiness]]
id = "scan"
label = { en = "Scan", ko = "영상" }
limit_days = 14
level = "warns"
owed_by = "imaging"
source = "house"
levels = [{ level = "blocks", when.holds = "late" }]

[clocks]
routine = { days = 14 }
expedited = { days = 7 }
urgent = { hours = 12 }
list_closes_hours = 24
source = "house"
milestones = [{ id = "first", label = { en = "first", ko = "처음" }, within = { minutes = 30 } }]

[minutes]
plain = 4
add = [{ minutes = 1, when.note.given = true }]

[outcomes]
recommendations = [{ id = "rest", en = "rest", ko = "휴식", asks = ["date"] }]
items = [{ id = "discussed", en = "discussed", ko = "논의함" }]
"""


def write(directory: Path, **files: str) -> Path:
    """Files by name without ending; `__` stands for a dot."""
    for name, content in files.items():
        (directory / f"{name.replace('__', '.')}.toml").write_text(content, encoding="utf-8")
    return directory


def load(directory: Path, **files: str) -> Mapping[str, Program]:
    return load_programs(write(directory, **files))


def refusal(directory: Path, **files: str) -> str:
    with pytest.raises(BadProgram) as error:
        load(directory, **files)
    assert error.value.code == "bad-program"
    return str(error.value)


# --- what comes with the service --------------------------------------------------------------------------------------


def test_built_in_programmes_load_once() -> None:
    assert list(BUILT_IN) == ["cerclage", "ovarian", "perinatal"]
    assert load_programs() is BUILT_IN


def test_ovarian_rules_stand_in_the_order_of_the_clinical_text() -> None:
    assert [(rule.id, str(rule.kind)) for rule in BUILT_IN["ovarian"].rules] == [
        ("R01", "G"),
        ("R02", "X"),
        *((f"R{number}", "X") for number in range(10, 21)),
        ("R30", "X"),
        ("R31", "X"),
        ("R32", "G/X"),
        ("R33", "X"),
        ("R34", "X"),
        ("R35", "G/X"),
        ("R36", "X"),
        ("R37", "X"),
        ("R38", "X"),
        ("R39", "X"),
        ("R43", "X"),
        ("U1", "X"),
    ]


def test_ovarian_seats_are_core_and_the_nurse_counts_for_no_quorum() -> None:
    assert {seat.specialty: seat.in_quorum for seat in BUILT_IN["ovarian"].seats} == {
        "gynecologic_oncology": True,
        "medical_oncology": True,
        "radiology": True,
        "pathology": True,
        "radiation_oncology": True,
        "nuclear_medicine": True,
        "nurse_specialist": False,
    }


def test_ovarian_readiness_items_stand_in_order() -> None:
    assert [(item.id, item.limit_days, str(item.level)) for item in BUILT_IN["ovarian"].readiness] == [
        ("blood_counts", 14, "warns"),
        ("ca125", 28, "warns"),
        ("cea", 28, "warns"),
        ("ct_chest_abdomen_pelvis", 56, "blocks"),
        ("mri_pelvis", 42, "warns"),
        ("pet_ct", 56, "prefers"),
        ("pathology_report", None, "blocks"),
        ("molecular_results", None, "prefers"),
        ("stage_and_performance", None, "warns"),
        ("patient_view", None, "warns"),
    ]


def test_ovarian_operations_are_all_procedures_but_four() -> None:
    program = BUILT_IN["ovarian"]
    listed = program.conditions["operation_planned"].when

    assert set(program.fields["planned_procedures"].choices) - set(listed.operand) == {  # type: ignore[union-attr]
        "image_guided_biopsy",
        "ascites_drainage",
        "nephrostomy",
        "pleural_drainage",
    }


@pytest.mark.parametrize("program", BUILT_IN.values(), ids=list(BUILT_IN))
def test_every_word_of_a_built_in_programme_is_there_in_korean(program: Program) -> None:
    texts = [
        program.name,
        *program.specialties.values(),
        *program.groups.values(),
        *program.certificates.values(),
        *(field.label for field in program.fields.values()),
        *(label for field in program.fields.values() for label in field.labels.values()),
        *(text for rule in program.rules for text in (rule.label, rule.because)),
        *(item.label for item in program.readiness),
        *(named.label for named in program.conditions.values()),
        *(option.label for options in program.outcomes.values() for option in options.values()),
    ]

    plain = {text.ko for text in texts if not any("가" <= letter <= "힣" for letter in text.ko)}

    assert plain <= {"CA-125", "PET/CT", "CEA·CA 19-9", "CA-125(U/mL)", "CEA(ng/mL)", "HE4(pmol/L)"}


@pytest.mark.parametrize("program", BUILT_IN.values(), ids=list(BUILT_IN))
def test_reasons_are_sentences_and_labels_are_short(program: Program) -> None:
    for rule in program.rules:
        assert rule.because.en.endswith("."), rule.id
        assert rule.because.ko.endswith("."), rule.id
        assert len(rule.label.en.split()) <= 6, rule.id
        assert len(rule.label.ko.split()) <= 6, rule.id


@pytest.mark.parametrize("program", BUILT_IN.values(), ids=list(BUILT_IN))
def test_no_field_asks_for_a_registration_number_or_a_name(program: Program) -> None:
    telling = {"name", "birth_date", "resident_registration_number", "rrn", "address", "phone"}

    assert telling.isdisjoint(program.fields)


@pytest.mark.parametrize("program", BUILT_IN.values(), ids=list(BUILT_IN))
def test_every_specialty_may_be_requested(program: Program) -> None:
    assert program.fields["requested_specialties"].choices == tuple(program.specialties)


def test_ovarian_outcomes_are_complete() -> None:
    outcomes = BUILT_IN["ovarian"].outcomes

    assert {key: len(options) for key, options in outcomes.items()} == {
        "recommendations": 19,
        "intents": 3,
        "items": 5,
        "deferrals": 7,
        "follow_up": 3,
        "deviations": 3,
    }
    assert outcomes["recommendations"]["further_workup"].asks == ("what", "who", "by_when")


# --- what is read -----------------------------------------------------------------------------------------------------


def test_small_programme_is_read(tmp_path: Path) -> None:
    program = load(tmp_path, small=SMALL)["small"]

    assert program.name == Text("Small", "작은 프로그램")
    assert program.core == {"surgery"}
    assert program.fields["stage"].choices == ("I", "II")
    assert program.fields["stage"].label_of("II") == Text("two", "이")
    assert program.fields["stage"].label_of("I") == Text("I", "I")
    assert program.fields["stage"].default == "I"
    assert (program.fields["age_years"].minimum, program.fields["age_years"].maximum) == (0, 120)
    assert program.fields["weeks"].kind is FieldKind.GESTATION
    assert [rule.kind for rule in program.rules] == [RuleKind.GUIDELINE, RuleKind.CONVENTION]
    assert program.rules[0].clauses[0].certificates == {"surgery": "expert"}
    assert program.clocks.days == {Urgency.ROUTINE: 14, Urgency.EXPEDITED: 7, Urgency.URGENT: 0.5}
    assert program.clocks.milestones[0].hours == 0.5
    assert program.readiness[0].overrides[0].level is Level.BLOCKS
    assert program.rule("R11") is program.rules[1]
    assert program.rule("requested") is None
    assert program.intake == {}


def test_centre_programme_stands_beside_the_built_in_ones(tmp_path: Path) -> None:
    assert list(load(tmp_path, small=SMALL)) == [*BUILT_IN, "small"]


def test_empty_directory_changes_nothing(tmp_path: Path) -> None:
    assert load_programs(tmp_path) == BUILT_IN


def test_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_bytes(b"\xef\xbb\xbf" + SMALL.encode())

    assert "small" in load_programs(tmp_path)


@pytest.mark.parametrize("exclude", ["silent", "alerting"])
def test_exclusion_is_read(tmp_path: Path, exclude: str) -> None:
    small = SMALL.replace('require = ["surgery"]\ncertificates = { surgery = "expert" }', f'exclude = "{exclude}"')

    assert load(tmp_path, small=small)["small"].rules[0].clauses[0].exclude is Exclusion(exclude)


# --- what is refused --------------------------------------------------------------------------------------------------

WHEN = 'when.parts.has_any = ["arm"]'

WRONG_CONDITIONS = [
    (
        'when.part.has_any = ["arm"]',
        "small.toml, rule R10, then 1, when.part: 'part' is no field of this programme; did",
    ),
    (
        'when.parts.has_any = ["x"]',
        "rule R10, then 1, when.parts.has_any: 'x' is no value of this field; known are arm",
    ),
    ('when.parts.has_any = ["arms"]', "when.parts.has_any: 'arms' is no value of this field; did you mean 'arm'?"),
    ("when.parts.has_any = []", "when.parts.has_any: at least one value is expected here"),
    ('when.parts.has_any = ["arm", "arm"]', "has_any: 'arm' is listed twice"),
    ('when.parts.has_any = "arm"', "has_any: a list of words is expected here"),
    ('when.parts.has = ["arm"]', "when.parts: 'has' is no operator; did you mean 'has_any'?"),
    ('when.parts.is = "arm"', "when.parts: 'is' does not fit a field of kind set; use count_at_least, given, has_all"),
    ('when.parts.has_any_ending = ["_PV"]', "has_any_ending: no value of this field ends in '_PV'"),
    ("when.parts = {}", "when.parts: an operator is expected here"),
    ("when.parts.count_at_least = 1.5", "count_at_least: a whole number is expected here"),
    ("when = {}", "then 1, when: a condition is expected here"),
    ('when = "arm"', "then 1, when: a table is expected here"),
    ("when.stage.at_least = 1", "'at_least' does not fit a field of kind choice"),
    ('when.stage.is = "IV"', "when.stage.is: 'IV' is no value of this field"),
    ('when.stage.in = ["I", "V"]', "when.stage.in: 'V' is no value of this field"),
    ('when.age_years.at_least = "80"', "at_least: a number of at least 0 is expected here"),
    ("when.age_years.at_least = true", "at_least: a number of at least 0 is expected here"),
    ('when.age_years.starts_with = "8"', "'starts_with' does not fit a field of kind integer"),
    ('when.wish.is = "yes"', "when.wish, is: true or false is expected here"),
    ('when.weeks.below = "24"', "when.weeks.below: not a gestational age"),
    ('when.weeks.below = "24+7"', "when.weeks.below: not a gestational age"),
    ('when.weeks.below = "24+0@2026-11-20"', "when.weeks.below: an age without a day is expected here"),
    ("when.weeks.below = 24", "when.weeks, below: words are expected here"),
    ('when.seen_on.is = "2026-01-01"', "'is' does not fit a field of kind date; use given"),
    ('when.note.given = "yes"', "given: true or false is expected here"),
    ('when.holds = "early"', "when.holds: 'early' is no condition of this programme"),
    ("when.score.sise.at_least = 1", "when.score: 'sise' is no score of this programme; did you mean 'size'?"),
    ("when.score.size.is = 1", "when.score.size: one of at_least, above, at_most, below is expected here"),
    ("when.score.size.at_least = 1.5", "at_least: a whole number is expected here"),
    ("when.score = {}", "when.score: a score is expected here"),
    ("when.on_demand_specialties.at_least = 1", "called-in specialties are known only where minutes are counted"),
    ("when.any = []", "when.any: a list of conditions is expected here"),
    ('when.any = { stage.is = "I" }', "when.any: a list of conditions is expected here"),
    ('when.any = [{ stage.is = "I" }, { stag.is = "I" }]', "when.any[2].stag: 'stag' is no field"),
    ('when.all = [{ stage.is = "I" }, {}]', "when.all[2]: a condition is expected here"),
    ('when.not.stage.is = "X"', "when.not.stage.is: 'X' is no value of this field"),
]


@pytest.mark.parametrize(("when", "message"), WRONG_CONDITIONS)
def test_wrong_condition_is_refused_with_its_place(tmp_path: Path, when: str, message: str) -> None:
    assert message in refusal(tmp_path, small=SMALL.replace(WHEN, when, 1))


WRONG_ENTRIES = [
    # rules
    ('require = ["surgery"]', 'require = ["surgry"]', "rule R10, then 1, require: 'surgry' is no specialty of this"),
    ('require = ["surgery"]', 'requires = ["surgery"]', "'surgery' is no specialty of this clause"),
    ('recommend = ["imaging"]', 'recommends = ["imaging"]', "rule R11, then 1: unknown key 'recommends'; did you mean"),
    ('recommend = ["imaging"]\n', "", "rule R11, then 1: this clause says nothing"),
    ('recommend = ["imaging"]', "caution = 1", "rule R11, then 1, caution: true or false is expected here"),
    ('recommend = ["imaging"]', 'urgency = "soon"', "urgency: 'soon' is no urgency"),
    ('recommend = ["imaging"]', 'exclude = "yes"', "exclude: 'yes' is no way to exclude; known are silent, alerting"),
    ('recommend = ["imaging"]', "within_days = 1\nwithin_hours = 2", "within_days and within_hours exclude each other"),
    ('{ surgery = "expert" }', '{ surgery = "genius" }', "'genius' is no certificate of this programme"),
    ('{ surgery = "expert" }', '{ imaging = "expert" }', "'imaging' is no specialty of this clause"),
    ('kind = "G"', 'kind = "H"', "rule R10, kind: 'H' is no kind of rule; known are G, X, G/X"),
    ('source = "book"\n', "", "small.toml, rule R10: 'source' is missing"),
    ('source = "book"', 'source = " "', "rule R10, source: words are expected here"),
    ('because = { en = "Always.", ko = "항상 필요합니다." }\n', "", "rule R10: 'because' is missing"),
    (', ko = "항상 필요합니다."', "", "rule R10, because: 'ko' is missing"),
    ('en = "Always.", ', "", "rule R10, because: 'en' is missing"),
    (', ko = "항상" }', " }", "rule R10, label: 'ko' is missing"),
    ('id = "R11"', 'id = "R10"', "small.toml, rules: 'R10' is there twice"),
    ('id = "R11"\n', "", "small.toml, rule 2: 'id' is missing"),
    ('id = "R11"', 'id = "R 11"', "rule R 11, id: 'R 11' is no identifier"),
    ('id = "R11"', 'id = "R11"\nsauce = "x"', "rule R11: unknown key 'sauce'; did you mean 'source'?"),
    # fields
    ('kind = "yes_no"', 'kind = "boolean"', "field wish, kind: 'boolean' is no kind of field"),
    ('id = "wish"', 'id = "note"', "small.toml, fields: 'note' is there twice"),
    ('id = "wish"', 'id = "any"', "field any, id: 'any' is a word of the condition language"),
    ('id = "wish"', 'id = "Wish"', "field Wish, id: 'Wish' is no identifier"),
    ('id = "wish"', 'id = "urgency"', "field urgency, kind: urgency is always of kind choice"),
    ('id = "wish"', 'id = "named_members"', "named_members is always of kind set"),
    ('id = "stage"', 'id = "urgency"', "field urgency, choices: 'I' is no urgency"),
    ('choices = ["arm", "leg"]', 'choices = ["arm", "arm"]', "field parts, choices: 'arm' is listed twice"),
    ('choices = ["arm", "leg"]', 'choices = ["arm", "le;g"]', "'le;g' is no value of letters, digits and underscores"),
    ('choices = ["arm", "leg"]', "choices = []", "field parts, choices: a list of values is expected here"),
    ('choices = ["arm", "leg"]', 'choices_from = "members"', "choices_from: 'members' is no list to choose from"),
    ('{ id = "II", en = "two", ko = "이" }', '{ id = "II", en = "two" }', "field stage, choices: 'ko' is missing"),
    ('choices = ["I", { id = "II", en = "two", ko = "이" }]\n', "", "field stage: 'choices' is missing"),
    ('default = "I"', 'default = "V"', "field stage, default: 'V' is no value of this field"),
    ('label = { en = "Wish", ko = "희망" }', 'label = { en = "Wish" }', "field wish, label: 'ko' is missing"),
    ("max = 120", "max = 120\nunit = 'a'", "field age_years: unknown key 'unit'"),
    ('kind = "integer"', 'kind = "text"', "field age_years, min: a field of kind text has no bounds"),
    # specialties, seats, groups
    ('specialty = "surgery"', 'specialty = "nursing"', "seat nursing, specialty: 'nursing' is no specialty"),
    (
        'surgery = { en = "Surgery", ko = "외과" }',
        'surgery = { en = "Surgery" }',
        "specialties, surgery: 'ko' is missing",
    ),
    ("in_quorum = true", "in_quorum = 1", "seat surgery, in_quorum: true or false is expected here"),
    ('all = { en = "All", ko = "전체" }', 'some = { en = "All", ko = "전체" }', "'all' is no group of this programme"),
    # conditions and scores
    ('when.stage.is = "II"', 'when.holds = "late"', "condition 'late' depends on itself"),
    ('when.stage.is = "II"', 'when.stage.is = "II"\nwhy = "x"', "condition late: unknown key 'why'"),
    ("points = { arm = 1 }", "points = { hand = 1 }", "score size: 'hand' is no value of parts"),
    ('any_of = ["leg"]', 'any_of = ["toe"]', "score size: 'toe' is no value of parts"),
    ('field = "parts"', 'field = "stage"', "score size, field: 'stage' is no set field of this programme"),
    # readiness
    ('owed_by = "imaging"', 'owed_by = "nobody"', "readiness scan, owed_by: 'nobody' is no specialty"),
    (
        'level = "warns"',
        'level = "shouts"',
        "readiness scan, level: 'shouts' is no level; known are blocks, warns, prefers",
    ),
    ("limit_days = 14", "limit_days = -1", "readiness scan, limit_days: a number of at least 0 is expected here"),
    ("limit_days = 14", 'fields = ["scan"]', "readiness scan, fields: 'scan' is no field of this programme"),
    ("limit_days = 14", 'reported_field = "note"', "readiness scan, reported_field: 'note' is no date field"),
    ('level = "blocks", ', "", "readiness scan, levels 1: 'level' is missing"),
    # clocks, minutes, outcomes, top
    ("routine = { days = 14 }\n", "", "small.toml, clocks: 'routine' is missing"),
    ("{ days = 14 }", "{ weeks = 2 }", "clocks, routine: one of minutes, hours or days is expected here"),
    ("plain = 4", "plain = 4.5", "minutes, plain: a whole number is expected here"),
    ("plain = 4", "plain = 4\nextra = 1", "minutes: unknown key 'extra'"),
    ("when.note.given = true", "when.notes.given = true", "minutes, add 1, when.notes: 'notes' is no field"),
    ("items = [", "item = [", "outcomes: 'item' is no list of outcomes; did you mean 'items'?"),
    ('items = [{ id = "discussed", en = "discussed", ko = "논의함" }]', "", "outcomes: 'items' is missing"),
    ('id = "small"', 'id = "small"\nversion = 1', "small.toml: unknown key 'version'"),
    ('id = "small"\n', "", "small.toml: 'id' is missing"),
    ('name = { en = "Small", ko = "작은 프로그램" }', 'name = "Small"', "small.toml, name: a table is expected here"),
    ("[outcomes]", "[outcome]", "small.toml: 'outcomes' is missing"),
]


@pytest.mark.parametrize(("right", "wrong", "message"), WRONG_ENTRIES)
def test_wrong_entry_is_refused_with_its_place(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert right in SMALL

    assert message in refusal(tmp_path, small=SMALL.replace(right, wrong, 1))


def test_rule_without_clauses_is_refused(tmp_path: Path) -> None:
    small = SMALL.replace(
        '[[rules.then]]\nwhen.holds = "late"\nwhen.score.size.at_least = 2\nrecommend = ["imaging"]', ""
    )

    assert "rule R11: 'then' is missing" in refusal(tmp_path, small=small)


def test_broken_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, small="id = 'x'\nname = {").startswith("small.toml: not TOML: ")


def test_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_bytes(SMALL.encode("cp949"))

    with pytest.raises(BadProgram, match=r"small\.toml: the file is not UTF-8; save it as UTF-8"):
        load_programs(tmp_path)


def test_directory_that_does_not_exist_is_refused_by_its_name_alone(tmp_path: Path) -> None:
    with pytest.raises(BadProgram) as error:
        load_programs(tmp_path / "rules")

    assert str(error.value) == "rules: this directory of programmes does not exist"


def test_lists_that_are_tables_are_refused(tmp_path: Path) -> None:
    assert "more.toml, rules: a list of tables is expected here" in refusal(
        tmp_path, more='extends = "ovarian"\n[rules]\nid = "R99"'
    )


# --- a centre's own ---------------------------------------------------------------------------------------------------

OWN_RULE = """
[[rules]]
id = "{id}"
kind = "X"
label = {{ en = "Own rule", ko = "자체 규칙" }}
because = {{ en = "We say so.", ko = "저희 기준입니다." }}
source = "house"

[[rules.then]]
when.age_years.at_least = 75
recommend = ["geriatrics"]
"""


def test_file_with_a_built_in_id_replaces_it(tmp_path: Path) -> None:
    programs = load(tmp_path, ours=SMALL.replace('id = "small"', 'id = "ovarian"'))

    assert programs["ovarian"].name.en == "Small"
    assert programs["ovarian"].intake == BUILT_IN["ovarian"].intake
    assert programs["perinatal"] == BUILT_IN["perinatal"]


def test_extending_file_adds_a_rule_behind_the_others(tmp_path: Path) -> None:
    rules = load(tmp_path, ours='extends = "ovarian"' + OWN_RULE.format(id="H1"))["ovarian"].rules

    assert [rule.id for rule in rules] == [*(rule.id for rule in BUILT_IN["ovarian"].rules), "H1"]
    assert rules[:-1] == BUILT_IN["ovarian"].rules


def test_extending_file_replaces_a_rule_in_its_place(tmp_path: Path) -> None:
    rules = load(tmp_path, ours='extends = "ovarian"' + OWN_RULE.format(id="R32"))["ovarian"].rules

    assert [rule.id for rule in rules] == [rule.id for rule in BUILT_IN["ovarian"].rules]
    assert [rule.label.en for rule in rules if rule.id == "R32"] == ["Own rule"]


def test_disable_drops_a_rule_and_a_readiness_item(tmp_path: Path) -> None:
    program = load(tmp_path, ours='extends = "ovarian"\ndisable = ["R43", "pet_ct"]')["ovarian"]

    assert {rule.id for rule in BUILT_IN["ovarian"].rules} - {rule.id for rule in program.rules} == {"R43"}
    assert {item.id for item in BUILT_IN["ovarian"].readiness} - {item.id for item in program.readiness} == {"pet_ct"}


def test_extending_file_changes_single_values_of_tables(tmp_path: Path) -> None:
    ours = """
extends = "ovarian"
clocks.expedited = { hours = 120 }
minutes.plain = 5
scores.aletti.points.appendectomy = 1
"""

    program = load(tmp_path, ours=ours)["ovarian"]

    assert program.clocks.days == {Urgency.ROUTINE: 14, Urgency.EXPEDITED: 5, Urgency.URGENT: 1}
    assert program.minutes.plain == 5
    assert program.minutes.at_least == BUILT_IN["ovarian"].minutes.at_least
    assert program.scores["aletti"].points == {**BUILT_IN["ovarian"].scores["aletti"].points, "appendectomy": 1}


def test_extending_file_replaces_a_condition_as_a_whole(tmp_path: Path) -> None:
    ours = 'extends = "ovarian"\n[conditions.recurrence]\nwhen.platinum_status.given = true'

    condition = load(tmp_path, ours=ours)["ovarian"].conditions["recurrence"]

    assert condition.label == BUILT_IN["ovarian"].conditions["recurrence"].label
    assert condition.when.field.id == "platinum_status"  # type: ignore[union-attr]


def test_extending_file_adds_a_specialty_a_seat_and_a_field(tmp_path: Path) -> None:
    ours = """
extends = "ovarian"
[specialties]
dietetics = { en = "Dietetics", ko = "영양사" }
[[seats]]
specialty = "dietetics"
in_quorum = false
[[fields]]
id = "frailty_score"
kind = "integer"
group = "patient"
label = { en = "Frailty", ko = "노쇠 점수" }
"""

    program = load(tmp_path, ours=ours)["ovarian"]

    assert program.core == BUILT_IN["ovarian"].core | {"dietetics"}
    assert list(program.fields)[-1] == "frailty_score"
    assert "dietetics" in program.fields["requested_specialties"].choices


def test_extending_file_with_its_own_id_leaves_the_extended_one_alone(tmp_path: Path) -> None:
    ours = 'extends = "ovarian"\nid = "tube"\nname = { en = "Tube", ko = "난관" }\ndisable = ["R43"]'

    programs = load(tmp_path, ours=ours)

    assert programs["ovarian"] == BUILT_IN["ovarian"]
    assert (programs["tube"].id, len(programs["tube"].rules)) == ("tube", len(BUILT_IN["ovarian"].rules) - 1)
    assert programs["tube"].intake == BUILT_IN["ovarian"].intake


def test_files_extend_one_another_in_the_order_of_their_names(tmp_path: Path) -> None:
    first = 'extends = "ovarian"' + OWN_RULE.format(id="H1")
    second = 'extends = "ovarian"\ndisable = ["H1"]' + OWN_RULE.format(id="H2")

    rules = load(tmp_path, a=first, b=second)["ovarian"].rules

    assert [rule.id for rule in rules][-1] == "H2"
    assert "H1" not in [rule.id for rule in rules]


def test_mistake_in_an_extending_file_names_that_file(tmp_path: Path) -> None:
    ours = 'extends = "ovarian"' + OWN_RULE.format(id="H1").replace("age_years", "age")

    assert "ours.toml, rule H1, then 1, when.age: 'age' is no field of this programme" in refusal(tmp_path, ours=ours)


def test_field_a_rule_reads_cannot_change_its_kind_unseen(tmp_path: Path) -> None:
    ours = """
extends = "ovarian"
[[fields]]
id = "ecog"
kind = "text"
group = "patient"
label = { en = "ECOG", ko = "수행 상태" }
"""

    assert "'at_least' does not fit a field of kind text" in refusal(tmp_path, ours=ours)


@pytest.mark.parametrize(
    ("ours", "message"),
    [
        ('extends = "ovarien"', "ours.toml, extends: 'ovarien' is no programme; did you mean 'ovarian'?"),
        (
            'extends = "ovarian"\ndisable = ["R99"]',
            "ours.toml, disable: 'R99' is no rule or readiness item; did you mean",
        ),
        ('extends = "ovarian"\ndisable = "R43"', "ours.toml, disable: a list of words is expected here"),
        ('extends = "ovarian"\nrule = 1', "ours.toml: unknown key 'rule'"),
    ],
)
def test_wrong_extension_is_refused(tmp_path: Path, ours: str, message: str) -> None:
    assert message in refusal(tmp_path, ours=ours)


def test_same_rule_twice_in_an_extending_file_is_refused(tmp_path: Path) -> None:
    ours = 'extends = "ovarian"' + OWN_RULE.format(id="R32") + OWN_RULE.format(id="R32")

    assert refusal(tmp_path, ours=ours) == "ours.toml, rules: 'R32' is there twice"


def test_two_files_with_the_same_id_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, a=SMALL, b=SMALL) == "b.toml, id: another file of this directory has 'small' too"


def test_intake_file_beside_a_programme_is_its_intake(tmp_path: Path) -> None:
    assert load(tmp_path, small=SMALL, small__intake="missing = ['NA']")["small"].intake == {"missing": ["NA"]}


def test_intake_file_of_the_centre_replaces_the_built_in_one(tmp_path: Path) -> None:
    programs = load(tmp_path, ovarian__intake="missing = ['NA']")

    assert programs["ovarian"].intake == {"missing": ["NA"]}
    assert programs["ovarian"].rules == BUILT_IN["ovarian"].rules


def test_intake_file_without_a_programme_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, smal__intake="") == (
        "smal.intake.toml: there is no programme 'smal'; known are cerclage, ovarian, perinatal"
    )


# --- gestation --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [("24+3", "24+3"), (" 24+3 ", "24+3"), ("24+3@2026-11-20", "24+3@2026-11-20"), ("0+6", "0+6"), ("45+0", "45+0")],
)
def test_gestation_is_read_and_shown(text: str, shown: str) -> None:
    assert str(read_gestation(text)) == shown


@pytest.mark.parametrize(
    "text",
    ["24", "24+7", "24 + 3", "24w3d", "46+0", "124+0", "24+3@20.11.2026", "24+3@2026-02-30", "", "-1+0", "２４+3"],
)
def test_text_that_is_no_gestation_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as error:
        read_gestation(text)

    assert error.value.code == "bad-gestation"


def test_gestation_without_a_day_does_not_grow() -> None:
    day = read_gestation("1+0@2026-03-01").on

    assert day is not None
    assert (Gestation(7).days_on(day), Gestation(7, day).days_on(day.replace(day=29))) == (7, 35)


@pytest.mark.parametrize(("days", "shown"), [(0, "0+0"), (6, "0+6"), (7, "1+0"), (171, "24+3"), (-3, "-0+3")])
def test_days_are_shown_as_weeks(days: int, shown: str) -> None:
    assert show_weeks(days) == shown


@pytest.mark.parametrize(
    ("value", "given"),
    [(None, False), ("", False), (frozenset(), False), (0, True), (False, True), ("x", True), (frozenset({"x"}), True)],
)
def test_empty_is_not_given(value: object, given: bool) -> None:
    assert is_given(value) is given  # type: ignore[arg-type]


@pytest.mark.parametrize("program", sorted(BUILT_IN))
def test_label_of_a_rule_that_asks_somebody_names_no_finding_of_a_patient(program: str) -> None:
    """Labels stand beside a case reference in letters and calendars."""
    asking = [rule for rule in BUILT_IN[program].rules if any(each.require or each.recommend for each in rule.clauses)]

    said = {rule.id: f"{rule.label.en} {rule.label.ko}".lower() for rule in asking}

    assert len(said) > 1
    assert {name: label for name, label in said.items() if any(word in label for word in FINDINGS)} == {}
