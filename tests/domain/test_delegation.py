"""What a deputy still comes for when the member who named her comes herself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tumorboard.domain.delegation import part_left
from tumorboard.domain.model import Attendance, SeatKind
from tumorboard.domain.timeline import Interval

START = datetime(2026, 12, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STARTS = {"C": START + 20 * MINUTE, "A": START, "B": START + 10 * MINUTE}
SLOTS = {name: Interval(start, start + 10 * MINUTE) for name, start in STARTS.items()}
WHOLE = Interval(START, START + 60 * MINUTE)


def span(first: int, last: int) -> Interval:
    return Interval(START + first * MINUTE, START + last * MINUTE)


def called(cases: str, specialties: str = "urology", window: Interval | None = None) -> Attendance:
    """Somebody called in for these cases, by the rules of the same names."""
    needed = Interval(SLOTS[cases[0]].start, SLOTS[cases[-1]].end)
    return Attendance(
        "deputy", SeatKind.ON_DEMAND, window or needed, tuple(specialties.split("+")),
        tuple(cases), tuple(f"rule-{case}" for case in cases),
    )  # fmt: skip


def seated(specialty: str) -> Attendance:
    return Attendance("deputy", SeatKind.CORE, WHOLE, (specialty,))


def test_deputy_with_nothing_of_her_own_is_free() -> None:
    assert part_left(called("AB"), called("AB"), None, SLOTS, WHOLE) is None


def test_what_she_was_invited_for_before_is_hers_again() -> None:
    own = called("C", "radiology", span(15, 35))

    left = part_left(called("ABC", "radiology+urology"), called("AB"), own, SLOTS, WHOLE)

    assert left == own


def test_case_and_specialty_that_both_came_for_stay_hers() -> None:
    own = called("AC")

    assert part_left(called("ABC"), called("AB"), own, SLOTS, WHOLE) == own


def test_what_a_later_plan_gave_her_beside_stays() -> None:
    left = part_left(called("ABC", "radiology+urology"), called("AB"), None, SLOTS, WHOLE)

    assert left == called("C", "radiology")


def test_window_follows_the_agenda_as_it_is_now() -> None:
    own = called("A", window=span(30, 40))

    left = part_left(called("AB"), called("B"), own, SLOTS, WHOLE)

    assert left == called("A")


def test_case_that_left_the_agenda_calls_nobody() -> None:
    slots = {name: slot for name, slot in SLOTS.items() if name != "C"}

    assert part_left(called("ABC"), called("AB"), called("C"), slots, WHOLE) is None


@pytest.mark.parametrize(
    ("held", "taken", "own", "left"),
    [
        (seated("pathology"), seated("pathology"), None, None),
        (seated("pathology"), seated("pathology"), called("B", "radiology"), called("B", "radiology")),
        (seated("pathology"), called("B"), seated("pathology"), seated("pathology")),
    ],
)
def test_seat_goes_back_to_whose_it_is(
    held: Attendance, taken: Attendance, own: Attendance | None, left: Attendance | None
) -> None:
    assert part_left(held, taken, own, SLOTS, WHOLE) == left
