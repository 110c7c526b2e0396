"""What every letter stands in: greeting, who it comes from, and where such letters are switched off."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from tumorboard.mail.letters import Letter
from tumorboard.words import Words, choose_language
from tumorboard.words.greetings import greet

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled line of a letter; `lines` has at least one, `is_link` makes each an address to follow."""

    label: str
    lines: tuple[str, ...]
    is_link: bool = False


def render_letter(
    template: str, words: Words, *, subject: str, name: str, title: str, organizer: str, preferences_url: str = "",
    **parts: object,
) -> Letter:  # fmt: skip
    """A letter from its parts: `lead` and `closing`, and what the template asks for. Text and HTML say the same.

    `template` is `letter` (with `rows`, and `answers` where an answer is asked for) or `notice` (with `sections`).
    """
    signature = words.gettext(
        "Sent automatically for %(organizer)s. It names no patient and holds no patient's number."
    )
    values = {
        **parts,
        "language": choose_language(words.language),
        "greeting": greet(one_line(name), one_line(title), words),
        "signature": signature % {"organizer": one_line(organizer)},
        "switch_off": words.gettext("Choose which letters you get, or none"),
        "preferences_url": one_line(preferences_url),
    }
    templates = open_templates()
    return Letter(
        subject=subject,
        text=templates.get_template(f"{template}.txt").render(values),
        html=templates.get_template(f"{template}.html").render(values),
    )


def one_line(text: str) -> str:
    """The text without line breaks, control characters and marks that turn the reading direction."""
    joined = " ".join(text.split())
    if joined.isprintable():
        return joined
    kept = (
        character
        for character in joined
        if unicodedata.category(character) not in ("Cc", "Cs") and character not in _BIDI_CONTROLS
    )
    return "".join(kept)


@lru_cache(maxsize=1)
def open_templates() -> Environment:
    """The templates of letters; a value that is missing is an error."""
    return Environment(
        loader=PackageLoader("tumorboard.mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
