"""Free texts from forms and programs: bounded, clean, and without a resident registration number."""

from __future__ import annotations

from tumorboard.domain.cells import clean_text
from tumorboard.domain.errors import BadInput
from tumorboard.domain.identity import HOLDS_RESIDENT_NUMBER, RESIDENT_NUMBER, has_resident_number

LONGEST_LINE = 200
LONGEST_TEXT = 2000
LONGEST_SEARCH = 200
"""So much of a text is searched for: nothing that is searched is longer, and databases refuse endless patterns."""


def read_line(text: str, field: str, *, longest: int = LONGEST_LINE) -> str:
    """The text on one line, without control characters and outer space; may be empty.

    Raises BadInput `too-long`, or `resident-registration-number` without repeating it.
    """
    return _accept(" ".join(clean_text(text).split()), field, longest=longest)


def read_text(text: str, field: str, *, longest: int = LONGEST_TEXT) -> str:
    """The text with its lines, without other control characters and outer space; may be empty.

    Raises BadInput `too-long`, or `resident-registration-number` without repeating it.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _accept("\n".join(clean_text(line) for line in lines).strip(), field, longest=longest)


def _accept(cleaned: str, field: str, *, longest: int) -> str:
    if len(cleaned) > longest:
        raise BadInput(f"{field}: longer than {longest} characters; shorten it", code="too-long", field=field)
    if has_resident_number(cleaned):
        raise BadInput(
            f"{field}: {HOLDS_RESIDENT_NUMBER}",
            code=RESIDENT_NUMBER,
            field=field,
        )
    return cleaned
