"""When somebody is taken, and nothing else: VFREEBUSY to publish (RFC 5546, 3.3.1) or as an answer (RFC 4791, 7.10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from tumorboard.domain.addresses import is_address
from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval, merge
from tumorboard.formats.content_lines import clean_line, escape_text, fold_line

PRODID = "-//tumorboard//tumorboard 1//EN"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBusy:
    """A person's taken times in a window. `stamp` is when they last changed, `organizer_email` whose they are."""

    uid: str
    stamp: datetime
    window: Interval
    busy: tuple[Interval, ...]
    organizer_email: str | None = None


def write_free_busy(times: FreeBusy, *, method: str | None = "PUBLISH") -> bytes:
    """One VFREEBUSY: UTC periods cut to the window, merged where they overlap or touch, each on a line of its own.

    Raises BadInput `bad-address`.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN"]
    lines += [f"METHOD:{method}"] if method else []
    lines += ["BEGIN:VFREEBUSY", f"UID:{escape_text(clean_line(times.uid))}", f"DTSTAMP:{_say(times.stamp)}"]
    lines += [f"DTSTART:{_say(times.window.start)}", f"DTEND:{_say(times.window.end)}"]
    if times.organizer_email is not None:
        if not is_address(times.organizer_email):
            raise BadInput("an e-mail address is not of the form name@example.org; correct it", code="bad-address")
        lines.append(f"ORGANIZER:mailto:{times.organizer_email}")
    lines += [f"FREEBUSY;FBTYPE=BUSY:{_say(span.start)}/{_say(span.end)}" for span in cut(times.busy, times.window)]
    lines += ["END:VFREEBUSY", "END:VCALENDAR"]
    return b"".join(fold_line(line) + b"\r\n" for line in lines)


def cut(spans: Iterable[Interval], window: Interval) -> tuple[Interval, ...]:
    """What of the spans lies in the window; sorted, neither overlapping nor touching."""
    return merge(
        Interval(max(span.start, window.start), min(span.end, window.end)) for span in spans if span.overlaps(window)
    )


def _say(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
