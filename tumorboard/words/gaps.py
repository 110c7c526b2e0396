"""What the Korean catalogue lacks: every marked string of the package's Python files and templates is looked up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

_METHODS = [("**/templates/**", "jinja2.ext:babel_extract"), ("**.py", "python")]
_OPTIONS = {"**/templates/**": {"silent": "false", "trimmed": "true"}}
_KEYWORDS = DEFAULT_KEYWORDS | {"to_translate": None}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|\{(\w*)\}|%[sdif]")


@dataclass(frozen=True, slots=True)
class Gap:
    """One string without right Korean words: `missing`, `fuzzy`, `placeholders` or `unused`; `where` is file:line."""

    problem: str
    message: str
    where: str


def read_korean() -> Catalog:
    """The catalogue as it stands in `ko.po`, comments included."""
    with files("tumorboard.words").joinpath("ko.po").open("rb") as source:
        return read_po(source, locale="ko")


def extract_messages(package: Path) -> Catalog:
    """All marked strings below a folder of Python files and templates."""
    found = Catalog()
    for path, line, message, comments, context in extract_from_dir(
        package, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS
    ):
        found.add(message, locations=[(path, line)], auto_comments=comments, context=context)
    return found


def find_gaps(used: Catalog, korean: Catalog) -> tuple[Gap, ...]:
    """What is wrong with the Korean words for the strings used, and which of them nobody uses; in that order."""
    return (*_find_wrong(used, korean), *_find_unused(used, korean))


def _find_wrong(used: Catalog, korean: Catalog) -> Iterator[Gap]:
    for wanted in _messages(used):
        given = korean.get(wanted.id, wanted.context)
        problem = _judge(wanted, given)
        if problem is not None:
            yield Gap(problem, _singular(wanted), ", ".join(f"{path}:{line}" for path, line in wanted.locations))


def _find_unused(used: Catalog, korean: Catalog) -> Iterator[Gap]:
    for given in _messages(korean):
        if used.get(given.id, given.context) is None:
            yield Gap("unused", _singular(given), f"ko.po:{given.lineno}")


def _judge(wanted: Message, given: Message | None) -> str | None:
    if given is None or not given.string or not all(_words(given.string)):
        return "missing"
    if given.fuzzy:
        return "fuzzy"
    if isinstance(wanted.id, tuple) and not isinstance(given.id, tuple):
        return "missing"
    expected = _placeholders(_words(wanted.id)[-1])
    return None if all(_placeholders(text) == expected for text in _words(given.string)) else "placeholders"


def _messages(catalogue: Iterable[Message]) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _words(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _singular(message: Message) -> str:
    return _words(message.id)[0]


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(found.group() for found in _PLACEHOLDER.finditer(text))
