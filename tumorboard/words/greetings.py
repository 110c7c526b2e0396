"""How a letter speaks to somebody: her name as it is written, with her title in the language of the letter."""

from __future__ import annotations

import re

from tumorboard.words import Words, choose_language

_HANGUL = re.compile("[가-힣]")
_DOCTORS = frozenset({"dr", "doctor", "md", "phd"})
_KOREAN_DOCTORS = ("과장", "의사", "전공의", "전문의", "전임의", "진료부장")


def greet(name: str, title: str, words: Words) -> str:
    """`홍길동 교수님,` or `Dear Prof. Gildong Hong,`; a title that the language has no word for is left out.

    `name` and `title` are single lines; the name is never taken apart.
    """
    if choose_language(words.language) == "ko":
        called = f"{name} {_title_in_korean(title)}".rstrip()
    else:
        called = f"{_title_in_english(title)} {name}".lstrip()
    return words.gettext("Dear %(name)s,") % {"name": called}


def _title_in_korean(title: str) -> str:
    """Without the 님 that the greeting adds. To 부교수 and 조교수 one says 교수님, too."""
    parts = _parts(title)
    if "교수" in title or any(part.startswith("prof") for part in parts):
        return "교수"
    if _HANGUL.search(title):
        return title.removesuffix("님").rstrip()
    return "선생" if _DOCTORS.intersection(parts) else ""


def _title_in_english(title: str) -> str:
    parts = _parts(title)
    if "교수" in title or any(part.startswith("prof") for part in parts):
        return "Prof."
    is_doctor = _DOCTORS.intersection(parts) or any(word in title for word in _KOREAN_DOCTORS)
    return "Dr." if is_doctor else ""


def _parts(title: str) -> list[str]:
    """`MD, PhD` and `M.D.` as `md` and `phd`."""
    return re.findall(r"[a-z]+", title.casefold().replace(".", ""))
