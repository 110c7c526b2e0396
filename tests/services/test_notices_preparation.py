"""The preparation list when the case list closes: to whom, with what, and nothing of the cases' facts."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.services.by_the_clock import (
    PATHOLOGY,
    RADIOLOGY,
    deliver,
    invitation_of,
    move_meeting,
    recipients,
    set_member,
    text_to,
    tick,
)
from tests.services.test_nightly import lose_report
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case


def test_preparation_is_written_when_the_list_closes(board: Session, setup: Setup) -> None:
    sent = [tick(board, setup, when).preparation for when in ("23 07:29", "23 07:30", "23 07:35")]

    assert sent == [0, 2, 0]
    assert recipients(board, "preparation") == sorted([RADIOLOGY, PATHOLOGY])


def test_preparation_names_cases_questions_and_what_is_owed(small: Session, setup: Setup) -> None:
    lose_report(small)
    case = small.scalars(select(Case).where(Case.reference == "C-2")).one()
    case.facts = {**case.facts, "question_pathology": "Is it a relapse of Kim?", "question_radiology": "Nodes?"}
    small.commit()

    tick(small, setup, "23 07:30")

    pathology, radiology = text_to(small, "preparation", PATHOLOGY), text_to(small, "preparation", RADIOLOGY)
    assert "2 cases are to be prepared (Pathology)" in pathology
    assert (
        "- Owed: Pathology or cytology report – the case cannot be discussed without it" in pathology,
        "There: CT of chest, abdomen and pelvis" in radiology,
        "CT of chest" in pathology,
    ) == (True, True, False)
    assert pathology.count("1 question to you") == 1
    assert [word for word in ("relapse", "Kim", "Nodes") if word in pathology + radiology] == []


def test_preparation_goes_to_the_holder_of_a_seat_nobody_comes_for(small: Session, setup: Setup) -> None:
    invitation_of(small, PATHOLOGY).answer = "declined"
    small.commit()

    tick(small, setup, "23 07:30")

    assert recipients(small, "preparation") == sorted([RADIOLOGY, PATHOLOGY])


def test_preparation_can_be_switched_off(small: Session, setup: Setup) -> None:
    set_member(small, PATHOLOGY, preferences={"preparation": False})

    tick(small, setup, "23 07:30")

    assert recipients(small, "preparation") == [RADIOLOGY]


def test_meeting_moved_by_hours_needs_no_second_list_and_by_days_does(small: Session, setup: Setup) -> None:
    sent = [tick(small, setup, "23 07:30").preparation]
    deliver(small)
    move_meeting(small, timedelta(hours=1))
    sent.append(tick(small, setup, "23 09:00").preparation)
    move_meeting(small, timedelta(days=2))
    sent += [tick(small, setup, when).preparation for when in ("23 10:00", "25 08:30")]

    assert sent == [2, 0, 0, 2]
