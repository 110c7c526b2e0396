"""What two people changed at one time: nothing of either is lost without being asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorboard.domain.joining import Held, Joined, join_changes

CHOICES = st.lists(st.sampled_from("abcde"), unique=True).map(tuple)


def join(opened: Held, now: Held, mine: Held) -> Held | None:
    joined = join_changes({"f": opened}, {"f": now}, {"f": mine})
    return None if joined.clashes else joined.values["f"]


@pytest.mark.parametrize(
    ("opened", "now", "mine", "after"),
    [
        ("Kim", "Kim", "Kim", "Kim"),
        ("Kim", "Lee", "Kim", "Lee"),
        ("Kim", "Kim", "Lee", "Lee"),
        ("Kim", "Lee", "Lee", "Lee"),
        ("Kim", "Lee", "Park", None),
        ("two\nlines", "two\nlines more", "two\r\nlines ", "two\nlines more"),
        ("one line", "one line", "one\r\nline", "one\r\nline"),
        (True, False, True, False),
        (False, False, True, True),
        (("admin", "reader"), ("reader",), ("admin", "reader"), ("reader",)),
        (("admin",), (), ("admin", "reader"), ("reader",)),
        (("a",), ("a", "b"), ("a", "c"), ("a", "b", "c")),
        (("a", "b"), ("b", "a"), ("a", "b"), ("b", "a")),
        (("a", "b", "c"), ("b", "a", "c"), ("a", "c", "b"), None),
        (("a", "b"), ("b", "a"), ("a", "b", "c"), None),
    ],
)
def test_join(opened: Held, now: Held, mine: Held, after: Held | None) -> None:
    assert join(opened, now, mine) == after


def test_clash_leaves_mine_and_fields_that_one_does_not_know_stay() -> None:
    joined = join_changes({"a": "1", "b": "1"}, {"a": "2", "c": "1"}, {"a": "3", "b": "4", "c": "5", "d": "6"})

    assert joined == Joined({"a": "3", "b": "4", "c": "5", "d": "6"}, ("a",))


@given(CHOICES, CHOICES, CHOICES)
def test_no_choice_of_either_is_lost(opened: tuple[str, ...], now: tuple[str, ...], mine: tuple[str, ...]) -> None:
    after = join(opened, now, mine)

    if after is not None:
        gone = (set(opened) - set(now)) | (set(opened) - set(mine))
        assert set(after) == (set(opened) | set(now) | set(mine)) - gone
        assert len(after) == len(set(after))


@given(st.text(), st.text())
def test_who_is_alone_gets_what_she_wrote(opened: str, mine: str) -> None:
    assert join(opened, opened, mine) in (mine, opened)
    assert str(join(opened, opened, mine)).split() == mine.split()
