"""Reads the fields of a programme file and the values they may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tumorboard.domain.condition_reader import RESERVED
from tumorboard.domain.fields import Field, FieldKind
from tumorboard.domain.model import Text, Urgency, Value
from tumorboard.domain.program_sections import ID, Section, check_known, refuse

_CHOICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*", re.ASCII)
_LISTED = (FieldKind.CHOICE, FieldKind.SET)
_BOUNDED = (FieldKind.INTEGER, FieldKind.NUMBER)

KNOWN_TO_THE_HOUSE: Mapping[str, FieldKind] = {
    "urgency": FieldKind.CHOICE,
    "requested_specialties": FieldKind.SET,
    "named_members": FieldKind.SET,
}
"""Fields of the house rather than of a disease: every programme may have them, and they mean the same in each."""


def read_fields(
    entries: Iterable[tuple[str, Mapping[str, Any]]], *, groups: Mapping[str, Text], specialties: Mapping[str, Text]
) -> dict[str, Field]:
    """The fields by id in file order; raises BadProgram."""
    fields: dict[str, Field] = {}
    for number, (file, table) in enumerate(entries, start=1):
        section = Section(table, place=f"{file}, field {table.get('id') or number}")
        field = _read_field(section, groups, specialties)
        section.finish()
        fields[field.id] = field
    return fields


def _read_field(section: Section, groups: Mapping[str, Text], specialties: Mapping[str, Text]) -> Field:
    identity = section.id(pattern=ID)
    if identity in RESERVED:
        raise refuse(section.at("id"), f"'{identity}' is a word of the condition language")
    kind = section.choice("kind", FieldKind, what="kind of field")
    if KNOWN_TO_THE_HOUSE.get(identity, kind) is not kind:
        raise refuse(section.at("kind"), f"{identity} is always of kind {KNOWN_TO_THE_HOUSE[identity]}")
    labels = _read_choices(section, kind, specialties)
    if identity == "urgency":
        for choice in labels:
            check_known(choice, tuple(Urgency), place=section.at("choices"), what="urgency")
    return Field(
        id=identity,
        kind=kind,
        label=section.words("label"),
        group=section.word("group", groups, what="group of this programme"),
        choices=tuple(labels),
        minimum=_read_bound(section, "min", kind),
        maximum=_read_bound(section, "max", kind),
        labels={choice: label for choice, label in labels.items() if label is not None},
        default=_read_default(section, kind, tuple(labels)),
    )


def _read_choices(section: Section, kind: FieldKind, specialties: Mapping[str, Text]) -> dict[str, Text | None]:
    """The values a field may hold, each with its words or None: a list of ids and of `{ id, en, ko }`."""
    if section.has("choices_from"):
        section.word("choices_from", ("specialties",), what="list to choose from")
        return dict(specialties)
    if not section.has("choices"):
        if kind is FieldKind.CHOICE:
            raise refuse(section.place, "'choices' is missing")
        return {}
    place = section.at("choices")
    if kind not in _LISTED:
        raise refuse(place, f"a field of kind {kind} has no choices")
    entries = section.raw("choices")
    if not isinstance(entries, list) or not entries:
        raise refuse(place, "a list of values is expected here")
    choices: dict[str, Text | None] = {}
    for entry in entries:
        choice, label = _read_choice(entry, place=place)
        if choice in choices:
            raise refuse(place, f"'{choice}' is listed twice")
        choices[choice] = label
    return choices


def _read_choice(entry: object, *, place: str) -> tuple[str, Text | None]:
    label = None
    if isinstance(entry, Mapping):
        section = Section(entry, place=place)
        choice, label = section.text("id"), Text(section.text("en"), section.text("ko"))
        section.finish()
    else:
        choice = str(entry) if isinstance(entry, str) else ""
    if not _CHOICE.fullmatch(choice):
        raise refuse(place, f"'{entry}' is no value of letters, digits and underscores")
    return choice, label


def _read_bound(section: Section, key: str, kind: FieldKind) -> float | None:
    if not section.has(key):
        return None
    if kind not in _BOUNDED:
        raise refuse(section.at(key), f"a field of kind {kind} has no bounds")
    return section.number(key)


def _read_default(section: Section, kind: FieldKind, choices: tuple[str, ...]) -> Value | None:
    if not section.has("default"):
        return None
    if kind is not FieldKind.CHOICE:
        raise refuse(section.at("default"), "only a choice has a default")
    return section.word("default", choices, what="value of this field")
