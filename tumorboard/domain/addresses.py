"""What an e-mail address is, for letters, calendars and log-ins."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


def is_address(text: str) -> bool:
    """True for `name@example.org` in ASCII, with the characters that RFC 5322, 3.2.3 allows without quotation marks."""
    return _ADDRESS.fullmatch(text) is not None


def is_new_address(text: str) -> bool:
    """True for what may be entered as somebody's address: one that no spreadsheet takes for a formula."""
    return is_address(text) and text[0] not in "=+-"
