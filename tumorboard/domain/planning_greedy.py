"""The greedy plan: the most pressing case takes its cheapest place, then the next. It also repairs and fills plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tumorboard.domain.model import Urgency, WaitingCase
from tumorboard.domain.planning_calls import Circumstances, choose_calls
from tumorboard.domain.planning_draft import Draft
from tumorboard.domain.planning_layout import Chosen, draft_meeting, draft_meetings
from tumorboard.domain.planning_options import Options, call_cost, entangled_meetings
from tumorboard.domain.planning_problem import NeedKey, left_out_cost, open_cost, place_cost, room_clashes

_URGENCY_ORDER = (Urgency.URGENT, Urgency.EXPEDITED, Urgency.ROUTINE)

Places = dict[str, tuple[str, ...]]
"""The references of the cases per meeting id."""


def fill_meetings(options: Options, start: Mapping[str, Sequence[str]]) -> Places:
    """A right assignment: `start` without the cases that cannot be there, and all others that still fit.

    Published cases come first, then urgent ones, then those whose clock runs out first; each takes its cheapest place.
    `start` may name cases and meetings that are not of this problem.
    """
    filler = _Filler(options, settle(options, _pinned_first(options, start)))
    placed = {reference for references in filler.places.values() for reference in references}
    waiting = sorted(
        (case for case in options.problem.cases if case.reference not in placed),
        key=lambda case: (
            case.reference not in options.problem.pinned,
            case.meeting is None,
            _URGENCY_ORDER.index(case.urgency),
            case.due_at,
            case.referred_at,
            case.reference,
        ),
    )
    for case in waiting:
        filler.place(case)
    return settle(options, filler.places)


def _pinned_first(options: Options, start: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """The same, with what a person put on a meeting before all else."""
    pinned = options.problem.pinned
    if not pinned:
        return start
    hers = {name: [ref for ref, meeting in pinned.items() if meeting == name] for name in options.meetings}
    return {name: (*hers[name], *(ref for ref in start.get(name, ()) if ref not in pinned)) for name in hers}


def settle(options: Options, start: Mapping[str, Sequence[str]], chosen: Chosen | None = None) -> Places:
    """Takes off the cases that cannot be where they are, until none is left; `chosen` as in `draft_meetings`."""
    settled = _admit(options, start)
    while True:
        drafts = draft_meetings(options, settled, chosen=chosen)
        lost = {reference for draft in drafts.values() for reference in _lost(options, draft)}
        if not lost:
            return settled
        settled = {
            meeting: kept
            for meeting, references in settled.items()
            if (kept := tuple(reference for reference in references if reference not in lost))
        }


def _admit(options: Options, start: Mapping[str, Sequence[str]]) -> Places:
    """The part of an assignment that the facts allow: places without an obstacle, rooms and minutes that are there."""
    used: set[str] = set()
    admitted: Places = {}
    for meeting in options.problem.meetings:
        kept: tuple[str, ...] = ()
        minutes = 0
        for reference in start.get(meeting.id, ()):
            case = options.cases.get(reference)
            if case is None or reference in used or (reference, meeting.id) in options.obstacles:
                continue
            if minutes + case.minutes <= meeting.capacity:
                used.add(reference)
                minutes += case.minutes
                kept = (*kept, reference)
        if kept:
            admitted[meeting.id] = kept
    for one, other in room_clashes(options.problem):
        if one.id in admitted and other.id in admitted:
            del admitted[min(one.id, other.id, key=lambda name: (len(admitted[name]), name))]
    return admitted


def _lost(options: Options, draft: Draft) -> set[str]:
    """The cases with a required need that nobody covers, and of those that miss the clock the one that matters least.

    One at a time, because the others may fit without it.
    """
    uncovered = {
        reference for reference, keys in draft.absent.items() if not set(keys).isdisjoint(options.required[reference])
    }
    if uncovered or not draft.astray:
        return uncovered

    def worth(reference: str) -> tuple[int, str]:
        return left_out_cost(options.problem, options.cases[reference]), reference

    return {min(draft.astray, key=worth)}


class _Filler:
    """An assignment that grows by one case at a time and stays right."""

    def __init__(self, options: Options, places: Places) -> None:
        self.options = options
        self.places = places
        self.entangled = entangled_meetings(options)
        self.clashes: dict[str, set[str]] = {}
        for one, other in room_clashes(options.problem):
            self.clashes.setdefault(one.id, set()).add(other.id)
            self.clashes.setdefault(other.id, set()).add(one.id)
        self.prices: dict[tuple[str, frozenset[NeedKey], frozenset[NeedKey]], int | None] = {}

    def place(self, case: WaitingCase) -> None:
        """Puts the case where it costs least, the earliest among equals, if there is a place at all."""
        options = self.options
        best: tuple[int, str] | None = None
        for meeting in options.problem.meetings:
            references = self.places.get(meeting.id, ())
            used = sum(options.cases[reference].minutes for reference in references)
            is_shut = (case.reference, meeting.id) in options.obstacles
            if is_shut or used + case.minutes > meeting.capacity or self._is_room_gone(meeting.id):
                continue
            after = self._price(meeting.id, (*references, case.reference))
            if after is None:
                continue
            before = self._price(meeting.id, references) or 0 if references else 0
            cost = place_cost(options.problem, case, meeting) + after - before
            cost += 0 if references else open_cost(options.problem, meeting)
            if best is None or cost < best[0]:
                best = (cost, meeting.id)
        if best is not None:
            self.places[best[1]] = (*self.places.get(best[1], ()), case.reference)

    def _is_room_gone(self, meeting: str) -> bool:
        return any(self.places.get(other) for other in self.clashes.get(meeting, ()))

    def _price(self, meeting: str, references: tuple[str, ...]) -> int | None:
        """Points for the calls of a meeting with these cases; None when a required need stays uncovered."""
        options = self.options
        required = frozenset(key for reference in references for key in options.required[reference])
        recommended = frozenset(key for reference in references for key in options.recommended[reference])
        facts = options.meetings[meeting]
        depends_on_order = (
            bool(self.entangled[meeting] or facts.breaks)
            or any(options.cases[reference].fixed_at is not None for reference in references)
            or any(
                not candidate.is_whole for key in required for candidate in options.candidates.get((meeting, key), ())
            )
        )
        if depends_on_order and not self._is_covered(meeting, references):
            return None
        known = (meeting, required, recommended)
        if self._knows_somebody(references):
            return self._call_price(meeting, references, required)
        if known not in self.prices or depends_on_order:
            self.prices[known] = self._call_price(meeting, references, required)
        return self.prices[known]

    def _knows_somebody(self, references: tuple[str, ...]) -> bool:
        """True when it matters who of a specialty is called, because a case was discussed before."""
        return any(self.options.cases[reference].earlier_members for reference in references)

    def _call_price(self, meeting: str, references: tuple[str, ...], required: frozenset[NeedKey]) -> int | None:
        covers = choose_calls(self.options, meeting, references, Circumstances())
        if any(key not in covers and (meeting, key) not in self.options.core for key in required):
            return None
        hers: dict[str, bool] = {}
        for key, member in covers.items():
            hers[member] = hers.get(member, False) or key in required
        strange = sum(
            (meeting, key) not in self.options.core and covers.get(key) not in earlier
            for (reference, key), earlier in self.options.earlier.items()
            if reference in references
        )
        return self.options.problem.weights.continuity * strange + sum(
            call_cost(self.options, meeting, member, required=is_required) for member, is_required in hers.items()
        )

    def _is_covered(self, meeting: str, references: tuple[str, ...]) -> bool:
        """True when this meeting and those that share people with it can hold all their cases, in time and covered."""
        options = self.options
        if not self.entangled[meeting]:
            drafts = {meeting: draft_meeting(options, meeting, references, Circumstances(), is_quick=True)}
        else:
            places = {other: self.places.get(other, ()) for other in self.entangled[meeting]}
            drafts = draft_meetings(options, places | {meeting: references}, is_quick=True)
        return not any(_lost(options, draft) for draft in drafts.values())
