"""The coordinators' one morning letter: when there is something, on workdays, and whole."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.services.by_the_clock import (
    RADIOLOGY,
    UROLOGY,
    at,
    english_coordinator,
    invitation_of,
    letters,
    set_member,
    text_of,
    text_to,
    tick,
)
from tests.services.conftest import NOW
from tests.services.test_nightly import away, check, lose_report
from tumorboard.domain.errors import NotAllowed
from tumorboard.services.access import Role, actor_with
from tumorboard.services.notices import send_notices
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage
from tumorboard.store.meetings import HospitalDay
from tumorboard.store.people import Account
from tumorboard.store.post import OutboxMessage


def test_morning_without_anything_has_no_letter(small: Session, setup: Setup) -> None:
    assert [tick(small, setup, when).morning for when in ("23 06:59", "23 07:00", "23 07:05")] == [0, 0, 0]


def test_coordinator_gets_one_morning_letter_with_the_findings_of_the_night(board: Session, setup: Setup) -> None:
    away(board, UROLOGY)
    check(board, setup)

    sent = [tick(board, setup, when).morning for when in ("23 06:55", "23 07:00", "23 07:05", "23 12:00")]

    text = text_to(board, "morning", "coordinator@hospital.example")
    notes = [each.recipient for each in board.scalars(select(OutboxMessage).where(OutboxMessage.method == "NOTE"))]
    assert sent == [0, 1, 0, 0]
    assert notes.count("coordinator@hospital.example") == 1
    assert "참석할 수 없게 됨: Jung (증례: C-2)" in text
    assert "새 항목: 1건" in text


def test_morning_letter_names_everything_that_waits(small: Session, setup: Setup) -> None:
    english_coordinator(small)
    lose_report(small)
    row = invitation_of(small, UROLOGY)
    row.asked_at, row.escalated_at = NOW, at("22 20:00")
    set_member(small, RADIOLOGY, bounced_at=NOW)
    dead = small.scalars(select(OutboxMessage)).first()
    assert dead is not None
    dead.state = "dead"
    small.add(
        InboundMessage(
            digest="a" * 64, received_at=NOW, sender="x@example.org", method="REPLY", uid="u", effect="queue",
            reason="party-crasher", state="open",
        )
    )  # fmt: skip
    small.commit()

    tick(small, setup, "23 07:00")

    (letter,) = letters(small, "morning")
    text = text_of(letter)
    assert letter.subject == "This morning: 5 things to look at"
    assert (letter.meeting_id, letter.recipient) == (None, "coordinator@hospital.example")
    assert [
        line in text
        for line in (
            "No answer in the time allowed\nOvarian board, 2026-11-24 (Tue) 07:30: Jung",
            "Cannot be discussed like this: C-1",
            "1 message waits for your decision: https://board.hospital.example/answers",
            "1 letter could not be delivered: https://board.hospital.example/outbox",
            "No letter reaches: Park",
        )
    ] == [True] * 5


def test_case_that_a_finding_names_is_not_named_again(small: Session, setup: Setup) -> None:
    english_coordinator(small)
    lose_report(small)
    small.commit()
    check(small, setup)

    tick(small, setup, "23 07:00")

    text = text_to(small, "morning", "coordinator@hospital.example")
    assert ("No longer ready (Cases: C-1)" in text, "Cannot be discussed like this" in text) == (True, False)


def test_silence_found_at_night_is_told_once(small: Session, setup: Setup) -> None:
    english_coordinator(small)
    row = invitation_of(small, UROLOGY)
    row.asked_at, row.escalated_at = NOW, at("22 20:00")
    small.commit()
    check(small, setup)

    tick(small, setup, "23 07:00")

    (letter,) = letters(small, "morning")
    assert (letter.subject, text_of(letter).count("Jung")) == ("This morning: 1 thing to look at", 1)


def test_free_days_have_no_morning_letter(small: Session, setup: Setup) -> None:
    lose_report(small)
    small.add(HospitalDay(on=date(2026, 11, 23), name="Foundation day"))
    small.commit()

    sunday, monday, tuesday = (tick(small, setup, when).morning for when in ("22 12:30", "23 07:00", "24 07:00"))

    assert (sunday, monday, tuesday) == (0, 0, 1)


def test_on_a_free_day_only_what_cannot_wait_is_told(small: Session, setup: Setup) -> None:
    away(small, UROLOGY)
    check(small, setup)
    small.add(HospitalDay(on=date(2026, 11, 23), name="Foundation day"))
    small.commit()

    assert tick(small, setup, "23 07:00").morning == 1


def test_morning_missed_comes_later_that_day_and_not_the_next(small: Session, setup: Setup) -> None:
    lose_report(small)
    small.commit()

    late = tick(small, setup, "23 15:00").morning
    night = tick(small, setup, "24 01:00").morning

    assert (late, night) == (1, 0)


def test_morning_letter_can_be_switched_off(small: Session, setup: Setup) -> None:
    lose_report(small)
    small.execute(update(Account).values(preferences={"morning": False}))
    small.commit()

    assert tick(small, setup, "23 07:00").morning == 0


def test_something_that_comes_up_after_seven_waits_for_the_next_morning(small: Session, setup: Setup) -> None:
    tick(small, setup, "23 07:00")
    lose_report(small)
    small.commit()

    assert [tick(small, setup, when).morning for when in ("23 09:00", "24 06:00", "24 07:00")] == [0, 0, 1]


def test_notices_are_written_by_who_plans(small: Session, setup: Setup) -> None:
    with pytest.raises(NotAllowed):
        send_notices(small, setup, by=actor_with("surgeon", frozenset({Role.SURGEON})), now=NOW)
