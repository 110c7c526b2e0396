"""The earliest moments at which everybody an urgent case needs can meet, and who is missing when there is none.

A sweep over the ends of busy times: who can begin changes only where a member, or a room, becomes free or taken.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from tumorboard.domain.planning_problem import MINUTE, NeedKey, key_of
from tumorboard.domain.timeline import Interval, merge, subtract
from tumorboard.domain.urgent_facts import Askable, Cover, Gap, Moment, UrgentAnswer, UrgentQuestion
from tumorboard.domain.urgent_team import Candidate, Standing, asking_order, choose_team

MOST_MOMENTS = 5
WEEKLY_LIMIT_BURDEN = 100
"""What a member has to bear who has had her calls for this week: she is called when nobody else of her standing is."""

Quality = tuple[int, int, int, int, int, int]
"""Stand-ins, missing advice, no room, outside working hours, people, burden: smaller is better, from the left."""
Windows = tuple[tuple[int, int], ...]
"""The first and last minute, both included, at which somebody could begin; sorted."""


def find_moments(question: UrgentQuestion, *, limit: int = MOST_MOMENTS) -> UrgentAnswer:
    """The moments at which all required needs are covered, at most `limit`.

    The first is the earliest there is; later ones outside working hours stand after those inside. A later one is given
    when it is better than all before it – fewer stand-ins, more recommended needs covered, a room, inside working
    hours, fewer people, people called less often – or when those are over by then. Recommended needs never delay.
    """
    return _Sweep(question).run(limit)


def cover_at(question: UrgentQuestion, start: datetime, *, present: Iterable[str] = ()) -> Moment:
    """Who covers what at one start, whether or not all needs are covered and the clock allows it.

    Who is `present` already comes anyway and is kept.
    """
    sweep = _Sweep(question)
    return sweep.moment_at(sweep.place(start), frozenset(present))


class _Sweep:
    """The question in whole minutes from the earliest start."""

    def __init__(self, question: UrgentQuestion) -> None:
        self.question = question
        self.step = question.step_minutes
        self.base = _round_up(question.now + question.notice_minutes * MINUTE, self.step)
        self.last = self._last_start(question.until)
        self.farthest = max(self.last, self._last_start(question.look_until or question.until))
        self.members = {member.id: member for member in question.members}
        self.needs = {True: self._keys(required=True)}
        self.needs[False] = tuple(key for key in self._keys(required=False) if key not in self.needs[True])
        self.pools = {
            key: asking_order(key, members=self.members, seats=question.seats)
            for key in (*self.needs[True], *self.needs[False])
        }
        asked = {candidate.member for pool in self.pools.values() for candidate in pool}
        self.windows = {
            name: self._windows(merge((*member.busy, *question.declined.get(name, ()))))
            for name, member in self.members.items()
            if name in asked
        }
        self.rooms = {room.id: self._windows(room.busy) for room in question.rooms}
        self.covered = {key: self._covered(pool) for key, pool in self.pools.items()}
        self.taken = frozenset(self.place(start) for start in question.taken_starts)
        self.burdens = {name: self._burden(name) for name in asked}

    def place(self, instant: datetime) -> int:
        """Whole minutes from the earliest start."""
        return (instant - self.base) // MINUTE

    def _last_start(self, until: datetime) -> int:
        minutes = self.place(until) - self.question.minutes
        return minutes - minutes % self.step

    def _keys(self, *, required: bool) -> tuple[NeedKey, ...]:
        needs = (need for need in self.question.needs if need.required is required and need.waived_by is None)
        return tuple(dict.fromkeys(key_of(need) for need in needs))

    def _burden(self, name: str) -> int:
        calls = self.question.recent_calls.get(name, 0)
        limit = self.members[name].most_calls_per_week
        return calls + (WEEKLY_LIMIT_BURDEN if limit is not None and calls >= limit else 0)

    def _windows(self, busy: Iterable[Interval]) -> Windows:
        if self.farthest < 0:
            return ()
        whole = Interval(self.base, self.base + timedelta(minutes=self.farthest + self.question.minutes))
        found: list[tuple[int, int]] = []
        for gap in subtract(whole, busy):
            first = -((self.base - gap.start) // MINUTE)
            first += -first % self.step
            last = self.place(gap.end) - self.question.minutes
            last -= last % self.step
            if first <= last:
                found.append((first, last))
        return tuple(found)

    def _covered(self, pool: tuple[Candidate, ...]) -> tuple[tuple[Standing, Windows], ...]:
        """When somebody of each standing is free, regular holders first."""
        return tuple(
            (standing, _union((self.windows[each.member] for each in pool if each.standing is standing), self.step))
            for standing in Standing
        )

    def _standing_at(self, key: NeedKey, start: int) -> Standing | None:
        """The best standing of those who are free for a need, None when nobody is."""
        return next((standing for standing, windows in self.covered[key] if _end_of(windows, start) is not None), None)

    def run(self, limit: int) -> UrgentAnswer:
        kept: list[tuple[Quality, Moment]] = []
        nearest: tuple[int, int] | None = None
        first_late: Moment | None = None
        instants = 0
        for start in self._starts():
            if start > self.last and kept:
                break
            instants += 1
            standings = [self._standing_at(key, start) for key in self.needs[True]]
            lacking = standings.count(None)
            if lacking:
                if start <= self.last and (nearest is None or lacking < nearest[0]):
                    nearest = (lacking, start)
                continue
            if start > self.last:
                first_late = self.moment_at(start)
                break
            stand_ins = sum(standing or 0 for standing in standings)
            if not self._is_beaten(self._best_possible(stand_ins, start), start, kept):
                moment = self.moment_at(start)
                quality = self._quality(moment)
                if not self._is_beaten(quality, start, kept):
                    kept.append((quality, moment))
            if len(kept) >= limit and min(quality for quality, _ in kept)[:4] == (0, 0, 0, 0):
                break
        if kept:
            return UrgentAnswer(_select(kept, limit), instants=instants)
        near = None if nearest is None else self.moment_at(nearest[1])
        return UrgentAnswer((), near, first_late, instants)

    def _starts(self) -> list[int]:
        """Where the answer can change: a member or room becomes free or taken, or a working day begins."""
        places = {0, *self._openings()}
        for windows in (*self.windows.values(), *self.rooms.values()):
            for first, last in windows:
                places |= {first, last + self.step}
        found: set[int] = set()
        for start in places:
            while start in self.taken:
                start += self.step
            if 0 <= start <= self.farthest:
                found.add(start)
        return sorted(found)

    def _openings(self) -> Iterator[int]:
        """The first starts inside the working hours of each day."""
        hours = self.question.hours
        if hours is None or self.farthest < 0:
            return
        day, last = hours.day_of(self.base), hours.day_of(self.base + self.farthest * MINUTE)
        while day <= last:
            span = hours.span_of(day)
            if span is not None:
                start = -((self.base - span.start) // MINUTE)
                yield start + -start % self.step
            day += timedelta(days=1)

    def _is_unusual(self, start: int) -> bool:
        """True when the meeting would be outside working hours."""
        hours, begin = self.question.hours, self.base + start * MINUTE
        return hours is not None and not hours.hold(Interval(begin, begin + self.question.minutes * MINUTE))

    def _free_at(self, start: int) -> dict[NeedKey, list[Candidate]]:
        there = {name for name, windows in self.windows.items() if _end_of(windows, start) is not None}
        return {key: [each for each in pool if each.member in there] for key, pool in self.pools.items()}

    def _room_at(self, start: int) -> str | None:
        return next((room for room, windows in self.rooms.items() if _end_of(windows, start) is not None), None)

    def _best_possible(self, stand_ins: int, start: int) -> Quality:
        """No team at this start is better than this."""
        unadvised = sum(self._standing_at(key, start) is None for key in self.needs[False])
        return (stand_ins, unadvised, self._room_at(start) is None, self._is_unusual(start), 0, 0)

    def _quality(self, moment: Moment) -> Quality:
        stand_ins = sum(cover.standing for cover in moment.covers if cover.required)
        burden = sum(self.burdens[member] for member in moment.team)
        is_unusual = self._is_unusual(self.place(moment.span.start))
        return (stand_ins, len(moment.unadvised), moment.room is None, is_unusual, len(moment.team), burden)

    def _is_beaten(self, quality: Quality, start: int, kept: Iterable[tuple[Quality, Moment]]) -> bool:
        """True when an earlier moment is at least as good and still possible at this start."""
        return any(known <= quality and start <= self.place(moment.latest_start) for known, moment in kept)

    def moment_at(self, start: int, present: frozenset[str] = frozenset()) -> Moment:
        """The best team at a start, with the required needs it lacks."""
        free = {
            key: pool if present.isdisjoint(each.member for each in self.pools[key]) else self._with(key, pool, present)
            for key, pool in self._free_at(start).items()
        }
        chosen: dict[NeedKey, Candidate] = {}
        for required in (True, False):
            there = present | {candidate.member for candidate in chosen.values()}
            pools = {key: free[key] for key in self.needs[required] if free[key]}
            chosen.update(choose_team(pools, present=there, burdens=self.burdens))
        ends = [_end_of(self.windows[candidate.member], start) for candidate in chosen.values()]
        room = self._room_at(start)
        if room is not None:
            ends.append(_end_of(self.rooms[room], start))
        latest = min([self.last if start <= self.last else self.farthest, *(end for end in ends if end is not None)])
        begin = self.base + start * MINUTE
        return Moment(
            span=Interval(begin, begin + self.question.minutes * MINUTE),
            latest_start=self.base + max(start, latest) * MINUTE,
            room=room,
            covers=tuple(self._cover(key, chosen[key], free[key]) for key in self.pools if key in chosen),
            missing=tuple(self._gap(key, start) for key in self.needs[True] if key not in chosen),
            unadvised=tuple(key for key in self.needs[False] if key not in chosen),
        )

    def _with(self, key: NeedKey, pool: list[Candidate], present: frozenset[str]) -> list[Candidate]:
        """The free candidates and those who come anyway, in the order of asking."""
        return [each for each in self.pools[key] if each in pool or each.member in present]

    def _cover(self, key: NeedKey, candidate: Candidate, free: Iterable[Candidate]) -> Cover:
        """Whom she stands in for: her holder if that one cannot come, else the first one asked who cannot."""
        able = {each.member for each in free}
        before = [each.member for each in self.pools[key][: candidate.rank] if each.member not in able]
        named = candidate.deputy_of if candidate.deputy_of in before else None
        instead_of = named if named is not None or not before else before[0]
        return Cover(key, candidate.member, candidate.standing, key in self.needs[True], instead_of)

    def _gap(self, key: NeedKey, start: int) -> Gap:
        begin = self.base + start * MINUTE
        span = Interval(begin, begin + self.question.minutes * MINUTE)
        people = [
            Askable(each.member, self._free_from(each.member, start), self.question.has_declined(each.member, span))
            for each in self.pools[key]
        ]
        people.sort(key=lambda one: (one.has_declined, one.free_from is None, one.free_from or self.base))
        free_from = min((one.free_from for one in people if one.free_from is not None), default=None)
        return Gap(key, self._lack_of(key), free_from, tuple(people))

    def _free_from(self, member: str, start: int) -> datetime | None:
        first = next((max(first, start) for first, last in self.windows[member] if last >= start), None)
        return None if first is None else self.base + first * MINUTE

    def _lack_of(self, key: NeedKey) -> str:
        if key.member:
            is_here = any(member.id == key.member for member in self.question.members)
            return "named-member-absent" if is_here else "named-member-gone"
        if self.pools[key]:
            return "no-member-free"
        is_held = any(key.specialty in member.specialties for member in self.question.members)
        return "certificate-missing" if is_held else "no-member-for-specialty"


def _end_of(windows: Windows, start: int) -> int | None:
    """The last start of the window that holds this one, None outside all of them."""
    place = bisect_right(windows, (start, 1 << 60)) - 1
    return windows[place][1] if place >= 0 and start <= windows[place][1] else None


def _union(several: Iterable[Windows], step: int) -> Windows:
    """The windows of several people as one, sorted and apart."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(window for windows in several for window in windows):
        if merged and first <= merged[-1][1] + step:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def _select(kept: list[tuple[Quality, Moment]], limit: int) -> tuple[Moment, ...]:
    """The first moment, then those better than all before them, then what is left, earliest first.

    The first stays first; of the others those inside working hours come before those outside, each sorted by time.
    """
    records: list[int] = []
    for place, (quality, _) in enumerate(kept):
        if all(quality < kept[other][0] for other in records):
            records.append(place)
    others = [place for place in range(len(kept)) if place not in records]
    if len(records) > limit:
        records = [*records[: limit - 1], records[-1]]
    first, *later = sorted((*records, *others)[:limit])
    later.sort(key=lambda place: kept[place][0][3])
    return tuple(kept[place][1] for place in (first, *later))


def _round_up(instant: datetime, step: int) -> datetime:
    """The next instant whose minutes of the hour are a multiple of the step, the instant itself if it is one."""
    floor = instant.replace(minute=instant.minute - instant.minute % step, second=0, microsecond=0)
    return floor if floor == instant else floor + step * MINUTE
