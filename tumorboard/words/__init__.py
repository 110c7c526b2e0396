"""The words people read, in Korean and English: one catalogue for letters, calendars and pages.

English is the language of code and templates; `ko.po` holds the Korean. It is read as it is at first use: no compiled
file can go stale. `python -m tumorboard.words` lists what is not translated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from gettext import NullTranslations
from importlib.resources import files
from io import BytesIO
from zoneinfo import ZoneInfo

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES = ("ko", "en")
_WEEKDAYS = {"ko": ("월", "화", "수", "목", "금", "토", "일"), "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))


def to_translate(message: str) -> str:
    """Mark English words that are translated later, where they are shown."""
    return message


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; anything but Korean is English. Made in no time: the catalogue is read once."""

    language: str

    def gettext(self, message: str) -> str:
        """The words for an English message."""
        return _translate(self.language, message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The words for an English message that depends on a number."""
        return _read_catalogue(choose_language(self.language)).ngettext(singular, plural, number)


@lru_cache(maxsize=64)
def choose_language(wanted: str) -> str:
    """`ko` for `ko`, `ko-KR` and `ko_KR`; `en` for everything else."""
    return "ko" if wanted.lower().replace("_", "-").split("-")[0] == "ko" else "en"


def format_date(day: date, language: str) -> str:
    """`2026-11-24 (화)` or `2026-11-24 (Tue)`."""
    return f"{day.isoformat()} ({_WEEKDAYS[choose_language(language)][day.weekday()]})"


def format_span(start: datetime, end: datetime, zone: str, language: str) -> str:
    """`2026-11-24 (화) 07:30–08:10 (Asia/Seoul)` for aware instants, in the IANA zone named.

    A span that ends on another day names both days.
    """
    begins, ends = _local(start, zone), _local(end, zone)
    day, last_day = begins.date(), ends.date()
    until = f"–{_clock(ends)}" if day == last_day else f" – {format_date(last_day, language)} {_clock(ends)}"
    return f"{format_date(day, language)} {_clock(begins)}{until} ({zone})"


def is_same_clock(instant: datetime, zone: str, other: str) -> bool:
    """True when two IANA zones show the same wall clock at the instant."""
    return _local(instant, zone).utcoffset() == _local(instant, other).utcoffset()


def _local(instant: datetime, zone: str) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("only aware instants can be shown")
    return instant.astimezone(ZoneInfo(zone))


def _clock(local: datetime) -> str:
    """`07:30`; `strftime` takes five times as long, and each event of a feed says two."""
    return f"{_TWO_DIGITS[local.hour]}:{_TWO_DIGITS[local.minute]}"


@lru_cache(maxsize=4096)
def _translate(language: str, message: str) -> str:
    return _read_catalogue(choose_language(language)).gettext(message)


@lru_cache(maxsize=len(LANGUAGES))
def _read_catalogue(language: str) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    compiled = BytesIO()
    with files("tumorboard.words").joinpath(f"{language}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)
