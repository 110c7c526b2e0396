"""What is never split over two lines: dates, times and the names of people, in sentences and in lists."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup

_DATE = r"\d{4}-\d{2}-\d{2} \(\w+\)(?: \d{2}:\d{2})?"
LONGEST_WHOLE = 30
"""Letters of a name that still fits on a line of the smallest phone."""


def keep_whole(text: str, people: Iterable[str] = ()) -> Markup:
    """A sentence whose dates and times, and the names of the people it lists, are never split over two lines."""
    names = [re.escape(name) for name in sorted(people, key=len, reverse=True) if name and len(name) <= LONGEST_WHOLE]
    whole = re.compile(f"({'|'.join([_DATE, *names])})")
    return Markup("").join(_whole(part) if place % 2 else part for place, part in enumerate(whole.split(str(text))))


def list_people(names: Iterable[str]) -> Markup:
    """`홍길동 교수, 김서연 교수`, no name split over two lines."""
    return Markup(", ").join(_whole(name) if len(name) <= LONGEST_WHOLE else name for name in names)


def _whole(part: str) -> Markup:
    return Markup('<span class="nowrap">{}</span>').format(part)
