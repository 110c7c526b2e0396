"""Answers take effect: by mail, by a coordinator, on a member's own page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import CORE, OPERATOR, SURGEON
from tests.replies import a_bounce, a_note, a_reply, invitation, last_letter, letters, messages, publish, publish_series
from tests.services.conftest import NOW
from tumorboard.domain.answers import Effect
from tumorboard.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from tumorboard.services.access import Role, actor_with
from tumorboard.services.answers import Received, answer_for, answer_own, receive_message
from tumorboard.services.checks import check_database
from tumorboard.services.proposals import dismiss_message
from tumorboard.services.publishing import cancel_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import StandingInvitation, StandingPlace
from tumorboard.store.people import Member
from tumorboard.store.post import AuditEvent

LATER = NOW + timedelta(minutes=10)
COORDINATOR = actor_with("Coordinator", frozenset({Role.COORDINATOR}))


def receive(session: Session, setup: Setup, content: bytes, minutes: int = 10) -> Received:
    return receive_message(session, setup, content=content, by=OPERATOR, now=NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_answer_by_mail_is_written_with_its_way_its_moment_and_its_comment(
    any_centre: Session, setup: Setup, partstat: str
) -> None:
    publish(any_centre, setup, now=NOW)
    row = invitation(any_centre, SURGEON)
    stamp = row.stamp.replace(microsecond=0) + timedelta(minutes=1)

    done = receive(any_centre, setup, a_reply(row, partstat, stamp=stamp, comment="Bis\\, dann"))

    row = invitation(any_centre, SURGEON)
    assert (done.effect, done.reason, done.state, done.is_repeated) == (Effect.PARTSTAT, "", "done", False)
    assert (row.answer, row.answered_at, row.answer_stamp, row.answer_by, row.comment) == (
        partstat.lower(), LATER, stamp, "mail", "Bis, dann"
    )  # fmt: skip
    assert check_database(any_centre, setup, now=NOW) == ()


def test_what_a_mail_meant_is_kept_and_the_mail_is_not(centre: Session, setup: Setup) -> None:
    meeting = publish(centre, setup, now=NOW)
    row = invitation(centre, SURGEON)

    done = receive(centre, setup, a_reply(row, "DECLINED", comment="theatre"))

    kept = messages(centre)
    assert [one.public_id for one in kept] == [done.id]
    assert (kept[0].sender, kept[0].method, kept[0].uid, kept[0].sequence) == (SURGEON, "REPLY", row.uid, 0)
    assert (kept[0].meeting_id, kept[0].member_id, kept[0].partstat) == (meeting.id, row.member_id, "DECLINED")
    assert kept[0].comment == "theatre"


def test_answer_is_recorded_without_the_comment(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    row = invitation(centre, SURGEON)

    receive(centre, setup, a_reply(row, "DECLINED", comment="theatre"))

    event = centre.scalars(select(AuditEvent).where(AuditEvent.action == "invitation:answered")).one()
    assert event.subject_id == row.public_id
    assert (event.detail["answer"], event.detail["channel"]) == ("declined", "mail")
    assert "theatre" not in str(event.detail)


def test_comment_with_a_registration_number_is_not_kept(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)

    receive(centre, setup, a_reply(invitation(centre, SURGEON), comment="wegen 900101-2345678"))

    assert (invitation(centre, SURGEON).comment, messages(centre)[0].comment) == ("…", "…")


def test_answer_to_a_cancelled_meeting_changes_nothing(centre: Session, setup: Setup) -> None:
    meeting = publish(centre, setup, now=NOW)
    cancel_meeting(centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW + timedelta(minutes=1))
    row = invitation(centre, SURGEON)

    done = receive(centre, setup, a_reply(row))

    assert (done.effect, done.reason) == (Effect.NONE, "meeting-cancelled")
    assert invitation(centre, SURGEON).answer == "needs-action"


def test_answer_after_the_meeting_began_changes_nothing(centre: Session, setup: Setup) -> None:
    meeting = publish(centre, setup, now=NOW)
    late = meeting.starts_at + timedelta(hours=2)

    done = receive_message(
        centre, setup, content=a_reply(invitation(centre, SURGEON), stamp=late), by=OPERATOR, now=late
    )  # fmt: skip

    assert (done.effect, done.reason) == (Effect.NONE, "meeting-past")


def test_words_of_a_member_without_a_calendar_wait_for_a_coordinator(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)

    done = receive(centre, setup, a_note(SURGEON))
    stranger = receive(centre, setup, a_note("spam@elsewhere.example"))
    automatic = receive(centre, setup, a_note(SURGEON, "I am away.", Auto_Submitted="auto-replied"))

    assert (done.effect, done.reason, done.state) == (Effect.NONE, "no-calendar", "open")
    assert (stranger.state, automatic.state) == ("done", "done")


def test_report_about_a_letter_we_never_sent_marks_nobody(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    letter = letters(centre)[0]
    letter.message_id = "<other@hospital.example>"
    report = a_bounce(letter)
    centre.rollback()

    done = receive(centre, setup, report)

    assert (done.effect, done.reason) == (Effect.NONE, "never-written-to")


def test_coordinator_enters_what_a_member_said_by_phone(any_centre: Session, setup: Setup) -> None:
    publish(any_centre, setup, now=NOW)
    row = invitation(any_centre, SURGEON)

    answer_for(any_centre, setup, invitation_id=row.public_id, answer="declined", comment="  on  call ",
               by=COORDINATOR, now=LATER)  # fmt: skip

    row = invitation(any_centre, SURGEON)
    assert (row.answer, row.answer_by, row.answered_at, row.comment) == ("declined", "coordinator", LATER, "on call")


def test_mail_older_than_what_was_said_by_phone_changes_nothing(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    row = invitation(centre, SURGEON)
    answer_for(centre, setup, invitation_id=row.public_id, answer="accepted", by=COORDINATOR, now=LATER)

    done = receive(centre, setup, a_reply(row, "DECLINED", stamp=LATER - timedelta(minutes=1)), minutes=20)

    assert (done.effect, invitation(centre, SURGEON).answer) == (Effect.NONE, "accepted")


def test_member_answers_her_own_invitation_and_no_other(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    mine, hers = invitation(centre, SURGEON), invitation(centre, CORE["radiology"])
    surgeon = actor_with("Surgeon", frozenset({Role.SURGEON}), member_id=mine.member.public_id)

    answer_own(centre, setup, invitation_id=mine.public_id, answer="tentative", by=surgeon, now=LATER)
    with pytest.raises(NotAllowed):
        answer_own(centre, setup, invitation_id=hers.public_id, answer="declined", by=surgeon, now=LATER)
    with pytest.raises(NotAllowed):
        answer_for(centre, setup, invitation_id=hers.public_id, answer="declined", by=surgeon, now=LATER)

    assert (invitation(centre, SURGEON).answer, invitation(centre, SURGEON).answer_by) == ("tentative", "page")
    assert invitation(centre, CORE["radiology"]).answer == "needs-action"


def test_answers_that_cannot_be_are_refused(centre: Session, setup: Setup) -> None:
    meeting = publish(centre, setup, now=NOW)
    row = invitation(centre, SURGEON)
    number = "900101-2345678"

    for given, code in (({"answer": "maybe"}, "bad-answer"), ({"comment": number}, "resident-registration-number")):
        with pytest.raises(BadInput) as refused:
            answer_for(centre, setup, **{"invitation_id": row.public_id, "answer": "accepted", "by": COORDINATOR,
                                         "now": LATER, **given})  # fmt: skip
        assert (refused.value.code, number in str(refused.value)) == (code, False)
    with pytest.raises(NotFound, match="no such invitation"):
        answer_for(centre, setup, invitation_id="a" * 16, answer="accepted", by=COORDINATOR, now=LATER)
    with pytest.raises(Conflict, match="begun"):
        answer_for(centre, setup, invitation_id=row.public_id, answer="accepted", by=COORDINATOR,
                   now=meeting.ends_at)  # fmt: skip


def test_accepting_writes_no_letter(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    before = last_letter(centre)

    receive(centre, setup, a_reply(invitation(centre, SURGEON), comment="gladly"))

    assert letters(centre, after=before) == []


def test_report_that_gives_back_no_letter_marks_nobody_and_is_shown(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    report = a_bounce(letters(centre)[0]).replace(b"text/rfc822-headers", b"text/plain")

    done = receive(centre, setup, report)
    dismiss_message(centre, message_id=done.id, by=OPERATOR, now=LATER)

    assert (done.effect, done.reason, done.state) == (Effect.BOUNCE, "no-returned-letter", "open")
    assert centre.scalars(select(Member).where(Member.bounced_at.is_not(None))).all() == []


def test_report_about_a_letter_to_somebody_else_marks_nobody(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    letter = next(one for one in letters(centre) if one.recipient == SURGEON)

    done = receive(centre, setup, a_bounce(letter, recipient=CORE["radiology"]))

    assert (done.effect, done.reason, done.state) == (Effect.NONE, "never-written-to", "open")
    assert centre.scalars(select(Member).where(Member.bounced_at.is_not(None))).all() == []


def test_report_naming_many_marks_whom_the_returned_letter_was_written_to(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    letter = next(one for one in letters(centre) if one.recipient == SURGEON)
    more = "".join(f"Final-Recipient: rfc822; {one}\r\nAction: failed\r\n\r\n" for one in sorted(CORE.values()))
    report = a_bounce(letter).replace(b"Final-Recipient", f"{more}Final-Recipient".encode())
    centre.rollback()

    done = receive(centre, setup, report)

    assert (done.effect, messages(centre)[0].address) == (Effect.BOUNCE, SURGEON)
    assert centre.scalars(select(Member.email).where(Member.bounced_at.is_not(None))).all() == [SURGEON]


def test_proposal_at_the_end_of_time_is_no_time(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    row = invitation(centre, SURGEON)
    end_of_time = datetime(9999, 12, 31, 23, tzinfo=UTC)
    past = (NOW - timedelta(days=2), NOW - timedelta(days=2, hours=-1))

    far = receive(centre, setup, a_reply(row, method="COUNTER", span=(end_of_time, end_of_time)))
    over = receive(centre, setup, a_reply(row, method="COUNTER", span=past))

    assert [(one.effect, one.reason, one.state) for one in (far, over)] == [(Effect.QUEUE, "no-time", "open")] * 2


def test_proposal_for_what_has_passed_since_is_no_time(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    row = invitation(centre, SURGEON)
    proposed = (NOW + timedelta(hours=1), NOW + timedelta(hours=2))

    done = receive(centre, setup, a_reply(row, method="COUNTER", span=proposed), minutes=2 * 24 * 60)

    assert (done.effect, done.reason, messages(centre)[0].proposed_start) == (Effect.QUEUE, "no-time", None)


def test_instance_at_the_end_of_time_is_none_of_ours(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)

    done = receive(centre, setup, a_reply(invitation(centre, SURGEON), lines=["RECURRENCE-ID:99991231T235959Z"]))

    assert (done.effect, done.reason) == (Effect.NONE, "unknown-instance")


def test_mail_with_which_no_sum_can_be_done_waits_for_a_coordinator(centre: Session, setup: Setup) -> None:
    publish_series(centre)
    publish(centre, setup, now=NOW)
    row = invitation(centre, CORE["radiology"])
    place = centre.scalars(select(StandingPlace).where(StandingPlace.invitation_id == row.id)).one()
    place.recurrence_at = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
    centre.commit()
    uid = centre.scalars(select(StandingInvitation.uid).where(StandingInvitation.id == place.standing_id)).one()
    mail = a_reply(row, uid=uid, lines=[f"RECURRENCE-ID:{NOW:%Y%m%dT%H%M%SZ}"])

    done, again = receive(centre, setup, mail), receive(centre, setup, mail)

    assert (done.effect, done.reason, done.state) == (Effect.NONE, "cannot-be-handled", "open")
    assert again.is_repeated


@pytest.mark.parametrize(
    ("sequence", "stamp", "reason"),
    [(0, NOW + timedelta(days=2), "future-stamp"), (7, NOW + timedelta(minutes=1), "future-sequence")],
)
def test_answer_from_the_future_waits_for_a_coordinator(
    centre: Session, setup: Setup, sequence: int, stamp: datetime, reason: str
) -> None:
    publish(centre, setup, now=NOW)

    done = receive(centre, setup, a_reply(invitation(centre, SURGEON), sequence=sequence, stamp=stamp))

    assert (done.effect, done.reason, done.state) == (Effect.QUEUE, reason, "open")
    assert invitation(centre, SURGEON).answer == "needs-action"


def test_words_of_a_stranger_are_not_kept(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    row = invitation(centre, SURGEON)
    number = "900101-2345678"

    receive(centre, setup, a_reply(row, uid=number))
    receive(centre, setup, a_reply(row, number))
    receive(centre, setup, a_reply(row, method=number))
    receive(centre, setup, a_reply(row, sender=f"{number}@elsewhere.example"))

    kept = [(one.uid, one.method, one.sender, one.address, one.partstat) for one in messages(centre)]
    assert [number in str(one) for one in kept] == [False] * 4
    assert kept == [
        ("", "REPLY", SURGEON, "", ""),
        (row.uid, "REPLY", SURGEON, "", ""),
        (row.uid, "", SURGEON, "", ""),
        (row.uid, "REPLY", "", "", "ACCEPTED"),
    ]
