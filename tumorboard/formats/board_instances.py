"""The neutral JSON format of board planning: instances and answers, checked against a JSON Schema.

What the files call sessions are meetings here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tumorboard.domain.errors import BadInput
from tumorboard.domain.planning_instance import (
    BoardAnswer,
    BoardInstance,
    InstanceCase,
    InstanceMeeting,
    InstanceSpecialist,
    InstanceSpecialty,
)
from tumorboard.formats.checked_json import read_checked_json

_LARGEST = 1_000_000_000
_ID = {"type": "string", "minLength": 1, "maxLength": 200}
_COUNT = {"type": "integer", "minimum": 0, "maximum": _LARGEST}
_MINUTE = {"type": "integer", "minimum": -_LARGEST, "maximum": _LARGEST}
_IDS = {"type": "array", "items": _ID}


def _object(properties: Mapping[str, Any], *optional: str) -> dict[str, Any]:
    """An object with these keys and no other; all but the optional ones must be there."""
    return {
        "type": "object",
        "properties": {"comment": {"type": "string"}, **properties},
        "required": [key for key in properties if key not in optional],
        "additionalProperties": False,
    }


INSTANCE_SCHEMA: Mapping[str, Any] = {
    **_object(
    {
        "kind": {"const": "board-planning"},
        "name": {"type": "string"},
        "horizon_days": {"type": "integer", "minimum": 1, "maximum": 36_600},
        "specialties": {
            "type": "array",
            "items": _object({"id": _ID, "on_demand": {"type": "boolean"}, "attendance_cost": _COUNT}, "on_demand",
                             "attendance_cost"),
        },
        # The spans of `busy` are most of a file; they are checked by hand, which takes a tenth of the time.
        "specialists": {
            "type": "array",
            "items": _object({"id": _ID, "specialty": _ID, "busy": {"type": "array"}}, "busy"),
        },
        "sessions": {
            "type": "array",
            "items": _object(
                {"id": _ID, "board": _ID, "room": _ID, "start": _MINUTE, "end": _MINUTE, "capacity": _COUNT,
                 "optional": {"type": "boolean"}, "open_cost": _COUNT},
                "optional", "open_cost",
            ),
        },
        "cases": {
            "type": "array",
            "items": _object(
                {"id": _ID, "boards": {"type": "array", "items": _ID, "minItems": 1},
                 "duration": {"type": "integer", "minimum": 1, "maximum": _LARGEST}, "requires": _IDS,
                 "named": {"anyOf": [{"type": "null"}, _ID]}, "ready": _COUNT, "target": _COUNT, "weight": _COUNT,
                 "unscheduled_cost": _COUNT},
                "named",
            ),
        },
    },
    "name",
),
    "additionalProperties": True,
}  # fmt: skip
"""JSON Schema (2020-12) of an instance; the file may say more about itself, its rows only in a `comment`."""

ANSWER_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "assign": {"type": "object", "additionalProperties": _ID},
        "attend": {"type": "object", "additionalProperties": _IDS},
        "cost": {"type": "integer"},
        "lower_bound": {"type": ["number", "null"]},
        "gap": {"type": ["number", "null"]},
        "seconds": {"type": "number"},
        "unscheduled": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
    "required": ["assign", "attend", "cost"],
}
"""JSON Schema (2020-12) of an answer; other keys are allowed and not read."""


def read_board_instance(content: bytes, name: str) -> BoardInstance:
    """The instance of a JSON file; references are checked by `planning_instance.check_instance`.

    Raises BadInput `too-large`, `broken-json` or `bad-value`; `name` is what the message calls the file.
    """
    value = read_checked_json(content, INSTANCE_SCHEMA, name=name)
    return BoardInstance(
        name=value.get("name", ""),
        horizon_days=int(value["horizon_days"]),
        specialties=tuple(
            InstanceSpecialty(row["id"], row.get("on_demand", False), int(row.get("attendance_cost", 0)))
            for row in value["specialties"]
        ),
        specialists=tuple(
            InstanceSpecialist(row["id"], row["specialty"], _read_spans(row.get("busy", ()), position, name))
            for position, row in enumerate(value["specialists"])
        ),
        meetings=tuple(
            InstanceMeeting(
                row["id"], row["board"], row["room"], int(row["start"]), int(row["end"]), int(row["capacity"]),
                row.get("optional", False), int(row.get("open_cost", 0)),
            )
            for row in value["sessions"]
        ),
        cases=tuple(_read_case(row) for row in value["cases"]),
    )  # fmt: skip


def read_board_answer(content: bytes, name: str) -> BoardAnswer:
    """The answer of a JSON file, as it stands. Raises BadInput as `read_board_instance` does."""
    value = read_checked_json(content, ANSWER_SCHEMA, name=name)
    bound = value.get("lower_bound")
    unscheduled = value.get("unscheduled")
    return BoardAnswer(
        assign=dict(value["assign"]),
        attend={meeting: tuple(people) for meeting, people in value["attend"].items()},
        cost=int(value["cost"]),
        # What lies below a whole number is as good as the next one: all costs are whole.
        bound=None if bound is None else -int(-bound // 1),
        seconds=float(value.get("seconds", 0.0)),
        unscheduled=None if unscheduled is None else {case: tuple(why) for case, why in unscheduled.items()},
    )


def write_board_answer(answer: BoardAnswer) -> dict[str, Any]:
    """The answer in the order and the words of the format."""
    return {
        "assign": answer.assign,
        "attend": {meeting: list(people) for meeting, people in answer.attend.items()},
        "cost": answer.cost,
        "lower_bound": answer.bound,
        "gap": None if answer.gap is None else round(answer.gap, 6),
        "seconds": round(answer.seconds, 3),
        "unscheduled": {case: list(reasons) for case, reasons in (answer.unscheduled or {}).items()},
    }


def _read_case(row: Mapping[str, Any]) -> InstanceCase:
    return InstanceCase(
        id=row["id"], boards=tuple(row["boards"]), duration=int(row["duration"]), requires=tuple(row["requires"]),
        named=row.get("named"), ready=int(row["ready"]), target=int(row["target"]), weight=int(row["weight"]),
        unscheduled_cost=int(row["unscheduled_cost"]),
    )  # fmt: skip


def _read_spans(value: Any, position: int, name: str) -> tuple[tuple[int, int], ...]:
    spans = []
    for place, span in enumerate(value):
        if not (isinstance(span, list) and len(span) == 2 and all(_is_minute(number) for number in span)):
            where = f"specialists[{position}].busy[{place}]"
            raise BadInput(
                f"{name}, {where}: a span is a list of two whole numbers, start and end", code="bad-value", file=name,
                where=where,
            )  # fmt: skip
        spans.append((span[0], span[1]))
    return tuple(spans)


def _is_minute(number: Any) -> bool:
    return type(number) is int and -_LARGEST <= number <= _LARGEST
