"""A resident registration number is told, and never repeated: not in an error, nor in what is shown again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tumorboard.domain import cells
from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.identity import RESIDENT_NUMBER, has_resident_number, without_resident_number

NUMBER = "900101-" + "2345678"


@pytest.mark.parametrize(
    "read",
    [
        cells.read_date,
        cells.read_yes_no,
        lambda text: cells.read_choice(text, ("yes", "no")),
        lambda text: cells.read_set(text, ("yes", "no")),
        lambda text: cells.read_number(text, minimum=0, maximum=5),
        lambda text: cells.read_stage(text, choices=("I", "II"), drop=()),
    ],
)
@pytest.mark.parametrize("text", [NUMBER, "x" * 33 + NUMBER, NUMBER.replace("-", "")])
def test_a_refused_cell_with_a_resident_number_is_not_repeated(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(text)

    assert (refused.value.code, refused.value.values) == (RESIDENT_NUMBER, {})
    assert "900101" not in str(refused.value)
    assert "must not be entered" in str(refused.value)


def test_no_error_repeats_a_resident_number_whoever_raises_it() -> None:
    error = Conflict(f"there is already an account for {NUMBER}", code="account-exists", field="email", value=NUMBER)

    assert (error.code, error.values) == (RESIDENT_NUMBER, {"field": "email"})
    assert str(error).startswith("email: holds what looks like a resident registration number")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (NUMBER, ""),
        (f"{NUMBER} is away", "… is away"),
        ("2026-11-22", "2026-11-22"),
        (NUMBER.replace("-", "\u2013"), ""),
    ],
)
def test_what_was_typed_is_shown_again_without_the_number(typed: str, shown: str) -> None:
    assert without_resident_number(typed) == shown
    assert not has_resident_number(shown)
