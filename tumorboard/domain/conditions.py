"""When a rule applies: conditions over the fields and scores of one case, as values that can be judged and shown."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from tumorboard.domain.errors import BadInput
from tumorboard.domain.fields import Field, FieldKind, is_given
from tumorboard.domain.gestation import read_gestation
from tumorboard.domain.model import Text, Value

Operand = str | int | float | bool | tuple[str, ...]


class Operator(StrEnum):
    """The closed list of comparisons a programme file may use."""

    IS = "is"
    IN = "in"
    STARTS_WITH = "starts_with"
    CONTAINS = "contains"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"
    HAS_ANY_ENDING = "has_any_ending"
    COUNT_AT_LEAST = "count_at_least"
    AT_LEAST = "at_least"
    ABOVE = "above"
    AT_MOST = "at_most"
    BELOW = "below"
    GIVEN = "given"


ORDERINGS: Mapping[Operator, Callable[[float, float], bool]] = {
    Operator.AT_LEAST: operator.ge,
    Operator.ABOVE: operator.gt,
    Operator.AT_MOST: operator.le,
    Operator.BELOW: operator.lt,
}

OPERATORS: Mapping[FieldKind, frozenset[Operator]] = {
    FieldKind.TEXT: frozenset(
        {Operator.IS, Operator.IN, Operator.STARTS_WITH, Operator.CONTAINS, Operator.GIVEN},
    ),
    FieldKind.CHOICE: frozenset({Operator.IS, Operator.IN, Operator.GIVEN}),
    FieldKind.SET: frozenset(
        {Operator.HAS_ANY, Operator.HAS_ALL, Operator.HAS_ANY_ENDING, Operator.COUNT_AT_LEAST, Operator.GIVEN},
    ),
    FieldKind.INTEGER: frozenset({Operator.IS, Operator.GIVEN, *ORDERINGS}),
    FieldKind.NUMBER: frozenset({Operator.IS, Operator.GIVEN, *ORDERINGS}),
    FieldKind.YES_NO: frozenset({Operator.IS, Operator.GIVEN}),
    FieldKind.DATE: frozenset({Operator.GIVEN}),
    FieldKind.GESTATION: frozenset({Operator.GIVEN, *ORDERINGS}),
}
"""Which operators make sense for which kind of field."""


@dataclass(frozen=True, slots=True)
class View:
    """What a condition may look at: a case's values on a day, its scores, and how many called-in specialties it has.

    `on_demand_specialties` is known only after the needs; conditions on it are read only where minutes are counted.
    """

    values: Mapping[str, Value]
    on: date
    scores: Mapping[str, int | None] = field(default_factory=dict)
    on_demand_specialties: int = 0


@dataclass(frozen=True, slots=True)
class FieldTest:
    """One field compared with one operand. A field without value (and default) fails every test but `given = false`.

    The operand of a gestation is in days.
    """

    field: Field
    operator: Operator
    operand: Operand

    def holds(self, view: View) -> bool:
        """Judge the case; raises BadInput `wrong-value` when the case holds a value of another kind."""
        value = view.values.get(self.field.id)
        if self.operator is Operator.GIVEN:
            return is_given(value) is self.operand
        if not is_given(value):
            value = self.field.default
        if value is None:
            return False
        try:
            return self._compare(value, view.on)
        except (TypeError, AttributeError):
            raise BadInput(
                f"field {self.field.id}: a value of kind {self.field.kind} was expected, not {type(value).__name__}",
                code="wrong-value",
                field=self.field.id,
            ) from None

    def _compare(self, value: Value, on: date) -> bool:
        if self.field.kind is FieldKind.SET:
            return self._compare_set(value)
        if self.field.kind is FieldKind.GESTATION:
            return _compare_number(self.operator, read_gestation(_text(value)).days_on(on), self.operand)
        if self.field.kind in (FieldKind.INTEGER, FieldKind.NUMBER):
            return _compare_number(self.operator, value, self.operand)
        if self.field.kind is FieldKind.YES_NO:
            return _truth(value) is self.operand
        if self.field.kind is FieldKind.TEXT:
            return _compare_text(self.operator, _text(value).casefold(), self.operand)
        # A choice may be a whole number in the case ("grade": 3) and is always a word in the file.
        return str(value) in (self.operand if isinstance(self.operand, tuple) else (self.operand,))

    def _compare_set(self, value: Value) -> bool:
        if not isinstance(value, frozenset):
            raise TypeError
        if self.operator is Operator.COUNT_AT_LEAST:
            return len(value) >= _number(self.operand)
        wanted = _words(self.operand)
        if self.operator is Operator.HAS_ANY_ENDING:
            return any(member.endswith(wanted) for member in value)
        if self.operator is Operator.HAS_ALL:
            return value.issuperset(wanted)
        return not value.isdisjoint(wanted)


@dataclass(frozen=True, slots=True)
class ScoreTest:
    """One score of the programme compared with a number."""

    score: str
    operator: Operator
    operand: int

    def holds(self, view: View) -> bool:
        """Judge the case; a score of which nothing is known passes no test."""
        points = view.scores.get(self.score)
        return points is not None and ORDERINGS[self.operator](points, self.operand)


@dataclass(frozen=True, slots=True)
class OnDemandTest:
    """The number of required specialties without a core seat compared with a number."""

    operator: Operator
    operand: int

    def holds(self, view: View) -> bool:
        """Judge the case after its needs are known."""
        return ORDERINGS[self.operator](view.on_demand_specialties, self.operand)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; without parts it always holds."""

    parts: tuple[Condition, ...]

    def holds(self, view: View) -> bool:
        """Judge the case."""
        return all(part.holds(view) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]

    def holds(self, view: View) -> bool:
        """Judge the case."""
        return any(part.holds(view) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold, be it false or unknown."""

    part: Condition

    def holds(self, view: View) -> bool:
        """Judge the case."""
        return not self.part.holds(view)


@dataclass(frozen=True, slots=True)
class NamedCondition:
    """A condition the programme gives a name, so that rules read like sentences."""

    id: str
    label: Text
    when: Condition

    def holds(self, view: View) -> bool:
        """Judge the case."""
        return self.when.holds(view)


Condition = FieldTest | ScoreTest | OnDemandTest | AllOf | AnyOf | Not | NamedCondition

ALWAYS = AllOf(())
"""The condition of a clause that has none."""


def _compare_number(test: Operator, value: Value, operand: Operand) -> bool:
    number, wanted = _number(value), _number(operand)
    return number == wanted if test is Operator.IS else ORDERINGS[test](number, wanted)


def _compare_text(test: Operator, word: str, operand: Operand) -> bool:
    if test is Operator.IN:
        return word in {choice.casefold() for choice in _words(operand)}
    wanted = _text(operand).casefold()
    if test is Operator.STARTS_WITH:
        return word.startswith(wanted)
    if test is Operator.CONTAINS:
        return wanted in word
    return word == wanted


def _truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _number(value: Value | Operand) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _text(value: Value | Operand) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _words(value: Operand) -> tuple[str, ...]:
    if not isinstance(value, tuple):
        raise TypeError
    return value
