"""The agenda the day before: who gets it, when, once; what was missed, moved, cancelled or switched off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy.orm import Session

from tests.builders import CORE, OPERATOR
from tests.services.by_the_clock import (
    EVERYBODY,
    PATHOLOGY,
    UROLOGY,
    at,
    deliver,
    invitation_of,
    letters,
    meeting_of,
    move_meeting,
    recipients,
    set_member,
    text_of,
    text_to,
    tick,
)
from tests.services.conftest import NOW, publish
from tumorboard.services.checks import check_database
from tumorboard.services.publishing import cancel_meeting
from tumorboard.services.setup import Setup


def test_agenda_is_written_at_four_the_day_before(board: Session, setup: Setup) -> None:
    early, due, later = (tick(board, setup, when).agenda for when in ("23 15:59", "23 16:00", "23 16:05"))

    assert (early, due, later) == (0, 6, 0)
    assert recipients(board, "agenda") == EVERYBODY
    assert check_database(board, setup, now=at("23 16:05")) == ()


def test_core_member_gets_the_whole_agenda_and_a_called_in_one_hers(small: Session, setup: Setup) -> None:
    tick(small, setup, "23 16:00")

    core, called = text_to(small, "agenda", PATHOLOGY), text_to(small, "agenda", UROLOGY)
    assert "When: 2026-11-24 (Tue) 07:30–09:00 (Asia/Seoul)\nWhere: Room A\nVideo call: https://video.example/a" in core
    assert [reference in core for reference in ("C-1", "C-2")] == [True, True]
    assert [reference in called for reference in ("C-1", "C-2")] == [False, True]
    assert "Whole meeting: 2026-11-24 (Tue) 07:30–09:00 (Asia/Seoul)" in called
    assert "Choose which letters you get, or none: https://board.hospital.example/mine/preferences" in core
    assert [word for word in ("hysterectomy", "serous", "IIIC", "Which operation") if word in core + called] == []


def test_agenda_is_a_plain_letter_of_its_meeting(small: Session, setup: Setup) -> None:
    tick(small, setup, "23 16:00")

    letter = letters(small, "agenda")[0]
    message = message_from_bytes(letter.content, policy=policy.default)
    assert (letter.method, letter.sequence, letter.meeting_id) == ("NOTE", 0, meeting_of(small).id)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert letter.subject == "Agenda: Ovarian board, 2026-11-24 (Tue) 07:30"


def test_letters_speak_the_language_and_the_zone_of_the_member(small: Session, setup: Setup) -> None:
    set_member(small, PATHOLOGY, language="ko", time_zone="Europe/Berlin")

    tick(small, setup, "23 16:00")

    (letter,) = (each for each in letters(small, "agenda") if each.recipient == PATHOLOGY)
    assert letter.subject == "안건: 난소암 다학제, 2026-11-23 (월) 23:30"
    assert "- 2026-11-24 (화) 07:30–09:00 (Asia/Seoul)" in text_of(letter)


def test_published_late_the_agenda_comes_at_once(centre: Session, setup: Setup) -> None:
    nothing = tick(centre, setup, "23 16:00")
    publish(centre, setup)

    late = tick(centre, setup, "23 20:00")

    assert (nothing.agenda, late.agenda) == (0, 6)


def test_agenda_missed_for_a_night_comes_before_the_meeting_and_never_after(small: Session, setup: Setup) -> None:
    late = tick(small, setup, "24 07:25")

    after = tick(small, setup, "24 09:30")

    assert (late.agenda, after.agenda) == (6, 0)


def test_agenda_does_not_come_after_the_meeting_began(small: Session, setup: Setup) -> None:
    core = tick(small, setup, "24 07:30")

    assert [each for each in recipients(small, "agenda") if each in CORE.values()] == []
    assert tick(small, setup, "24 09:00").agenda == 0
    assert core.agenda <= 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"preferences": {"agenda": False}}, False),
        ({"preferences": {"changes": False}}, True),
        ({"bounced_at": NOW}, False),
        ({"active": False}, False),
    ],
)
def test_switched_off_bounced_and_gone_members_get_none(
    small: Session, setup: Setup, change: Mapping[str, object], told: bool
) -> None:
    set_member(small, PATHOLOGY, **change)

    tick(small, setup, "23 16:00")

    assert (PATHOLOGY in recipients(small, "agenda")) is told


def test_who_declined_gets_no_agenda_and_who_has_not_answered_is_asked(small: Session, setup: Setup) -> None:
    invitation_of(small, UROLOGY).answer = "declined"
    small.commit()

    tick(small, setup, "23 16:00")

    assert recipients(small, "agenda") == sorted({*EVERYBODY} - {UROLOGY})
    assert "Your answer: none yet – please accept or decline" in text_to(small, "agenda", PATHOLOGY)


def test_moved_meeting_gets_a_new_agenda_also_when_it_moves_back(small: Session, setup: Setup) -> None:
    sent = [tick(small, setup, "23 16:00").agenda]
    for hours in (1, -1):
        deliver(small)
        move_meeting(small, timedelta(hours=hours))
        sent += [tick(small, setup, f"23 1{7 + (hours < 0)}:00").agenda, tick(small, setup, "23 18:30").agenda]

    subjects = [each.subject for each in letters(small, "agenda") if each.recipient == PATHOLOGY]
    assert sent == [6, 6, 0, 6, 0]
    assert subjects == [
        "Agenda: Ovarian board, 2026-11-24 (Tue) 07:30",
        "Agenda, new time: Ovarian board, 2026-11-24 (Tue) 08:30",
        "Agenda, new time: Ovarian board, 2026-11-24 (Tue) 07:30",
    ]


def test_meeting_moved_to_another_week_gets_its_agenda_the_day_before(small: Session, setup: Setup) -> None:
    tick(small, setup, "23 16:00")
    move_meeting(small, timedelta(days=6))

    sent = [tick(small, setup, when).agenda for when in ("23 17:00", "29 15:55", "29 16:00")]

    assert sent == [0, 0, 6]


def test_cancelled_meeting_has_no_agenda_and_takes_back_the_one_not_sent(small: Session, setup: Setup) -> None:
    tick(small, setup, "23 16:00")
    cancel_meeting(small, setup, meeting_id=meeting_of(small).public_id, by=OPERATOR, now=at("23 16:01"))

    sent = tick(small, setup, "23 16:05")

    assert (sent.agenda, sent.dropped >= 6) == (0, True)
    assert letters(small, "agenda", "waiting") == []


def test_letter_that_waited_until_the_meeting_is_taken_back(small: Session, setup: Setup) -> None:
    tick(small, setup, "23 16:00")

    tick(small, setup, "24 07:30")

    assert letters(small, "agenda", "waiting") == []


def test_one_wrong_address_does_not_hold_up_the_others(small: Session, setup: Setup) -> None:
    set_member(small, PATHOLOGY, email="최@병원.example")

    sent = tick(small, setup, "23 16:00")

    assert (sent.agenda, {each.split(" ")[-1] for each in sent.left_out}) == (5, {"bad-header"})


def test_urgent_call_says_all_and_has_no_agenda_beside_it(small: Session, setup: Setup) -> None:
    meeting = meeting_of(small)
    meeting.published_at = at("23 20:00")
    for row in meeting.invitations:
        row.details = {**row.details, "urgent": True}
    small.commit()

    assert tick(small, setup, "23 20:05").agenda == 0
