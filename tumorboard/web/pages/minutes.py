"""The minutes specialists are held, before and after: rows of a table with bars that say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tumorboard.services.minutes import Held, Minutes


@dataclass(frozen=True, slots=True)
class MinutesRow:
    """A member or a specialty; `arrival_share` and `now_share` are percents of the longest bar of the table."""

    name: str
    specialties: str
    held: Held
    arrival_share: float
    now_share: float


@dataclass(frozen=True, slots=True)
class MinutesTable:
    """What the template shows: members, the sums per specialty, and the total; empty when nobody is called in."""

    members: tuple[MinutesRow, ...]
    specialties: tuple[MinutesRow, ...]
    total: Held


def tabulate_minutes(minutes: Minutes, *, members: Mapping[str, str], specialties: Mapping[str, str]) -> MinutesTable:
    """The table of some minutes. `members` and `specialties` are names by id, in the reader's language."""
    longest = max((max(row.held.arrival, row.held.now) for row in minutes.members), default=0)
    sums = max((max(held.arrival, held.now) for held in minutes.specialties.values()), default=0)

    def say(names: tuple[str, ...]) -> str:
        return ", ".join(specialties.get(name, name) for name in names)

    return MinutesTable(
        members=tuple(
            _row(members.get(row.member, row.member), say(row.specialties), row.held, longest)
            for row in minutes.members
        ),
        specialties=tuple(_row(say(names), "", held, sums) for names, held in minutes.specialties.items()),
        total=minutes.total,
    )


def _row(name: str, specialties: str, held: Held, longest: int) -> MinutesRow:
    shares = (round(100 * minutes / longest, 1) if longest else 0.0 for minutes in (held.arrival, held.now))
    return MinutesRow(name, specialties, held, *shares)
