"""Answers that come in, as they change the database (checklist I): nothing unjustified, and each once."""

from __future__ import annotations

import threading
from datetime import timedelta
from email import message_from_bytes

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from tests.builders import CORE, OPERATOR, SURGEON, furnish, import_list
from tests.calendars.objects import properties
from tests.replies import (
    a_bounce,
    a_note,
    a_reply,
    deliver,
    invitation,
    last_letter,
    letters,
    messages,
    publish,
)
from tests.services.conftest import NOW, a_setup
from tumorboard.domain.answers import Effect
from tumorboard.services import transaction
from tumorboard.services.answers import Received, receive_message
from tumorboard.services.checks import check_database
from tumorboard.services.moving import move_meeting
from tumorboard.services.proposals import accept_message, decline_message, dismiss_message
from tumorboard.services.publishing import cancel_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import AuditEvent, FeedDocument, OutboxMessage

ONCOLOGIST = CORE["medical_oncology"]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def setup() -> Setup:
    return a_setup()


@pytest.fixture
def board(session: Session, setup: Setup) -> Session:
    """The small centre with a published meeting whose letters have left."""
    furnish(session, setup, now=NOW)
    import_list(session, setup, now=NOW)
    publish(session, setup, now=NOW)
    return session


def receive(session: Session, setup: Setup, content: bytes, *, minutes: int = 10) -> Received:
    return receive_message(session, setup, content=content, by=OPERATOR, now=NOW + timedelta(minutes=minutes))


def answers(session: Session) -> dict[str, str]:
    rows = session.scalars(select(MeetingInvitation).execution_options(populate_existing=True))
    return {row.member.email: row.answer for row in rows if row.answer != "needs-action"}


def test_i1_method_of_the_body_counts_and_a_reply_never_cancels(board: Session, setup: Setup) -> None:
    reply = a_reply(invitation(board, SURGEON)).replace(b'method="REPLY"', b'method="CANCEL"')

    done = receive(board, setup, reply)

    assert (done.effect, answers(board)) == (Effect.PARTSTAT, {SURGEON: "accepted"})
    assert board.scalars(select(Meeting.status).where(Meeting.status == "cancelled")).all() == []


def test_i2_address_is_matched_in_any_case_and_the_organizer_may_be_absent(board: Session, setup: Setup) -> None:
    row = invitation(board, SURGEON)
    reply = a_reply(row, attendee=SURGEON.upper(), sender=SURGEON)

    receive(board, setup, reply)

    assert answers(board) == {SURGEON: "accepted"}


def test_i3_forged_answer_changes_nothing_and_waits_for_a_coordinator(board: Session, setup: Setup) -> None:
    before = last_letter(board)

    done = receive(board, setup, a_reply(invitation(board, SURGEON), "DECLINED", sender="eve@elsewhere.example"))

    assert (done.effect, done.reason, done.state) == (Effect.QUARANTINE, "sender-not-attendee", "open")
    assert (answers(board), letters(board, after=before)) == ({}, [])


def test_i4_answer_to_an_older_sequence_leaves_her_without_an_answer(board: Session, setup: Setup) -> None:
    row = invitation(board, SURGEON)
    proposal = receive(board, setup, a_reply(row, "TENTATIVE", method="COUNTER", span=_later(row, days=1)))
    accept_message(board, setup, message_id=proposal.id, by=OPERATOR, now=NOW + 11 * MINUTE)

    done = receive(board, setup, a_reply(invitation(board, SURGEON), sequence=0), minutes=12)

    assert (done.effect, done.reason) == (Effect.NONE, "stale-sequence")
    assert answers(board) == {}


def test_i5_older_answer_after_a_newer_one_is_ignored(board: Session, setup: Setup) -> None:
    row = invitation(board, SURGEON)
    newer = row.stamp + 5 * MINUTE
    receive(board, setup, a_reply(row, "DECLINED", stamp=newer))

    older = receive(board, setup, a_reply(row, stamp=newer - MINUTE))
    same = receive(board, setup, a_reply(row, stamp=newer))

    assert [(one.effect, one.reason) for one in (older, same)] == [(Effect.NONE, "stale-stamp")] * 2
    assert answers(board) == {SURGEON: "declined"}


def test_i6_answers_of_others_in_the_same_mail_do_not_count(board: Session, setup: Setup) -> None:
    row = invitation(board, SURGEON)
    reply = a_reply(row, lines=[f"ATTENDEE;PARTSTAT=DECLINED:mailto:{ONCOLOGIST}"])
    unknown = a_reply(row, "X-LATER", stamp=row.stamp + 2 * MINUTE)

    receive(board, setup, reply)
    done = receive(board, setup, unknown)

    assert (done.effect, done.reason) == (Effect.NONE, "not-an-answer")
    assert answers(board) == {SURGEON: "accepted"}


def test_i7_same_mail_twice_has_one_effect(board: Session, setup: Setup) -> None:
    reply = a_reply(invitation(board, SURGEON), "DECLINED")

    first, second = receive(board, setup, reply), receive(board, setup, reply, minutes=11)

    assert (first.is_repeated, second.is_repeated, first.id == second.id) == (False, True, True)
    assert len(messages(board)) == 1
    taken = board.scalars(select(AuditEvent).where(AuditEvent.action == "invitation:answered")).all()
    assert len(taken) == 1


def test_i7_same_mail_in_six_processes_at_once_has_one_effect(database_url: str) -> None:
    setup = a_setup()
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        import_list(session, setup, now=NOW)
        publish(session, setup, now=NOW)
        reply = a_reply(invitation(session, SURGEON), "DECLINED")
        before = last_letter(session)

    results = _together(engine, setup, [reply] * 6)

    with Session(engine) as session:
        taken = session.scalars(select(AuditEvent).where(AuditEvent.action == "invitation:answered")).all()
        assert (len(messages(session)), len(taken), answers(session)) == (1, 1, {SURGEON: "declined"})
        assert [one.dedupe_key for one in letters(session, after=before)] == list(
            dict.fromkeys(one.dedupe_key for one in letters(session, after=before))
        )
        assert check_database(session, setup, now=NOW) == ()
    engine.dispose()
    assert sorted(one.is_repeated for one in results) == [False] + [True] * 5


def test_i7_i5_two_answers_at_once_end_with_the_newer_one(database_url: str) -> None:
    setup = a_setup()
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        import_list(session, setup, now=NOW)
        publish(session, setup, now=NOW)
        row = invitation(session, SURGEON)
        stamps = [row.stamp + number * MINUTE for number in range(1, 5)]
        said = ["ACCEPTED", "DECLINED", "ACCEPTED", "TENTATIVE"]
        replies = [a_reply(row, partstat, stamp=stamp) for partstat, stamp in zip(said, stamps, strict=True)]

    _together(engine, setup, replies)

    with Session(engine) as session:
        assert (answers(session), len(messages(session))) == ({SURGEON: "tentative"}, 4)
        assert check_database(session, setup, now=NOW) == ()
    engine.dispose()


def test_i8_party_crasher_is_queued_and_the_list_of_attendees_stays(board: Session, setup: Setup) -> None:
    before = last_letter(board)
    invited = _invited(board)

    done = receive(board, setup, a_reply(invitation(board, SURGEON), attendee="guest@elsewhere.example"))

    assert (done.effect, done.state) == (Effect.QUEUE, "open")
    assert (answers(board), _invited(board), letters(board, after=before)) == ({}, invited, [])


def test_i9_deputy_is_asked_only_after_approval(board: Session, setup: Setup) -> None:
    deputy = _second_urologist(board)
    row = invitation(board, SURGEON)
    before = last_letter(board)
    reply = a_reply(row, "DELEGATED", parameters=f';DELEGATED-TO="mailto:{deputy}"')

    done = receive(board, setup, reply)
    asked_at_once = (answers(board), letters(board, after=before), deputy in _invited(board))
    accept_message(board, setup, message_id=done.id, by=OPERATOR, now=NOW + 11 * MINUTE)

    assert (done.effect, done.state, asked_at_once) == (Effect.DELEGATE, "open", ({}, [], False))
    theirs = invitation(board, deputy)
    assert (theirs.status, theirs.answer, theirs.starts_at, theirs.ends_at) == (
        "invited", "needs-action", row.starts_at, row.ends_at
    )  # fmt: skip
    assert answers(board) == {SURGEON: "delegated"}
    assert theirs.delegated_from == row.public_id
    assert [(one.recipient, one.method, one.sequence) for one in letters(board, after=before)] == sorted(
        [(deputy, "REQUEST", 0), (SURGEON, "REQUEST", 0)]
    )
    assert check_database(board, setup, now=NOW) == ()


def test_i9_both_letters_say_who_comes_in_whose_place(board: Session, setup: Setup) -> None:
    deputy = _second_urologist(board)
    before = last_letter(board)

    _delegate(board, setup, deputy)

    to, by = f'DELEGATED-TO="mailto:{deputy}"', f'DELEGATED-FROM="mailto:{SURGEON}"'
    said = {letter.recipient: _attendees(letter) for letter in letters(board, after=before)}
    hers = {SURGEON: ("DELEGATED", "FALSE", to), deputy: ("NEEDS-ACTION", "TRUE", by)}
    assert said == {SURGEON: hers, deputy: hers}


def test_i9_later_change_and_cancellation_go_to_both(board: Session, setup: Setup) -> None:
    deputy = _second_urologist(board)
    _delegate(board, setup, deputy)
    deliver(board, now=NOW + 20 * MINUTE)
    before, row = last_letter(board), invitation(board, SURGEON)
    meeting = row.meeting

    with transaction(board):
        move_meeting(board, setup, meeting, shift=timedelta(hours=2), by=OPERATOR, now=NOW + 30 * MINUTE)
    moved = [letter for letter in letters(board, after=before) if letter.recipient in (SURGEON, deputy)]
    answer_stays, theirs = answers(board), invitation(board, deputy)
    same_window = (row.starts_at, row.ends_at) == (theirs.starts_at, theirs.ends_at)
    deliver(board, now=NOW + 40 * MINUTE)
    before = last_letter(board)
    cancel_meeting(board, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW + 50 * MINUTE)
    ended = [letter for letter in letters(board, after=before) if letter.recipient in (SURGEON, deputy)]

    assert [(one.recipient, one.method, one.sequence) for one in moved] == sorted(
        [(deputy, "REQUEST", 1), (SURGEON, "REQUEST", 1)]
    )
    assert (answer_stays, same_window) == ({SURGEON: "delegated"}, True)
    assert [(one.recipient, one.method, one.sequence) for one in ended] == sorted(
        [(deputy, "CANCEL", 2), (SURGEON, "CANCEL", 2)]
    )
    assert check_database(board, setup, now=NOW) == ()


def test_i10_accepted_proposal_moves_the_meeting_and_asks_everybody_again(board: Session, setup: Setup) -> None:
    row = invitation(board, SURGEON)
    receive(board, setup, a_reply(invitation(board, ONCOLOGIST)))
    before, start, people = last_letter(board), row.meeting.starts_at, _invited(board)
    counter = a_reply(row, "TENTATIVE", method="COUNTER", span=_later(row, days=1), comment="theatre")

    done = receive(board, setup, counter)
    unchanged = (row.meeting.starts_at, letters(board, after=before), done.effect, done.state)
    moved = accept_message(board, setup, message_id=done.id, by=OPERATOR, now=NOW + 11 * MINUTE)

    assert unchanged == (start, [], Effect.PROPOSAL, "open")
    assert moved is not None
    assert moved.after.start == start + timedelta(days=1)
    assert [(one.recipient, one.method, one.sequence) for one in letters(board, after=before)] == [
        (email, "REQUEST", 1) for email in sorted(people)
    ]
    assert answers(board) == {}
    kept = messages(board)[-1]
    assert (kept.state, kept.decided_by, kept.comment) == ("accepted", OPERATOR.name, "theatre")
    assert check_database(board, setup, now=NOW) == ()


def test_i10_declined_proposal_is_answered_to_the_proposer_alone(board: Session, setup: Setup) -> None:
    row = invitation(board, SURGEON)
    before = last_letter(board)
    done = receive(board, setup, a_reply(row, "TENTATIVE", method="COUNTER", span=_later(row, days=1)))

    told = decline_message(board, setup, message_id=done.id, by=OPERATOR, now=NOW + 11 * MINUTE)

    assert told
    assert [one.recipient for one in letters(board, after=before)] == [SURGEON]
    assert (invitation(board, SURGEON).sequence, messages(board)[0].state) == (0, "declined")


def test_i10_proposal_for_an_older_sequence_is_ignored(board: Session, setup: Setup) -> None:
    row = invitation(board, SURGEON)
    first = receive(board, setup, a_reply(row, "TENTATIVE", method="COUNTER", span=_later(row, days=1)))
    accept_message(board, setup, message_id=first.id, by=OPERATOR, now=NOW + 11 * MINUTE)

    late = a_reply(invitation(board, SURGEON), "TENTATIVE", method="COUNTER", sequence=0, span=_later(row, days=2))
    done = receive(board, setup, late, minutes=12)

    assert (done.effect, done.reason, done.state) == (Effect.NONE, "stale-sequence", "done")


def test_i11_refresh_gives_the_current_request_to_her_alone_once_a_minute(board: Session, setup: Setup) -> None:
    row = invitation(board, SURGEON)
    before = last_letter(board)

    first = receive(board, setup, a_reply(row, method="REFRESH", stamp=NOW + MINUTE))
    again = receive_message(
        board, setup, content=a_reply(row, method="REFRESH", stamp=NOW + 2 * MINUTE), by=OPERATOR,
        now=NOW + 10 * MINUTE + timedelta(seconds=59),
    )  # fmt: skip
    deliver(board, now=NOW + 11 * MINUTE)
    later = receive(board, setup, a_reply(row, method="REFRESH", stamp=NOW + 3 * MINUTE), minutes=12)
    stranger = receive(
        board, setup, a_reply(row, method="REFRESH", attendee="eve@elsewhere.example", stamp=NOW + 4 * MINUTE)
    )

    assert [one.effect for one in (first, again, later)] == [Effect.RESEND, Effect.NONE, Effect.RESEND]
    assert (again.reason, stranger.effect) == ("resend-too-soon", Effect.NONE)
    assert [(one.recipient, one.method, one.sequence) for one in letters(board, after=before)] == [
        (SURGEON, "REQUEST", 0)
    ] * 2  # fmt: skip
    assert check_database(board, setup, now=NOW) == ()


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "ADD", "PUBLISH", "DECLINECOUNTER"])
def test_i13_orders_from_outside_for_an_own_entry_are_refused(board: Session, setup: Setup, method: str) -> None:
    row = invitation(board, SURGEON)
    before = last_letter(board)

    done = receive(board, setup, a_reply(row, method=method, sequence=9, span=_later(row, days=1)))

    assert (done.effect, done.reason) == (Effect.NONE, "organizer-only")
    now = invitation(board, SURGEON)
    assert (now.status, now.sequence, letters(board, after=before)) == ("invited", 0, [])


def test_i14_bounce_marks_the_address_until_a_coordinator_has_mended_it(board: Session, setup: Setup) -> None:
    letter = next(one for one in letters(board) if one.recipient == SURGEON)

    done = receive(board, setup, a_bounce(letter))
    marked = board.scalars(select(Member.bounced_at).where(Member.email == SURGEON)).one()
    dismiss_message(board, message_id=done.id, by=OPERATOR, now=NOW + 20 * MINUTE)

    assert (done.effect, done.state, marked) == (Effect.BOUNCE, "open", NOW + 10 * MINUTE)
    assert board.scalars(select(Member.bounced_at).where(Member.email == SURGEON)).one() is None
    assert answers(board) == {}


def test_i14_automatic_note_has_no_effect(board: Session, setup: Setup) -> None:
    done = receive(board, setup, a_note(SURGEON, "Out of office", Auto_Submitted="auto-replied"))

    assert (done.effect, done.reason, done.state) == (Effect.NONE, "automatic", "done")
    assert answers(board) == {}


@pytest.mark.parametrize("content", [b"", b"\x00" * 2000, b"From: a@b\r\n\r\n" + b"A" * 1_000_000, b"\xff\xfe" * 500])
def test_i15_what_is_no_mail_changes_nothing(board: Session, setup: Setup, content: bytes) -> None:
    done = receive(board, setup, content)

    assert done.effect is Effect.NONE
    assert answers(board) == {}


def test_i16_comment_is_kept_for_coordinators_and_never_forwarded(board: Session, setup: Setup) -> None:
    secret = "quiet words 7f3a91"
    row, other = invitation(board, SURGEON), invitation(board, ONCOLOGIST)
    receive(board, setup, a_reply(other, "TENTATIVE", comment=secret))
    counter = receive(
        board, setup, a_reply(row, "TENTATIVE", method="COUNTER", span=_later(row, days=1), comment=secret)
    )
    accept_message(board, setup, message_id=counter.id, by=OPERATOR, now=NOW + 11 * MINUTE)
    row = invitation(board, SURGEON)
    again = receive(
        board, setup, a_reply(row, "TENTATIVE", method="COUNTER", span=_later(row, days=3), comment=secret),
        minutes=12,
    )  # fmt: skip
    decline_message(board, setup, message_id=again.id, by=OPERATOR, now=NOW + 13 * MINUTE)
    receive(board, setup, a_reply(invitation(board, SURGEON), "DECLINED", comment=secret), minutes=14)
    cancel_meeting(board, setup, meeting_id=row.meeting.public_id, by=OPERATOR, now=NOW + 15 * MINUTE)

    said = [message.comment for message in messages(board)]
    leaving = [_readable(one.content) for one in letters(board)]
    feeds = [one.content.decode() for one in board.scalars(select(FeedDocument))]
    record = [str(one.detail) for one in board.scalars(select(AuditEvent))]
    assert said == [secret] * 4
    assert [text for text in (*leaving, *feeds, *record) if secret in text.replace("\r\n ", "")] == []


def _readable(content: bytes) -> str:
    from email import message_from_bytes

    parts = message_from_bytes(content).walk()
    texts = [part.get_payload(decode=True) for part in parts if not part.is_multipart()]
    return content.decode() + "".join(text.decode() for text in texts if isinstance(text, bytes))


def _later(row: MeetingInvitation, *, days: int):  # type: ignore[no-untyped-def]
    return row.starts_at + timedelta(days=days), row.ends_at + timedelta(days=days)


def _invited(session: Session) -> set[str]:
    rows = session.scalars(select(MeetingInvitation).execution_options(populate_existing=True))
    return {row.member.email for row in rows if row.status == "invited"}


def _second_urologist(session: Session) -> str:
    """Hepatobiliary surgery learns urology."""
    from tests.builders import ON_DEMAND
    from tumorboard.store.people import MemberSpecialty

    member = session.scalars(select(Member).where(Member.email == ON_DEMAND["hpb_surgery"])).one()
    member.specialties.append(MemberSpecialty(specialty="urology"))
    session.commit()
    return member.email


def _delegate(session: Session, setup: Setup, deputy: str) -> None:
    """The surgeon names her deputy, and a coordinator approves it."""
    reply = a_reply(invitation(session, SURGEON), "DELEGATED", parameters=f';DELEGATED-TO="mailto:{deputy}"')
    done = receive(session, setup, reply)
    accept_message(session, setup, message_id=done.id, by=OPERATOR, now=NOW + 11 * MINUTE)


def _attendees(letter: OutboxMessage) -> dict[str, tuple[str, str, str]]:
    """By address what the calendar object of a letter says: PARTSTAT, RSVP and the delegation."""
    found = {}
    parts = message_from_bytes(letter.content).walk()
    part = next(each for each in parts if each.get_content_type() == "text/calendar")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    for line in properties(content, "ATTENDEE"):
        parameters, _, address = line.rpartition(":mailto:")
        values = dict(each.split("=", 1) for each in parameters.split(";")[1:])
        way = next(name for name in values if name.startswith("DELEGATED-"))
        found[address] = (values["PARTSTAT"], values["RSVP"], f"{way}={values[way]}")
    return found


def _together(engine: Engine, setup: Setup, mails: list[bytes]) -> list[Received]:
    """Every mail at the same moment, each with a session of its own, tried again while the database is busy."""
    from tumorboard.domain.errors import Conflict

    start = threading.Barrier(len(mails))
    results: list[Received] = []

    def run(content: bytes) -> None:
        with Session(engine) as session:
            start.wait()
            for _ in range(20):
                try:
                    results.append(receive(session, setup, content))
                except Conflict as conflict:
                    if conflict.code not in ("busy", "changed-meanwhile"):
                        raise
                else:
                    return

    threads = [threading.Thread(target=run, args=(content,)) for content in mails]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
