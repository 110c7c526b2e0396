"""Where rules come from, said in the reader's language: titles of publications stay as they are cited.

The words are those of the programme files, part for part; the catalogue has the prose among them.
"""

from __future__ import annotations

import re

from tumorboard.words import Words
from tumorboard.words import to_translate as _

HOUSE_DEFAULT = "House default"
"""The source of a rule that no publication says so."""
_SAID_OF_IT = _("Default of this software, for the centre to confirm")
_BETWEEN = re.compile(r"; (?![^()]*\))")


def say_source(source: str, words: Words) -> str:
    """A source with its prose translated; what nobody has translated, and a centre's own, stays as it is written."""
    if source == HOUSE_DEFAULT:
        return words.gettext(_SAID_OF_IT)
    return "; ".join(words.gettext(part) for part in _BETWEEN.split(source) if part)
