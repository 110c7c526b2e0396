"""One table of a programme file, handing out checked values and refusing the keys nobody asked for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from tumorboard.domain.errors import BadProgram
from tumorboard.domain.model import Text

ID = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
RULE_ID = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)

Word = TypeVar("Word", bound=StrEnum)


def refuse(place: str, what: str) -> BadProgram:
    """The error for a wrong place of a file: `name.toml, rule R10, when.x: what is wrong there`."""
    return BadProgram(f"{place}: {what}", place=place)


def near(word: str, known: Collection[str]) -> str:
    """A hint at the known word that was probably meant, or at all of them when they are few."""
    close = get_close_matches(word, known, n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known are {', '.join(known)}" if 0 < len(known) <= 12 else ""


def check_known(word: str, known: Collection[str], *, place: str, what: str) -> str:
    """The word, when it is one of the known ones; BadProgram says it `is no …` otherwise."""
    if word not in known:
        raise refuse(place, f"'{word}' is no {what}{near(word, known)}")
    return word


class Section:
    """A table with its place in the file. Every key that is asked for counts as known; `finish` refuses the rest."""

    def __init__(self, table: object, *, place: str) -> None:
        if not isinstance(table, Mapping):
            raise refuse(place, "a table is expected here")
        self._table: Mapping[str, Any] = table
        self._asked: set[str] = set()
        self.place = place

    def at(self, key: str) -> str:
        """The place of one key, for messages."""
        return f"{self.place}, {key}"

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        self._asked.add(key)
        return key in self._table

    def list_keys(self) -> list[str]:
        """All keys in file order; all count as known."""
        self._asked.update(self._table)
        return list(self._table)

    def raw(self, key: str) -> object:
        """The unchecked value; BadProgram when the key is missing."""
        if not self.has(key):
            raise refuse(self.place, f"'{key}' is missing")
        return self._table[key]

    def text(self, key: str) -> str:
        """Words that say something."""
        value = self.raw(key)
        if not isinstance(value, str) or not value.strip():
            raise refuse(self.at(key), "words are expected here")
        return value.strip()

    def id(self, key: str = "id", *, pattern: re.Pattern[str] = ID) -> str:
        """An identifier of the given shape."""
        value = self.text(key)
        if not pattern.fullmatch(value):
            raise refuse(self.at(key), f"'{value}' is no identifier of the shape {pattern.pattern}")
        return value

    def word(self, key: str, known: Collection[str], *, what: str) -> str:
        """One of the known words."""
        return check_known(self.text(key), known, place=self.at(key), what=what)

    def choice(self, key: str, words: type[Word], *, what: str) -> Word:
        """A member of a closed list."""
        return words(self.word(key, tuple(words), what=what))

    def number(self, key: str) -> float:
        """A number of at least zero."""
        value = self.raw(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise refuse(self.at(key), "a number of at least 0 is expected here")
        return value

    def whole(self, key: str) -> int:
        """A whole number of at least zero."""
        value = self.number(key)
        if not isinstance(value, int):
            raise refuse(self.at(key), "a whole number is expected here")
        return value

    def flag(self, key: str) -> bool:
        """True or false; a key that is not there is false."""
        value = self.raw(key) if self.has(key) else False
        if not isinstance(value, bool):
            raise refuse(self.at(key), "true or false is expected here")
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of words without repetition; empty when the key is not there."""
        value = self.raw(key) if self.has(key) else []
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise refuse(self.at(key), "a list of words is expected here")
        for index, each in enumerate(value):
            if each in value[:index]:
                raise refuse(self.at(key), f"'{each}' is listed twice")
        return tuple(value)

    def words(self, key: str) -> Text:
        """The same words in English and Korean: `{ en = "…", ko = "…" }`."""
        both = self.section(key)
        words = Text(en=both.text("en"), ko=both.text("ko"))
        both.finish()
        return words

    def section(self, key: str) -> Section:
        """A table inside this one."""
        return Section(self.raw(key), place=self.at(key))

    def sections(self, key: str) -> Iterator[Section]:
        """The tables of a list inside this one, numbered from 1; none when the key is not there."""
        value = self.raw(key) if self.has(key) else []
        if not isinstance(value, list):
            raise refuse(self.at(key), f"a list of tables is expected here ([[…{key}]])")
        for number, table in enumerate(value, start=1):
            yield Section(table, place=f"{self.place}, {key} {number}")

    def finish(self) -> None:
        """Refuse the first key nobody has read."""
        for key in self._table:
            if key not in self._asked:
                raise refuse(self.place, f"unknown key '{key}'{near(key, sorted(self._asked))}")
