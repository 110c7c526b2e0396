"""A small kit of charts: values in, places in percent out; `templates/_charts.html` draws them.

Widths are percents, so that a chart is read at 320 pixels and on the wall. Every number drawn is printed beside it, and
stands in the table behind the chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

BAR_SHARE = 72.0
"""How far the longest bar reaches; the rest of the width is for its number."""
COLUMN_GAP = 0.28
MOST_LABELS = 6
MOST_TICKS = 6
COUNT_GAP, PHONE_COUNT_GAP = 2.6, 6.0
"""Percents of the width that a printed count needs."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar: its look, where it begins and how long it is, in percent."""

    look: str
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Line:
    """One bar, perhaps of several pieces, with the number printed at its end."""

    pieces: tuple[Piece, ...]
    end: float
    said: str


@dataclass(frozen=True, slots=True)
class BarRow:
    """What the bars are about, and one bar or several below each other."""

    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A stack above its label; pieces are counted from the bottom. `is_labelled` where there is room for it."""

    x: float
    width: float
    label: str
    said: str
    pieces: tuple[Piece, ...]
    top: float
    is_labelled: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How often one day came, printed above its mark, whose height is `length`. `on_phone` where there is room too."""

    x: float
    length: float
    said: str
    on_phone: bool


@dataclass(frozen=True, slots=True)
class StripRow:
    """How often each number of days came: a mark per day, the higher the more often; `limit` is where it should end."""

    label: str
    said: str
    marks: tuple[Piece, ...]
    counts: tuple[Count, ...]
    width: float
    limit: float
    limit_said: str


@dataclass(frozen=True, slots=True)
class Strips:
    """Rows on one axis of days and one scale of counts. `ticks` are (place in percent, day), in the middle of a day."""

    rows: tuple[StripRow, ...]
    ticks: tuple[tuple[float, int], ...]


def draw_bars(
    rows: Iterable[tuple[str, Sequence[tuple[str, float, str]]]], *, longest: float | None = None
) -> tuple[BarRow, ...]:
    """Rows of (label, bars), a bar being (look, value, said). The longest value reaches as far as a bar may."""
    given = [(label, list(bars)) for label, bars in rows]
    top = longest or max((value for _, bars in given for _, value, _ in bars), default=0) or 1
    return tuple(
        BarRow(
            label,
            tuple(
                Line((Piece(look, 0, _share(value, top, BAR_SHARE)),), _share(value, top, BAR_SHARE), said)
                for look, value, said in bars
            ),
        )
        for label, bars in given
    )


def draw_columns(columns: Sequence[tuple[str, Sequence[tuple[str, int]]]]) -> tuple[Column, ...]:
    """Columns of (label, parts), a part being (look, count); the highest stack is 100 high."""
    highest = max((sum(count for _, count in parts) for _, parts in columns), default=0) or 1
    step = 100 / max(1, len(columns))
    every = -(-len(columns) // MOST_LABELS) or 1
    found = []
    for place, (label, parts) in enumerate(columns):
        pieces, at = [], 0
        for look, count in parts:
            if count:
                pieces.append(Piece(look, _share(at, highest), _share(count, highest)))
                at += count
        found.append(
            Column(
                x=round(step * (place + COLUMN_GAP / 2), 3), width=round(step * (1 - COLUMN_GAP), 3), label=label,
                said=str(at) if at else "", pieces=tuple(pieces), top=_share(at, highest),
                is_labelled=place % every == 0,
            )
        )  # fmt: skip
    return tuple(found)


def draw_strips(
    rows: Sequence[tuple[str, str, Sequence[int], Sequence[int], int, str]], *, most_days: int = 120
) -> Strips:
    """Rows of (label, said, days, late days among them, limit, limit said). Longer waits stand at the last day."""
    last = max([day for _, _, days, _, _, _ in rows for day in days] + [row[4] for row in rows], default=0)
    last = min(last, most_days)
    width = 100 / (last + 1)
    shown = [([min(day, last) for day in row[2]], [min(day, last) for day in row[3]]) for row in rows]
    highest = max((days.count(day) for days, _ in shown for day in set(days)), default=1)
    found = []
    for (label, said, _, _, limit, limit_said), (days, late) in zip(rows, shown, strict=True):
        marks, counts = _mark(days, late, width, highest), tuple(_count(days, width, highest))
        at = round(min(limit + 1, last + 1) * width, 3)
        found.append(StripRow(label, said, marks, counts, round(width, 3), at, limit_said))
    step = next((step for step in (1, 2, 5, 7, 14, 28) if last / step < MOST_TICKS), 56)
    return Strips(tuple(found), tuple((round((day + 0.5) * width, 3), day) for day in range(0, last + 1, step)))


def _count(days: Sequence[int], width: float, highest: int) -> Iterator[Count]:
    """The number above each mark that has room for it; the table behind the chart has all of them."""
    printed = on_phone = -100.0
    for day in sorted(set(days)):
        x = round((day + 0.5) * width, 3)
        if x - printed >= COUNT_GAP:
            has_room = x - on_phone >= PHONE_COUNT_GAP
            printed, on_phone = x, x if has_room else on_phone
            yield Count(x, _share(days.count(day), highest), str(days.count(day)), has_room)


def _mark(days: Sequence[int], late: Sequence[int], width: float, highest: int) -> tuple[Piece, ...]:
    """A mark per day; `start` is its place and `length` its height in percent of the row, late ones on top."""
    pieces: list[Piece] = []
    for day in sorted(set(days)):
        late_count = late.count(day)
        in_time = days.count(day) - late_count
        if in_time:
            pieces.append(Piece("in-time", round(day * width, 3), _share(in_time, highest)))
        if late_count:
            pieces.append(Piece("late", round(day * width, 3), _share(days.count(day), highest)))
    return tuple(sorted(pieces, key=lambda piece: (piece.start, -piece.length)))


def _share(value: float, whole: float, of: float = 100.0) -> float:
    return round(min(value, whole) / whole * of, 3)
