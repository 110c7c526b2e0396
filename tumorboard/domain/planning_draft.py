"""Turns the draft of a meeting into its plan: times, attendances with their grounds, and what nobody covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tumorboard.domain.agenda import AgendaItem, Block, Stretch, measure_order
from tumorboard.domain.model import AgendaEntry, Attendance, MeetingPlan, Need, SeatKind, Urgency, WaitingCase
from tumorboard.domain.planning_options import Options
from tumorboard.domain.planning_problem import MINUTE, NeedKey, can_begin, fixed_minute, key_of
from tumorboard.domain.planning_timing import breaks_of, order_by_arrival
from tumorboard.domain.timeline import Interval


@dataclass(frozen=True, slots=True)
class Draft:
    """One way to hold a meeting.

    `starts` has the minute at which each case begins, in the order of the agenda. `covers` says who is called in for a
    need, `spans` her minutes from the start, `absent` the needs per case that nobody covers, required or recommended.
    `astray` are the cases that miss their fixed time or run over the end of the meeting. A draft `fits` when there is
    none and nobody's stay had to be cut to her free time.
    """

    starts: Mapping[str, int]
    covers: Mapping[NeedKey, str]
    spans: Mapping[str, Stretch]
    absent: Mapping[str, tuple[NeedKey, ...]]
    astray: frozenset[str]
    fits: bool


def arrival_key(case: WaitingCase) -> tuple[object, ...]:
    """Sorts cases by the day they were referred."""
    return case.referred_at, case.reference


def agenda_item(options: Options, reference: str, covers: Mapping[NeedKey, str]) -> AgendaItem:
    case = options.cases[reference]
    needs = (*options.required[reference], *options.recommended[reference])
    block = Block.LAST if case.last_block else Block.NORMAL
    return AgendaItem(
        reference=reference,
        minutes=case.minutes,
        held=frozenset(covers[key] for key in needs if key in covers),
        block=Block.FIRST if case.urgency is Urgency.URGENT else block,
        is_complex=case.is_complex,
    )


def plan_meeting(options: Options, meeting: str, draft: Draft) -> MeetingPlan:
    start = options.meetings[meeting].span.start
    entries: list[AgendaEntry] = []
    for reference, minute in draft.starts.items():
        case = options.cases[reference]
        wanted = sorted({need.specialty for need in case.needs if need.required and need.waived_by is None})
        at = start + minute * MINUTE
        entries.append(AgendaEntry(reference, Interval(at, at + case.minutes * MINUTE), tuple(wanted)))
    held = _held_by_member(options, meeting, draft)
    return MeetingPlan(
        meeting=meeting,
        agenda=tuple(entries),
        attendances=(*_core_attendances(options, meeting, draft), *_called_attendances(options, meeting, draft)),
        reasons={},
        uncovered=_uncovered(options, draft),
        vacant_seats=options.teams[meeting].vacant,
        held_minutes=sum(now for _, now in held.values()),
        held_minutes_arrival=sum(before for before, _ in held.values()),
        held_by_member=held,
    )


def _held_by_member(options: Options, meeting: str, draft: Draft) -> dict[str, tuple[int, int]]:
    """Minutes of those who are called in: were the cases discussed as they came, and as they are planned.

    Both heed breaks and fixed times. Whoever attends for a part of her cases only is compared by these.
    """
    items = []
    for reference in draft.starts:
        item = agenda_item(options, reference, draft.covers)
        lost = {draft.covers[key] for key in draft.absent.get(reference, ()) if key in draft.covers}
        items.append(replace(item, held=item.held - lost))
    items.sort(key=lambda item: arrival_key(options.cases[item.reference]))
    breaks = breaks_of(options.meetings[meeting])
    fixed = fixed_starts(options, meeting, draft.starts)
    before = measure_order(order_by_arrival(items, fixed=fixed, breaks=breaks), fixed=fixed, breaks=breaks)
    return {member: (before[member], end - start) for member, (start, end) in sorted(draft.spans.items())}


def fixed_starts(options: Options, meeting: str, references: Iterable[str]) -> dict[str, int]:
    """The minutes that are fixed on this meeting, without those that cannot be kept beside an earlier one."""
    facts = options.meetings[meeting]
    wanted = []
    for reference in references:
        case = options.cases[reference]
        minute = fixed_minute(case, facts)
        if minute is not None and can_begin(case, facts):
            wanted.append((minute, reference))
    kept: dict[str, int] = {}
    free_from = 0
    for minute, reference in sorted(wanted):
        if minute >= free_from:
            kept[reference] = minute
            free_from = minute + options.cases[reference].minutes
    return kept


def _uncovered(options: Options, draft: Draft) -> dict[str, tuple[str, ...]]:
    """Specialties nobody attends for; a named member without a specialty of her own is known by her id."""
    return {
        reference: tuple(sorted({name for key in keys for name in names_of(options, reference, key)}))
        for reference, keys in draft.absent.items()
    }


def _needs_behind(options: Options, reference: str, key: NeedKey) -> tuple[Need, ...]:
    return tuple(need for need in options.cases[reference].needs if need.waived_by is None and key_of(need) == key)


def names_of(options: Options, reference: str, key: NeedKey) -> tuple[str, ...]:
    if key.specialty:
        return (key.specialty,)
    stated = tuple(need.specialty for need in _needs_behind(options, reference, key) if need.specialty)
    if stated:
        return stated
    member = options.members.get(key.member)
    return tuple(sorted(member.specialties)[:1]) if member is not None and member.specialties else (key.member,)


def _core_attendances(options: Options, meeting: str, draft: Draft) -> Iterator[Attendance]:
    for member, seats in options.teams[meeting].seated.items():
        keys = {key for (place, key), holder in options.core.items() if place == meeting and holder == member}
        part = _part_of(options, tuple(draft.starts), keys)
        yield Attendance(
            member=member,
            kind=SeatKind.CORE,
            span=options.meetings[meeting].span,
            specialties=tuple(dict.fromkeys((*seats, *part.specialties))),
            cases=part.cases,
            rules=part.rules,
            required=part.required or not part.cases,
        )


def _called_attendances(options: Options, meeting: str, draft: Draft) -> list[Attendance]:
    start = options.meetings[meeting].span.start
    found: list[Attendance] = []
    for member, (first, last) in sorted(draft.spans.items(), key=lambda pair: (pair[1], pair[0])):
        keys = {key for key, holder in draft.covers.items() if holder == member}
        present = [reference for reference in draft.starts if not keys & set(draft.absent.get(reference, ()))]
        part = _part_of(options, present, keys)
        found.append(
            Attendance(
                member=member,
                kind=SeatKind.ON_DEMAND,
                span=Interval(start + first * MINUTE, start + last * MINUTE),
                specialties=part.specialties,
                cases=part.cases,
                rules=part.rules,
                required=part.required,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """What somebody who covers some needs does at a meeting."""

    cases: tuple[str, ...]
    specialties: tuple[str, ...]
    rules: tuple[str, ...]
    required: bool


def _part_of(options: Options, references: Sequence[str], keys: set[NeedKey]) -> _Part:
    cases: list[str] = []
    specialties: set[str] = set()
    rules: dict[str, None] = {}
    required = False
    for reference in references:
        hers = [key for key in (*options.required[reference], *options.recommended[reference]) if key in keys]
        if not hers:
            continue
        cases.append(reference)
        required = required or any(key in options.required[reference] for key in hers)
        for key in hers:
            specialties.update(names_of(options, reference, key))
            stated = [need.rule for need in _needs_behind(options, reference, key)]
            rules.update(dict.fromkeys(stated or ["named"]))
    return _Part(tuple(cases), tuple(sorted(specialties)), tuple(sorted(rules)), required)
