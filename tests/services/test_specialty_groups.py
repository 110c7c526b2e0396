"""Saved groups of specialties: by board and name."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, Conflict, DomainError, NotAllowed, NotFound
from tumorboard.services.access import Actor
from tumorboard.services.specialty_groups import (
    MOST_GROUPS,
    list_groups,
    remove_group,
    rename_group,
    save_group,
)

LIVER = ["hpb_surgery", "urology"]


def save(session: Session, name: str = "Liver", specialties: list[str] | None = None) -> str:
    wanted = LIVER if specialties is None else specialties
    return save_group(session, board=BOARD, name=name, specialties=wanted, by=OPERATOR, now=NOW).public_id


def names(session: Session) -> list[str]:
    return [row.name for row in list_groups(session, board=BOARD, by=OPERATOR)]


def test_group_is_saved_renamed_and_removed(centre: Session) -> None:
    group_id = save(centre, "  Liver \n and kidney ")
    saved = names(centre)

    rename_group(centre, group_id=group_id, name="Upper abdomen", by=OPERATOR, now=NOW)
    renamed = names(centre)
    remove_group(centre, group_id=group_id, by=OPERATOR, now=NOW)

    assert (saved, renamed, names(centre)) == (["Liver and kidney"], ["Upper abdomen"], [])


def test_group_of_the_same_name_is_replaced(centre: Session) -> None:
    first, second = save(centre), save(centre, specialties=["urology", "urology"])

    (row,) = list_groups(centre, board=BOARD, by=OPERATOR)
    assert (first == second, row.specialties["required"]) == (True, ["urology"])


@pytest.mark.parametrize(
    ("name", "specialties", "error", "code"),
    [
        (" ", LIVER, BadInput, "bad-group-name"),
        ("x" * 81, LIVER, BadInput, "bad-group-name"),
        ("Liver", [], BadInput, "empty-group"),
        ("Liver", ["astrology"], NotFound, "unknown-specialty"),
    ],
)
def test_wrong_group_is_refused(
    centre: Session, name: str, specialties: list[str], error: type[DomainError], code: str
) -> None:
    with pytest.raises(error) as refused:
        save(centre, name, specialties)

    assert (refused.value.code, names(centre)) == (code, [])


def test_two_groups_never_have_one_name(centre: Session) -> None:
    save(centre)
    other = save(centre, "Kidney")

    with pytest.raises(Conflict) as refused:
        rename_group(centre, group_id=other, name="Liver", by=OPERATOR, now=NOW)

    assert refused.value.code == "group-exists"


def test_board_keeps_so_many_groups_only(centre: Session) -> None:
    for number in range(MOST_GROUPS):
        save(centre, f"Group {number}")

    with pytest.raises(Conflict) as refused:
        save(centre, "One more")

    assert refused.value.code == "too-many-groups"


def test_only_who_edits_meetings_sees_groups(centre: Session) -> None:
    with pytest.raises(NotAllowed):
        list_groups(centre, board=BOARD, by=Actor("nobody", frozenset()))


def test_name_of_a_group_holds_no_resident_number(centre: Session) -> None:
    with pytest.raises(BadInput) as refused:
        save(centre, "900101-" + "1234567")

    assert refused.value.code == "resident-registration-number"
