"""What a case reference looks like at a centre: masks that people can read, and what looks like a name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from tumorboard.domain.cells import clean_text
from tumorboard.domain.errors import BadInput
from tumorboard.domain.identity import DASHES

LONGEST_PATTERN: Final = 200
MOST_MASKS: Final = 8
LONGEST_MASK: Final = 64

DIGIT, LETTER, EITHER, OR = "#", "@", "?", "|"
_PLACES = frozenset({DIGIT, LETTER, EITHER})
_MARKS = frozenset("-_./")
_RESIDENT_NUMBER = re.compile(r"[#?]{6}-?[#?]{7}")
_HANGUL_NAME = re.compile(r"[가-힣] ?[가-힣]{1,3}")
_LATIN_WORD = re.compile(r"[^\W\d_]+(?:[-'.][^\W\d_]*)*")
_MOST_NAME_WORDS = 4
_MADE_BY_SPREADSHEET = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?|\d(?:\.\d+)?E\+\d+|true|false", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ReferencePattern:
    """Masks of which a reference fits one: `#` a digit, `@` a letter A to Z, `?` either, all else as it stands.

    A mask is compared place by place, so that no pattern takes long on any text.
    """

    masks: tuple[str, ...]

    @property
    def text(self) -> str:
        """As it is written in settings."""
        return f" {OR} ".join(self.masks)

    @property
    def example(self) -> str:
        """A reference that fits: `C-1234` for `C-####`."""
        digits, letters = iter("1234567890" * LONGEST_MASK), iter("ABCDEFGH" * LONGEST_MASK)
        return "".join(
            next(letters) if place == LETTER else next(digits) if place in _PLACES else place for place in self.masks[0]
        )

    def fits(self, reference: str) -> bool:
        """True when the reference keeps to one of the masks, to its end."""
        return any(_fits(mask, reference) for mask in self.masks)


def read_pattern(text: str) -> ReferencePattern | None:
    """The pattern of a setting such as `C-####` or `C-#### | G##-####`; None for an empty one, which allows anything.

    Raises BadInput `bad-reference-pattern`, which says what is wrong: too long, a character that no reference has, a
    mask without a digit (a name would fit it), or one that a resident registration number fits.
    """
    if not text.strip():
        return None
    if len(text) > LONGEST_PATTERN:
        raise _bad(f"is longer than {LONGEST_PATTERN} characters")
    masks = tuple(dict.fromkeys(part.strip() for part in text.split(OR)))
    if len(masks) > MOST_MASKS:
        raise _bad(f"has more than {MOST_MASKS} masks")
    for mask in masks:
        _check_mask(mask)
    return ReferencePattern(masks)


def read_reference(text: str) -> str:
    """The reference as it is kept: no wide letters, one kind of dash and of space; capitals stay as they are."""
    cleaned = clean_text(text)
    if not cleaned.isascii():
        cleaned = unicodedata.normalize("NFKC", cleaned).translate(DASHES)
    return " ".join(cleaned.split())


def reference_key(reference: str) -> str:
    """What two ways of writing one reference share: `ur-1` is the case `UR-1`."""
    return read_reference(reference).casefold()


def looks_like_name(reference: str) -> bool:
    """True for two to four Hangul syllables alone, and for two to four words of letters such as `Kim Minji`."""
    if _HANGUL_NAME.fullmatch(reference):
        return True
    words = reference.replace(",", " ").split()
    return 1 < len(words) <= _MOST_NAME_WORDS and all(_LATIN_WORD.fullmatch(word) for word in words)


def looks_converted(reference: str) -> bool:
    """True for a date, `1.2E+15` or `TRUE`: what a spreadsheet makes of `3-1`, of a long number or of a word."""
    return _MADE_BY_SPREADSHEET.fullmatch(reference) is not None


def _check_mask(mask: str) -> None:
    if not mask:
        raise _bad(f"has nothing before or after a {OR}")
    if len(mask) > LONGEST_MASK:
        raise _bad(f"has a mask longer than {LONGEST_MASK} characters")
    wrong = next((place for place in mask if not (place in _PLACES or place in _MARKS or place.isalnum())), None)
    if wrong is not None:
        raise _bad(
            f"holds {wrong!r}; use {DIGIT} for a digit, {LETTER} for a letter, {EITHER} for either, else - _ . /"
        )
    if DIGIT not in mask:
        raise _bad(f"has a mask without {DIGIT}, a digit, so that names would fit it")
    if _RESIDENT_NUMBER.search(mask):
        raise _bad("asks for what looks like a resident registration number")


def _fits(mask: str, reference: str) -> bool:
    return len(mask) == len(reference) and all(map(_is_allowed, mask, reference))


def _is_allowed(place: str, character: str) -> bool:
    is_digit = character in "0123456789"
    is_letter = character.isascii() and character.isalpha()
    if place == DIGIT:
        return is_digit
    if place == LETTER:
        return is_letter
    return is_digit or is_letter if place == EITHER else place == character


def _bad(why: str) -> BadInput:
    return BadInput(
        f"the pattern of references {why}; write it as C-####", code="bad-reference-pattern", field="reference_pattern"
    )
