"""Who can come on which day: what one cell of the table says, and which specialty has nobody on a meeting day."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tumorboard.domain.timeline import Interval, is_free, merge, subtract
from tumorboard.domain.weekly_hours import Taken

SHORTEST_STAY = timedelta(minutes=10)
"""What a specialist who is called in has to be free for at least."""


class DayState(StrEnum):
    """What a day is for a member. `clash`: she is expected at a meeting and cannot come to it."""

    FREE = "free"
    PARTLY = "partly"
    ABSENT = "absent"
    ON_BOARD = "on-board"
    CLASH = "clash"


@dataclass(frozen=True, slots=True)
class DayCell:
    """A day of a member. `windows` are hers at meetings; `busy` is when she cannot come in the hours of the day.

    Sorted; `busy` does not overlap. `is_absent` is True when she is away for some of it, and not merely busy;
    `declined` are the meetings of the day to which she said no.
    """

    state: DayState
    windows: tuple[Interval, ...] = ()
    busy: tuple[Interval, ...] = ()
    is_absent: bool = False
    declined: tuple[Interval, ...] = ()


_FREE = DayCell(DayState.FREE)


def cells_of(
    days: Sequence[Interval], *, taken: Taken, windows: Iterable[Interval] = (), declined: Iterable[Interval] = ()
) -> tuple[DayCell, ...]:
    """One cell for each day; `days` are the hours of the days that count, sorted, `windows` the member's at meetings.

    A window belongs to the day it overlaps. Meetings that she `declined` keep her as busy as anything else.
    """
    refused = merge(declined)
    every = merge((*taken.all, *refused)) if refused else taken.all
    spans, absent, own = spread(every, days), spread(taken.absent, days), spread(sorted(windows), days)
    no = spread(refused, days)
    return tuple(_cell(*each, every) for each in zip(days, spans, absent, own, no, strict=True))


def _cell(
    hours: Interval, spans: Sequence[Interval], absent: Sequence[Interval], own: Sequence[Interval],
    no: tuple[Interval, ...], every: Sequence[Interval],
) -> DayCell:  # fmt: skip
    if not own and not spans:
        return _FREE
    busy = merge(Interval(max(span.start, hours.start), min(span.end, hours.end)) for span in spans)
    if any(not is_free(window, every) for window in own):
        state = DayState.CLASH
    elif own:
        state = DayState.ON_BOARD
    else:
        state = DayState.PARTLY if subtract(hours, busy) else DayState.ABSENT
    return DayCell(state, tuple(own), busy, bool(absent), no)


def spread(spans: Sequence[Interval], days: Sequence[Interval]) -> tuple[tuple[Interval, ...], ...]:
    """For each of the days, the spans that overlap it, whole; both sorted by start, the days non-overlapping."""
    found: list[tuple[Interval, ...]] = []
    first = 0
    for day in days:
        while first < len(spans) and spans[first].end <= day.start:
            first += 1
        here: list[Interval] = []
        for span in itertools.islice(spans, first, None):
            if span.start >= day.end:
                break
            if span.end > day.start:
                here.append(span)
        found.append(tuple(here))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of a specialty could come to a meeting; `needed` when the board has a seat for it."""

    meeting: str
    specialty: str
    free: int
    members: int
    needed: bool

    @property
    def is_missing(self) -> bool:
        """True when the board has a seat for it and nobody can come."""
        return self.needed and self.free == 0


def can_come(span: Interval, busy: Sequence[Interval], *, whole: bool) -> bool:
    """True when somebody is free for the whole meeting, or long enough to be called in."""
    if whole:
        return is_free(span, busy)
    return any(part.end - part.start >= min(SHORTEST_STAY, span.end - span.start) for part in subtract(span, busy))


def cover_meeting(
    meeting: str, span: Interval, *, seats: Mapping[str, bool], specialties: Mapping[str, Sequence[str]],
    busy: Mapping[str, Sequence[Interval]], coming: Mapping[str, Interval],
) -> tuple[Coverage, ...]:  # fmt: skip
    """For each specialty of the centre, how many of its members could come to a meeting.

    `seats` maps the specialties of the board's seats to whether they hold the whole meeting; `specialties` maps each
    specialty to its members; `busy` holds everything that keeps a member from coming, the bookings of this meeting
    left out; `coming` are the windows of who is expected at it, for which alone she has to be free.
    """
    found = []
    for specialty in sorted(specialties):
        members = specialties[specialty]
        whole = seats.get(specialty, False)
        free = sum(_comes(member, span, busy.get(member, ()), coming.get(member), whole) for member in members)
        found.append(Coverage(meeting, specialty, free, len(members), specialty in seats))
    return tuple(found)


def _comes(member: str, span: Interval, busy: Sequence[Interval], window: Interval | None, whole: bool) -> bool:
    return is_free(window, busy) if window is not None else can_come(span, busy, whole=whole)
