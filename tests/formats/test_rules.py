"""Rules as tables for people."""

from __future__ import annotations

import pytest

from tumorboard.domain.program import Program, load_programs
from tumorboard.formats.rules import RuleRow, describe_condition, markdown_rules, rules_table

PROGRAMS = load_programs()
OVARIAN = PROGRAMS["ovarian"]


def describe_rule(program: Program, rule_id: str) -> list[str]:
    return [row.when for row in rules_table(program) if row.id == rule_id]


def test_table_has_a_row_per_clause_in_file_order() -> None:
    ids = [row.id for row in rules_table(OVARIAN)]

    assert ids == [rule.id for rule in OVARIAN.rules for _ in rule.clauses]


def test_row_says_who_when_and_why() -> None:
    rule = OVARIAN.rule("R43")
    assert rule is not None

    assert [row for row in rules_table(OVARIAN) if row.id == "R43"] == [
        RuleRow(
            id="R43",
            kind="X",
            when="albumin (g/L) < 35",
            required=(),
            recommended=("nutrition",),
            effect="",
            because=rule.because.en,
            source=rule.source,
        )
    ]


def test_row_names_the_certificate() -> None:
    assert rules_table(OVARIAN)[0].required == (
        "gynecologic_oncology",
        "medical_oncology (chemotherapy_certified)",
        "radiology",
        "pathology",
    )


@pytest.mark.parametrize(
    ("program", "rule", "whens"),
    [
        ("ovarian", "R01", ["always"]),
        ("ovarian", "R02", ["histology: benign or normal"]),
        ("ovarian", "R30", ["ECOG performance status ≥ 3", "ECOG performance status = 2"]),
        (
            "ovarian",
            "R15",
            [
                "planned procedures: major vessel resection, "
                "or sites of disease: vessel encasement and an operation is planned"
            ],
        ),
        (
            "ovarian",
            "R33",
            [
                "age (years) ≤ 40 and wish to preserve fertility: yes and (FIGO stage I, or borderline tumor)",
                "age (years) ≤ 40 and wish to preserve fertility: yes",
            ],
        ),
        ("perinatal", "P22", ["findings: airway at risk at birth and third trimester (from 28+0)"]),
        ("perinatal", "P23", ["not third trimester (from 28+0)"]),
        ("cerclage", "C16", ["gestational age < 15+0, or gestational age > 28+0"]),
        ("cerclage", "C22", ["gestational age (weeks+days@day) is not recorded"]),
    ],
)
def test_condition_reads_like_a_sentence(program: str, rule: str, whens: list[str]) -> None:
    assert describe_rule(PROGRAMS[program], rule) == whens


@pytest.mark.parametrize(
    ("program", "rule", "effect"),
    [
        ("ovarian", "R02", "not eligible, nobody is invited"),
        ("ovarian", "U1", "urgent"),
        ("perinatal", "P21", "expedited, within 3 days"),
        ("cerclage", "C10", "not eligible, the team is alerted, within 1 hour"),
        ("cerclage", "C20", "caution"),
    ],
)
def test_effect_of_a_rule(program: str, rule: str, effect: str) -> None:
    assert [row.effect for row in rules_table(PROGRAMS[program]) if row.id == rule] == [effect]


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=list(PROGRAMS))
def test_every_condition_of_a_programme_can_be_told(program: Program) -> None:
    for named in program.conditions.values():
        assert describe_condition(program, named.when)
    for item in program.readiness:
        assert describe_condition(program, item.when)


def test_markdown_has_a_table_row_for_every_clause_of_every_programme() -> None:
    text = markdown_rules(PROGRAMS)

    for program in PROGRAMS.values():
        assert f"## {program.name.en} (`{program.id}`)" in text
        for row in rules_table(program):
            assert row.when in text
            assert row.because in text
    assert text.endswith("\n")


def test_markdown_tables_are_even() -> None:
    widths: list[set[int]] = [set()]
    for line in markdown_rules(PROGRAMS).splitlines():
        if line.startswith("|"):
            widths[-1].add(line.replace("\\|", "").count("|"))
        elif widths[-1]:
            widths.append(set())

    assert [len(each) for each in widths if each] == [1] * len([each for each in widths if each])


def test_markdown_is_the_same_every_time() -> None:
    assert markdown_rules(PROGRAMS) == markdown_rules(dict(reversed(PROGRAMS.items())))
