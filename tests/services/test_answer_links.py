"""Links in letters: signed, confirmed, and over when the question changes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, SURGEON, furnish, import_list
from tests.replies import a_reply, invitation, letters, messages, publish, publish_series
from tests.services.conftest import NOW, a_setup
from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.services.answer_links import answer_by_link, read_answer_link
from tumorboard.services.answer_tokens import write_answer_links, write_token
from tumorboard.services.answers import receive_message
from tumorboard.services.checks import check_database
from tumorboard.services.meetings import hold_series
from tumorboard.services.proposals import accept_message
from tumorboard.services.publishing import cancel_meeting
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

LATER = NOW + timedelta(minutes=10)
DAY = timedelta(days=1)


@pytest.fixture
def setup() -> Setup:
    return a_setup(link_key="k" * 32)


def texts_of(letter: OutboxMessage) -> tuple[str, str, str]:
    """Plain text, HTML and calendar object of a letter."""
    message = message_from_bytes(letter.content, policy=default)
    found = {part.get_content_type(): part for part in message.walk()}
    return tuple(found[kind].get_content() for kind in ("text/plain", "text/html", "text/calendar"))  # type: ignore[return-value]


def token_of(session: Session, setup: Setup, answer: str = "accepted") -> str:
    return write_token(setup, invitation(session, SURGEON), answer)


def test_letter_has_a_link_for_each_answer_and_the_calendar_has_none(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    links = write_answer_links(setup, invitation(centre, SURGEON))
    letter = next(one for one in letters(centre) if one.recipient == SURGEON)

    plain, html, calendar = texts_of(letter)

    assert links is not None
    for link in (links.accept, links.tentative, links.decline):
        assert (link in plain, f'href="{link}"' in html) == (True, True)
    assert "/answer/" not in calendar.replace("\r\n ", "")


def test_links_stand_only_where_an_answer_is_asked_for(centre: Session, setup: Setup) -> None:
    meeting = publish(centre, setup, now=NOW)
    answer_by_link(centre, setup, token=token_of(centre, setup), now=LATER)
    answered = write_answer_links(setup, invitation(centre, SURGEON))
    cancel_meeting(centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=LATER)

    cancelled = [one for one in letters(centre) if one.method == "CANCEL"]

    assert answered is None
    assert cancelled
    assert not [one for one in cancelled if "/answer/" in "".join(texts_of(one))]


def test_same_state_gives_the_same_link(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)

    assert token_of(centre, setup) == token_of(centre, setup)
    assert re.fullmatch(r"[\w.~-]{60,140}", token_of(centre, setup))


def test_without_a_key_there_are_no_links(centre: Session) -> None:
    plain = a_setup()
    publish(centre, plain, now=NOW)

    assert write_answer_links(plain, invitation(centre, SURGEON)) is None
    with pytest.raises(NotFound):
        read_answer_link(centre, plain, token="x", now=LATER)


def test_looking_at_a_link_changes_nothing(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)

    question = read_answer_link(centre, setup, token=token_of(centre, setup, "declined"), now=LATER)

    assert (question.answer, question.answered, question.ended) == ("declined", "", "")
    assert invitation(centre, SURGEON).answer == "needs-action"


@pytest.mark.parametrize("answer", ["accepted", "tentative", "declined"])
def test_link_takes_its_answer(any_centre: Session, setup: Setup, answer: str) -> None:
    publish(any_centre, setup, now=NOW)

    answer_by_link(any_centre, setup, token=token_of(any_centre, setup, answer), comment="late shift", now=LATER)

    row = invitation(any_centre, SURGEON)
    assert (row.answer, row.answer_by, row.answered_at, row.comment) == (answer, "link", LATER, "late shift")
    assert check_database(any_centre, setup, now=NOW) == ()


def test_she_may_change_her_mind_with_the_same_letter(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    answer_by_link(centre, setup, token=token_of(centre, setup), now=LATER)

    answer_by_link(
        centre, setup, token=token_of(centre, setup, "tentative"), answer="declined", now=LATER + timedelta(minutes=5)
    )

    assert invitation(centre, SURGEON).answer == "declined"


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: "",
        lambda token: "x" * 5000,
        lambda token: f"{token.rpartition('.')[0]}.{token.rpartition('.')[2][::-1]}",
        lambda token: token.partition(".")[0],
        lambda token: "WyJvbmUiLCJhIiwwLCJhY2NlcHRlZCJd.AAAA",
    ],
)
def test_forged_link_opens_nothing(centre: Session, setup: Setup, forge) -> None:  # type: ignore[no-untyped-def]
    publish(centre, setup, now=NOW)
    token = forge(token_of(centre, setup))

    with pytest.raises(NotFound, match="nothing at this address"):
        answer_by_link(centre, setup, token=token, now=LATER)
    with pytest.raises(NotFound):
        read_answer_link(centre, setup, token=token, now=LATER)


def test_link_of_another_key_opens_nothing(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)

    with pytest.raises(NotFound):
        answer_by_link(centre, setup, token=token_of(centre, a_setup(link_key="z" * 32)), now=LATER)


def test_link_ends_when_she_is_asked_for_another_time(centre: Session, setup: Setup) -> None:
    publish(centre, setup, now=NOW)
    row = invitation(centre, SURGEON)
    token = token_of(centre, setup)
    counter = a_reply(row, "TENTATIVE", method="COUNTER", span=(row.starts_at + DAY, row.ends_at + DAY))
    receive_message(centre, setup, content=counter, by=OPERATOR, now=LATER)
    accept_message(centre, setup, message_id=messages(centre)[0].public_id, by=OPERATOR, now=LATER)

    with pytest.raises(Conflict) as refused:
        answer_by_link(centre, setup, token=token, now=LATER + timedelta(minutes=1))

    assert refused.value.code == "link-ended"
    assert read_answer_link(centre, setup, token=token, now=LATER).ended == "link-ended"
    assert invitation(centre, SURGEON).answer == "needs-action"


def test_link_ends_with_the_member_the_meeting_and_the_invitation(centre: Session, setup: Setup) -> None:
    meeting = publish(centre, setup, now=NOW)
    token, row = token_of(centre, setup), invitation(centre, SURGEON)

    begun = read_answer_link(centre, setup, token=token, now=row.starts_at).ended
    row.member.active = False
    centre.commit()
    left = read_answer_link(centre, setup, token=token, now=LATER).ended
    cancel_meeting(centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=LATER)
    cancelled = read_answer_link(centre, setup, token=token, now=LATER).ended

    assert (begun, left, cancelled) == ("meeting-past", "link-ended", "meeting-cancelled")
    assert centre.scalars(select(MeetingInvitation.answer).distinct()).all() == ["needs-action"]


def test_link_of_a_series_answers_all_its_meetings(centre: Session, setup: Setup) -> None:
    publish_series(centre)
    publish(centre, setup, now=NOW)
    standing = centre.scalars(select(StandingInvitation).order_by(StandingInvitation.id)).first()
    assert standing is not None
    token = write_token(setup, standing, "accepted")

    question = read_answer_link(centre, setup, token=token, now=LATER)
    answer_by_link(centre, setup, token=token, now=LATER)

    centre.expire_all()
    assert (question.until, question.answered, question.ended) == (standing.until, "", "")
    assert [standing.answer, *(place.invitation.answer for place in standing.places)] == ["accepted"] * 2
    assert standing.places[0].invitation.answer_by == "link"
    assert read_answer_link(centre, setup, token=token, now=standing.until).ended == "meeting-past"


def test_letter_and_page_of_a_series_name_the_hour_that_stays(centre: Session, setup: Setup) -> None:
    publish_series(centre)
    hold_series(centre, setup, until=(NOW + 180 * DAY).date(), by=OPERATOR, now=NOW)
    for member in centre.scalars(select(Member)):
        member.time_zone, member.language = "Europe/Berlin", "en"
    centre.commit()
    publish(centre, setup, now=NOW)
    standing = centre.scalars(select(StandingInvitation).order_by(StandingInvitation.id)).first()
    assert standing is not None
    letter = next(one for one in letters(centre) if one.uid == standing.uid)

    question = read_answer_link(centre, setup, token=write_token(setup, standing, "accepted"), now=LATER)

    (change,) = question.hour_changes
    clock = change.astimezone(ZoneInfo("Europe/Berlin"))
    assert "(Asia/Seoul)" in letter.subject
    assert (question.board_zone, clock.date() > date(2027, 3, 27)) == ("Asia/Seoul", True)
    for text in texts_of(letter)[:2]:
        assert f"from {clock:%Y-%m-%d (%a) %H:%M}" in text.replace("&#45;", "-")


def test_link_and_mail_at_the_same_moment_leave_one_of_the_two_answers(database_url: str, setup: Setup) -> None:
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        import_list(session, setup, now=NOW)
        publish(session, setup, now=NOW)
        token = token_of(session, setup, "declined")
        reply = a_reply(invitation(session, SURGEON), "DECLINED")
    start = threading.Barrier(2)
    failed: list[str] = []

    def run(act: Callable[[Session], object]) -> None:
        with Session(engine) as session:
            start.wait()
            try:
                act(session)
            except Conflict as conflict:
                failed.append(conflict.code)

    acts: list[Callable[[Session], object]] = [
        lambda session: answer_by_link(session, setup, token=token, now=LATER),
        lambda session: receive_message(session, setup, content=reply, by=OPERATOR, now=LATER),
    ]
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with Session(engine) as session:
        assert invitation(session, SURGEON).answer == "declined"
        assert check_database(session, setup, now=NOW) == ()
    engine.dispose()
    assert set(failed) <= {"busy", "changed-meanwhile"}
