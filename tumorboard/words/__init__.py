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


def to_translate(message: str) -> str:
    """Mark English words that are translated later, where they are shown."""
    return message


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; anything but Korean is English. Made in no time: the catalogue is read once."""

    language: str

    def gettext(self, message: str) -> str:
        """The words for an English message."""
        return _read_catalogue(choose_language(self.language)).gettext(message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The words for an English message that depends on a number."""
        return _read_catalogue(choose_language(self.language)).ngettext(singular, plural, number)


def choose_language(wanted: str) -> str:
    """`ko` for `ko`, `ko-KR` and `ko_KR`; `en` for everything else."""
    return "ko" if wanted.lower().replace("_", "-").split("-")[0] == "ko" else "en"


def format_date(day: date, language: str) -> str:
    """`2026-11-24 (화)` or `2026-11-24 (Tue)`."""
    return f"{day:%Y-%m-%d} ({_WEEKDAYS[choose_language(language)][day.weekday()]})"


def format_span(start: datetime, end: datetime, zone: str, language: str) -> str:
    """`2026-11-24 (화) 07:30–08:10 (Asia/Seoul)` for aware instants, in the IANA zone named.

    A span that ends on another day names both days.
    """
    if _local(start, zone).date() == _local(end, zone).date():
        until = f"–{_local(end, zone):%H:%M}"
    else:
        until = f" – {_format_local(end, zone, language)}"
    return f"{_format_local(start, zone, language)}{until} ({zone})"


def is_same_clock(instant: datetime, zone: str, other: str) -> bool:
    """True when two IANA zones show the same wall clock at the instant."""
    return _local(instant, zone).utcoffset() == _local(instant, other).utcoffset()


def _local(instant: datetime, zone: str) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("only aware instants can be shown")
    return instant.astimezone(ZoneInfo(zone))


def _format_local(instant: datetime, zone: str, language: str) -> str:
    local = _local(instant, zone)
    return f"{format_date(local.date(), language)} {local:%H:%M}"


@lru_cache(maxsize=len(LANGUAGES))
def _read_catalogue(language: str) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    compiled = BytesIO()
    with files("tumorboard.words").joinpath(f"{language}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)
