"""Who is meant by the names in a case list."""

from __future__ import annotations

import pytest

from tumorboard.domain.intake_draft import Draft
from tumorboard.domain.intake_people import NAMED_MEMBERS, recognise_people

PEOPLE = {"문성진": ["m1"], "moon@hospital.example": ["m1"], "m1": ["m1"], "김서연": ["m2", "m3"]}


def draft(*named: str) -> Draft:
    return Draft("C-1", {NAMED_MEMBERS: frozenset(named)}, {}, frozenset(), (), ())


@pytest.mark.parametrize("said", ["문성진", "Moon@Hospital.example ", "m1"])
def test_member_is_known_by_name_address_and_id(said: str) -> None:
    assert recognise_people(draft(said), PEOPLE).values == {NAMED_MEMBERS: frozenset({"m1"})}


@pytest.mark.parametrize(
    ("said", "code", "message"),
    [
        ("moon", "named-member-unknown",
         "row 7, column 'named_members': no member is called 'moon'; give a name or an e-mail address as on the list "
         "of members"),
        ("김서연", "named-member-ambiguous",
         "row 7, column 'named_members': more than one member is called '김서연'; give the e-mail address"),
    ],
)  # fmt: skip
def test_name_of_nobody_or_of_two_refuses_the_row(said: str, code: str, message: str) -> None:
    found = recognise_people(draft(said, "문성진"), PEOPLE, row=7)

    assert [(problem.code, problem.message) for problem in found.problems] == [(code, message)]
    assert found.is_refused


def test_what_the_case_said_before_stays() -> None:
    assert recognise_people(draft("gone"), PEOPLE, known={"gone"}) == draft("gone")


def test_case_without_a_name_is_not_touched() -> None:
    nobody = Draft("C-1", {}, {}, frozenset(), (), ())

    assert recognise_people(nobody, PEOPLE) is nobody
