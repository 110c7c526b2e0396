"""Urgent moments and free slots have words in both languages, whatever they are about."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from tumorboard.domain.model import Reason
from tumorboard.domain.planning_problem import NeedKey
from tumorboard.domain.slots_facts import SLOT_REASONS
from tumorboard.domain.urgent_facts import Askable, Cover, Gap
from tumorboard.domain.urgent_team import Standing
from tumorboard.words import Words
from tumorboard.words.moments import say_askable, say_cover, say_gap, say_need, say_slot_reason
from tumorboard.words.phrases import Names

NAMES = Names(members={"p1": "홍길동 교수", "p2": "김서연 교수"}, specialties={"urology": "비뇨의학과"},
              certificates={"c1": "자격"})  # fmt: skip
VALUES: dict[str, str | int] = {
    "day": "2026-11-24", "name": "개천절", "specialty": "urology", "free": 1, "needed": 2, "member": "p1", "room": "r1",
    "hours": 4,
}  # fmt: skip
UROLOGY = NeedKey("urology")
ENGLISH, KOREAN = Words("en"), Words("ko")


@pytest.mark.parametrize("code", sorted(SLOT_REASONS))
def test_slot_reason_has_words_in_both_languages(code: str) -> None:
    reason = Reason(code, {name: VALUES[name] for name in SLOT_REASONS[code]})

    english, korean = (say_slot_reason(reason, words, NAMES, {"r1": "301호"}) for words in (ENGLISH, KOREAN))

    assert re.search("[가-힣]", korean)
    assert "%(" not in english + korean
    assert english != korean


@pytest.mark.parametrize(
    ("key", "standing", "instead_of", "said"),
    [
        (UROLOGY, Standing.HOLDER, None, "holds the seat"),
        (UROLOGY, Standing.HOLDER, "p2", "next on the seat; cannot come: 김서연 교수"),
        (UROLOGY, Standing.DEPUTY, "p2", "deputy; cannot come: 김서연 교수"),
        (UROLOGY, Standing.COLLEAGUE, None, "same specialty"),
        (NeedKey("", "", "p1"), Standing.HOLDER, None, "asked for by name"),
    ],
)
def test_cover_says_why_she(key: NeedKey, standing: Standing, instead_of: str | None, said: str) -> None:
    cover = Cover(key, "p1", standing, True, instead_of)

    assert say_cover(cover, ENGLISH, NAMES) == said
    assert re.search("[가-힣]", say_cover(cover, KOREAN, NAMES))


@pytest.mark.parametrize(
    "code",
    ["no-member-free", "no-member-for-specialty", "certificate-missing", "named-member-absent", "named-member-gone"],
)
def test_gap_names_the_need(code: str) -> None:
    gap = Gap(NeedKey("urology", "c1"), code, None, ())

    assert say_gap(gap, ENGLISH, NAMES).startswith("비뇨의학과 (자격): ")
    assert say_gap(gap, KOREAN, NAMES) != say_gap(gap, ENGLISH, NAMES)


def test_who_may_be_phoned_is_said_with_the_day_where_it_is_another() -> None:
    free = Askable("p1", datetime(2026, 11, 24, 7, 30, tzinfo=UTC))

    said = [say_askable(free, ENGLISH, NAMES, "Asia/Seoul", day=date(2026, 11, day)) for day in (24, 23)]

    assert said == ["홍길동 교수 (free from 16:30)", "홍길동 교수 (free from 2026-11-24 (Tue) 16:30)"]
    assert say_askable(Askable("p1", None), ENGLISH, NAMES, "Asia/Seoul", day=date(2026, 11, 24)) == (
        "홍길동 교수 (not free in the days ahead)"
    )
    assert say_need(NeedKey("", "", "p1"), ENGLISH, NAMES) == "홍길동 교수"
