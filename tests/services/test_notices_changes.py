"""The evening letter: what changed since the last one, and nothing that was said before."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import CORE
from tests.services.by_the_clock import (
    EVERYBODY,
    PATHOLOGY,
    UROLOGY,
    at,
    invitation_of,
    meeting_of,
    publish_more,
    recipients,
    reorder,
    set_member,
    text_to,
    tick,
)
from tumorboard.services.setup import Setup
from tumorboard.store.post import AuditEvent


def test_evening_without_a_change_has_no_letter(board: Session, setup: Setup) -> None:
    sent = [tick(board, setup, when).changes for when in ("22 12:05", "22 18:00", "23 18:00")]

    assert sent == [0, 0, 0]


def test_evening_tells_the_core_what_changed_since(small: Session, setup: Setup) -> None:
    tick(small, setup, "22 12:05")
    publish_more(small, setup, "22 15:00", "C-7")

    sent = [tick(small, setup, when).changes for when in ("22 17:55", "22 18:00", "22 18:05", "22 23:00")]

    text = text_to(small, "changes", PATHOLOGY)
    assert sent == [0, 4, 0, 0]
    assert recipients(small, "changes") == sorted(CORE.values())
    assert ("New: " in text, "C-7" in text, "Answers so far: 6 unanswered" in text) == (True, True, True)


def test_who_sent_a_deputy_is_not_counted_beside_the_deputy(small: Session, setup: Setup) -> None:
    tick(small, setup, "22 12:05")
    publish_more(small, setup, "22 15:00", "C-7")
    invitation_of(small, UROLOGY).answer = "delegated"
    small.commit()

    tick(small, setup, "22 18:00")

    assert "Answers so far: 5 unanswered" in text_to(small, "changes", PATHOLOGY)


def test_new_order_is_told_to_whom_it_concerns(small: Session, setup: Setup) -> None:
    tick(small, setup, "22 12:05")
    reorder(small)

    tick(small, setup, "22 18:00")

    order = [item.case.reference for item in meeting_of(small).agenda]
    assert recipients(small, "changes") == sorted({*EVERYBODY} - {UROLOGY})
    assert f"New order: {', '.join(order)}\n" in text_to(small, "changes", PATHOLOGY)


def test_case_taken_off_is_told(small: Session, setup: Setup) -> None:
    tick(small, setup, "22 12:05")
    meeting = meeting_of(small)
    name = meeting.agenda[-1].case.reference
    meeting.agenda.pop()
    small.commit()

    tick(small, setup, "22 18:00")

    assert f"No longer on it: {name}\n" in text_to(small, "changes", PATHOLOGY)


def test_called_in_member_hears_of_a_new_order_of_her_cases(small: Session, setup: Setup) -> None:
    row = invitation_of(small, UROLOGY)
    row.details = {**row.details, "cases": ["C-1", "C-2"]}
    small.commit()
    tick(small, setup, "22 12:05")
    reorder(small)

    tick(small, setup, "22 18:00")

    assert UROLOGY in recipients(small, "changes")
    assert "Answers so far" not in text_to(small, "changes", UROLOGY)


def test_what_an_invitation_has_said_is_not_said_again(small: Session, setup: Setup) -> None:
    row = invitation_of(small, UROLOGY)
    row.details = {**row.details, "cases": ["C-1", "C-2"]}
    small.commit()
    tick(small, setup, "22 12:05")
    row = invitation_of(small, UROLOGY)
    row.details, row.stamp = {**row.details, "cases": ["C-2"]}, at("22 14:00")
    small.commit()
    reorder(small)

    tick(small, setup, "22 18:00")

    assert UROLOGY not in recipients(small, "changes")


def test_what_the_agenda_has_said_is_not_said_again(small: Session, setup: Setup) -> None:
    set_member(small, PATHOLOGY, preferences={"agenda": False})
    tick(small, setup, "22 12:05")
    tick(small, setup, "22 18:00")
    reorder(small)
    tick(small, setup, "23 16:00")

    tick(small, setup, "23 18:00")

    assert recipients(small, "changes") == [PATHOLOGY]


def test_evening_missed_is_made_up_in_the_morning_and_the_next_one_is_its_own(small: Session, setup: Setup) -> None:
    tick(small, setup, "20 18:00")
    tick(small, setup, "22 12:05")
    tick(small, setup, "21 18:00")
    reorder(small)

    sent = [tick(small, setup, when).changes for when in ("23 06:00", "23 06:05", "23 18:00")]

    assert sent == [4, 0, 0]


def test_evening_letters_can_be_switched_off(small: Session, setup: Setup) -> None:
    set_member(small, PATHOLOGY, preferences={"changes": False})
    tick(small, setup, "22 12:05")
    reorder(small)

    tick(small, setup, "22 18:00")

    assert PATHOLOGY not in recipients(small, "changes")


def test_record_of_what_is_known_holds_ids_and_no_reference(small: Session, setup: Setup) -> None:
    tick(small, setup, "22 12:05")

    (event,) = small.scalars(select(AuditEvent).where(AuditEvent.action == "agenda:known"))
    assert event.subject_id == meeting_of(small).public_id
    assert sorted(event.detail) == ["cases", "members"]
    assert [name for name in ("C-1", "C-2") if name in str(event.detail)] == []
