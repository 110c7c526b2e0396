"""Reads the conditions of a programme file, strictly: every field, value and operator must be known."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.domain.conditions import (
    ALWAYS,
    OPERATORS,
    ORDERINGS,
    AllOf,
    AnyOf,
    Condition,
    FieldTest,
    NamedCondition,
    Not,
    OnDemandTest,
    Operand,
    Operator,
    ScoreTest,
)
from tumorboard.domain.errors import BadInput
from tumorboard.domain.fields import Field, FieldKind
from tumorboard.domain.gestation import read_gestation
from tumorboard.domain.model import Text
from tumorboard.domain.program_sections import Section, check_known, near, refuse

RESERVED = frozenset({"all", "any", "not", "holds", "score", "on_demand_specialties"})
"""Words of the condition language that no field may be called."""


class ConditionReader:
    """Reads conditions against the fields and scores of one programme; `named` resolves what `holds` names."""

    def __init__(self, *, fields: Mapping[str, Field], scores: frozenset[str]) -> None:
        self._fields = fields
        self._scores = scores
        self._waiting: dict[str, tuple[Text, Section]] = {}
        self._open: list[str] = []
        self.named: dict[str, NamedCondition] = {}

    def announce(self, name: str, *, label: Text, when: Section) -> None:
        """Make a named condition known; it may name others wherever they stand in the file."""
        self._waiting[name] = (label, when)

    def resolve(self) -> None:
        """Read all announced conditions."""
        for name, (_, when) in self._waiting.items():
            self._resolve(name, place=when.place)

    def read(self, section: Section, *, counts_on_demand: bool = False) -> Condition:
        """One condition: the keys of the table are joined by "and"."""
        parts = tuple(self._part(section, key, counts_on_demand) for key in section.list_keys())
        if not parts:
            raise refuse(section.place, "a condition is expected here")
        return parts[0] if len(parts) == 1 else AllOf(parts)

    def read_when(self, entry: Section) -> Condition:
        """The condition under `when` of a rule's clause or readiness item; without one it always holds."""
        if not entry.has("when"):
            return ALWAYS
        return self.read(Section(entry.raw("when"), place=f"{entry.place}, when"))

    def _part(self, section: Section, key: str, counts_on_demand: bool) -> Condition:
        place = f"{section.place}.{key}"
        if key in ("all", "any"):
            parts = tuple(
                self.read(Section(table, place=f"{place}[{number}]"), counts_on_demand=counts_on_demand)
                for number, table in enumerate(_list(section.raw(key), place=place), start=1)
            )
            return AllOf(parts) if key == "all" else AnyOf(parts)
        if key == "not":
            return Not(self.read(Section(section.raw(key), place=place), counts_on_demand=counts_on_demand))
        if key == "holds":
            return self._resolve(section.text(key), place=place)
        if key == "score":
            return self._score(Section(section.raw(key), place=place))
        if key == "on_demand_specialties":
            if not counts_on_demand:
                raise refuse(place, "called-in specialties are known only where minutes are counted")
            operator, number = _ordering(Section(section.raw(key), place=place))
            return OnDemandTest(operator, number)
        if key not in self._fields:
            known = (*self._fields, *sorted(RESERVED))
            raise refuse(place, f"'{key}' is no field of this programme{near(key, known)}")
        return self._field(self._fields[key], Section(section.raw(key), place=place))

    def _resolve(self, name: str, *, place: str) -> NamedCondition:
        check_known(name, tuple(self._waiting), place=place, what="condition of this programme")
        if name in self._open:
            raise refuse(place, f"condition '{name}' depends on itself")
        if name not in self.named:
            label, when = self._waiting[name]
            self._open.append(name)
            self.named[name] = NamedCondition(name, label, self.read(when))
            self._open.pop()
        return self.named[name]

    def _score(self, section: Section) -> Condition:
        tests: list[Condition] = []
        for name in section.list_keys():
            check_known(name, self._scores, place=section.place, what="score of this programme")
            operator, number = _ordering(Section(section.raw(name), place=f"{section.place}.{name}"))
            tests.append(ScoreTest(name, operator, number))
        if not tests:
            raise refuse(section.place, "a score is expected here")
        return tests[0] if len(tests) == 1 else AllOf(tuple(tests))

    def _field(self, field: Field, section: Section) -> Condition:
        tests: list[Condition] = []
        for word in section.list_keys():
            check_known(word, tuple(Operator), place=section.place, what="operator")
            operator = Operator(word)
            if operator not in OPERATORS[field.kind]:
                allowed = ", ".join(sorted(OPERATORS[field.kind]))
                raise refuse(section.place, f"'{word}' does not fit a field of kind {field.kind}; use {allowed}")
            tests.append(FieldTest(field, operator, _operand(field, operator, section)))
        if not tests:
            raise refuse(section.place, "an operator is expected here")
        return tests[0] if len(tests) == 1 else AllOf(tuple(tests))


def _list(value: object, *, place: str) -> list[object]:
    if not isinstance(value, list) or not value:
        raise refuse(place, "a list of conditions is expected here")
    return value


def _ordering(section: Section) -> tuple[Operator, int]:
    keys = section.list_keys()
    if len(keys) != 1 or keys[0] not in ORDERINGS:
        raise refuse(section.place, f"one of {', '.join(ORDERINGS)} is expected here")
    return Operator(keys[0]), section.whole(keys[0])


def _operand(field: Field, operator: Operator, section: Section) -> Operand:
    place = f"{section.place}.{operator}"
    if operator is Operator.GIVEN or field.kind is FieldKind.YES_NO:
        return section.flag(operator)
    if operator is Operator.COUNT_AT_LEAST:
        return section.whole(operator)
    if field.kind is FieldKind.GESTATION:
        return _gestation_days(section.text(operator), place=place)
    if field.kind in (FieldKind.INTEGER, FieldKind.NUMBER):
        return section.number(operator)
    if operator in (Operator.IN, Operator.HAS_ANY, Operator.HAS_ALL, Operator.HAS_ANY_ENDING):
        return _words(field, operator, section, place=place)
    word = section.text(operator)
    return _value(field, word, place=place) if field.kind is FieldKind.CHOICE else word


def _words(field: Field, operator: Operator, section: Section, *, place: str) -> tuple[str, ...]:
    words = section.strings(operator)
    if not words:
        raise refuse(place, "at least one value is expected here")
    for word in words:
        if operator is Operator.HAS_ANY_ENDING:
            if not any(choice.endswith(word) for choice in field.choices):
                raise refuse(place, f"no value of this field ends in '{word}'")
        else:
            _value(field, word, place=place)
    return words


def _value(field: Field, word: str, *, place: str) -> str:
    if field.choices and word not in field.choices:
        raise refuse(place, f"'{word}' is no value of this field{near(word, field.choices)}")
    return word


def _gestation_days(text: str, *, place: str) -> int:
    try:
        gestation = read_gestation(text)
    except BadInput as error:
        raise refuse(place, str(error)) from None
    if gestation.on is not None:
        raise refuse(place, "an age without a day is expected here, like 24+0")
    return gestation.days
