"""What is never split over two lines: dates, times and the names of people, in sentences and in lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup, escape

_DATE = r"\d{4}-\d{2}-\d{2} \(\w+\)(?: \d{2}:\d{2})?"
LONGEST_WHOLE = 30
"""Letters of a name that still fits on a line of the smallest phone."""


def keep_whole(text: str, people: Iterable[str] = ()) -> Markup:
    """A sentence whose dates and times, and the names of the people it lists, are never split over two lines."""
    parts = _splitter(tuple(people)).split(str(text))
    return Markup("").join(_whole(part) if place % 2 else part for place, part in enumerate(parts))


@lru_cache(maxsize=64)
def _splitter(people: tuple[str, ...]) -> re.Pattern[str]:
    names = [re.escape(name) for name in sorted(people, key=len, reverse=True) if name and len(name) <= LONGEST_WHOLE]
    return re.compile(f"({'|'.join([_DATE, *names])})")


def list_people(names: Iterable[str]) -> Markup:
    """`홍길동 교수, 김서연 교수`, no name split over two lines."""
    return Markup(", ").join(_whole(name) if len(name) <= LONGEST_WHOLE else name for name in names)


def _whole(part: str) -> Markup:
    return Markup(f'<span class="nowrap">{escape(part)}</span>')  # noqa: S704 - escaped in the same line
