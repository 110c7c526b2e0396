"""One member is away at several meetings: who is asked for each of them, so that nobody is asked for two places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tumorboard.domain.planning_problem import Week
from tumorboard.domain.substitutes import Candidate, Place, Ranking
from tumorboard.domain.timeline import Interval


@dataclass(frozen=True, slots=True)
class Gap:
    """What one meeting loses: a need with everybody who could cover it, best first.

    `calls_left` holds, for members with a limit, how often they may still be called in that week.
    """

    meeting: str
    ranking: Ranking
    week: Week
    is_call: bool = False
    calls_left: Mapping[str, int] = field(default_factory=dict)


def choose_for_all(gaps: Sequence[Gap]) -> tuple[str | None, ...]:
    """The best candidate for each gap in turn, None where nobody is left.

    Who was chosen for one gap of a meeting is chosen for its others too, if she can cover them: one person is asked,
    not two. Nobody gets two meetings at one time, or more calls in a week than agreed.
    """
    chosen: list[str | None] = []
    plan = _Plan()
    for gap in gaps:
        candidates = gap.ranking.candidates
        known = [one for one in candidates if gap.meeting in plan.meetings_of(one.member)]
        found = next((one for one in (*known, *candidates) if plan.allows(gap, one)), None)
        if found is not None:
            plan.note(gap, found)
        chosen.append(found.member if found is not None else None)
    return tuple(chosen)


def find_conflicts(gaps: Sequence[Gap], chosen: Sequence[str | None]) -> tuple[tuple[int, str], ...]:
    """What is wrong with a choice made by hand: the place of a gap and why its person cannot be asked.

    The reasons are those of `domain.substitutes.REJECTIONS`.
    """
    found: list[tuple[int, str]] = []
    plan = _Plan()
    for place, (gap, member) in enumerate(zip(gaps, chosen, strict=True)):
        if member is None:
            continue
        candidate = next((one for one in gap.ranking.candidates if one.member == member), None)
        if candidate is None:
            found.append((place, gap.ranking.reason_against(member) or "specialty-missing"))
        elif not plan.is_free(gap, candidate):
            found.append((place, "not-free"))
        elif not plan.has_calls_left(gap, candidate):
            found.append((place, "call-limit-reached"))
        else:
            plan.note(gap, candidate)
    return tuple(found)


class _Plan:
    """Who is asked for what so far."""

    def __init__(self) -> None:
        self._spans: dict[str, list[tuple[str, Interval]]] = {}
        self._calls: dict[tuple[str, Week], set[str]] = {}

    def meetings_of(self, member: str) -> Iterable[str]:
        return (meeting for meeting, _ in self._spans.get(member, ()))

    def is_free(self, gap: Gap, candidate: Candidate) -> bool:
        taken = self._spans.get(candidate.member, ())
        return not any(meeting != gap.meeting and candidate.span.overlaps(span) for meeting, span in taken)

    def has_calls_left(self, gap: Gap, candidate: Candidate) -> bool:
        left = gap.calls_left.get(candidate.member)
        if left is None or not self._is_call(gap, candidate):
            return True
        calls = self._calls.get((candidate.member, gap.week), set())
        return gap.meeting in calls or len(calls) < left

    def allows(self, gap: Gap, candidate: Candidate) -> bool:
        return self.is_free(gap, candidate) and self.has_calls_left(gap, candidate)

    def note(self, gap: Gap, candidate: Candidate) -> None:
        self._spans.setdefault(candidate.member, []).append((gap.meeting, candidate.span))
        if self._is_call(gap, candidate):
            self._calls.setdefault((candidate.member, gap.week), set()).add(gap.meeting)

    def _is_call(self, gap: Gap, candidate: Candidate) -> bool:
        return gap.is_call and candidate.place is not Place.PRESENT
