"""Both languages say the same, completely, and times are shown with their zone."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

import tumorboard
from tumorboard.domain.program import load_programs
from tumorboard.words import (
    Words,
    choose_language,
    format_date,
    format_span,
    is_same_clock,
    to_translate,
)
from tumorboard.words.gaps import extract_messages, find_gaps, read_korean
from tumorboard.words.sources import say_source

PACKAGE = Path(tumorboard.__file__).parent
MARKS = {"_", "gettext", "ngettext", "to_translate"}
GLUED = re.compile(
    r"%\(\w+\)[sd][’”]?(?:[은는이가을를과와]\([가-힣]\)|[(][으이][)][가-힣]+|은|는|이|가|을|를|과|와|이?랑|으?로|이?나|이?며|이?라|이?고"
    r"|에|에서|에게|께|의|도|만|인|이다|입니다|보다|처럼)(?:는|도|만|서|써)?(?![가-힣])"
)
"""A particle right after a variable. After a bracket it belongs to the noun before; `까지` and `부터` follow dates."""


def test_every_string_has_korean_words() -> None:
    gaps = find_gaps(extract_messages(PACKAGE), read_korean())

    assert [gap for gap in gaps if gap.problem != "unused"] == []


def test_no_korean_particle_is_glued_to_a_variable() -> None:
    texts = [message.string for message in read_korean() if message.id]

    said = [each for text in texts for each in ([text] if isinstance(text, str) else text or ())]
    assert [text for text in said if GLUED.search(text)] == []
    samples = {
        "%(name)s을(를) 지움": 1,
        "%(name)s(으)로": 1,
        "회의 %(when)s에": 1,
        "%(day)s까지": 0,
        "회의(%(when)s)에": 0,
    }
    assert {text: bool(GLUED.search(text)) for text in samples} == samples


def test_missing_words_are_listed_on_the_command_line() -> None:
    listing = subprocess.run(
        [sys.executable, "-m", "tumorboard.words"], cwd=PACKAGE.parent, capture_output=True, check=False, text=True
    )

    assert (listing.returncode, listing.stderr) == (0, "")


def test_no_string_is_marked_inside_an_f_string_where_the_extractor_is_blind() -> None:
    hidden = [
        f"{path.relative_to(PACKAGE)}:{call.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and (getattr(call.func, "attr", None) or getattr(call.func, "id", None)) in MARKS
    ]

    assert hidden == []


def test_gaps_are_named_by_kind() -> None:
    used, korean = Catalog(), Catalog(locale="ko")
    for message in ("fine %(a)s", "missing", "fuzzy", "other %(a)s", ("%(n)d case", "%(n)d cases")):
        used.add(message, locations=[("page.html", 3)])
    korean.add("fine %(a)s", "좋음 %(a)s")
    korean.add("fuzzy", "흐림", flags=["fuzzy"])
    korean.add("other %(a)s", "다름 %(b)s")
    korean.add(("%(n)d case", "%(n)d cases"), ("%(n)d건",))
    korean.add("unused", "안 씀")

    gaps = find_gaps(used, korean)

    assert [(gap.problem, gap.message) for gap in gaps] == [
        ("missing", "missing"),
        ("fuzzy", "fuzzy"),
        ("placeholders", "other %(a)s"),
        ("unused", "unused"),
    ]


def test_words_are_found_in_both_languages() -> None:
    assert Words("ko").gettext("When") == "일시"
    assert Words("en").gettext("When") == "When"
    assert Words("ko").ngettext("%(number)d question", "%(number)d questions", 1) == "%(number)d건"
    assert Words("en").ngettext("%(number)d question", "%(number)d questions", 2) == "%(number)d questions"
    assert Words("ko").gettext("not in the catalogue") == "not in the catalogue"
    assert to_translate("kept") == "kept"


@pytest.mark.parametrize(
    ("wanted", "chosen"), [("ko", "ko"), ("ko-KR", "ko"), ("KO_kr", "ko"), ("en", "en"), ("kok", "en"), ("", "en")]
)
def test_language_is_korean_or_english(wanted: str, chosen: str) -> None:
    assert choose_language(wanted) == chosen


def test_date_names_the_weekday() -> None:
    assert format_date(date(2026, 11, 24), "ko") == "2026-11-24 (화)"
    assert format_date(date(2026, 11, 24), "en") == "2026-11-24 (Tue)"


def test_span_names_the_zone() -> None:
    start, end = datetime(2026, 11, 23, 22, 30, tzinfo=UTC), datetime(2026, 11, 23, 23, 10, tzinfo=UTC)

    assert format_span(start, end, "Asia/Seoul", "ko") == "2026-11-24 (화) 07:30–08:10 (Asia/Seoul)"
    assert format_span(start, end, "Europe/London", "en") == "2026-11-23 (Mon) 22:30–23:10 (Europe/London)"


def test_span_over_midnight_names_both_days() -> None:
    start, end = datetime(2026, 11, 23, 14, 30, tzinfo=UTC), datetime(2026, 11, 23, 15, 10, tzinfo=UTC)

    assert format_span(start, end, "Asia/Seoul", "en") == "2026-11-23 (Mon) 23:30 – 2026-11-24 (Tue) 00:10 (Asia/Seoul)"


def test_span_follows_the_clock_change() -> None:
    start, end = datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

    assert format_span(start, end, "Europe/Berlin", "en") == "2026-03-29 (Sun) 01:30–03:30 (Europe/Berlin)"


def test_zones_are_compared_by_the_clock_of_the_day() -> None:
    winter, summer = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 7, 6, tzinfo=UTC)

    assert is_same_clock(winter, "Asia/Seoul", "Asia/Tokyo")
    assert is_same_clock(winter, "Europe/London", "Africa/Abidjan")
    assert not is_same_clock(summer, "Europe/London", "Africa/Abidjan")


def test_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 1, 5, tzinfo=UTC).replace(tzinfo=None)

    with pytest.raises(ValueError, match="aware"):
        format_span(naive, naive, "Asia/Seoul", "ko")


def test_sources_of_rules_are_said_in_korean_but_for_what_is_cited() -> None:
    """What is left of English words is names of guidelines, authors and journals, which begin with a capital."""
    sources = {rule.source for program in load_programs().values() for rule in program.rules}

    said = {say_source(source, Words("ko")) for source in sources}

    assert {word for text in said for word in re.findall(r"(?<![\w-])[a-z]{3,}", text)} == set()
    assert say_source("Aletti 2007; own rule of the ward; centre convention", Words("ko")) == (
        "Aletti 2007; own rule of the ward; 본 기관의 관례"
    )
