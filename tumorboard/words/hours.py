"""The hour of a weekly series in two zones whose clocks do not change together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tumorboard.domain.timeline import Interval
from tumorboard.words import Words, format_span


def say_hours(
    first: Interval, changes: Iterable[datetime], *, zone: str, own_zone: str, language: str
) -> tuple[str, ...]:
    """The first instance in the zone whose hour stays, then in one's own, and from which days the own hour is another.

    `changes` are the starts of those days, as `domain.series.find_hour_changes` gives them.
    """
    words = Words(language)
    kept = words.gettext("%(when)s: this hour stays") % {"when": format_span(first.start, first.end, zone, language)}
    later = (format_span(start, start + (first.end - first.start), own_zone, language) for start in changes)
    own = format_span(first.start, first.end, own_zone, language)
    return (kept, own, *(words.gettext("from %(when)s") % {"when": when} for when in later))
