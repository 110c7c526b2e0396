"""What a programme says about one case: who must be there and why, how soon, for how many minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tumorboard.domain.conditions import View
from tumorboard.domain.errors import BadInput
from tumorboard.domain.fields import is_given
from tumorboard.domain.model import Assessment, CaseFacts, Need, Text, Urgency, Value, Waiver
from tumorboard.domain.program_parts import Clause, Exclusion, Minutes, Program, Rule, RuleKind

REQUESTED = "requested"
"""The `rule` of a need that the referrer asked for, not the programme."""
NAMED = "named"
"""The `rule` of a need for one person."""

_BECAUSE_REQUESTED = Text(en="The referrer asked for this specialty.", ko="의뢰자가 이 진료과의 참석을 요청했습니다.")
_BECAUSE_NAMED = Text(en="The referrer asked for this person.", ko="의뢰자가 이 위원의 참석을 요청했습니다.")
_SOURCE_REFERRAL = "Referral"
_SOONEST_LAST = tuple(Urgency)


@dataclass(frozen=True, slots=True)
class _Fired:
    """A rule and those of its clauses that hold for the case."""

    rule: Rule
    clauses: tuple[Clause, ...]

    def excludes(self, how: Exclusion) -> bool:
        return any(clause.exclude is how for clause in self.clauses)


def assess(program: Program, case: CaseFacts, *, on: date, waivers: Sequence[Waiver] = ()) -> Assessment:
    """Judge a case by the rules of its programme on a day (gestational ages grow until then).

    A case that a rule excludes silently has no needs and names only the excluding rules; one excluded with an alert
    keeps them. A waived need stays among the needs with the physician's name, but is neither required nor
    recommended. `needs` are in the order of the rules, then those the referrer asked for, then named members (their
    `specialty` is empty). Raises BadInput when a value is not of its field's kind.
    """
    scores = count_scores(program, case.values)
    view = View(case.values, on, scores)
    fired = _fire(program.rules, view)
    excluding = [each for each in fired if each.excludes(Exclusion.SILENT)]
    if excluding:
        fired = excluding
    alerting = any(each.excludes(Exclusion.ALERTING) for each in fired)
    needs = () if excluding else _waive(_list_needs(fired, case.values), waivers)
    required = _list_open(needs, required=True)
    urgency = _judge_urgency(fired, case.values)
    return Assessment(
        eligible=not excluding and not alerting,
        needs=needs,
        required=required,
        recommended=_list_open(needs, required=False),
        rules=tuple(each.rule.id for each in fired),
        urgency=urgency,
        minutes=_count_minutes(program.minutes, replace(view, on_demand_specialties=len({*required} - program.core))),
        target_days=_shortest_clock(fired, program.clocks.days[urgency]),
        scores=scores,
        score_groups={id_: program.scores[id_].group_of(total) if total else None for id_, total in scores.items()},
        notices=_list_notices(fired),
    )


def count_scores(program: Program, values: Mapping[str, Value]) -> dict[str, int | None]:
    """The points of each score of the programme; None where nothing is known of what it counts."""
    return {
        id_: score.total(_chosen(values, score.field)) if is_given(values.get(score.field)) else None
        for id_, score in program.scores.items()
    }


def _chosen(values: Mapping[str, Value], field: str) -> frozenset[str]:
    value = values.get(field)
    return value if isinstance(value, frozenset) else frozenset()


def _fire(rules: Iterable[Rule], view: View) -> list[_Fired]:
    judged = (_Fired(rule, tuple(clause for clause in rule.clauses if clause.when.holds(view))) for rule in rules)
    return [each for each in judged if each.clauses]


def _list_needs(fired: Iterable[_Fired], values: Mapping[str, Value]) -> list[Need]:
    """The needs of all rules without recommendations for what is required anyway."""
    needs = [need for each in fired for need in _needs_of(each)]
    needs += [
        _need(specialty, required=False, rule=REQUESTED, because=_BECAUSE_REQUESTED)
        for specialty in sorted(_chosen(values, "requested_specialties"))
    ]
    required = {need.specialty for need in needs if need.required}
    needs = [need for need in needs if need.required or need.specialty not in required]
    return needs + [
        replace(_need("", required=True, rule=NAMED, because=_BECAUSE_NAMED), member=member)
        for member in sorted(_chosen(values, "named_members"))
    ]


def _needs_of(fired: _Fired) -> list[Need]:
    """One need per specialty of a rule, required if any clause says so, narrowed if any clause asks a certificate."""
    needs: dict[tuple[str, bool], Need] = {}
    for clause in fired.clauses:
        for specialties, required in ((clause.require, True), (clause.recommend, False)):
            for specialty in specialties:
                before = needs.get((specialty, required))
                certificate = clause.certificates.get(specialty) or (before.certificate if before else None)
                needs[specialty, required] = Need(
                    specialty=specialty,
                    required=required,
                    rule=fired.rule.id,
                    kind=fired.rule.kind,
                    because=fired.rule.because,
                    source=fired.rule.source,
                    certificate=certificate,
                )
    return list(needs.values())


def _need(specialty: str, *, required: bool, rule: str, because: Text) -> Need:
    kind = RuleKind.CONVENTION
    return Need(specialty, required=required, rule=rule, kind=kind, because=because, source=_SOURCE_REFERRAL)


def _waive(needs: Iterable[Need], waivers: Iterable[Waiver]) -> tuple[Need, ...]:
    """The needs, those for a waived specialty with the name and reason of its latest waiver."""
    latest = {waiver.specialty: waiver for waiver in sorted(waivers, key=lambda waiver: waiver.at)}
    return tuple(
        replace(need, waived_by=latest[need.specialty].by, waived_because=latest[need.specialty].because)
        if need.member is None and need.specialty in latest
        else need
        for need in needs
    )


def _list_open(needs: Iterable[Need], *, required: bool) -> tuple[str, ...]:
    return tuple(
        sorted(
            {
                need.specialty
                for need in needs
                if need.required is required and need.waived_by is None and need.member is None
            }
        )
    )


def _judge_urgency(fired: Iterable[_Fired], values: Mapping[str, Value]) -> Urgency:
    """The most urgent of the field and the rules."""
    said = [clause.urgency for each in fired for clause in each.clauses if clause.urgency]
    asked = values.get("urgency")
    if is_given(asked):
        if not isinstance(asked, str) or asked not in tuple(Urgency):
            raise BadInput("field urgency: this is no urgency", code="wrong-value", field="urgency")
        said.append(Urgency(asked))
    return max(said, key=_SOONEST_LAST.index, default=Urgency.ROUTINE)


def _shortest_clock(fired: Iterable[_Fired], usual_days: float) -> float:
    own = [clause.within_days for each in fired for clause in each.clauses if clause.within_days is not None]
    return min([usual_days, *own])


def _count_minutes(minutes: Minutes, view: View) -> int:
    exactly = [clause.minutes for clause in minutes.exactly if clause.when.holds(view)]
    if exactly:
        return min(exactly)
    least = [clause.minutes for clause in minutes.at_least if clause.when.holds(view)]
    return max([minutes.plain, *least]) + sum(clause.minutes for clause in minutes.add if clause.when.holds(view))


def _list_notices(fired: Sequence[_Fired]) -> tuple[Text, ...]:
    """The reasons of rules that exclude, then of those that caution."""
    excluding = [each for each in fired if any(clause.exclude for clause in each.clauses)]
    cautioning = [each for each in fired if each not in excluding and any(clause.caution for clause in each.clauses)]
    return tuple(each.rule.because for each in (*excluding, *cautioning))
