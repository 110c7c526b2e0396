"""Addresses that calendar programs open: no cookies, no log-in page, no HTML."""

from __future__ import annotations

PREFIXES = ("/feeds/", "/caldav/", "/.well-known/caldav")


def is_for_calendars(path: str) -> bool:
    """True for feeds and CalDAV."""
    return path.startswith(PREFIXES)
