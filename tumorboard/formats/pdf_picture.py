"""The picture of a meeting on paper, in black and white: the values of `domain/picture.py`, drawn with shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tumorboard.domain.picture import Bar, Lane, Picture
from tumorboard.formats.pdf_fonts import Fonts
from tumorboard.words import Words

TOP = 14.0
CASES = 32.0
BAND = 20.0
BAR = 8.0
LEAST_LANE, MOST_LANE = 18.0, 23.0
ROOM_FOR_LANES = 520.0
MOST_LANES = int(ROOM_FOR_LANES / LEAST_LANE)
"""More lanes than that do not fit above an agenda; the table names them all."""
HATCH = 3.2
GREY, LIGHT = 0.55, 0.92


@dataclass(frozen=True, slots=True)
class _Ground:
    """Where things are drawn: the drawing, its size in points, its fonts and words. `y` counts from the top."""

    drawing: Any
    width: float
    height: float
    fonts: Fonts
    words: Words

    def x(self, percent: float) -> float:
        return percent * self.width / 100

    def box(self, bar: Bar, y: float, height: float, **look: Any) -> None:
        from reportlab.graphics.shapes import Rect  # noqa: PLC0415 - slow to load, and only paper needs it

        look = {"strokeWidth": 0.6, **look}
        self.drawing.add(Rect(self.x(bar.x), self.height - y - height, self.x(bar.width), height, **look))

    def line(self, x1: float, y1: float, x2: float, y2: float, **look: Any) -> None:
        from reportlab.graphics.shapes import Line  # noqa: PLC0415

        self.drawing.add(Line(x1, self.height - y1, x2, self.height - y2, **look))

    def text(
        self, x: float, y: float, said: str, size: float = 7, anchor: str = "start", *, bold: bool = False
    ) -> None:
        from reportlab.graphics.shapes import String  # noqa: PLC0415

        font = self.fonts.bold if bold else self.fonts.regular
        self.drawing.add(String(x, self.height - y, said, fontName=font, fontSize=size, textAnchor=anchor))


def draw_picture(picture: Picture, width: float, *, fonts: Fonts, words: Words) -> Any:
    """A ReportLab drawing of this width in points; its height follows from the lanes."""
    from reportlab.graphics.shapes import Drawing  # noqa: PLC0415 - slow to load, and only paper needs it

    lanes = picture.lanes[:MOST_LANES]
    lane_height = max(LEAST_LANE, min(MOST_LANE, ROOM_FOR_LANES / max(1, len(lanes))))
    lanes_y = TOP + CASES + 4 + (BAND if picture.core else 0)
    height = lanes_y + len(lanes) * lane_height + 4
    ground = _Ground(Drawing(width, height), width, height, fonts, words)
    _draw_ticks(ground, picture)
    _draw_cases(ground, picture)
    if picture.core:
        _draw_core(ground, picture)
    for place, lane in enumerate(lanes):
        _draw_lane(ground, lane, lanes_y + place * lane_height, lane_height, picture.zone)
    return ground.drawing


def _draw_ticks(ground: _Ground, picture: Picture) -> None:
    zone = ZoneInfo(picture.zone)
    for tick in picture.ticks:
        x = ground.x(tick.x)
        anchor = "start" if tick.x < 3 else ("end" if tick.x > 97 else "middle")
        ground.line(x, TOP - 4, x, ground.height, strokeColor=_grey(0.8), strokeWidth=0.4)
        ground.text(x, TOP - 6, f"{tick.at.astimezone(zone):%H:%M}", 6.5, anchor)


def _draw_cases(ground: _Ground, picture: Picture) -> None:
    measure = _measure(ground.fonts.regular)
    for case in picture.cases:
        dash = {"strokeDashArray": [3, 2]} if case.lacks else {}
        ground.box(case.bar, TOP, CASES, fillColor=_grey(LIGHT), strokeColor=_grey(0), **dash)
        left, width = ground.x(case.bar.x), ground.x(case.bar.width)
        number = f"{case.number}{' !' if case.lacks else ''}"
        if measure(number, 8) + 4 <= width:
            ground.text(left + 3, TOP + 12, number, 8, bold=True)
        elif measure(str(case.number), 5) <= width:
            ground.text(left + width / 2, TOP + 11, str(case.number), 5, "middle")
        if measure(case.reference, 6.5) + 5 <= width:
            ground.text(left + 3, TOP + 25, case.reference, 6.5)
    if picture.free:
        ground.box(picture.free, TOP, CASES, fillColor=None, strokeColor=_grey(GREY), strokeDashArray=[1, 2])
        said = ground.words.gettext("%(minutes)d min free") % {"minutes": picture.free_minutes}
        if measure(said, 6.5) + 6 <= ground.x(picture.free.width):
            ground.text(ground.x(picture.free.x) + 3, TOP + 18, said, 6.5)


def _draw_core(ground: _Ground, picture: Picture) -> None:
    number, y = len(picture.core), TOP + CASES + 4
    said = ground.words.ngettext(
        "Core team: %(num)d member for the whole meeting", "Core team: %(num)d members for the whole meeting", number
    )
    ground.text(0, y + 6.5, said % {"num": number}, 6.5)
    ground.box(Bar(0, 100), y + 9, 6, fillColor=_grey(0.8), strokeColor=_grey(GREY))


def _draw_lane(ground: _Ground, lane: Lane, y: float, height: float, zone: str) -> None:
    is_late = lane.bar.x > 45
    said = f"{lane.name} · {lane.specialties} · {say_clocks(lane.span.start, lane.span.end, zone)}"
    x = ground.x(lane.bar.x + lane.bar.width if is_late else lane.bar.x)
    ground.text(x, y + height - BAR - 3, said, 6.5, "end" if is_late else "start")
    bar_y = y + height - BAR - 1
    fill = _grey(GREY) if lane.required else None
    dash = {} if lane.required else {"strokeDashArray": [3, 2]}
    ground.box(lane.bar, bar_y, BAR, fillColor=fill, strokeColor=_grey(0), **dash)
    for idle in lane.idle:
        ground.box(idle, bar_y, BAR, fillColor=_grey(1), strokeColor=_grey(0))
        left, right = ground.x(idle.x), ground.x(idle.x + idle.width)
        for x1, rise1, x2, rise2 in hatch(left, right, BAR):
            ground.line(x1, bar_y + BAR - rise1, x2, bar_y + BAR - rise2, strokeColor=_grey(0), strokeWidth=0.4)


def hatch(left: float, right: float, height: float) -> Iterator[tuple[float, float, float, float]]:
    """Strokes at 45 degrees within a box, each as (x, rise, x, rise)."""
    at = left - height + HATCH
    while at < right:
        start, end = max(at, left), min(at + height, right)
        if start < end:
            yield start, start - at, end, end - at
        at += HATCH


def say_clocks(start: datetime, end: datetime, zone: str) -> str:
    """`07:30–08:10` in an IANA zone."""
    local = ZoneInfo(zone)
    return f"{start.astimezone(local):%H:%M}–{end.astimezone(local):%H:%M}"


def _measure(font: str) -> Callable[[str, float], float]:
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415 - slow to load, and only paper needs it

    return lambda text, size: float(stringWidth(text, font, size))


def _grey(level: float) -> Any:
    from reportlab.lib.colors import Color  # noqa: PLC0415 - slow to load, and only paper needs it

    return Color(level, level, level)
