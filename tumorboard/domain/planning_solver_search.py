"""Large-neighbourhood search: some meetings are emptied and filled anew by CP-SAT, again and again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

from tumorboard.domain.planning_core import Core
from tumorboard.domain.planning_core_pool import Pool
from tumorboard.domain.planning_core_sketch import Sketch, sketch_cost
from tumorboard.domain.planning_solver_core import Effort, solve_part


@dataclass(frozen=True, slots=True)
class Part:
    """Meetings to be filled anew, and the cases that may move: those on them and those left out."""

    kind: str
    meetings: tuple[int, ...]
    cases: tuple[int, ...]


@dataclass(slots=True)
class _Kind:
    """A way of choosing meetings, how many it takes, and how well it has done."""

    name: str
    size: int
    largest: int
    score: float = 1.0


class PartChooser:
    """Chooses parts of a plan to be solved again, larger ones where the last were solved to the end."""

    def __init__(self, core: Core, *, seed: int) -> None:
        self._core = core
        self._random = Random(seed)  # noqa: S311 - a search, no secret
        used = sorted({place.meeting for case in core.cases for place in case.places})
        self._by_board: defaultdict[str, list[int]] = defaultdict(list)
        for meeting in sorted(used, key=lambda index: (core.meetings[index].start, index)):
            self._by_board[core.meetings[meeting].board].append(meeting)
        self._in_time = sorted(used, key=lambda index: (core.meetings[index].start, index))
        self._boards = sorted(self._by_board)
        self._reach = [frozenset(place.meeting for place in case.places) for case in core.cases]
        self._kinds = {
            "board": _Kind("board", 5, max((len(found) for found in self._by_board.values()), default=1)),
            "some": _Kind("some", 5, max((len(found) for found in self._by_board.values()), default=1)),
            "week": _Kind("week", 6, len(self._in_time)),
            "related": _Kind("related", 5, len(self._in_time)),
        }

    def choose(self, sketch: Sketch) -> Part:
        """The next part; equal calls give equal parts."""
        kinds = list(self._kinds.values())
        kind = self._random.choices(kinds, weights=[max(0.1, found.score) for found in kinds])[0]
        if kind.name == "board":
            meetings = self._window(self._by_board[self._random.choice(self._boards)], kind.size)
        elif kind.name == "some":
            of_board = self._by_board[self._random.choice(self._boards)]
            meetings = self._random.sample(of_board, min(kind.size, len(of_board)))
        elif kind.name == "week":
            meetings = self._window(self._in_time, kind.size)
        else:
            meetings = self._related(sketch, kind.size)
        here = set(meetings)
        cases = [
            case for case, reach in enumerate(self._reach)
            if (sketch.places[case] in here if case in sketch.places else not here.isdisjoint(reach))
        ]  # fmt: skip
        return Part(kind.name, tuple(sorted(here)), tuple(cases))

    def learn(self, part: Part, *, gain: int, is_proven: bool) -> None:
        """What became of the part: points won, and whether it was solved to the end."""
        kind = self._kinds[part.kind]
        kind.score = 0.9 * kind.score + 0.1 * (1.0 if gain > 0 else 0.0)
        if is_proven and not gain:
            kind.size = min(kind.largest, kind.size + 1)
        elif not is_proven:
            kind.size = max(2, kind.size - 1)

    def is_whole(self, part: Part) -> bool:
        """True when nothing of the core is outside the part."""
        return len(part.meetings) == len(self._in_time)

    def _window(self, meetings: Sequence[int], size: int) -> Sequence[int]:
        first = self._random.randrange(max(1, len(meetings) - size + 1))
        return meetings[first : first + size]

    def _related(self, sketch: Sketch, size: int) -> list[int]:
        """Meetings among which the cases of one meeting could move."""
        found = [self._random.choice(self._in_time)]
        while len(found) < min(size, len(self._in_time)):
            around_meeting = self._random.choice(found)
            around = [case for case, where in sketch.places.items() if where == around_meeting]
            reach = sorted({meeting for case in around for meeting in self._reach[case]}.difference(found))
            found.append(self._random.choice(reach or sorted(set(self._in_time).difference(found))))
        return found


@dataclass(frozen=True, slots=True)
class Tried:
    """A sketch after a part was solved again, never dearer than before, and what that took."""

    sketch: Sketch
    cost: int
    is_proven: bool
    work: float


def improve_part(
    core: Core, pool: Pool, sketch: Sketch, part: Part, *, effort: Effort,
    barred: Collection[tuple[int, int]] = frozenset(),
) -> Tried:  # fmt: skip
    """The sketch with the part filled anew, without `barred` places; as it was when nothing as good is found."""
    cost = sketch_cost(core, pool, sketch)
    answer = solve_part(core, pool, sketch, effort=effort, cases=part.cases, meetings=part.meetings, barred=barred)
    if answer is None:
        return Tried(sketch, cost, False, effort.work or 0.0)
    new_cost = sketch_cost(core, pool, answer.sketch)
    if new_cost > cost:
        return Tried(sketch, cost, answer.is_proven, answer.work)
    return Tried(answer.sketch, new_cost, answer.is_proven, answer.work)


def improve_near(
    core: Core, pool: Pool, sketch: Sketch, support: Collection[tuple[int, int]], *, effort: Effort
) -> Tried:  # fmt: skip
    """The best sketch that has no place beside its own and those of `support`: the fractional plan of the bound.

    Few places, so it is found fast, and most of them are in the best plan too (Danna, Rothberg and Le Pape 2005).
    """
    barred = {(index, place.meeting) for index, case in enumerate(core.cases) for place in case.places}
    everything = Part("near", tuple(range(len(core.meetings))), tuple(range(len(core.cases))))
    return improve_part(core, pool, sketch, everything, effort=effort, barred=barred.difference(support))
