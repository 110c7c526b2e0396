"""What any programme's rules make of a case: clauses, exclusions, waivers, urgency, clocks, minutes, notices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import Assessment, CaseFacts, Need, Text, Urgency, Value, Waiver
from tumorboard.domain.program import Program, load_programs
from tumorboard.domain.requirements import assess

ON = date(2026, 11, 24)

PROGRAM = """
id = "small"
name = { en = "Small", ko = "작은" }

[specialties]
surgery = { en = "Surgery", ko = "외과" }
imaging = { en = "Imaging", ko = "영상의학과" }
genetics = { en = "Genetics", ko = "유전학과" }
nutrition = { en = "Nutrition", ko = "영양팀" }

[certificates]
expert = { en = "expert", ko = "전문가" }

[[seats]]
specialty = "surgery"
in_quorum = true

[groups]
all = { en = "All", ko = "전체" }

[[fields]]
id = "urgency"
kind = "choice"
group = "all"
label = { en = "Urgency", ko = "긴급도" }
choices = ["routine", "expedited", "urgent"]

[[fields]]
id = "requested_specialties"
kind = "set"
group = "all"
label = { en = "Requested", ko = "요청" }
choices_from = "specialties"

[[fields]]
id = "named_members"
kind = "set"
group = "all"
label = { en = "Named", ko = "지정" }

[[fields]]
id = "state"
kind = "choice"
group = "all"
label = { en = "State", ko = "상태" }
choices = ["sick", "well", "hopeless"]
default = "sick"

[[fields]]
id = "age_years"
kind = "integer"
group = "all"
label = { en = "Age", ko = "나이" }

[[fields]]
id = "gestational_age"
kind = "gestation"
group = "all"
label = { en = "Gestation", ko = "주수" }

[[fields]]
id = "parts"
kind = "set"
group = "all"
label = { en = "Parts", ko = "부위" }
choices = ["arm", "leg", "left_hand", "right_hand"]

[scores.size]
label = { en = "Size", ko = "크기" }
source = "house"
field = "parts"
points = { arm = 1, leg = 3 }
once = [{ any_of = ["left_hand", "right_hand"], points = 2 }]
groups = [
  { id = "small", label = { en = "small", ko = "작음" }, from = 1, to = 2 },
  { id = "large", label = { en = "large", ko = "큼" }, from = 3 },
]

[[rules]]
id = "A1"
kind = "G"
label = { en = "Always", ko = "항상" }
because = { en = "Always.", ko = "항상 필요합니다." }
source = "book"
then = [{ require = ["surgery"], certificates = { surgery = "expert" } }]

[[rules]]
id = "A2"
kind = "X"
label = { en = "Well", ko = "건강" }
because = { en = "Not ill.", ko = "병이 없습니다." }
source = "house"
then = [{ when.state.is = "well", exclude = "silent" }]

[[rules]]
id = "A3"
kind = "X"
label = { en = "Hopeless", ko = "금기" }
because = { en = "Too late.", ko = "너무 늦었습니다." }
source = "house"
then = [{ when.state.is = "hopeless", exclude = "alerting", within_hours = 1 }]

[[rules]]
id = "A4"
kind = "X"
label = { en = "Old", ko = "고령" }
because = { en = "Old age.", ko = "고령입니다." }
source = "house"
then = [
  { when.age_years.at_least = 80, require = ["genetics"], recommend = ["nutrition"] },
  { when.age_years.at_least = 70, recommend = ["genetics"], caution = true },
]

[[rules]]
id = "A5"
kind = "X"
label = { en = "Large", ko = "큼" }
because = { en = "It is large.", ko = "큽니다." }
source = "house"
then = [{ when.score.size.at_least = 3, require = ["imaging"], urgency = "expedited", within_days = 3 }]

[[rules]]
id = "A6"
kind = "X"
label = { en = "Late", ko = "후기" }
because = { en = "It is late.", ko = "늦었습니다." }
source = "house"
then = [{ when.gestational_age.at_least = "22+0", require = ["nutrition"] }]

[clocks]
routine = { days = 14 }
expedited = { days = 7 }
urgent = { hours = 12 }
list_closes_hours = 24
source = "house"

[minutes]
plain = 4
at_least = [
  { minutes = 6, when.on_demand_specialties.at_least = 1 },
  { minutes = 8, when.on_demand_specialties.at_least = 2 },
]
add = [{ minutes = 1, when.age_years.given = true }]
exactly = [{ minutes = 2, when.state.is = "hopeless" }]

[outcomes]
recommendations = [{ id = "rest", en = "rest", ko = "휴식" }]
items = [{ id = "discussed", en = "discussed", ko = "논의함" }]
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    directory: Path = tmp_path_factory.mktemp("programs")
    (directory / "small.toml").write_text(PROGRAM, encoding="utf-8")
    return load_programs(directory)["small"]


def judge(program: Program, values: Mapping[str, Value] | None = None, *waivers: Waiver, on: date = ON) -> Assessment:
    return assess(program, CaseFacts("C-1", program.id, values or {}), on=on, waivers=waivers)


def a_waiver(specialty: str, *, by: str = "Dr. Han", because: str = "seen yesterday", hour: int = 9) -> Waiver:
    return Waiver(specialty, by=by, because=because, at=datetime(2026, 11, 20, hour, tzinfo=UTC))


def test_case_without_values_gets_the_rule_that_always_holds(program: Program) -> None:
    assert judge(program) == Assessment(
        eligible=True,
        needs=(
            Need(
                specialty="surgery",
                required=True,
                rule="A1",
                kind="G",
                because=Text("Always.", "항상 필요합니다."),
                source="book",
                certificate="expert",
            ),
        ),
        required=("surgery",),
        recommended=(),
        rules=("A1",),
        urgency=Urgency.ROUTINE,
        minutes=4,
        target_days=14,
        scores={"size": None},
        score_groups={"size": None},
        notices=(),
    )


def test_silent_exclusion_leaves_no_needs_and_names_only_the_excluding_rule(program: Program) -> None:
    values: dict[str, Value] = {
        "state": "well",
        "age_years": 85,
        "parts": frozenset({"leg"}),
        "requested_specialties": frozenset({"imaging"}),
        "named_members": frozenset({"kim"}),
    }

    found = judge(program, values)

    assert (found.eligible, found.needs, found.required, found.recommended) == (False, (), (), ())
    assert found.rules == ("A2",)
    assert found.notices == (Text("Not ill.", "병이 없습니다."),)
    assert (found.minutes, found.urgency, found.target_days) == (5, Urgency.ROUTINE, 14)
    assert (found.scores, found.score_groups) == ({"size": 3}, {"size": "large"})


def test_silent_exclusion_keeps_the_urgency_of_the_referral(program: Program) -> None:
    assert judge(program, {"state": "well", "urgency": "urgent"}).urgency is Urgency.URGENT


def test_alerting_exclusion_keeps_the_needs_and_leads_the_notices(program: Program) -> None:
    found = judge(program, {"state": "hopeless", "age_years": 72})

    assert found.eligible is False
    assert found.required == ("surgery",)
    assert found.recommended == ("genetics",)
    assert found.rules == ("A1", "A3", "A4")
    assert found.notices == (Text("Too late.", "너무 늦었습니다."), Text("Old age.", "고령입니다."))


def test_excluding_rule_leads_the_notices_though_a_caution_stands_before_it_in_the_file(program: Program) -> None:
    found = judge(program, {"state": "hopeless", "age_years": 90})

    assert [notice.en for notice in found.notices] == ["Too late.", "Old age."]


@pytest.mark.parametrize(
    ("age_years", "required", "recommended"),
    [
        (69, ("surgery",), ()),
        (70, ("surgery",), ("genetics",)),
        (79, ("surgery",), ("genetics",)),
        (80, ("genetics", "surgery"), ("nutrition",)),
    ],
)
def test_required_specialty_is_not_also_recommended(
    program: Program, age_years: int, required: tuple[str, ...], recommended: tuple[str, ...]
) -> None:
    found = judge(program, {"age_years": age_years})

    assert (found.required, found.recommended) == (required, recommended)


def test_rule_whose_recommendation_is_required_elsewhere_still_fired(program: Program) -> None:
    found = judge(program, {"age_years": 80, "gestational_age": "23+0"})

    assert found.rules == ("A1", "A4", "A6")
    assert [(need.specialty, need.required, need.rule) for need in found.needs] == [
        ("surgery", True, "A1"),
        ("genetics", True, "A4"),
        ("nutrition", True, "A6"),
    ]


def test_requested_specialty_is_recommended(program: Program) -> None:
    found = judge(program, {"requested_specialties": frozenset({"nutrition", "imaging"})})

    assert found.recommended == ("imaging", "nutrition")
    assert found.rules == ("A1",)
    assert [(need.specialty, need.rule, need.kind) for need in found.needs if not need.required] == [
        ("imaging", "requested", "X"),
        ("nutrition", "requested", "X"),
    ]


def test_requested_specialty_that_is_required_stays_required_only(program: Program) -> None:
    found = judge(program, {"requested_specialties": frozenset({"surgery"})})

    assert (found.required, found.recommended, len(found.needs)) == (("surgery",), (), 1)


def test_named_member_is_a_need_for_that_person_and_no_specialty(program: Program) -> None:
    found = judge(program, {"named_members": frozenset({"lee", "kim"})})

    assert [(need.member, need.specialty, need.required, need.rule) for need in found.needs] == [
        (None, "surgery", True, "A1"),
        ("kim", "", True, "named"),
        ("lee", "", True, "named"),
    ]
    assert (found.required, found.minutes) == (("surgery",), 4)


def test_waived_need_stays_with_its_physician_and_is_required_no_more(program: Program) -> None:
    found = judge(program, {"age_years": 80}, a_waiver("genetics"))

    assert (found.required, found.recommended) == (("surgery",), ("nutrition",))
    assert [(need.specialty, need.waived_by, need.waived_because) for need in found.needs] == [
        ("surgery", None, None),
        ("genetics", "Dr. Han", "seen yesterday"),
        ("nutrition", None, None),
    ]
    assert found.rules == ("A1", "A4")


def test_waived_requirement_does_not_come_back_as_a_recommendation(program: Program) -> None:
    values: dict[str, Value] = {"age_years": 80, "requested_specialties": frozenset({"genetics"})}

    assert judge(program, values, a_waiver("genetics")).recommended == ("nutrition",)


def test_waived_recommendation_is_recommended_no_more(program: Program) -> None:
    found = judge(program, {"age_years": 70}, a_waiver("genetics"))

    assert (found.recommended, found.needs[-1].waived_by) == ((), "Dr. Han")


def test_latest_of_two_waivers_counts(program: Program) -> None:
    later, earlier = a_waiver("surgery", by="Dr. Yun", hour=11), a_waiver("surgery", hour=8)

    assert judge(program, {}, later, earlier).needs[0].waived_by == "Dr. Yun"


def test_waiver_for_a_specialty_without_need_changes_nothing(program: Program) -> None:
    assert judge(program, {}, a_waiver("imaging")) == judge(program)


def test_waived_specialty_costs_no_minutes(program: Program) -> None:
    values: dict[str, Value] = {"parts": frozenset({"leg"})}

    assert [judge(program, values).minutes, judge(program, values, a_waiver("imaging")).minutes] == [6, 4]


@pytest.mark.parametrize(
    ("asked", "parts", "urgency", "target_days"),
    [
        (None, (), Urgency.ROUTINE, 14),
        ("routine", (), Urgency.ROUTINE, 14),
        ("expedited", (), Urgency.EXPEDITED, 7),
        ("urgent", (), Urgency.URGENT, 0.5),
        (None, ("leg",), Urgency.EXPEDITED, 3),
        ("routine", ("leg",), Urgency.EXPEDITED, 3),
        ("expedited", ("leg",), Urgency.EXPEDITED, 3),
        ("urgent", ("leg",), Urgency.URGENT, 0.5),
    ],
)
def test_urgency_is_the_more_urgent_of_referral_and_rules_and_the_shortest_clock_counts(
    program: Program, asked: str | None, parts: tuple[str, ...], urgency: Urgency, target_days: float
) -> None:
    values: dict[str, Value] = {"parts": frozenset(parts)}
    if asked:
        values["urgency"] = asked

    found = judge(program, values)

    assert (found.urgency, found.target_days) == (urgency, target_days)


def test_clock_in_hours_is_given_in_days(program: Program) -> None:
    assert judge(program, {"state": "hopeless"}).target_days == pytest.approx(1 / 24)


def test_unknown_urgency_is_refused(program: Program) -> None:
    with pytest.raises(BadInput, match="field urgency") as error:
        judge(program, {"urgency": "soon"})

    assert error.value.code == "wrong-value"


@pytest.mark.parametrize(
    ("values", "minutes"),
    [
        ({}, 4),
        ({"age_years": 30}, 5),
        ({"parts": frozenset({"leg"})}, 6),
        ({"parts": frozenset({"leg"}), "age_years": 30}, 7),
        ({"parts": frozenset({"leg"}), "age_years": 80}, 9),
        ({"requested_specialties": frozenset({"imaging", "genetics"})}, 4),
        ({"state": "hopeless", "parts": frozenset({"leg"}), "age_years": 80}, 2),
    ],
)
def test_minutes_are_the_highest_floor_and_all_additions_unless_fixed(
    program: Program, values: dict[str, Value], minutes: int
) -> None:
    assert judge(program, values).minutes == minutes


@pytest.mark.parametrize(
    ("parts", "size", "group"),
    [
        ((), None, None),
        (("arm",), 1, "small"),
        (("left_hand",), 2, "small"),
        (("left_hand", "right_hand"), 2, "small"),
        (("left_hand", "right_hand", "arm"), 3, "large"),
        (("arm", "leg", "left_hand", "right_hand"), 6, "large"),
    ],
)
def test_score_counts_points_once_per_group(
    program: Program, parts: tuple[str, ...], size: int | None, group: str | None
) -> None:
    found = judge(program, {"parts": frozenset(parts)})

    assert (found.scores, found.score_groups) == ({"size": size}, {"size": group})


@pytest.mark.parametrize(
    ("gestational_age", "required"),
    [
        ("22+0", ("nutrition", "surgery")),
        ("21+6", ("surgery",)),
        ("21+6@2026-11-24", ("surgery",)),
        ("21+6@2026-11-23", ("nutrition", "surgery")),
        ("20+0@2026-11-10", ("nutrition", "surgery")),
        ("20+0@2026-11-11", ("surgery",)),
        ("22+0@2026-11-25", ("surgery",)),
    ],
)
def test_gestation_advances_until_the_day_of_the_assessment(
    program: Program, gestational_age: str, required: tuple[str, ...]
) -> None:
    assert judge(program, {"gestational_age": gestational_age}).required == required


def test_gestation_of_one_case_crosses_a_limit_from_one_day_to_the_next(program: Program) -> None:
    values: dict[str, Value] = {"gestational_age": "21+5@2026-11-20"}

    required = [judge(program, values, on=date(2026, 11, day)).required for day in (21, 22)]

    assert required == [("surgery",), ("nutrition", "surgery")]


@pytest.mark.parametrize(
    ("field", "value"),
    [("age_years", "80"), ("age_years", True), ("gestational_age", 22)],
)
def test_value_of_another_kind_is_refused_by_field_name(program: Program, field: str, value: Value) -> None:
    with pytest.raises(BadInput, match=f"field {field}: a value of kind") as error:
        judge(program, {field: value})

    assert (error.value.code, error.value.values) == ("wrong-value", {"field": field})


def test_unreadable_gestation_is_refused_without_repeating_it(program: Program) -> None:
    with pytest.raises(BadInput) as error:
        judge(program, {"gestational_age": "week 22"})

    assert error.value.code == "bad-gestation"
    assert "week 22" not in str(error.value)


def test_empty_values_count_as_not_given(program: Program) -> None:
    empty: dict[str, Value] = {"named_members": frozenset(), "urgency": "", "state": "", "gestational_age": ""}

    assert judge(program, empty) == judge(program)


def test_assessment_does_not_depend_on_the_order_of_the_values(program: Program) -> None:
    values: dict[str, Value] = {"age_years": 80, "parts": frozenset({"leg"}), "urgency": "urgent"}

    assert judge(program, dict(reversed(values.items()))) == judge(program, values)
