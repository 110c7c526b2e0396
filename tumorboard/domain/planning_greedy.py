"""The greedy plan: the most pressing case takes its cheapest place, then the next. It also repairs and fills plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tumorboard.domain.model import Urgency, WaitingCase
from tumorboard.domain.planning_calls import Circumstances, choose_calls
from tumorboard.domain.planning_layout import draft_meeting, draft_meetings
from tumorboard.domain.planning_options import Options, call_cost, overlapping_meetings
from tumorboard.domain.planning_problem import NeedKey, place_cost

_URGENCY_ORDER = (Urgency.URGENT, Urgency.EXPEDITED, Urgency.ROUTINE)

Places = dict[str, tuple[str, ...]]
"""The references of the cases per meeting id."""


def fill_meetings(options: Options, start: Mapping[str, Sequence[str]]) -> Places:
    """A right assignment: `start` without the cases that cannot be covered there, and all others that still fit.

    Published cases come first, then urgent ones, then those whose clock runs out first; each takes its cheapest place.
    """
    filler = _Filler(options, _settle(options, start))
    placed = {reference for references in filler.places.values() for reference in references}
    waiting = sorted(
        (case for case in options.problem.cases if case.reference not in placed),
        key=lambda case: (
            case.meeting is None,
            _URGENCY_ORDER.index(case.urgency),
            case.due_at,
            case.referred_at,
            case.reference,
        ),
    )
    for case in waiting:
        filler.place(case)
    return _settle(options, filler.places)


def _settle(options: Options, places: Mapping[str, Sequence[str]]) -> Places:
    """Takes off the cases with a required need that nobody covers, until none is left."""
    settled = {meeting: tuple(references) for meeting, references in places.items() if references}
    while True:
        drafts = draft_meetings(options, settled)
        lost = {
            reference
            for draft in drafts.values()
            for reference, keys in draft.absent.items()
            if not set(keys).isdisjoint(options.required[reference])
        }
        if not lost:
            return settled
        settled = {
            meeting: tuple(reference for reference in references if reference not in lost)
            for meeting, references in settled.items()
        }


class _Filler:
    """An assignment that grows by one case at a time and stays right."""

    def __init__(self, options: Options, places: Places) -> None:
        self.options = options
        self.places = places
        self.overlaps = overlapping_meetings(options.problem)
        self.prices: dict[tuple[str, frozenset[NeedKey], frozenset[NeedKey]], int | None] = {}

    def place(self, case: WaitingCase) -> None:
        """Puts the case where it costs least, the earliest among equals, if there is a place at all."""
        options = self.options
        best: tuple[int, str] | None = None
        for meeting in options.problem.meetings:
            references = self.places.get(meeting.id, ())
            used = sum(options.cases[reference].minutes for reference in references)
            is_shut = (case.reference, meeting.id) in options.obstacles
            if is_shut or used + case.minutes > meeting.capacity:
                continue
            after = self._price(meeting.id, (*references, case.reference))
            if after is None:
                continue
            before = self._price(meeting.id, references) or 0
            cost = place_cost(options.problem, case, meeting) + after - before
            if best is None or cost < best[0]:
                best = (cost, meeting.id)
        if best is not None:
            self.places[best[1]] = (*self.places.get(best[1], ()), case.reference)

    def _price(self, meeting: str, references: tuple[str, ...]) -> int | None:
        """Points for the calls of a meeting with these cases; None when a required need stays uncovered."""
        options = self.options
        required = frozenset(key for reference in references for key in options.required[reference])
        recommended = frozenset(key for reference in references for key in options.recommended[reference])
        depends_on_order = bool(self.overlaps[meeting]) or any(
            not candidate.is_whole for key in required for candidate in options.candidates.get((meeting, key), ())
        )
        if depends_on_order and not self._is_covered(meeting, references):
            return None
        known = (meeting, required, recommended)
        if known not in self.prices or depends_on_order:
            self.prices[known] = self._call_price(meeting, references, required)
        return self.prices[known]

    def _call_price(self, meeting: str, references: tuple[str, ...], required: frozenset[NeedKey]) -> int | None:
        covers = choose_calls(self.options, meeting, references, Circumstances())
        if any(key not in covers and (meeting, key) not in self.options.core for key in required):
            return None
        hers: dict[str, bool] = {}
        for key, member in covers.items():
            hers[member] = hers.get(member, False) or key in required
        return sum(
            call_cost(self.options, meeting, member, required=is_required) for member, is_required in hers.items()
        )

    def _is_covered(self, meeting: str, references: tuple[str, ...]) -> bool:
        """True when this meeting and those at the same time cover the required needs of all their cases."""
        options = self.options
        if not self.overlaps[meeting]:
            drafts = {meeting: draft_meeting(options, meeting, references, Circumstances(), is_quick=True)}
        else:
            places = {other: self.places.get(other, ()) for other in self.overlaps[meeting]}
            drafts = draft_meetings(options, places | {meeting: references}, is_quick=True)
        return all(
            set(keys).isdisjoint(options.required[reference])
            for draft in drafts.values()
            for reference, keys in draft.absent.items()
        )
