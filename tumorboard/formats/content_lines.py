"""The text of a calendar file: what may stand in a value, how it is escaped, where a line is folded (RFC 5545, 3.1).

icalendar 7.3 turns a backslash followed by N into a line break, folds inside a pair of backslashes, and lets some line
separators through; hence our own.
"""

from __future__ import annotations

import re

_FOLD_OCTETS = 75
_BREAKS = re.compile("\r\n|[\r\n\v\f\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_UNCLEAN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What cleaning would change, none of it printable; most texts hold none."""
_UNITS = re.compile(r"\\.|\^.|.", re.DOTALL)


def clean_text(text: str) -> str:
    """Several lines without control characters; every kind of line break becomes LF."""
    if text.replace("\n", "").isprintable() or _UNCLEAN.search(text) is None:
        return text
    return _CONTROLS.sub("", _BREAKS.sub("\n", text).replace("\t", " "))


def clean_line(text: str) -> str:
    """One line without control characters."""
    return clean_text(text).replace("\n", " ")


def escape_text(text: str) -> str:
    """A cleaned value as TEXT (RFC 5545, 3.3.11)."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def fold_line(line: str) -> bytes:
    """UTF-8 with at most 75 octets per line, split between characters and never inside an escape."""
    whole = line.encode()
    if len(whole) <= _FOLD_OCTETS:
        return whole
    folded, octets = bytearray(), 0
    for unit in _UNITS.findall(line):
        encoded = unit.encode()
        if octets + len(encoded) > _FOLD_OCTETS:
            folded += b"\r\n "
            octets = 1
        folded += encoded
        octets += len(encoded)
    return bytes(folded)
