"""Lays out meetings: given which cases are on which meeting, who is called in, in which order, for which minutes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tumorboard.domain.agenda import MAX_STATES, AgendaItem, AgendaOrder, held_cost, order_cases, stays
from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.domain.model import MeetingPlan
from tumorboard.domain.planning_calls import Circumstances, choose_calls
from tumorboard.domain.planning_draft import Draft, Span, agenda_item, arrival_key, plan_meeting
from tumorboard.domain.planning_options import Options, free_minutes, overlapping_meetings
from tumorboard.domain.planning_problem import MINUTE, NeedKey
from tumorboard.domain.timeline import Interval

Assignment = Mapping[str, Sequence[str]]
"""The references of the cases per meeting id."""


def lay_out_meetings(options: Options, assignment: Assignment, *, keep_order: bool = False) -> tuple[MeetingPlan, ...]:
    """A plan without reasons for every meeting of the problem, in time order; meetings without a case get an empty one.

    Needs that nobody can cover are reported in `uncovered`, never refused. Raises NotFound (`unknown-meeting`,
    `unknown-case`) and Conflict (`case-twice`).
    """
    _check_assignment(options, assignment)
    drafts = draft_meetings(options, assignment, keep_order=keep_order)
    return tuple(
        plan_meeting(options, meeting.id, drafts[meeting.id])
        if meeting.id in drafts
        else MeetingPlan(meeting=meeting.id, agenda=(), attendances=(), reasons={})
        for meeting in options.problem.meetings
    )


def draft_meetings(
    options: Options, assignment: Assignment, *, keep_order: bool = False, is_quick: bool = False
) -> dict[str, Draft]:
    """The drafts of the meetings with cases. In time order: who is called to one is not free for an overlapping one."""
    overlaps = overlapping_meetings(options.problem)
    calls: dict[str, int] = {}
    drafts: dict[str, Draft] = {}
    for meeting in options.problem.meetings:
        references = tuple(assignment.get(meeting.id, ()))
        if not references:
            continue
        engaged = frozenset(
            member for other in overlaps[meeting.id] if other in drafts for member in drafts[other].spans
        )
        circumstances = Circumstances(engaged, calls)
        draft = draft_meeting(options, meeting.id, references, circumstances, keep_order=keep_order, is_quick=is_quick)
        for member in draft.spans:
            calls[member] = calls.get(member, 0) + 1
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
        draft = _order(options, meeting, references, covers, keep_order=keep_order, is_quick=is_quick)
        if draft.fits and not drafts:
            return draft
        drafts.append(draft)
    return min(drafts, key=lambda draft: _lost(options, draft))


def _lost(options: Options, draft: Draft) -> tuple[int, int]:
    required = sum(key in options.required[reference] for reference, keys in draft.absent.items() for key in keys)
    return required, sum(len(keys) for keys in draft.absent.values())


def _order(
    options: Options,
    meeting: str,
    references: Sequence[str],
    covers: Mapping[NeedKey, str],
    *,
    keep_order: bool,
    is_quick: bool,
) -> Draft:
    """The agenda with these members; among equals: published order, then complex cases first, then arrival."""
    free = {
        candidate.member: candidate.free
        for key in covers
        for candidate in options.candidates[meeting, key]
        if candidate.member == covers[key] and not candidate.is_whole
    }
    published = {reference: place for place, reference in enumerate(options.meetings[meeting].published)}
    items = [agenda_item(options, reference, covers) for reference in references]
    if keep_order:
        order = AgendaOrder(tuple(references), held_cost(items), misfit_minutes=0, proven=False)
    else:
        items.sort(
            key=lambda item: (
                published.get(item.reference, len(published)),
                -item.minutes,
                arrival_key(options.cases[item.reference]),
            )
        )
        order = order_cases(items, free=free, max_states=0 if is_quick else MAX_STATES)
    by_reference = {item.reference: item for item in items}
    ordered = [by_reference[reference] for reference in order.references]
    spans, dropped = _fit_stays(options, meeting, ordered, free)
    absent = _absent(options, meeting, order.references, covers, dropped)
    return Draft(order=order, covers=covers, spans=spans, absent=absent, fits=not dropped)


def _fit_stays(
    options: Options, meeting: str, items: Sequence[AgendaItem], free: Mapping[str, Sequence[Span]]
) -> tuple[dict[str, Span], dict[str, frozenset[str]]]:
    """The stay of each called-in member, and the cases she cannot be there for.

    A stay that runs into her busy time is cut to the free stretch that holds most of her cases.
    """
    spans = stays(items)
    dropped: dict[str, frozenset[str]] = {}
    for member, stretches in sorted(_with_overtime(options, meeting, items, free).items()):
        if any(_inside(spans[member], stretch) for stretch in stretches):
            continue
        hers = [(item.reference, span) for item, span in _timed(items) if member in item.held]
        best = max(stretches, key=lambda stretch: sum(_inside(span, stretch) for _, span in hers))
        kept = [(reference, span) for reference, span in hers if _inside(span, best)]
        dropped[member] = frozenset(reference for reference, _ in hers) - {reference for reference, _ in kept}
        del spans[member]
        if kept:
            spans[member] = (kept[0][1][0], kept[-1][1][1])
    return spans, dropped


def _with_overtime(
    options: Options, meeting: str, items: Sequence[AgendaItem], free: Mapping[str, Sequence[Span]]
) -> Mapping[str, Sequence[Span]]:
    """The free minutes of those who are not free throughout; of everybody when the agenda outlasts the meeting.

    The checker reports an agenda that is too long; nobody is booked over another appointment for it.
    """
    span = options.meetings[meeting].span
    minutes = sum(item.minutes for item in items)
    if minutes <= span.minutes:
        return free
    longer = Interval(span.start, span.start + minutes * MINUTE)
    return {member: free_minutes(options.members[member], longer) for item in items for member in item.held}


def _timed(items: Sequence[AgendaItem]) -> Iterator[tuple[AgendaItem, Span]]:
    minute = 0
    for item in items:
        yield item, (minute, minute + item.minutes)
        minute += item.minutes


def _inside(span: Span, stretch: Span) -> bool:
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
