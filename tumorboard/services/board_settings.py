"""The settings of a board: its weights and habits, read with their defaults, changed with a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tumorboard.domain.agenda_model import AgendaWeights
from tumorboard.domain.board_settings import (
    LARGEST_AGENDA_WEIGHT,
    LARGEST_FACTOR,
    LARGEST_WEIGHT,
    LONGEST_ANSWER_DAYS,
    LONGEST_BREAK_MINUTES,
    LONGEST_MEETING_MINUTES,
    BoardSettings,
    Substitutes,
    read_settings,
)
from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import Urgency
from tumorboard.domain.planning_problem import Weights
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.meetings import find_board
from tumorboard.store.meetings import Board

Value = int | str | bool

HABITS = {
    "break_after_minutes": LONGEST_MEETING_MINUTES,
    "break_minutes": LONGEST_BREAK_MINUTES,
    "complex_minutes": LONGEST_MEETING_MINUTES,
}
DAYS = {"answer_days": LONGEST_ANSWER_DAYS, "remind_days": LONGEST_ANSWER_DAYS}
_SWITCH = ("true", "false")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "substitutes": tuple(Substitutes), "allow_proposals": _SWITCH, "standing_invitations": _SWITCH,
}  # fmt: skip
"""Settings that are no numbers; `true` and `false` stand for the JSON values."""

GROUPS = {
    "weights": [f"weights.{known.name}" for known in fields(Weights)],
    "agenda": [f"agenda.{known.name}" for known in fields(AgendaWeights)],
    "habits": list(HABITS),
    "answers": [*DAYS, *CHOICES],
}
"""The names of all settings, as a page groups them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting by its dotted name, such as `weights.late_day`, with its default.

    A number has its limits, both included; any other has `choices`.
    """

    name: str
    value: Value
    default: Value
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()

    @property
    def is_default(self) -> bool:
        """True when the board has not changed it."""
        return self.value == self.default


def read_board_settings(session: Session, *, board: str, by: Actor) -> tuple[Board, tuple[Setting, ...]]:
    """Every setting of a board, in the order of `GROUPS`."""
    require(by, Permission.BOARD_READ)
    row = find_board(session, board)
    return row, _list(read_settings(row.settings))


def change_settings(
    session: Session, *, board: str, values: Mapping[str, Value | None], by: Actor, now: datetime
) -> tuple[str, ...]:
    """Set what is named, by dotted names; None puts a default back. Gives the names whose value changed.

    Nothing published changes: the next proposal reads them. Raises BadInput `bad-setting`, NotFound for the board.
    """
    require(by, Permission.MEETING_EDIT)
    with transaction(session):
        row = find_board(session, board)
        known = {setting.name: setting for setting in _list(read_settings(row.settings))}
        wanted = {name: setting.value for name, setting in known.items()}
        for name, value in values.items():
            if name not in known:
                raise BadInput(f"'{name}' is no setting; known: {', '.join(known)}", code="bad-setting", key=name)
            wanted[name] = known[name].default if value is None else value
        return _write(session, row, known, _nested(wanted), by=by, now=now)


def replace_settings(
    session: Session, *, board: str, settings: Mapping[str, Any], by: Actor, now: datetime
) -> tuple[str, ...]:
    """Put all settings at once, as a centre file nests them; what is not named gets its default. Else as above."""
    require(by, Permission.MEETING_EDIT)
    with transaction(session):
        row = find_board(session, board)
        known = {setting.name: setting for setting in _list(read_settings(row.settings))}
        return _write(session, row, known, settings, by=by, now=now)


def _write(
    session: Session, row: Board, known: Mapping[str, Setting], nested: Mapping[str, Any], *, by: Actor, now: datetime
) -> tuple[str, ...]:
    """Keep what differs from the defaults, so that a better default reaches boards that never chose."""
    after = _list(read_settings(nested))
    changed = tuple(setting.name for setting in after if setting.value != known[setting.name].value)
    if changed:
        row.settings = _nested({setting.name: setting.value for setting in after if not setting.is_default})
        values = {setting.name: setting.value for setting in after if setting.name in changed}
        record(session, by=by, now=now, action="board:settings", subject=("board", row.key), changed=values)
    return changed


def _list(settings: BoardSettings) -> tuple[Setting, ...]:
    values, defaults = _flat(settings), _flat(BoardSettings())
    return tuple(
        Setting(name, values[name], defaults[name], choices=CHOICES[name])
        if name in CHOICES
        else Setting(name, values[name], defaults[name], *_limits(name))
        for names in GROUPS.values()
        for name in names
    )


def _limits(name: str) -> tuple[int, int]:
    if name in HABITS or name in DAYS:
        return 0, {**HABITS, **DAYS}[name]
    if name.startswith("agenda."):
        return 0, LARGEST_AGENDA_WEIGHT
    is_factor = name.removeprefix("weights.") in set(Urgency)
    return (1, LARGEST_FACTOR) if is_factor else (0, LARGEST_WEIGHT)


def _flat(settings: BoardSettings) -> dict[str, Value]:
    document = asdict(settings)
    found: dict[str, Value] = {
        f"{group}.{name}": value for group in ("weights", "agenda") for name, value in document[group].items()
    }
    others = {name: document[name] for name in (*HABITS, *DAYS, *CHOICES)}
    return {**found, **others, "substitutes": str(document["substitutes"])}


def _nested(values: Mapping[str, Value]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in values.items():
        group, dot, rest = name.partition(".")
        if dot:
            document.setdefault(group, {})[rest] = value
        else:
            document[name] = value
    return document
