"""How much of somebody else's calendar is read, and what is told about the part that was odd.

The text of a warning or a refusal names the line and the identifier of an event, never its title.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tumorboard.domain.errors import BadInput

_UID_LETTERS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyLimits:
    """Above any of these a calendar is refused (`too-large`, `recurrence-refused`): time and memory are bounded.

    `occurrences` counts one event within the window, `all_occurrences` the whole file; `dates` counts the values of
    RDATE, EXDATE and FREEBUSY; `steps` is the work of expanding all rules, half a million of them in a second.
    """

    content_bytes: int = 20_000_000
    lines: int = 3_000_000
    components: int = 250_000
    events: int = 50_000
    depth: int = 12
    kept_lines: int = 1_000_000
    lines_of_one: int = 20_000
    dates: int = 100_000
    occurrences: int = 5_000
    all_occurrences: int = 300_000
    steps: int = 3_000_000
    zone_changes: int = 5_000
    window_days: int = 1_465
    warnings: int = 100


LIMITS = BusyLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyWarning:
    """Something that was read with a doubt. `line` counts from 1; `uid` is None where no event is concerned."""

    code: str
    line: int
    uid: str | None
    message: str


@dataclass(slots=True)
class Reading:
    """What one reading has spent and noticed. `normal` is the content with LF line ends, by which lines are counted."""

    limits: BusyLimits
    normal: bytes
    warnings: list[BusyWarning] = field(default_factory=list)
    unsaid: int = 0
    dates: int = 0
    occurrences: int = 0
    steps: int = 0

    def line_at(self, offset: int) -> int:
        """The number of the line that begins at an offset."""
        return self.normal.count(b"\n", 0, offset) + 1

    def warn(self, code: str, offset: int, message: str, *, uid: str | None = None) -> None:
        """Keep a warning; the number of kept ones is limited, the rest is counted."""
        if len(self.warnings) >= self.limits.warnings:
            self.unsaid += 1
            return
        line, shown = self.line_at(offset), clean_uid(uid)
        where = f"line {line}" + (f", event {shown}" if shown else "")
        self.warnings.append(BusyWarning(code=code, line=line, uid=shown, message=f"{where}: {message}"))

    def refuse(self, code: str, offset: int, message: str) -> BadInput:
        """The refusal of the file for what stands at an offset."""
        line = self.line_at(offset)
        return BadInput(f"line {line}: {message}", code=code, line=line)

    def spend_steps(self, steps: int, offset: int) -> None:
        """Raises BadInput `recurrence-refused` when all rules together ask for too much work."""
        self.steps += steps
        if self.steps > self.limits.steps:
            raise self.refuse(
                "recurrence-refused", offset, "the repetitions of this file need too much work; export a shorter period"
            )

    def spend_dates(self, dates: int, offset: int) -> None:
        """Raises BadInput `recurrence-refused` when the lists of dates are too long."""
        self.dates += dates
        if self.dates > self.limits.dates:
            raise self.refuse(
                "recurrence-refused",
                offset,
                f"the lists of dates hold more than {self.limits.dates} values; export a shorter period",
            )

    def spend_occurrence(self, offset: int) -> None:
        """Raises BadInput `recurrence-refused` when the whole file has too many occurrences in the window."""
        self.occurrences += 1
        if self.occurrences > self.limits.all_occurrences:
            raise self.refuse(
                "recurrence-refused",
                offset,
                f"more than {self.limits.all_occurrences} occurrences lie in the period; ask for a shorter one",
            )

    def finish_warnings(self) -> tuple[BusyWarning, ...]:
        """The warnings in the order of the file; a last one says how many more there were."""
        kept = sorted(self.warnings, key=lambda warning: warning.line)
        if self.unsaid:
            message = f"{self.unsaid} more warnings are not shown"
            kept.append(BusyWarning(code="more-warnings", line=kept[-1].line, uid=None, message=message))
        return tuple(kept)


def clean_uid(uid: str | None) -> str | None:
    """The identifier of an event, short and in plain signs."""
    if not uid:
        return None
    return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in uid[:_UID_LETTERS])
