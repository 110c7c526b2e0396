"""The number of a person that no field, file or message of the service may hold, and what is said where one stands."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

RESIDENT_NUMBER: Final = "resident-registration-number"
"""The code of every refusal for such a number, whatever else is wrong with the text that holds it."""
HOLDS_RESIDENT_NUMBER: Final = (
    "holds what looks like a resident registration number; such a number must not be entered anywhere, remove it"
)

# D8. Thirteen digits, the seventh between 1 and 8. With a hyphen that is enough. Without one, more digits on a side
# make it another number, and so does a decimal point in front (months of survival with thirteen places).
_RESIDENT_NUMBER = re.compile(
    r"[0-9]{6}(?:\s*-\s*[1-8][0-9]{6}"
    r"|(?<![0-9]{7})(?:(?:\s*[_~/]\s*|\s+)|(?<![0-9][.,][0-9]{6}))[1-8][0-9]{6}(?![0-9]))"
)
_RESIDENT_NUMBER_AS_FLOAT = re.compile(r"\.[0-9]{5}[1-8][0-9]{6}[eE]\+?12(?![0-9])")
# Every dash of Unicode (category Pd), the minus sign, and what Korean keyboards give instead (\u3161, \u00b7).
DASHES = dict.fromkeys(
    map(ord, "\u058a\u05be\u1400\u1806\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d"),
    "-",
) | dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0x2043, 0x3161, 0x1173, 0x30FC, 0xB7, 0x318D, 0x2022), "-")
_INVISIBLE = dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_FOREIGN_DIGIT = re.compile(r"(?=\d)[^\x00-\x7f]")


def has_resident_number(text: str) -> bool:
    """True when the text holds what looks like a Korean resident registration number (rule D8).

    Full-width and other digits, every dash, and space around the dash count too.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(DASHES | _INVISIBLE)
        text = _FOREIGN_DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text)
    return bool(_RESIDENT_NUMBER.search(text) or _RESIDENT_NUMBER_AS_FLOAT.search(text))


def without_resident_number(text: str) -> str:
    """The text as it may be shown again to whoever typed it: `…` for the number, nothing where it cannot be cut out."""
    if not has_resident_number(text):
        return text
    rest = _RESIDENT_NUMBER_AS_FLOAT.sub("…", _RESIDENT_NUMBER.sub("…", text))
    return "" if has_resident_number(rest) or not rest.strip("… ") else rest
