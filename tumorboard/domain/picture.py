"""The picture of a meeting: its cases along the minutes, and a lane per specialist with her window.

Positions are percentages of the meeting, so that the same drawing is read at 320 pixels, on the wall and on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

from tumorboard.domain.model import SeatKind
from tumorboard.domain.timeline import Interval, subtract

STEPS = (10, 15, 20, 30, 60, 120)
MOST_TICKS = 7
LETTER_PIXELS = 8
PADDING_PIXELS = 8
PHONE_PIXELS = 270
"""How wide a picture is on the smallest phone."""
MOST_PHONE_LETTERS = 19
"""Latin letters that fit behind a name and its times on such a phone; a Korean one takes the place of two."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of the meeting in percent of its length."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class CaseBar:
    """A case on the picture. `number` stands in the list behind it; `lacks` are the specialties nobody attends for."""

    number: int
    reference: str
    case_id: str
    span: Interval
    minutes: int
    bar: Bar
    lacks: tuple[str, ...] = ()

    def fits(self, pixels: int) -> bool:
        """True when the reference can be read in the box of a picture that is so many pixels wide."""
        return self._has_room(self.reference, pixels)

    def short_reference(self, pixels: int) -> str:
        """What can be read of the reference in a box too narrow for it: what follows its last hyphen, or nothing."""
        head, _, tail = self.reference.rpartition("-")
        return f"…{tail}" if head and tail and self._has_room(tail, pixels) else ""

    def _has_room(self, text: str, pixels: int) -> bool:
        return self.bar.width * pixels / 100 >= len(text) * LETTER_PIXELS + PADDING_PIXELS

    def fits_number(self, pixels: int = PHONE_PIXELS) -> bool:
        """True when at least the number can be read in the box of a picture that is so many pixels wide."""
        return self.bar.width * pixels / 100 >= len(str(self.number)) * LETTER_PIXELS + 2


@dataclass(frozen=True, slots=True)
class Lane:
    """A specialist's window: `busy` are the cases she is needed for, `idle` minutes are held for nothing."""

    name: str
    short_name: str
    specialties: str
    required: bool
    span: Interval
    bar: Bar
    busy: tuple[Bar, ...]
    idle: tuple[Bar, ...]
    idle_minutes: int
    cases: tuple[str, ...]

    @property
    def short_specialties(self) -> str:
        """The specialties as far as they fit on a phone, whole words, with an ellipsis for the rest."""
        return _shorten(self.specialties, MOST_PHONE_LETTERS)


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis."""

    x: float
    at: datetime
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A meeting as it is drawn. `core` are the names of those who stay for the whole of it."""

    id: str
    span: Interval
    zone: str
    ticks: tuple[Tick, ...]
    cases: tuple[CaseBar, ...]
    lanes: tuple[Lane, ...]
    core: tuple[str, ...]
    free: Bar | None
    free_minutes: int

    def who_for(self, case: CaseBar) -> tuple[str, ...]:
        """The names of those who are called in for a case, in the order of their lanes."""
        return tuple(dict.fromkeys(lane.short_name for lane in self.lanes if case.reference in lane.cases))


@dataclass(frozen=True, slots=True)
class Part:
    """One member's part in a meeting, published or proposed alike. `title` stands behind her name."""

    name: str
    title: str
    kind: str
    span: Interval
    specialties: Sequence[str]
    cases: Sequence[str]
    required: bool

    @property
    def full_name(self) -> str:
        """`홍길동 교수`: the name is one field and is never split."""
        return f"{self.name} {self.title}".strip()


def draw_meeting(
    meeting_id: str, span: Interval, zone: str, *, agenda: Sequence[tuple[str, Interval]], parts: Iterable[Part],
    specialties: Mapping[str, str], case_ids: Mapping[str, str], lacks: Mapping[str, set[str]],
) -> Picture:  # fmt: skip
    """The picture of a meeting from its cases in order and its members' parts; cases over the end make it longer."""
    whole = Interval(span.start, max([span.end, *(case.end for _, case in agenda)]))
    spans = dict(agenda)
    parts = list(parts)
    lanes = sorted(
        (_lane(part, whole, spans, specialties) for part in parts if part.kind == SeatKind.ON_DEMAND),
        key=lambda lane: (lane.span.start, lane.span.end, lane.name),
    )
    last = max((span.end for _, span in agenda), default=whole.start)
    free = Interval(last, whole.end) if last < whole.end else None
    return Picture(
        id=meeting_id,
        span=whole,
        zone=zone,
        ticks=_ticks(whole, zone),
        cases=tuple(
            CaseBar(
                number, reference, case_ids.get(reference, ""), span, span.minutes, _bar(span, whole),
                tuple(sorted(specialties.get(key, key) for key in lacks.get(reference, ()))),
            )
            for number, (reference, span) in enumerate(agenda, 1)
        ),
        lanes=tuple(lanes),
        core=tuple(part.full_name for part in parts if part.kind == SeatKind.CORE),
        free=_bar(free, whole) if free else None,
        free_minutes=free.minutes if free else 0,
    )  # fmt: skip


def _lane(part: Part, whole: Interval, spans: Mapping[str, Interval], specialties: Mapping[str, str]) -> Lane:
    busy = [spans[reference] for reference in part.cases if reference in spans]
    idle = subtract(part.span, busy)
    return Lane(
        name=part.full_name,
        short_name=part.name,
        specialties=", ".join(specialties.get(key, key) for key in part.specialties),
        required=part.required,
        span=part.span,
        bar=_bar(part.span, whole),
        busy=tuple(_bar(span, whole) for span in busy),
        idle=tuple(_bar(span, whole) for span in idle),
        idle_minutes=sum(span.minutes for span in idle),
        cases=tuple(part.cases),
    )


def _shorten(text: str, most: int) -> str:
    """At most so many letters, wide ones counted twice, cut between words where there are any."""
    if _breadth(text) <= most:
        return text
    kept = text
    while kept and _breadth(kept) >= most:
        kept = kept[:-1]
    if not text[len(kept)].isspace():
        kept = kept.rpartition(" ")[0] or kept
    return f"{kept.rstrip(' ,(')}…"


def _breadth(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _bar(span: Interval, whole: Interval) -> Bar:
    length = whole.end - whole.start
    return Bar(
        round(100 * ((span.start - whole.start) / length), 3), round(100 * ((span.end - span.start) / length), 3)
    )


def _ticks(whole: Interval, zone: str) -> tuple[Tick, ...]:
    """Round times of the wall clock, few enough to be read on a phone."""
    step = next((step for step in STEPS if whole.minutes / step <= MOST_TICKS - 1), STEPS[-1])
    local = whole.start.astimezone(ZoneInfo(zone))
    at = whole.start + timedelta(minutes=-(local.hour * 60 + local.minute) % step)
    found = [whole.start] if at > whole.start else []
    while at <= whole.end:
        found.append(at)
        at += timedelta(minutes=step)
    length = whole.end - whole.start
    return tuple(
        Tick(round(100 * ((moment - whole.start) / length), 3), moment, moment == whole.start, moment == whole.end)
        for moment in found
    )
