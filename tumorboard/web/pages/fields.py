"""The fields of a programme as a person reads and fills them in, group by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask import request

from tumorboard.domain.errors import DomainError
from tumorboard.domain.fields import Field, FieldKind, is_given
from tumorboard.domain.identity import without_resident_number
from tumorboard.domain.intake_draft import say_where
from tumorboard.domain.model import Value
from tumorboard.domain.program import Program
from tumorboard.store.people import Member
from tumorboard.web.pages.frame import words
from tumorboard.web.pages.names import full_name
from tumorboard.words import format_date
from tumorboard.words.refusals import say_error, say_refusal

REFERENCE: Final = "reference"
AGE: Final = "age_years"
MEMBERS: Final = "named_members"
OLDEST_SHOWN: Final = 90
FIRST: Final = (REFERENCE, "question", "urgency", "referred_on", "target_on")
"""What stands at the top of the referral form; a programme without one of them leaves it out."""

_WIDGETS: Mapping[FieldKind, str] = {
    FieldKind.TEXT: "line",
    FieldKind.CHOICE: "choice",
    FieldKind.SET: "boxes",
    FieldKind.INTEGER: "whole",
    FieldKind.NUMBER: "number",
    FieldKind.YES_NO: "choice",
    FieldKind.DATE: "date",
    FieldKind.GESTATION: "gestation",
}


@dataclass(frozen=True, slots=True)
class FieldInput:
    """One input of a form: `options` are ids with their words, `chosen` the ids that are ticked."""

    id: str
    label: str
    widget: str
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    chosen: frozenset[str] = frozenset()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """A heading with its inputs; `is_filled` when one of them has a value."""

    label: str
    inputs: tuple[FieldInput, ...]

    @property
    def is_filled(self) -> bool:
        """True when somebody has filled in something here."""
        return any(each.value or each.chosen for each in self.inputs)


@dataclass(frozen=True, slots=True)
class FactGroup:
    """A heading with what is known: pairs of label and words."""

    label: str
    facts: tuple[tuple[str, str], ...]


def list_facts(program: Program, values: Mapping[str, Value], members: Sequence[Member] = ()) -> tuple[FactGroup, ...]:
    """What is known of a case in the groups of the programme; empty fields and empty groups are left out."""
    names = {member.public_id: full_name(member) for member in members}
    groups = []
    for group, fields in _grouped(program).items():
        facts = tuple(
            (_text(field), say_value(field, values[field.id], names))
            for field in fields
            if field.id != REFERENCE and is_given(values.get(field.id))
        )
        if facts:
            groups.append(FactGroup(_group_label(program, group), facts))
    return tuple(groups)


def say_value(field: Field, value: Value, names: Mapping[str, str]) -> str:
    """A value in words. An age of 90 and over is shown as 90+, for it could point to a person."""
    language = words().language
    if isinstance(value, bool):
        return words().gettext("yes") if value else words().gettext("no")
    if isinstance(value, date):
        return format_date(value, language)
    if isinstance(value, frozenset):
        return ", ".join(names.get(each) or _choice(field, each) for each in sorted(value))
    if field.id == AGE and isinstance(value, int | float) and value >= OLDEST_SHOWN:
        return f"{OLDEST_SHOWN}+"
    if field.kind is FieldKind.CHOICE:
        return _choice(field, str(value))
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def list_inputs(
    program: Program, cells: Mapping[str, str], *, members: Sequence[Member] = (), without: Sequence[str] = ()
) -> tuple[FieldGroup, ...]:
    """The inputs of every field in the groups of the programme, filled with cells as a file would hold them."""
    return tuple(
        FieldGroup(
            _group_label(program, group),
            tuple(make_input(field, cells.get(field.id, ""), members) for field in fields if field.id not in without),
        )
        for group, fields in _grouped(program).items()
        if any(field.id not in without for field in fields)
    )


def first_inputs(program: Program, cells: Mapping[str, str], members: Sequence[Member] = ()) -> tuple[FieldInput, ...]:
    """The inputs that stand at the top of the referral form."""
    return tuple(
        make_input(program.fields[name], cells.get(name, ""), members) for name in FIRST if name in program.fields
    )


def make_input(field: Field, cell: str, members: Sequence[Member]) -> FieldInput:
    """One input for a field, with the value of a cell; a resident registration number is not shown again."""
    cell = without_resident_number(cell)
    options = tuple((choice, _choice(field, choice)) for choice in field.choices)
    widget = _WIDGETS[field.kind]
    if field.kind is FieldKind.YES_NO:
        options = (("yes", words().gettext("yes")), ("no", words().gettext("no")))
    if field.id == MEMBERS:
        options = tuple((member.public_id, full_name(member)) for member in members)
    if field.kind is FieldKind.SET and not options:
        widget = "line"
    if field.kind is FieldKind.TEXT and field.id.startswith("question"):
        widget = "long"
    chosen = frozenset(part.strip() for part in cell.split(";") if part.strip()) if widget == "boxes" else frozenset()
    return FieldInput(field.id, _text(field), widget, cell, options, chosen, field.minimum, field.maximum)


def read_cells(program: Program) -> dict[str, str]:
    """The fields of the form in the words a file would hold; a field that the form does not ask for is absent."""
    asked = set(request.form.getlist("asked"))
    cells = {}
    for name, field in program.fields.items():
        if name in asked:
            many = field.kind is FieldKind.SET and len(request.form.getlist(name)) != 1
            cells[name] = ";".join(request.form.getlist(name)) if many else request.form.get(name, "").strip()
    return cells


def say_field_error(program: Program, error: DomainError) -> str:
    """What is wrong in a form of the programme's fields, the field by its label."""
    name = str(error.values.get("field", ""))
    if name not in program.fields or "case_id" in error.values:
        return say_error(error, words())
    field = program.fields[name]
    message = str(error).removeprefix(f"{say_where(None, name)}: ")
    return f"{_text(field)}: {say_refusal(error.code, message, words(), error.values, field.labels)}"


def as_cells(values: Mapping[str, Value]) -> dict[str, str]:
    """Field values in the words a file would hold."""
    return {name: _cell(value) for name, value in values.items()}


def _cell(value: Value) -> str:
    if isinstance(value, frozenset):
        return ";".join(sorted(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _grouped(program: Program) -> dict[str, list[Field]]:
    groups: dict[str, list[Field]] = {name: [] for name in program.groups}
    for field in program.fields.values():
        groups.setdefault(field.group, []).append(field)
    return groups


def _group_label(program: Program, group: str) -> str:
    text = program.groups.get(group)
    return text.in_language(words().language) if text else group


def _text(field: Field) -> str:
    return field.label.in_language(words().language)


def _choice(field: Field, choice: str) -> str:
    return field.label_of(choice).in_language(words().language)
