"""An agenda to be ordered as it stands in a file: specialties with prices, cases with needs, four optional wishes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tumorboard.domain.agenda_model import AgendaItem, AgendaWeights, Block, Break, Stretch
from tumorboard.domain.errors import BadInput

HELD_TIME_ONLY = AgendaWeights(held_minute=1, complex_late=0, inversion=0, changed_window=0)
"""The objective of the neutral format: the weighted held minutes and nothing else."""


@dataclass(frozen=True, slots=True)
class AgendaSpecialty:
    """A called-in specialty; `cost` is the price of one minute for which it is held."""

    id: str
    cost: int


@dataclass(frozen=True, slots=True)
class AgendaCase:
    """A case with its minutes and the specialties it needs."""

    id: str
    duration: int
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgendaInstance:
    """The neutral problem. `present` holds, per specialty that is not there all the time, when it is."""

    name: str
    specialties: tuple[AgendaSpecialty, ...]
    cases: tuple[AgendaCase, ...]
    fixed_start: Mapping[str, int] = field(default_factory=dict)
    present: Mapping[str, tuple[Stretch, ...]] = field(default_factory=dict)
    last: tuple[str, ...] = ()
    pause: Break | None = None

    @property
    def items(self) -> tuple[AgendaItem, ...]:
        """The cases in the words of `order_cases`."""
        last = frozenset(self.last)
        return tuple(
            AgendaItem(
                reference=case.id,
                minutes=case.duration,
                held=frozenset(case.requires),
                block=Block.LAST if case.id in last else Block.NORMAL,
            )
            for case in self.cases
        )

    @property
    def costs(self) -> dict[str, int]:
        """The price of a held minute per specialty."""
        return {specialty.id: specialty.cost for specialty in self.specialties}

    @property
    def longest(self) -> int:
        """A minute by which every agenda of these cases is over."""
        minutes = sum(case.duration for case in self.cases)
        pause = self.pause.minutes + max((case.duration for case in self.cases), default=0) if self.pause else 0
        return max([0, *self.fixed_start.values()]) + minutes + pause


def check_agenda_instance(instance: AgendaInstance) -> None:
    """Raises BadInput, with the place of the value, for names that are unknown or given twice and impossible windows.

    Codes: `given-twice`, `unknown-reference`, `empty-window` and `window-too-short`. Whether fixed times clash is found
    out when the cases are ordered (`fixed-times-clash`).
    """
    _check_unique("specialties", [specialty.id for specialty in instance.specialties])
    _check_unique("cases", [case.id for case in instance.cases])
    _check_unique("last", instance.last)
    specialties = {specialty.id for specialty in instance.specialties}
    cases = {case.id for case in instance.cases}
    for place, case in enumerate(instance.cases):
        _check_known(f"cases[{place}].requires", case.requires, specialties, "specialty")
        _check_unique(f"cases[{place}].requires", case.requires)
    _check_known("fixed_start", instance.fixed_start, cases, "case")
    _check_known("last", instance.last, cases, "case")
    _check_known("present", instance.present, specialties, "specialty")
    for specialty, windows in instance.present.items():
        _check_windows(instance, specialty, windows)


def merge_windows(windows: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The windows in time order; those that touch or overlap become one."""
    merged: list[Stretch] = []
    for start, end in sorted(windows):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _check_windows(instance: AgendaInstance, specialty: str, windows: Sequence[Stretch]) -> None:
    for place, (start, end) in enumerate(windows):
        if start >= end:
            where = f"present.{specialty}[{place}]"
            raise BadInput(
                f"{where}: the window from minute {start} to {end} does not end after it begins",
                code="empty-window",
                where=where,
            )
    needed = sum(case.duration for case in instance.cases if specialty in case.requires)
    inside = [min(end, instance.longest) - start for start, end in merge_windows(windows)]
    longest = max([0, *inside])
    if needed > longest:
        raise BadInput(
            f"present.{specialty}: {specialty} is needed for {needed} minutes, but is there for at most {longest} "
            f"minutes of the meeting at a stretch; give a longer window or take a case away",
            code="window-too-short",
            where=f"present.{specialty}",
        )


def _check_unique(where: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise BadInput(f"{where}: {twice[0]!r} is given twice; keep one", code="given-twice", where=where)


def _check_known(where: str, names: Iterable[str], known: set[str], kind: str) -> None:
    for place, name in enumerate(names):
        if name not in known:
            spot = f"{where}[{place}]" if where != "fixed_start" and where != "present" else f"{where}.{name}"
            raise BadInput(f"{spot}: there is no {kind} {name!r}", code="unknown-reference", where=spot)
