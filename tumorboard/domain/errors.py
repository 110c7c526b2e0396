"""What can go wrong, in the words of the board.

Every error has a stable kebab-case `code`, a message that says what, where and what to do, and `values`: the facts of
the message for doors that say it in another language. No message contains a clinical fact or a patient.
"""

from __future__ import annotations

from tumorboard.domain.identity import HOLDS_RESIDENT_NUMBER, RESIDENT_NUMBER, has_resident_number


class DomainError(Exception):
    """A rule of the board forbids the request.

    An error that would repeat a resident registration number says instead that one was given: no page, answer or log
    can repeat what no error holds.
    """

    code = "domain-error"

    def __init__(self, message: str, *, code: str | None = None, **values: object) -> None:
        telling = {name for name, value in values.items() if isinstance(value, str) and has_resident_number(value)}
        kept = {name: value for name, value in values.items() if name not in telling}
        if telling or has_resident_number(message):
            field = f"{kept['field']}: " if "field" in kept else ""
            message, code = f"{field}{HOLDS_RESIDENT_NUMBER}", RESIDENT_NUMBER
        super().__init__(message)
        if code is not None:
            self.code = code
        self.values: dict[str, object] = kept


class NotFound(DomainError):
    """The thing named does not exist, or may not be seen by the person asking."""

    code = "not-found"


class NotAllowed(DomainError):
    """The person asking lacks the permission."""

    code = "not-allowed"


class Conflict(DomainError):
    """Somebody or something else already holds the place, the room or the time."""

    code = "conflict"


class BadInput(DomainError):
    """What was given cannot be understood or is impossible; the message names the field."""

    code = "bad-input"


class BadProgram(BadInput):
    """A programme file is wrong; the message names file, rule and key."""

    code = "bad-program"


class BadTable(BadInput):
    """A file is no case list; the message says why and what to do."""

    code = "bad-table"
