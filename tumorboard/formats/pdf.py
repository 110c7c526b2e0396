"""Paper: the agenda of a meeting on A4. Values in, bytes out; equal values give equal bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from tumorboard.domain.picture import Lane, Picture
from tumorboard.formats.pdf_fonts import Fonts, choose_fonts
from tumorboard.formats.pdf_picture import draw_picture, say_clocks
from tumorboard.words import Words, format_date

MM = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM
MARGIN, TOP, BOTTOM = 14 * MM, 24 * MM, 17 * MM
INNER = WIDTH - 2 * MARGIN
PADDING = 6
"""What ReportLab leaves free within its frame."""


@dataclass(frozen=True, slots=True)
class Seated:
    """A core member: here for the whole meeting."""

    name: str
    specialties: str


@dataclass(frozen=True, slots=True)
class Held:
    """What became of a case: words for its outcome, and the reason where there is one."""

    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A meeting for the wall: no field for a patient, a question or a clinical fact.

    `notice` stands in the place of an empty agenda. With `outcomes` (by reference) and `present` it is the record of
    the meeting; without, there is room for notes by hand. `as_of` is when it was made.
    """

    board: str
    room: str
    status: str
    picture: Picture
    core: tuple[Seated, ...]
    as_of: datetime
    notice: str = ""
    outcomes: tuple[tuple[str, Held], ...] = ()
    present: tuple[str, ...] = ()
    signed: str = ""

    @property
    def is_record(self) -> bool:
        """True when it says what happened, and not what is planned."""
        return bool(self.outcomes or self.present or self.signed)


def write_paper(paper: Paper, *, language: str, fonts: Fonts | None = None) -> bytes:
    """The PDF of a meeting: picture, agenda, windows; each page with board, date, room and page n of m."""
    words, fonts = Words(language), fonts or choose_fonts()
    pages, _ = _build(paper, words, fonts, pages=0)
    return _build(paper, words, fonts, pages=pages)[1]


def _build(paper: Paper, words: Words, fonts: Fonts, *, pages: int) -> tuple[int, bytes]:
    """How many pages there are, and their bytes. It runs twice: only then page one knows the last."""
    from reportlab.platypus import SimpleDocTemplate  # noqa: PLC0415 - slow to load, and only paper needs it

    made, count = io.BytesIO(), 0

    def dress(canvas: Any, _document: Any) -> None:
        nonlocal count
        count = canvas.getPageNumber()
        _dress_page(canvas, paper, words, fonts, page=count, pages=pages)

    document = SimpleDocTemplate(
        made, pagesize=(WIDTH, HEIGHT), leftMargin=MARGIN - PADDING, rightMargin=MARGIN - PADDING, topMargin=TOP,
        bottomMargin=BOTTOM, title=f"{paper.board} {_day(paper, words)}", author=paper.board, invariant=1,
        lang=words.language,
    )  # fmt: skip
    document.build(list(_Layout(paper, words, fonts).flow()), onFirstPage=dress, onLaterPages=dress)
    return count, made.getvalue()


def _day(paper: Paper, words: Words) -> str:
    local = paper.picture.span.start.astimezone(ZoneInfo(paper.picture.zone))
    return f"{format_date(local.date(), words.language)} {local:%H:%M}"


def _when(paper: Paper, words: Words) -> str:
    span, zone = paper.picture.span, paper.picture.zone
    day = format_date(span.start.astimezone(ZoneInfo(zone)).date(), words.language)
    return f"{day} {say_clocks(span.start, span.end, zone)} ({zone})"


def _dress_page(canvas: Any, paper: Paper, words: Words, fonts: Fonts, *, page: int, pages: int) -> None:
    """The lines above and below every page."""
    line = HEIGHT - TOP + 3 * MM
    when, room = _when(paper, words), paper.room
    canvas.saveState()
    canvas.setLineWidth(0.8)
    canvas.line(MARGIN, line, WIDTH - MARGIN, line)
    canvas.setFont(fonts.regular, 9)
    right = f"{when} · {room}"
    canvas.drawRightString(WIDTH - MARGIN, line + 4, _fit(right, fonts.regular, 9, INNER * 0.66))
    canvas.setFont(fonts.bold, 10)
    left = INNER - min(canvas.stringWidth(right, fonts.regular, 9), INNER * 0.66) - 12
    canvas.drawString(MARGIN, line + 4, _fit(paper.board, fonts.bold, 10, left))
    canvas.setFont(fonts.regular, 8)
    local = paper.as_of.astimezone(ZoneInfo(paper.picture.zone))
    made = f"{format_date(local.date(), words.language)} {local:%H:%M}"
    canvas.drawString(MARGIN, BOTTOM - 6 * MM, words.gettext("As of %(moment)s") % {"moment": made})
    canvas.drawRightString(WIDTH - MARGIN, BOTTOM - 6 * MM, f"{page} / {pages}")
    canvas.restoreState()


def _fit(text: str, font: str, size: float, width: float) -> str:
    """The text, or as much of it as the width in points takes."""
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415 - slow to load, and only paper needs it

    if stringWidth(text, font, size) <= width:
        return text
    while text and stringWidth(f"{text}…", font, size) > width:
        text = text[:-1]
    return f"{text}…"


class _Layout:
    """What stands between the lines of the pages, from top to bottom."""

    def __init__(self, paper: Paper, words: Words, fonts: Fonts) -> None:
        from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 - slow to load, and only paper needs it

        self.paper, self.words, self.fonts = paper, words, fonts
        self._ = words.gettext
        self.plain = ParagraphStyle("plain", fontName=fonts.regular, fontSize=9, leading=12)
        self.strong = ParagraphStyle("strong", parent=self.plain, fontName=fonts.bold)
        self.title = ParagraphStyle("title", parent=self.strong, fontSize=15, leading=20)
        self.heading = ParagraphStyle("heading", parent=self.strong, fontSize=11, leading=15, spaceBefore=9)

    def flow(self) -> list[Any]:
        """The parts of the paper, in order."""
        from reportlab.platypus import Spacer  # noqa: PLC0415 - slow to load, and only paper needs it

        paper, picture = self.paper, self.paper.picture
        found = [self._text(f"{paper.board} {_day(paper, self.words)}", self.title), self._text(self._facts())]
        if not picture.cases:
            return [*found, Spacer(0, 12), self._text(paper.notice, self.strong)]
        found += [Spacer(0, 6), draw_picture(picture, INNER, fonts=self.fonts, words=self.words)]
        found += [Spacer(0, 3), self._text(self._legend()), *self._agenda()]
        return [*found, *self._windows(), *self._core(), *self._present()]

    def _text(self, said: str, style: Any = None) -> Any:
        from reportlab.platypus import Paragraph  # noqa: PLC0415 - slow to load, and only paper needs it

        return Paragraph(escape(said, quote=False).replace("\n", "<br/>"), style or self.plain)

    def _facts(self) -> str:
        paper, picture = self.paper, self.paper.picture
        minutes = self._("%(minutes)d minutes") % {"minutes": picture.span.minutes}
        number = len(picture.cases)
        cases = self.words.ngettext("%(num)d case", "%(num)d cases", number) % {"num": number}
        return " · ".join(part for part in (paper.status, _when(paper, self.words), minutes, paper.room, cases) if part)

    def _legend(self) -> str:
        lanes = self.paper.picture.lanes
        parts = [self._("grey: needed")] if lanes else []
        if any(not lane.required for lane in lanes):
            parts.append(self._("dashed: advice would help"))
        if any(lane.idle for lane in lanes):
            parts.append(self._("hatched: waits between cases"))
        return " · ".join(parts)

    def _agenda(self) -> list[Any]:
        paper = self.paper
        outcomes = dict(paper.outcomes)
        last = self._("Outcome") if paper.is_record else self._("Notes")
        head = ["", self._("Time"), self._("Case"), self._("Called-in members"), last]
        rows = []
        for case in paper.picture.cases:
            called = [lane for lane in paper.picture.lanes if case.reference in lane.cases]
            held = outcomes.get(case.reference)
            said = f"{held.outcome}{f': {held.reason}' if held.reason else ''}" if held else ""
            clocks = say_clocks(case.span.start, case.span.end, paper.picture.zone)
            rows.append([str(case.number), clocks, case.reference, "\n".join(map(_say_called, called)), said])
        return self._table(self._("Agenda"), head, rows, (9, 25, 36, 62, 50), strong=2)

    def _windows(self) -> list[Any]:
        lanes, zone = self.paper.picture.lanes, self.paper.picture.zone
        if not lanes:
            return []
        head = [self._("Time"), self._("Member"), self._("Specialty"), self._("Cases")]
        rows = [self._window(lane, zone) for lane in lanes]
        return self._table(self._("Own windows"), head, rows, (25, 45, 52, 60), strong=1)

    def _window(self, lane: Lane, zone: str) -> list[str]:
        said = self._("advice only")
        advice = "" if lane.required else f" ({said})"
        clocks = say_clocks(lane.span.start, lane.span.end, zone)
        return [clocks, lane.name, f"{lane.specialties}{advice}", ", ".join(lane.cases)]

    def _core(self) -> list[Any]:
        if not self.paper.core:
            return []
        head = [self._("Member"), self._("Specialty")]
        rows = [[one.name, one.specialties] for one in self.paper.core]
        return self._table(self._("Whole meeting"), head, rows, (70, 112), strong=0)

    def _present(self) -> list[Any]:
        paper, found = self.paper, []
        if paper.present:
            found = [self._text(self._("Was there"), self.heading), self._text(", ".join(paper.present))]
        if paper.signed:
            found.append(self._text(paper.signed, self.heading))
        return found

    def _table(
        self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float], *, strong: int
    ) -> list[Any]:
        """A heading and a table whose head stands on every page and whose rows are never split."""
        from reportlab.lib.colors import black, lightgrey, white  # noqa: PLC0415 - slow to load, only paper needs it
        from reportlab.platypus import CondPageBreak, Table  # noqa: PLC0415

        cells = [[self._text(said, self.strong) for said in head]]
        for row in rows:
            cells.append(
                [self._text(said, self.strong if place == strong else self.plain) for place, said in enumerate(row)]
            )
        look = [
            ("GRID", (0, 0), (-1, -1), 0.4, black), ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), lightgrey), ("BACKGROUND", (0, 1), (-1, -1), white),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
        ]  # fmt: skip
        table = Table(cells, colWidths=[width * MM for width in widths], repeatRows=1, style=look, hAlign="LEFT")
        return [CondPageBreak(30 * MM), self._text(title, self.heading), table]


def _say_called(lane: Lane) -> str:
    return f"{lane.short_name} ({lane.specialties})"
