"""When groups of specialties can all attend in the next weeks: ranked slots, and why each other slot is none.

Every slot of the weeks is one bit. A member is a number whose bits are the slots she is free at, so that "somebody of
each specialty" is a few ands and ors over all weeks at once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import MemberFacts, Reason
from tumorboard.domain.planning_problem import MINUTE, NeedKey, answers
from tumorboard.domain.slots_facts import RejectedSlot, Slot, SlotQuestion, Slots, Wanted
from tumorboard.domain.timeline import Interval, at_wall_clock

MOST_SLOTS = 50_000
NEIGHBOURS = timedelta(minutes=15)
"""A commitment this close before or after a slot makes it a tight one."""


def find_slots(question: SlotQuestion, *, limit: int = 12, most_per_day: int = 2) -> Slots:
    """The slots of the weeks: earliest day first, on a day those with most recommended specialties, then those that
    press fewest people, then the earliest; at most so many of one day, and at most `limit`."""
    grid = _Grid(question)
    possible = grid.possible()
    best: list[Slot] = []
    for places in _by_day(grid, possible):
        slots = sorted((grid.slot(place) for place in places), key=_rank)
        best += slots[:most_per_day]
        if len(best) >= limit:
            break
    return Slots(tuple(best[:limit]), tuple(grid.rejected(possible)), possible.bit_count(), len(grid.starts))


def explain_slot(question: SlotQuestion, start: datetime) -> tuple[Reason, ...]:
    """Everything that speaks against one start, on the grid or not; empty when it is possible."""
    span = Interval(start, start + question.minutes * MINUTE)
    on = question.hours.day_of(start)
    if start <= question.now:
        return (Reason("slot-past"),)
    if on in question.hours.closed:
        return (_holiday(question, on),)
    grid = _Grid(question, starts=(start,))
    outside = () if question.hours.hold(span) else (Reason("slot-outside-hours", {"day": on.isoformat()}),)
    return (*outside, *grid.reasons(0))


def _rank(slot: Slot) -> tuple[int, int, datetime]:
    return (len(slot.unadvised), slot.tight, slot.span.start)


def _by_day(grid: _Grid, possible: int) -> Iterator[list[int]]:
    """The possible places of each day that has any, in time order."""
    day: list[int] = []
    for place in _bits(possible):
        if day and grid.days[place] != grid.days[day[-1]]:
            yield day
            day = []
        day.append(place)
    if day:
        yield day


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _holiday(question: SlotQuestion, on: date) -> Reason:
    return Reason("slot-holiday", {"day": on.isoformat(), "name": question.hours.closed[on]})


class _Grid:
    """The starts of the weeks in time order, and who is free at which of them, one bit for each."""

    def __init__(self, question: SlotQuestion, starts: Iterable[datetime] | None = None) -> None:
        self.question = question
        self.length = question.minutes * MINUTE
        self.shut: list[RejectedSlot] = []
        self.starts = list(self._starts() if starts is None else starts)
        self.days = [question.hours.day_of(start) for start in self.starts]
        self.all = (1 << len(self.starts)) - 1
        self.pools = [_able(question, each) for each in question.wanted]
        asked = {member.id: member for pool in self.pools for member in pool}
        asked |= {member.id: member for member in question.members if member.id in question.named}
        self.members = asked
        self.free = {name: self._free(member.busy) for name, member in asked.items()}
        self.rooms = {room.id: self._free(room.busy) for room in question.rooms}
        self.unmet = self._free(question.meetings)
        soon = bisect_left(self.starts, question.now + question.lead)
        self.late_enough = self.all & ~((1 << soon) - 1)
        self.enough = [
            _at_least(each.count, [self.free[member.id] for member in pool])
            for each, pool in zip(question.wanted, self.pools, strict=True)
        ]

    def _starts(self) -> Iterator[datetime]:
        """The starts of the weeks; days without any are noted as shut."""
        question, hours = self.question, self.question.hours
        first = hours.day_of(question.now)
        seen = 0
        for on in (first + timedelta(days=number) for number in range(7 * question.weeks)):
            whole = hours.span_of(on)
            if whole is None:
                self._shut(on)
                continue
            start = whole.start
            while start + self.length <= whole.end:
                if start > question.now:
                    seen += 1
                    yield start
                start += question.step_minutes * MINUTE
            if seen > MOST_SLOTS:
                raise BadInput("fewer weeks or longer steps: there are too many slots", code="too-many-slots")

    def _shut(self, on: date) -> None:
        hours = self.question.hours
        midnights = [at_wall_clock(day, time(0), hours.zone) for day in (on, on + timedelta(days=1))]
        span = Interval(*midnights)
        day = {"day": on.isoformat()}
        reason = _holiday(self.question, on) if on in hours.closed else Reason("slot-outside-hours", day)
        self.shut.append(RejectedSlot(span, 0, (reason,)))

    def _free(self, busy: Iterable[Interval]) -> int:
        mask = self.all
        for taken in busy:
            first = bisect_right(self.starts, taken.start - self.length)
            last = bisect_left(self.starts, taken.end)
            if first < last:
                mask &= ~(((1 << (last - first)) - 1) << first)
        return mask

    def possible(self) -> int:
        """The starts at which all that is required is there."""
        mask = self.unmet & self.late_enough
        for name in self.question.named:
            mask &= self.free[name]
        for each, enough in zip(self.question.wanted, self.enough, strict=True):
            mask &= enough if each.required else self.all
        if self.rooms:
            any_room = 0
            for free in self.rooms.values():
                any_room |= free
            mask &= any_room
        return mask

    def slot(self, place: int) -> Slot:
        """Who comes at a possible start: those it presses least, then those who are asked first."""
        span = Interval(self.starts[place], self.starts[place] + self.length)
        attendees: list[tuple[str, tuple[str, ...]]] = [("", self.question.named)] if self.question.named else []
        spare: dict[str, int] = {}
        unadvised: list[str] = []
        coming = set(self.question.named)
        for each, pool in zip(self.question.wanted, self.pools, strict=True):
            free = [member for member in pool if self.free[member.id] >> place & 1]
            if len(free) < each.count:
                unadvised.append(each.specialty)
                continue
            order = sorted(free, key=lambda member: (member.id not in coming, _is_tight(member, span)))
            chosen = tuple(member.id for member in order[: each.count])
            coming.update(chosen)
            attendees.append((each.specialty, chosen))
            spare[each.specialty] = len(free) - each.count
        tight = sum(_is_tight(self.members[name], span) for name in coming)
        room = next((room for room, free in self.rooms.items() if free >> place & 1), None)
        return Slot(span, room, tuple(attendees), spare, tuple(unadvised), tight)

    def reasons(self, place: int) -> tuple[Reason, ...]:
        """What is required and not there at a start."""
        found = [] if self.late_enough >> place & 1 else [_too_soon(self.question)]
        found += [] if self.unmet >> place & 1 else [Reason("slot-board-meets")]
        found += [
            Reason("slot-member-busy", {"member": name})
            for name in self.question.named
            if not self.free[name] >> place & 1
        ]
        for each, pool, enough in zip(self.question.wanted, self.pools, self.enough, strict=True):
            if each.required and not enough >> place & 1:
                free = sum(self.free[member.id] >> place & 1 for member in pool)
                found.append(_too_few(each, free))
        if self.rooms and not any(free >> place & 1 for free in self.rooms.values()):
            only = next(iter(self.rooms)) if len(self.rooms) == 1 else None
            found.append(Reason("slot-room-taken", {"room": only}) if only else Reason("slot-no-room"))
        return tuple(found)

    def rejected(self, possible: int) -> list[RejectedSlot]:
        """The starts that are no slot, those in a row with the same reasons together, and the days without any."""
        found: list[RejectedSlot] = []
        before = -2
        for place in _bits(self.all & ~possible):
            span, reasons = Interval(self.starts[place], self.starts[place] + self.length), self.reasons(place)
            follows = place == before + 1 and self.days[place] == self.days[before] and found[-1].reasons == reasons
            if follows:
                found[-1] = RejectedSlot(Interval(found[-1].span.start, span.end), found[-1].count + 1, reasons)
            else:
                found.append(RejectedSlot(span, 1, reasons))
            before = place
        return sorted((*found, *self.shut), key=lambda each: each.span)


def _able(question: SlotQuestion, each: Wanted) -> list[MemberFacts]:
    key = NeedKey(each.specialty, each.certificate)
    return [
        member for member in question.members if answers(member, key) and (not each.among or member.id in each.among)
    ]


def _at_least(count: int, masks: Iterable[int]) -> int:
    """The bits that are set in at least `count` of the masks."""
    levels = [0] * count
    for mask in masks:
        for level in range(count - 1, 0, -1):
            levels[level] |= levels[level - 1] & mask
        levels[0] |= mask
    return levels[-1]


def _too_soon(question: SlotQuestion) -> Reason:
    return Reason("slot-too-soon", {"hours": round(question.lead.total_seconds() / 3600)})


def _too_few(each: Wanted, free: int) -> Reason:
    if not free:
        return Reason("slot-nobody-free", {"specialty": each.specialty})
    return Reason("slot-too-few-free", {"specialty": each.specialty, "free": free, "needed": each.count})


def _is_tight(member: MemberFacts, span: Interval) -> bool:
    """True when she has something else right before or after."""
    place = bisect_left(member.busy, Interval(span.start, span.end))
    before = member.busy[place - 1].end if place else None
    after = member.busy[place].start if place < len(member.busy) else None
    return (before is not None and span.start - before < NEIGHBOURS) or (
        after is not None and after - span.end < NEIGHBOURS
    )
