"""The rules of the programmes as tables for people: `flask rules` and the generated docs/rules.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tumorboard.domain.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FieldTest,
    NamedCondition,
    Not,
    OnDemandTest,
    Operator,
    ScoreTest,
)
from tumorboard.domain.fields import Field, FieldKind
from tumorboard.domain.gestation import show_weeks
from tumorboard.domain.program import Clause, Exclusion, Program, ReadinessItem, Rule

_COMPARED = {
    Operator.AT_LEAST: "≥",
    Operator.ABOVE: ">",
    Operator.AT_MOST: "≤",
    Operator.BELOW: "<",
    Operator.IS: "=",
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One clause of one rule in English words. `effect` is what it does beside requiring and recommending."""

    id: str
    kind: str
    when: str
    required: tuple[str, ...]
    recommended: tuple[str, ...]
    effect: str
    because: str
    source: str


def rules_table(program: Program) -> tuple[RuleRow, ...]:
    """One row per clause in the order of the file; specialties by id, with the certificate asked for in brackets."""
    return tuple(_make_row(program, rule, clause) for rule in program.rules for clause in rule.clauses)


def describe_condition(program: Program, condition: Condition) -> str:
    """A condition in English words: `age (years) ≥ 70 and (ECOG 2 or more, or ASA 3 or more)`."""
    return _describe(program, condition, inside=False) or "always"


def markdown_rules(programs: Mapping[str, Program]) -> str:
    """The whole of docs/rules.md; equal programmes give equal text."""
    head = (
        "# Rules\n\n"
        "Generated from the programme files by `make rules`; do not edit.\n\n"
        "**G** follows from a published guideline or quality indicator, **X** is a convention of the centre and meant "
        "to be edited, **G/X** is a published principle with the centre's cut-off. *Required* specialties block a "
        "decision when they are absent, *recommended* ones are invited and do not block. A specialty that one rule "
        "requires is not also recommended.\n"
    )
    return head + "".join(_describe_program(program) for _, program in sorted(programs.items()))


def _make_row(program: Program, rule: Rule, clause: Clause) -> RuleRow:
    return RuleRow(
        id=rule.id,
        kind=rule.kind,
        when=describe_condition(program, clause.when),
        required=_with_certificates(clause, clause.require),
        recommended=_with_certificates(clause, clause.recommend),
        effect=_describe_effect(clause),
        because=rule.because.en,
        source=rule.source,
    )


def _with_certificates(clause: Clause, specialties: Iterable[str]) -> tuple[str, ...]:
    return tuple(
        f"{specialty} ({clause.certificates[specialty]})" if specialty in clause.certificates else specialty
        for specialty in specialties
    )


def _describe_effect(clause: Clause) -> str:
    said = []
    if clause.exclude is Exclusion.SILENT:
        said.append("not eligible, nobody is invited")
    if clause.exclude is Exclusion.ALERTING:
        said.append("not eligible, the team is alerted")
    if clause.caution:
        said.append("caution")
    if clause.urgency:
        said.append(clause.urgency)
    if clause.within_days is not None:
        said.append(f"within {_show_span(clause.within_days)}")
    return ", ".join(said)


def _show_span(days: float) -> str:
    if days < 1:
        number, unit = (days * 24, "hour") if days * 24 >= 1 else (days * 24 * 60, "minute")
    else:
        number, unit = days, "day"
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def _describe(program: Program, condition: Condition, *, inside: bool) -> str:
    """`inside` puts brackets round what would be read wrongly within an "and" or a "not"."""
    match condition:
        case NamedCondition(label=label):
            return f"({label.en})" if inside and (" or " in label.en or ", " in label.en) else label.en
        case FieldTest():
            return _describe_test(condition)
        case ScoreTest(score=score, operator=operator, operand=operand):
            return f"{program.scores[score].label.en} {_COMPARED[operator]} {operand}"
        case OnDemandTest(operator=operator, operand=operand):
            return f"called-in specialties {_COMPARED[operator]} {operand}"
        case Not(part=part):
            return f"not {_describe(program, part, inside=True)}"
        case AllOf(parts=parts):
            text = " and ".join(_describe(program, part, inside=True) for part in parts)
            return f"({text})" if inside and len(parts) > 1 else text
        case AnyOf(parts=parts):
            text = ", or ".join(_describe(program, part, inside=False) for part in parts)
            return f"({text})" if inside and len(parts) > 1 else text


def _describe_test(test: FieldTest) -> str:
    name = _lower_first(test.field.label.en)
    if test.operator is Operator.GIVEN:
        return f"{name} {'is' if test.operand else 'is not'} recorded"
    if test.field.kind is FieldKind.YES_NO:
        return f"{name}: {'yes' if test.operand else 'no'}"
    if test.operator is Operator.COUNT_AT_LEAST:
        return f"{name}: {test.operand} or more"
    if test.field.kind in (FieldKind.INTEGER, FieldKind.NUMBER):
        return f"{name} {_COMPARED[test.operator]} {test.operand}"
    if test.field.kind is FieldKind.GESTATION and isinstance(test.operand, int):
        return f"gestational age {_COMPARED[test.operator]} {show_weeks(test.operand)}"
    words = test.operand if isinstance(test.operand, tuple) else (str(test.operand),)
    return f"{name}: {_describe_words(test.field, test.operator, words)}"


def _describe_words(field: Field, operator: Operator, words: Sequence[str]) -> str:
    shown = [field.label_of(word).en if word in field.choices else f"“{word}”" for word in words]
    if operator is Operator.STARTS_WITH:
        return f"begins with {shown[0]}"
    if operator is Operator.CONTAINS:
        return f"contains {shown[0]}"
    if operator is Operator.HAS_ANY_ENDING:
        return f"any ending in {_join(shown, 'or')}"
    return _join(shown, "and" if operator is Operator.HAS_ALL else "or")


def _join(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _lower_first(label: str) -> str:
    """A label inside a sentence; abbreviations keep their capitals."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def _describe_program(program: Program) -> str:
    parts = [f"\n## {program.name.en} (`{program.id}`)\n", _rules_part(program)]
    if program.conditions:
        rows = [(named.label.en, describe_condition(program, named.when)) for named in program.conditions.values()]
        parts.append("\n### Named conditions\n\n" + _table(("name", "holds when"), rows))
    for score in program.scores.values():
        points = [*score.points.items(), *((" or ".join(sorted(values)), each) for values, each in score.once)]
        shown = ", ".join(f"{value} {each}" for value, each in points)
        bands = ", ".join(f"{g.label.en} {g.first}–{'' if g.last is None else g.last}" for g in score.groups)
        parts.append(f"\n### {score.label.en}\n\n{shown}. Groups: {bands}. Source: {score.source}.\n")
    parts.append(_readiness_part(program))
    parts.append(_clocks_part(program))
    return "".join(parts)


def _rules_part(program: Program) -> str:
    head = ("id", "kind", "when", "required", "recommended", "effect", "because", "source")
    rows: list[Sequence[str]] = []
    before = ""
    for row in rules_table(program):
        again = row.id == before
        reason = ("", "") if again else (row.because, row.source)
        identity = ("", "") if again else (row.id, row.kind)
        rows.append((*identity, row.when, ", ".join(row.required), ", ".join(row.recommended), row.effect, *reason))
        before = row.id
    return "\n" + _table(head, rows)


def _readiness_part(program: Program) -> str:
    if not program.readiness:
        return ""
    rows = [_readiness_row(program, item) for item in program.readiness]
    return "\n### Readiness\n\n" + _table(("item", "age limit", "for", "level", "owed by", "source"), rows)


def _readiness_row(program: Program, item: ReadinessItem) -> tuple[str, ...]:
    limit = "–" if item.limit_days is None else f"{item.limit_days} d"
    level = "; ".join(
        [str(item.level), *(f"{each.level} for {describe_condition(program, each.when)}" for each in item.overrides)]
    )
    return item.label.en, limit, describe_condition(program, item.when), level, item.owed_by, item.source


def _clocks_part(program: Program) -> str:
    clocks = program.clocks
    usual = [f"{urgency} within {_show_span(days)}" for urgency, days in clocks.days.items()]
    further = [f"{each.label.en} within {_show_span(each.hours / 24)}" for each in clocks.milestones]
    said = f"{', '.join(usual)}; the list closes {clocks.list_closes_hours:g} h before the meeting"
    minutes = [f"{program.minutes.plain} minutes"]
    for sign, clauses in (
        ("at least ", program.minutes.at_least),
        ("+", program.minutes.add),
        ("exactly ", program.minutes.exactly),
    ):
        minutes += [f"{sign}{each.minutes}: {describe_condition(program, each.when)}" for each in clauses]
    return f"\n### Clocks and minutes\n\n{'; '.join([said, *further])}. Source: {clocks.source}.\n\n" + "".join(
        f"* {line}\n" for line in minutes
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_escape(cell) for cell in line)} |\n" for line in lines)


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")
