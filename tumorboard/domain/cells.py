"""What one cell of a case list says: words, numbers, dates, stages, as people and registries type them.

Every reader takes the text of a cell that is not missing and gives a value, or raises BadInput with the code of what is
wrong. The sentence never says where; the caller knows row and column.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import lru_cache

from tumorboard.domain.errors import BadInput
from tumorboard.domain.gestation import Gestation
from tumorboard.domain.identity import DASHES, HOLDS_RESIDENT_NUMBER, RESIDENT_NUMBER, has_resident_number
from tumorboard.domain.model import Text

LONGEST_TEXT = 2000
LARGEST_NUMBER = 1e9
MOST_NAMED = 12
NO_RESULT = "#FORMULA!"
"""Stands for a formula of a workbook whose result is not in the file."""
_ERRORS = frozenset({"#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", NO_RESULT})
"""Choices that a message names one by one."""

# C0, C1, the two Unicode line separators, the marks that reorder a line and those that nobody sees; what separated
# words becomes a space.
_SPACING = "\t\n\v\f\r\x85\u2028\u2029"
_CONTROLS = {
    code: " " if chr(code) in _SPACING else None
    for code in (
        *range(0x20),
        *range(0x7F, 0xA0),
        0x00AD,
        *range(0x200B, 0x2010),
        0x2028,
        0x2029,
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2065),
        *range(0x2066, 0x206A),
        0xFEFF,
    )
}
_HAS_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_WHOLE_AS_DECIMAL = re.compile(r"(\d+)\.0+")
_DATE = re.compile(
    r"(\d{4})\s*[-./]\s*(\d{1,2})\s*[-./]\s*(\d{1,2})\.?(?:[T ]\s*\d{1,2}:\d{2}.*)?|(\d{4})(\d{2})(\d{2})"
)
_GESTATION = re.compile(
    r"(\d{1,2})\s*(?:\+|w|wk|weeks?|주)?\s*(?:([0-6])\s*(?:d|days?|일)?)?(?:\s*@\s*(.+))?", re.IGNORECASE
)
_YES = frozenset({"yes", "y", "true", "1", "예", "네"})
_NO = frozenset({"no", "n", "false", "0", "아니오", "아니요"})
_BARE_STAGE = re.compile(r"(?:stage\s*)?(?:[1-4]|I{1,3}|IV)", re.IGNORECASE)
_ROMAN = {"1": "I", "2": "II", "3": "III", "4": "IV"}


def clean_text(text: str) -> str:
    """The text without control characters and outer space; what separated lines becomes one space."""
    if _HAS_CONTROL.search(text):
        text = _SURROGATE.sub("", text).translate(_CONTROLS)
    return text.strip()


def check_worked_out(text: str) -> None:
    """Raises BadInput `cell-error` or `cell-without-result` for what a spreadsheet could not work out."""
    if text.upper() not in _ERRORS:
        return
    if text == NO_RESULT:
        message = "holds a formula without its result; open the list in a spreadsheet, save it and choose it again"
        raise BadInput(message, code="cell-without-result")
    raise BadInput(f"holds an error of the spreadsheet, {quote(text)}; mend it there", code="cell-error")


@lru_cache(maxsize=8192)
def as_word(text: str) -> str:
    """The text as words are compared: no case, one kind of dash and of space, and `3.0` is `3`."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(DASHES)
    word = " ".join(text.casefold().split())
    whole = _WHOLE_AS_DECIMAL.fullmatch(word)
    return whole[1] if whole else word


def as_identifier(text: str) -> str:
    """The text as an id of the programme is typed: `Pre-treatment` is `pre_treatment`."""
    return re.sub(r"[\s-]+", "_", as_word(text))


def quote(text: str) -> str:
    """The text as it is repeated in a message: short, in quotation marks."""
    return f"'{text[:40]}…'" if len(text) > 41 else f"'{text}'"


def refusal(text: str, said: str, *, code: str, **values: object) -> BadInput:
    """The error that repeats a refused text in front of what is said of it; of one with a resident number, nothing."""
    if has_resident_number(text):
        return BadInput(HOLDS_RESIDENT_NUMBER, code=RESIDENT_NUMBER)
    return BadInput(f"{quote(text)} {said}", code=code, value=quote(text), **values)


def suggest(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'a' or 'b'?`, or nothing when no known word is close."""
    close = find_close(word, known)
    return f" Did you mean {' or '.join(quote(name) for name in close)}?" if close else ""


def find_close(word: str, known: Iterable[str]) -> list[str]:
    """At most three known words that are written much like this one."""
    return difflib.get_close_matches(as_identifier(word), sorted(set(known)), n=3, cutoff=0.7)


def read_text(text: str) -> str:
    """The text; raises BadInput `too-long`."""
    if len(text) > LONGEST_TEXT:
        raise BadInput(f"holds {len(text)} characters; shorten it to {LONGEST_TEXT}", code="too-long")
    return text


def read_choice(text: str, choices: Collection[str], labels: Mapping[str, Text] | None = None) -> str:
    """The id meant by the text: the id itself, or the label of one choice alone, in Korean or English.

    Raises BadInput `unknown-value` with close ids.
    """
    by_name = {as_identifier(choice): choice for choice in choices}
    choice = by_name.get(as_identifier(text)) or _labelled(text, choices, labels or {})
    if choice is None:
        is_short = len(choices) <= MOST_NAMED
        allowed = ", ".join(choices) if is_short else f"one of the {len(choices)} values that the column has"
        close = tuple(find_close(text, choices))
        named = (
            {"choices": tuple(choices)} if is_short else {"count": len(choices), **({"close": close} if close else {})}
        )
        said = f"is no value here; use {allowed}.{suggest(text, choices)}"
        raise refusal(text, said, code="unknown-value", **named)
    return choice


def _labelled(text: str, choices: Collection[str], labels: Mapping[str, Text]) -> str | None:
    """The choice whose label is the text; None where no label is, or those of several are."""
    word = as_identifier(text)
    meant = [
        choice
        for choice in choices
        if choice in labels and word in (as_identifier(labels[choice].en), as_identifier(labels[choice].ko))
    ]
    return meant[0] if len(meant) == 1 else None


def read_set(text: str, choices: Collection[str], labels: Mapping[str, Text] | None = None) -> frozenset[str]:
    """The ids between `;` or `|`; any text is a member when there are no choices."""
    members = [member.strip() for member in re.split(r"[;|]", text)]
    if not choices:
        return frozenset(read_text(member) for member in members if member)
    try:
        return frozenset(read_choice(member, choices, labels) for member in members if member)
    except BadInput as error:
        hint = " Separate several values with ';'." if "," in text else ""
        raise BadInput(f"{error}{hint}", code=error.code, **error.values) from None


def read_number(text: str, *, minimum: float | None, maximum: float | None) -> float:
    """A decimal number with a point and without a unit, within the bounds.

    Raises BadInput `not-a-number` or `impossible-value`.
    """
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    if not _NUMBER.fullmatch(plain) or abs(float(plain)) > LARGEST_NUMBER:
        said = "is no plain number; write digits with a decimal point, no unit, no thousands separator"
        raise refusal(text, said, code="not-a-number")
    number = float(plain)
    if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
        bounds = " and ".join(
            f"{side} {bound:g}" for side, bound in (("at least", minimum), ("at most", maximum)) if bound is not None
        )
        limits = {"minimum": minimum, "maximum": maximum}
        named = {name: f"{bound:g}" for name, bound in limits.items() if bound is not None}
        raise refusal(text, f"is impossible here; it must be {bounds}", code="impossible-value", **named)
    return number


def read_whole_number(text: str, *, minimum: float | None, maximum: float | None, cut: bool = False) -> int:
    """A whole number; with `cut`, decimals are dropped and never rounded (rule D4)."""
    number = read_number(text, minimum=minimum, maximum=maximum)
    if not cut and not number.is_integer():
        raise refusal(text, "is no whole number", code="not-a-number")
    return int(number)


def read_yes_no(text: str) -> bool:
    """True or false from yes/no, y/n, true/false, 1/0 and the Korean words; raises BadInput `unknown-value`."""
    word = as_word(text)
    if word not in _YES | _NO:
        raise refusal(text, "is neither yes nor no", code="unknown-value", choices=("yes", "no"))
    return word in _YES


YEARS = range(1900, 2201)
"""Days outside are slips of the finger, and break calendars."""


def read_date(text: str) -> date:
    """The day: 2026-11-22, 2026.11.22, 2026/11/22 or 20261122, from 1900 to 2200; raises BadInput `not-a-date`."""
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", text))
    try:
        if match is None:
            raise ValueError
        year, month, day = (int(part) for part in match.groups() if part)
        if year not in YEARS:
            raise ValueError
        return date(year, month, day)
    except ValueError:
        raise refusal(text, "is no date; write it as YYYY-MM-DD (2026-11-22)", code="not-a-date") from None


def read_gestation(text: str, *, on: date) -> str:
    """`24+3@2026-11-20`: completed weeks and days on a day; without a day, on the day of the import.

    Reads 24+3, 24w3d, 24주 3일 and plain weeks; raises BadInput `not-a-gestation`.
    """
    match = _GESTATION.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None or int(match[1]) > 45:
        raise refusal(text, "is no gestational age; write weeks+days, as 24+3", code="not-a-gestation")
    day = read_date(match[3].strip()) if match[3] else on
    return str(Gestation(int(match[1]) * 7 + int(match[2] or 0), day))


def join_stage(stage: str, substage: str) -> str:
    """Stage and substage from two columns as one text; a stage that already has its substage stays."""
    return f"{stage}{substage}" if _BARE_STAGE.fullmatch(unicodedata.normalize("NFKC", stage)) else stage


def read_stage(text: str, *, choices: Collection[str], drop: Collection[str]) -> str | None:
    """The FIGO stage, or None when the cell names two (rule D2: never pick one).

    Arabic numbers are stages too (`3C`); the words in `drop` say nothing. Raises BadInput `impossible-stage`.
    """
    by_name = {choice.casefold(): choice for choice in choices}
    word = unicodedata.normalize("NFKC", text).casefold()
    for noise in drop:
        word = word.replace(noise.casefold(), "")
    parts = [_roman(re.sub(r"[\s().:_]", "", part)) for part in word.split("/")]
    if any(part not in by_name for part in parts):
        allowed = ", ".join(choices)
        raise refusal(text, f"is no stage; use {allowed}", code="impossible-stage", choices=tuple(choices))
    return by_name[parts[0]] if len(parts) == 1 else None


def drop_words(text: str, words: Collection[str]) -> str:
    """The text without words that say nothing, as `Stage` in a column of stages."""
    if not words:
        return text
    dropped = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    return " ".join(dropped.sub(" ", unicodedata.normalize("NFKC", text)).split())


def _roman(stage: str) -> str:
    number = _ROMAN.get(stage[:1])
    return f"{number.casefold()}{stage[1:]}" if number else stage


def from_bands(number: float, bands: Mapping[float, int]) -> int | None:
    """The value of the highest lower bound that the number reaches; None below all of them."""
    reached = [bound for bound in bands if number >= bound]
    return bands[max(reached)] if reached else None
