"""Reads an agenda to be ordered, and writes the answer, in the neutral JSON format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tumorboard.domain.agenda_instance import (
    AgendaCase,
    AgendaInstance,
    AgendaSpecialty,
    check_agenda_instance,
    merge_windows,
)
from tumorboard.domain.agenda_model import AgendaOrder, Break
from tumorboard.formats.checked_json import read_checked_json

LONGEST = 100_000
"""No minute is later and no price higher; sums stay within 64 bits."""

_NAME = {"type": "string", "minLength": 1, "maxLength": 200}
_MINUTE = {"type": "integer", "minimum": 0, "maximum": LONGEST}

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["kind", "specialties", "cases"],
    "additionalProperties": False,
    "properties": {
        "kind": {"const": "agenda-order"},
        "name": {"type": "string", "maxLength": 200},
        "specialties": {
            "type": "array",
            "maxItems": 500,
            "items": {
                "type": "object",
                "required": ["id", "cost"],
                "additionalProperties": False,
                "properties": {"id": _NAME, "cost": {"type": "integer", "minimum": 0, "maximum": LONGEST}},
            },
        },
        "cases": {
            "type": "array",
            "maxItems": 1000,
            "items": {
                "type": "object",
                "required": ["id", "duration", "requires"],
                "additionalProperties": False,
                "properties": {
                    "id": _NAME,
                    "duration": {"type": "integer", "minimum": 1, "maximum": 1440},
                    "requires": {"type": "array", "items": _NAME},
                },
            },
        },
        "fixed_start": {"type": "object", "additionalProperties": _MINUTE},
        "present": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": _MINUTE},
            },
        },
        "last": {"type": "array", "items": _NAME},
        "break": {
            "type": "object",
            "required": ["at", "minutes"],
            "additionalProperties": False,
            "properties": {"at": _MINUTE, "minutes": {"type": "integer", "minimum": 1, "maximum": 1440}},
        },
    },
}
"""What a file must look like (JSON Schema 2020-12)."""


def read_agenda_instance(content: bytes, name: str) -> AgendaInstance:
    """The instance in a JSON text (UTF-8); `name` is what messages call the file.

    Raises BadInput as `read_checked_json` and `check_agenda_instance` do.
    """
    value = read_checked_json(content, SCHEMA, name=name)
    pause = value.get("break")
    instance = AgendaInstance(
        name=value.get("name", ""),
        specialties=tuple(AgendaSpecialty(row["id"], int(row["cost"])) for row in value["specialties"]),
        cases=tuple(AgendaCase(row["id"], int(row["duration"]), tuple(row["requires"])) for row in value["cases"]),
        fixed_start={case: int(minute) for case, minute in value.get("fixed_start", {}).items()},
        present={
            specialty: tuple((int(start), int(end)) for start, end in windows)
            for specialty, windows in value.get("present", {}).items()
        },
        last=tuple(value.get("last", ())),
        pause=Break(int(pause["at"]), int(pause["minutes"])) if pause else None,
    )
    check_agenda_instance(instance)
    return instance


def write_agenda_order(instance: AgendaInstance, order: AgendaOrder, *, seconds: float) -> dict[str, Any]:
    """The answer as JSON values. `violations` lists the windows of `present` that the order does not keep.

    `lower_bound` is what no order with as few minutes outside the windows stays below.
    """
    costs = instance.costs
    own = sum(case.duration * costs[specialty] for case in instance.cases for specialty in case.requires)
    return {
        "name": instance.name,
        "order": list(order.references),
        "held": order.held,
        "waiting": order.held - own,
        "proven": order.proven,
        "lower_bound": order.lower_bound,
        "windows": {row.id: [list(order.windows[row.id])] for row in instance.specialties if row.id in order.windows},
        "starts": dict(order.starts),
        "violations": [
            {"specialty": specialty, "window": list(order.windows[specialty]), "minutes_outside": outside}
            for specialty, windows in instance.present.items()
            if specialty in order.windows
            and (outside := _minutes_outside(order.windows[specialty], merge_windows(windows)))
        ],
        "seconds": round(seconds, 3),
    }


def _minutes_outside(stay: tuple[int, int], windows: tuple[tuple[int, int], ...]) -> int:
    inside = sum(max(0, min(stay[1], end) - max(stay[0], start)) for start, end in windows)
    return stay[1] - stay[0] - inside
