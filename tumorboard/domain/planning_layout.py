"""Lays out meetings: given which cases are on which meeting, who is called in, in which order, for which minutes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tumorboard.domain.agenda import AgendaItem, Stretch, stays
from tumorboard.domain.agenda_measure import time_cases
from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.domain.model import MeetingFacts, MeetingPlan
from tumorboard.domain.planning_calls import Circumstances, choose_calls
from tumorboard.domain.planning_draft import Draft, agenda_item, fixed_starts, plan_meeting
from tumorboard.domain.planning_obstacles import is_called_enough
from tumorboard.domain.planning_options import Options, free_minutes, overlapping_meetings
from tumorboard.domain.planning_order import find_order
from tumorboard.domain.planning_problem import MINUTE, NeedKey, week_of
from tumorboard.domain.planning_timing import breaks_of
from tumorboard.domain.timeline import Interval

Assignment = Mapping[str, Sequence[str]]
"""The references of the cases per meeting id."""

Chosen = Mapping[str, Mapping[NeedKey, str]]
"""Per meeting id the members whom a plan of all meetings wants for the needs."""


def lay_out_meetings(
    options: Options, assignment: Assignment, *, keep_order: bool = False, chosen: Chosen | None = None
) -> tuple[MeetingPlan, ...]:
    """A plan without reasons for every meeting of the problem, in time order; meetings without a case get an empty one.

    Needs that nobody can cover are reported in `uncovered`, never refused. Raises NotFound (`unknown-meeting`,
    `unknown-case`) and Conflict (`case-twice`).
    """
    _check_assignment(options, assignment)
    drafts = draft_meetings(options, assignment, keep_order=keep_order, chosen=chosen)
    return tuple(
        plan_meeting(options, meeting.id, drafts[meeting.id])
        if meeting.id in drafts
        else MeetingPlan(meeting=meeting.id, agenda=(), attendances=(), reasons={})
        for meeting in options.problem.meetings
    )


def draft_meetings(
    options: Options,
    assignment: Assignment,
    *,
    keep_order: bool = False,
    is_quick: bool = False,
    chosen: Chosen | None = None,
) -> dict[str, Draft]:
    """The drafts of the meetings with cases. In time order: who is called to one is not free for an overlapping one,
    nor for another of the week in which she then has all the calls she takes."""
    overlaps = overlapping_meetings(options.problem)
    calls: dict[str, int] = {}
    weekly: dict[tuple[str, tuple[int, int]], int] = {}
    drafts: dict[str, Draft] = {}
    for meeting in options.problem.meetings:
        references = tuple(assignment.get(meeting.id, ()))
        if not references:
            continue
        week = week_of(meeting)
        engaged = {member for other in overlaps[meeting.id] if other in drafts for member in drafts[other].spans}
        engaged |= {
            member
            for (member, when), count in weekly.items()
            if when == week and is_called_enough(options.problem, meeting, options.members[member], count)
        }
        circumstances = Circumstances(frozenset(engaged), calls, (chosen or {}).get(meeting.id, {}))
        draft = draft_meeting(options, meeting.id, references, circumstances, keep_order=keep_order, is_quick=is_quick)
        for member in draft.spans:
            calls[member] = calls.get(member, 0) + 1
            weekly[member, week] = weekly.get((member, week), 0) + 1
        drafts[meeting.id] = draft
    return drafts


def draft_meeting(
    options: Options,
    meeting: str,
    references: Sequence[str],
    circumstances: Circumstances,
    *,
    keep_order: bool = False,
    is_quick: bool = False,
) -> Draft:
    """The best of a few ways to hold the meeting: required needs covered first, then recommended ones.

    Somebody who is free for a part of the meeting is tried first; when her window cannot be placed, the meeting is held
    with those who are free throughout. `is_quick` does without the proof that the order is the best one.
    """
    drafts: list[Draft] = []
    for required_whole, recommended_whole in ((False, False), (False, True), (True, True)):
        covers = choose_calls(
            options,
            meeting,
            references,
            circumstances,
            required_whole=required_whole,
            recommended_whole=recommended_whole,
        )
        if any(draft.covers == covers for draft in drafts):
            continue
        draft = _remember(options, meeting, references, covers, keep_order=keep_order, is_quick=is_quick)
        if draft.fits and not drafts:
            return draft
        drafts.append(draft)
    return min(drafts, key=lambda draft: _lost(options, draft))


def _lost(options: Options, draft: Draft) -> tuple[int, int, int]:
    required = sum(key in options.required[reference] for reference, keys in draft.absent.items() for key in keys)
    return len(draft.astray), required, sum(len(keys) for keys in draft.absent.values())


def _remember(
    options: Options,
    meeting: str,
    references: Sequence[str],
    covers: Mapping[NeedKey, str],
    *,
    keep_order: bool,
    is_quick: bool,
) -> Draft:
    """The draft, worked out once for each list of cases and members."""
    listed = tuple(references) if keep_order else tuple(sorted(references))
    known = (meeting, listed, frozenset(covers.items()), keep_order, is_quick)
    draft = options.memory.get(known)
    if not isinstance(draft, Draft):
        draft = _draft(options, meeting, listed, covers, keep_order=keep_order, is_quick=is_quick)
        options.memory[known] = draft
    return draft


def _draft(
    options: Options,
    meeting: str,
    references: Sequence[str],
    covers: Mapping[NeedKey, str],
    *,
    keep_order: bool,
    is_quick: bool,
) -> Draft:
    facts = options.meetings[meeting]
    free = {
        candidate.member: candidate.free
        for key in covers
        for candidate in options.candidates[meeting, key]
        if candidate.member == covers[key] and not candidate.is_whole
    }
    fixed = fixed_starts(options, meeting, references)
    items = [agenda_item(options, reference, covers) for reference in references]
    if keep_order:
        starts = time_cases(items, fixed=fixed, breaks=breaks_of(facts))
    else:
        starts = find_order(options, facts, items, free=free, fixed=fixed, is_quick=is_quick)
        items.sort(key=lambda item: starts[item.reference])
    spans, dropped = _fit_stays(options, facts, items, starts, stays(items, fixed=fixed, breaks=breaks_of(facts)), free)
    return Draft(
        starts=starts,
        covers=covers,
        spans=spans,
        absent=_absent(options, meeting, tuple(starts), covers, dropped),
        astray=frozenset(_astray(options, facts, starts)),
        fits=not dropped and not any(True for _ in _astray(options, facts, starts)),
    )


def _astray(options: Options, meeting: MeetingFacts, starts: Mapping[str, int]) -> Iterator[str]:
    """The cases that begin at another minute than the fixed one, or end after the meeting."""
    for reference, minute in starts.items():
        case = options.cases[reference]
        at = meeting.span.start + minute * MINUTE
        if minute + case.minutes > meeting.span.minutes or (case.fixed_at is not None and case.fixed_at != at):
            yield reference


def _fit_stays(
    options: Options,
    meeting: MeetingFacts,
    items: Sequence[AgendaItem],
    starts: Mapping[str, int],
    spans: dict[str, Stretch],
    free: Mapping[str, Sequence[Stretch]],
) -> tuple[dict[str, Stretch], dict[str, frozenset[str]]]:
    """The stay of each called-in member, of `spans`, and the cases she cannot be there for.

    A stay that runs into her busy time is cut to the free stretch that holds most of her cases.
    """
    dropped: dict[str, frozenset[str]] = {}
    for member, stretches in sorted(_with_overtime(options, meeting, items, starts, free).items()):
        if any(_inside(spans[member], stretch) for stretch in stretches):
            continue
        timed = [(item, (starts[item.reference], starts[item.reference] + item.minutes)) for item in items]
        hers = [(item.reference, span) for item, span in timed if member in item.held]
        best = max(stretches, key=lambda stretch: sum(_inside(span, stretch) for _, span in hers))
        kept = [(reference, span) for reference, span in hers if _inside(span, best)]
        dropped[member] = frozenset(reference for reference, _ in hers) - {reference for reference, _ in kept}
        del spans[member]
        if kept:
            spans[member] = (kept[0][1][0], kept[-1][1][1])
    return spans, dropped


def _with_overtime(
    options: Options,
    meeting: MeetingFacts,
    items: Sequence[AgendaItem],
    starts: Mapping[str, int],
    free: Mapping[str, Sequence[Stretch]],
) -> Mapping[str, Sequence[Stretch]]:
    """The free minutes of those who are not free throughout; of everybody when the agenda outlasts the meeting.

    The checker reports an agenda that is too long; nobody is booked over another appointment for it.
    """
    minutes = max(starts[item.reference] + item.minutes for item in items)
    if minutes <= meeting.span.minutes:
        return free
    longer = Interval(meeting.span.start, meeting.span.start + minutes * MINUTE)
    return {member: free_minutes(options.members[member], longer) for item in items for member in item.held}


def _inside(span: Stretch, stretch: Stretch) -> bool:
    return stretch[0] <= span[0] and span[1] <= stretch[1]


def _absent(
    options: Options,
    meeting: str,
    references: Sequence[str],
    covers: Mapping[NeedKey, str],
    dropped: Mapping[str, frozenset[str]],
) -> dict[str, tuple[NeedKey, ...]]:
    absent: dict[str, tuple[NeedKey, ...]] = {}
    for reference in references:
        lost = tuple(
            key
            for key in (*options.required[reference], *options.recommended[reference])
            if (meeting, key) not in options.core
            and (key not in covers or reference in dropped.get(covers[key], frozenset()))
        )
        if lost:
            absent[reference] = lost
    return absent


def _check_assignment(options: Options, assignment: Assignment) -> None:
    seen: set[str] = set()
    for meeting, references in assignment.items():
        if meeting not in options.meetings:
            raise NotFound(f"Meeting {meeting} is not part of this plan.", code="unknown-meeting", meeting=meeting)
        for reference in references:
            if reference not in options.cases:
                raise NotFound(f"Case {reference} is not part of this plan.", code="unknown-case", reference=reference)
            if reference in seen:
                raise Conflict(
                    f"Case {reference} is on the plan twice; take it off one meeting.",
                    code="case-twice",
                    reference=reference,
                )
            seen.add(reference)
