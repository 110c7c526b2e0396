"""Small calendars written line by line, and what is read from them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy import BusyTimes, read_busy

MARCH_TO_MAY = ("2026-03-01", "2026-06-01")


def a_calendar(*lines: str) -> bytes:
    """A VCALENDAR around the lines."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", *lines, "END:VCALENDAR", ""]).encode()


def an_event(*lines: str, uid: str = "e1") -> list[str]:
    """A VEVENT around the lines."""
    return ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", "SUMMARY:canary-title", *lines, "END:VEVENT"]


def read(
    *lines: str, window: tuple[str, str] = MARCH_TO_MAY, zone: str = "Asia/Seoul", owner: str | None = None
) -> BusyTimes:
    """What the lines of a calendar mean; the window is given in UTC."""
    start, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in window)
    return read_busy(a_calendar(*lines), window=Interval(start, end), zone=ZoneInfo(zone), owner=owner)


def spans(intervals: tuple[Interval, ...]) -> list[str]:
    """`03-04T09:00/10:00` in UTC; the end has its day too where it is another one."""
    said = []
    for span in intervals:
        end = f"{span.end:%H:%M}" if span.end.date() == span.start.date() else f"{span.end:%m-%dT%H:%M}"
        said.append(f"{span.start:%m-%dT%H:%M}/{end}")
    return said


def busy(
    *lines: str, window: tuple[str, str] = MARCH_TO_MAY, zone: str = "Asia/Seoul", owner: str | None = None
) -> list[str]:
    """The busy spans of lines that must be read without a warning and without anything tentative."""
    times = read(*lines, window=window, zone=zone, owner=owner)
    assert (times.tentative, times.warnings) == ((), ())
    return spans(times.busy)
