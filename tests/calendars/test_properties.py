"""What we write for random meetings is read alike by three parsers that share no code with us or with one another."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calendars.witnesses import WITNESSES, a_random_message, differences


def test_three_hundred_random_meetings_are_read_as_they_were_meant() -> None:
    dice = random.Random(2026)

    found = [problem for _ in range(300) for problem in differences(a_random_message(dice))]

    assert (sorted(WITNESSES), found) == (["ical", "ics", "vobject"], [])


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_random_meeting_is_read_as_it_was_meant(dice: random.Random) -> None:
    assert differences(a_random_message(dice)) == []
