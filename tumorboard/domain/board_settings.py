"""A board's own weights and habits: what a proposal pays for, when a meeting pauses, what follows from an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from tumorboard.domain.agenda_model import AgendaWeights
from tumorboard.domain.errors import BadInput
from tumorboard.domain.planning_problem import Weights

LARGEST_WEIGHT = 1_000_000
LARGEST_FACTOR = 1_000
LARGEST_AGENDA_WEIGHT = 10_000
LONGEST_MEETING_MINUTES = 480
LONGEST_BREAK_MINUTES = 60
LONGEST_ANSWER_DAYS = 60

_SWITCHES = ("allow_proposals", "standing_invitations")
_FACTORS = ("routine", "expedited", "urgent")


class Substitutes(StrEnum):
    """What happens when a need is lost: substitutes are shown to the coordinator, or the best one is asked at once."""

    OFFER = "offer"
    INVITE = "invite"


@dataclass(frozen=True, slots=True)
class BoardSettings:
    """What `[boards.settings]` of a centre file says; everything has a default.

    A meeting pauses for `break_minutes` whenever it has lasted `break_after_minutes` since its start or its last break;
    with 0 it never does. A case of `complex_minutes` or more is complex: early on the agenda, or right after a break;
    with 0 none is.

    An answer is expected `answer_days` before the meeting, and asked for once more after `remind_days` without one.
    With `allow_proposals` members may propose another time. With `standing_invitations` core members get one entry for
    the whole weekly series instead of one for each meeting.
    """

    weights: Weights = field(default_factory=Weights)
    agenda: AgendaWeights = field(default_factory=AgendaWeights)
    break_after_minutes: int = 0
    break_minutes: int = 0
    complex_minutes: int = 0
    answer_days: int = 3
    remind_days: int = 2
    substitutes: Substitutes = Substitutes.OFFER
    allow_proposals: bool = True
    standing_invitations: bool = False

    def breaks_of(self, minutes: int) -> tuple[tuple[int, int], ...]:
        """The breaks, minute and length, of a meeting that lasts so many minutes; none right before its end."""
        found: list[tuple[int, int]] = []
        at = self.break_after_minutes
        while at and at + self.break_minutes < minutes:
            found.append((at, self.break_minutes))
            at += self.break_minutes + self.break_after_minutes
        return tuple(found)


def read_settings(values: Mapping[str, object]) -> BoardSettings:
    """The settings of a board, defaults for what is not given.

    Raises BadInput `bad-setting` that names the key: unknown, of another type, out of range, or a break without its
    length.
    """
    limits = {
        "break_after_minutes": LONGEST_MEETING_MINUTES,
        "break_minutes": LONGEST_BREAK_MINUTES,
        "complex_minutes": LONGEST_MEETING_MINUTES,
        "answer_days": LONGEST_ANSWER_DAYS,
        "remind_days": LONGEST_ANSWER_DAYS,
    }
    _refuse_unknown("", values, ("weights", "agenda", *limits, "substitutes", *_SWITCHES))
    given: dict[str, Any] = {
        **{name: _read_number(name, values[name], 0, limit) for name, limit in limits.items() if name in values},
        **{name: _read_switch(name, values[name]) for name in _SWITCHES if name in values},
    }
    settings = BoardSettings(
        weights=_read_weights(values),
        agenda=_read_agenda(values),
        substitutes=_read_substitutes(values.get("substitutes", Substitutes.OFFER)),
        **given,
    )
    if bool(settings.break_after_minutes) != bool(settings.break_minutes):
        missing = "break_minutes" if settings.break_after_minutes else "break_after_minutes"
        raise BadInput(
            f"'{missing}' is missing: a break needs 'break_after_minutes' and 'break_minutes'",
            code="bad-setting",
            key=missing,
        )
    return settings


def _read_weights(values: Mapping[str, object]) -> Weights:
    given = _read_table("weights", values)
    _refuse_unknown("weights.", given, [known.name for known in fields(Weights)])
    return Weights(
        **{
            name: _read_number(f"weights.{name}", value, 1, LARGEST_FACTOR)
            if name in _FACTORS
            else _read_number(f"weights.{name}", value, 0, LARGEST_WEIGHT)
            for name, value in given.items()
        }
    )


def _read_agenda(values: Mapping[str, object]) -> AgendaWeights:
    given = _read_table("agenda", values)
    _refuse_unknown("agenda.", given, [known.name for known in fields(AgendaWeights)])
    return AgendaWeights(
        **{name: _read_number(f"agenda.{name}", value, 0, LARGEST_AGENDA_WEIGHT) for name, value in given.items()}
    )


def _read_table(name: str, values: Mapping[str, object]) -> Mapping[str, object]:
    table = values.get(name, {})
    if not isinstance(table, Mapping):
        raise BadInput(f"'{name}' is no table; write [boards.settings.{name}]", code="bad-setting", key=name)
    return table


def _read_number(key: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadInput(f"'{key}' is a whole number from {low} to {high}", code="bad-setting", key=key)
    return value


def _read_substitutes(value: object) -> Substitutes:
    if not isinstance(value, str) or value not in set(Substitutes):
        known = " or ".join(f"'{each}'" for each in Substitutes)
        raise BadInput(f"'substitutes' is {known}", code="bad-setting", key="substitutes")
    return Substitutes(value)


def _read_switch(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadInput(f"'{key}' is true or false", code="bad-setting", key=key)
    return value


def _refuse_unknown(prefix: str, given: Mapping[str, object], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise BadInput(
                f"'{prefix}{name}' is no setting; known: {', '.join(prefix + other for other in known)}",
                code="bad-setting",
                key=f"{prefix}{name}",
            )
