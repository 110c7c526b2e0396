"""Answers on pages: the coordinator's list, the meeting, a member's own, and the page behind the links of a letter."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import CORE, OPERATOR, SURGEON
from tests.replies import a_bounce, a_note, a_reply, invitation, letters
from tests.web.visitor import Visitor
from tumorboard.services.answer_tokens import write_token
from tumorboard.services.answers import receive_message
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage, StandingInvitation
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.words import format_date

DAY = timedelta(days=1)
COORDINATOR = "coordinator@hospital.example"


@pytest.fixture
def setup(app: Flask) -> Setup:
    found: Setup = app.extensions["tumorboard"]
    return found


def receive(session: Session, setup: Setup, content: bytes) -> str:
    return receive_message(session, setup, content=content, by=OPERATOR, now=datetime.now(UTC)).id


def counter(session: Session, *, email: str = SURGEON, shift: timedelta = DAY, comment: str = "") -> bytes:
    row = invitation(session, email)
    span = (row.starts_at + shift, row.ends_at + shift)
    return a_reply(row, "TENTATIVE", method="COUNTER", span=span, comment=comment)


def logged_in(app: Flask, email: str = COORDINATOR, language: str = "en") -> Visitor:
    visitor = Visitor(app, language=language)
    visitor.log_in(email)
    return visitor


def answer_of(session: Session, email: str = SURGEON) -> tuple[str, str]:
    session.rollback()
    row: MeetingInvitation = invitation(session, email)
    return row.answer, row.answer_by


def test_list_shows_what_waits_with_its_reason_and_comment(app: Flask, published: Session, setup: Setup) -> None:
    row = invitation(published, SURGEON)
    receive(published, setup, counter(published, comment="in theatre"))
    receive(published, setup, a_reply(row, "DECLINED", sender="eve@elsewhere.example"))
    receive(published, setup, a_note(CORE["radiology"]))
    receive(published, setup, a_bounce(letters(published)[0]))
    for seconds in (-1, -2):
        receive(published, setup, a_reply(row, stamp=row.stamp + timedelta(seconds=seconds)))

    page = logged_in(app).see("/answers")

    assert "4 messages wait for you." in page.text
    for said in (
        "Jung proposes", "in theatre", "eve@elsewhere.example answered for Jung : declined",
        "the sender is not the person who answers",
        "holds no calendar answer; the mail itself is not kept here, so ask the sender",
        "came back", "is older than the answer we have",
    ):  # fmt: skip
        assert said.replace(" :", ":") in page.text.replace(" :", ":"), said


def test_list_is_korean_for_koreans(app: Flask, published: Session, setup: Setup) -> None:
    receive(published, setup, counter(published))

    page = logged_in(app, language="ko").see("/answers")

    assert ("처리할 회신이 1건 있습니다." in page.text, "회의 옮기기" in page.text) == (True, True)


def test_empty_list_says_that_nothing_waits(app: Flask) -> None:
    page = logged_in(app).see("/answers")

    assert "Nothing waits for you." in page.text


@pytest.mark.parametrize("role", ["surgeon", "physician", "auditor", "administrator"])
def test_list_is_for_coordinators(app: Flask, role: str) -> None:
    assert logged_in(app, f"{role}@hospital.example").see("/answers").status == 403


def test_proposal_is_accepted_with_a_tick_and_a_click(app: Flask, published: Session, setup: Setup) -> None:
    start = invitation(published, SURGEON).starts_at
    message = receive(published, setup, counter(published))
    visitor = logged_in(app)
    visitor.see("/answers")

    page = visitor.send(f"/answers/{message}/accept", sure="yes")

    assert "The meeting is moved; 6 letters are written." in page.text
    published.rollback()
    assert invitation(published, SURGEON).starts_at == start + DAY


def test_move_says_what_it_does_and_waits_for_the_tick(app: Flask, published: Session, setup: Setup) -> None:
    row = invitation(published, SURGEON)
    start, zone = row.starts_at, ZoneInfo(row.meeting.time_zone)
    message = receive(published, setup, counter(published))
    visitor = logged_in(app)
    page = visitor.see("/answers")

    refused = visitor.send(f"/answers/{message}/accept")

    before, after = (f"{format_date(at.astimezone(zone).date(), 'en')} {at.astimezone(zone):%H:%M}"
                     for at in (start, start + DAY))  # fmt: skip
    assert f"Yes, move from {before} to {after} ; 6 letters leave at most." in page.text
    assert page.links["Answers"] == page.links["1"] == "/answers"
    assert "nothing is changed yet" in refused.text
    published.rollback()
    assert invitation(published, SURGEON).starts_at == start


def test_stranger_is_named_with_whose_invitation_it_is_and_cannot_be_believed(
    app: Flask, published: Session, setup: Setup
) -> None:
    row = invitation(published, SURGEON)
    reply = a_reply(row, "ACCEPTED", sender="stranger@elsewhere.example", attendee="stranger@elsewhere.example")
    message = receive(published, setup, reply)

    page = logged_in(app).see("/answers")

    assert "stranger@elsewhere.example answered for Jung: accepted" in page.text.replace(" :", ":")
    assert [action for action in page.actions if message in action] == [f"/answers/{message}/dismiss"]


def test_what_became_of_a_message_is_not_read_as_an_answer(app: Flask, published: Session, setup: Setup) -> None:
    reply = a_reply(invitation(published, SURGEON), "DECLINED", sender="jung@home.example")
    message = receive(published, setup, reply)
    visitor = logged_in(app, language="ko")
    visitor.see("/answers")

    page = visitor.send(f"/answers/{message}/believe")

    line = next(line for line in page.rows if "(coordinator" in " ".join(line) or "처리함" in line)
    assert ("처리함" in line, "참석" in line) == (True, False)


@pytest.mark.parametrize(("language", "words"), [("en", "Lee is not free"), ("ko", "Lee님 참석 불가")])
def test_refused_move_names_who_is_in_the_way(
    app: Flask, published: Session, setup: Setup, language: str, words: str
) -> None:
    from tests.builders import member_id
    from tumorboard.services.people import add_absence

    row = invitation(published, SURGEON)
    oncologist = member_id(published, CORE["medical_oncology"])
    add_absence(published, member_id=oncologist, starts_at=row.starts_at + DAY - timedelta(hours=3),
                ends_at=row.ends_at + DAY + timedelta(hours=3), kind="busy", by=OPERATOR,
                now=datetime.now(UTC))  # fmt: skip
    message = receive(published, setup, counter(published))
    visitor = logged_in(app, language=language)
    visitor.see("/answers")

    page = visitor.send(f"/answers/{message}/accept", sure="yes")

    assert words in page.text


def test_messages_are_declined_and_put_away(app: Flask, published: Session, setup: Setup) -> None:
    proposal = receive(published, setup, counter(published))
    forged = receive(
        published, setup, a_reply(invitation(published, SURGEON), "DECLINED", sender="eve@elsewhere.example")
    )
    visitor = logged_in(app)
    visitor.see("/answers")

    declined = visitor.send(f"/answers/{proposal}/decline")
    dismissed = visitor.send(f"/answers/{forged}/dismiss")

    assert "Declined; the member hears that the invitation stays as it is." in declined.text
    assert ("Put away." in dismissed.text, "Nothing waits for you." in dismissed.text) == (True, True)
    assert answer_of(published) == ("needs-action", "")


def test_it_was_really_she(app: Flask, published: Session, setup: Setup) -> None:
    reply = a_reply(invitation(published, SURGEON), "ACCEPTED", sender="jung@home.example")
    message = receive(published, setup, reply)
    visitor = logged_in(app)
    visitor.see("/answers")

    visitor.send(f"/answers/{message}/believe")

    assert answer_of(published) == ("accepted", "coordinator")


def test_meeting_shows_who_answered_what_when_how_and_why(app: Flask, published: Session, setup: Setup) -> None:
    row = invitation(published, SURGEON)
    receive(published, setup, a_reply(row, "DECLINED", comment="in theatre"))
    place = f"/meetings/{row.meeting.public_id}"

    page, physician = logged_in(app).see(place), logged_in(app, "physician@hospital.example").see(place)

    line = next(line for line in page.rows if "declined" in line)
    assert (line[0], "by mail" in line, "in theatre" in line) == ("Jung", True, True)
    assert "in theatre" not in physician.text


def test_coordinator_enters_what_was_said_by_phone(app: Flask, published: Session) -> None:
    row = invitation(published, SURGEON)
    visitor = logged_in(app)
    place = f"/meetings/{row.meeting.public_id}"
    visitor.see(place)

    page = visitor.send(
        f"/invitations/{row.public_id}/answer", answer="tentative", comment="rang", next=place, **{"for": "member"}
    )

    assert ("The answer is noted." in page.text, visitor.address) == (True, place)
    assert answer_of(published) == ("tentative", "coordinator")


def test_member_answers_on_her_own_page_and_for_nobody_else(app: Flask, published: Session) -> None:
    mine, hers = invitation(published, SURGEON), invitation(published, CORE["radiology"])
    visitor = logged_in(app, "surgeon@hospital.example")
    page = visitor.see("/mine")

    visitor.send(page.action(f"{mine.public_id}/answer"), answer="accepted")
    foreign = [
        visitor.send(f"/invitations/{hers.public_id}/answer", answer="declined", **more).status
        for more in ({}, {"for": "member"})
    ]

    assert (answer_of(published), foreign) == (("accepted", "page"), [403, 403])
    assert answer_of(published, CORE["radiology"]) == ("needs-action", "")


def test_link_asks_first_and_answers_then(app: Flask, published: Session, setup: Setup) -> None:
    token = write_token(setup, invitation(published, SURGEON), "declined")
    stranger = Visitor(app)

    page = stranger.see(f"/answer/{token}")
    looked = answer_of(published)
    done = stranger.send(f"/answer/{token}", answer="declined", comment="in theatre")

    assert (looked, answer_of(published)) == (("needs-action", ""), ("declined", "link"))
    assert ("Ovarian board" in page.text, "Confirm" in page.text) == (True, True)
    assert (done.status, "Your answer is noted: declined." in done.text) == (200, True)
    assert ["Nothing has been sent yet" in one.text for one in (page, done)] == [True, False]


def test_link_scanners_change_nothing(app: Flask, published: Session, setup: Setup) -> None:
    token = write_token(setup, invitation(published, SURGEON), "declined")
    client = app.test_client()

    seen = [client.open(f"/answer/{token}", method=method).status_code for method in ("GET", "HEAD", "OPTIONS")]
    forged = [
        client.post(f"/answer/{token}", data={"answer": "declined", "csrf_token": csrf}).status_code
        for csrf in ("", "forged")
    ]

    assert (seen, forged) == ([200, 200, 200], [400, 400])
    assert answer_of(published) == ("needs-action", "")


def test_page_of_a_link_is_for_its_reader_only(app: Flask, published: Session, setup: Setup) -> None:
    row = invitation(published, SURGEON)
    token = write_token(setup, row, "accepted")

    response = app.test_client().get(f"/answer/{token}")

    body = response.get_data(as_text=True)
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["Referrer-Policy"] == "strict-origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert [secret for secret in (*row.details["cases"], SURGEON, row.member.name, "Kim") if secret in body] == []


@pytest.mark.parametrize("token", ["x", "WyJvbmUiXQ.AAAA", "a" * 4000, "%00"])
def test_wrong_link_opens_nothing(app: Flask, token: str) -> None:
    assert Visitor(app).see(f"/answer/{token}").status == 404


def test_link_that_is_over_says_why_and_has_no_button(app: Flask, published: Session, setup: Setup) -> None:
    token = write_token(setup, invitation(published, SURGEON), "accepted")
    row = invitation(published, SURGEON)
    row.sequence += 1
    published.commit()
    stranger = Visitor(app)

    page = stranger.see(f"/answer/{token}")
    sent = stranger.send(f"/answer/{token}", answer="accepted")

    assert ("This link is over" in page.text, "Confirm" in page.text) == (True, False)
    assert ("This link is over" in sent.text, answer_of(published)) == (True, ("needs-action", ""))


def test_page_of_a_link_speaks_the_members_language(app: Flask, published: Session, setup: Setup) -> None:
    row = invitation(published, SURGEON)
    row.member.language = "ko"
    published.commit()
    token = write_token(setup, row, "accepted")

    page = Visitor(app, language="en").see(f"/answer/{token}")

    assert ("회신 확인" in page.text, 'lang="ko"' in page.html) == (True, True)


def test_page_of_a_series_names_the_hour_that_stays(app: Flask, published: Session, setup: Setup) -> None:
    row, zone = invitation(published, CORE["radiology"]), ZoneInfo("Europe/Berlin")
    first = datetime(2100, 3, 1, 7, 30, tzinfo=zone).astimezone(UTC)
    standing = StandingInvitation(
        series_id=row.meeting.series_id, member=row.member, uid="weekly@board.example", stamp=row.stamp,
        starts_at=first, ends_at=first + timedelta(hours=1), until=first + 8 * 7 * DAY - timedelta(hours=1),
        time_zone="Europe/Berlin", excluded={"starts": [], "said": {}}, answer="needs-action", sequence=0,
    )  # fmt: skip
    row.member.language = "en"
    published.add(standing)
    published.commit()

    page = Visitor(app).see(f"/answer/{write_token(setup, standing, 'accepted')}")

    assert "2100-03-01 (Mon) 07:30–08:30 (Europe/Berlin): this hour stays" in page.text
    assert "2100-03-01 (Mon) 15:30–16:30 (Asia/Seoul)" in page.text
    assert "from 2100-03-29 (Mon) 14:30–15:30 (Asia/Seoul)" in page.text


def test_page_of_a_series_names_the_weeks_it_does_not_answer(app: Flask, published: Session, setup: Setup) -> None:
    row, start = invitation(published, CORE["radiology"]), datetime(2100, 3, 1, 7, 30, tzinfo=UTC)
    no = {"answer": "declined", "stamp": start.isoformat(), "at": start.isoformat(), "channel": "mail", "comment": ""}
    standing = StandingInvitation(
        series_id=row.meeting.series_id, member=row.member, uid="weekly@board.example", stamp=row.stamp,
        starts_at=start, ends_at=start + DAY / 24, until=start + 28 * DAY, time_zone="UTC", answer="needs-action",
        excluded={"starts": [], "said": {}, "answers": {(start + 7 * DAY).isoformat(): no}}, sequence=0,
    )  # fmt: skip
    row.member.language, row.member.time_zone = "en", "UTC"
    published.add(standing)
    published.commit()

    page = Visitor(app).see(f"/answer/{write_token(setup, standing, 'accepted')}")

    assert "use the letter about it: 2100-03-08 (Mon) 07:30–08:30" in " ".join(page.text.split())


def test_token_is_in_no_log(app: Flask, published: Session, setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    token = write_token(setup, invitation(published, SURGEON), "accepted")
    caplog.set_level(logging.INFO)

    for name in ("werkzeug", "gunicorn.access", "waitress", "tumorboard"):
        logging.getLogger(name).warning('"GET /answer/%s HTTP/1.1" 200', token)
    Visitor(app).see(f"/answer/{token}x")

    assert "/answer/…" in caplog.text
    assert token not in caplog.text


def test_comment_with_a_registration_number_is_refused(app: Flask, published: Session, setup: Setup) -> None:
    token = write_token(setup, invitation(published, SURGEON), "accepted")
    stranger = Visitor(app)
    stranger.see(f"/answer/{token}")

    page = stranger.send(f"/answer/{token}", answer="accepted", comment="900101-2345678")

    assert "resident registration number" in page.text
    assert answer_of(published) == ("needs-action", "")


@pytest.mark.parametrize("number", [1, 3])
def test_list_asks_the_database_the_same_number_of_times(
    app: Flask, published: Session, setup: Setup, number: int, count_queries
) -> None:  # type: ignore[no-untyped-def]
    for place in range(number):
        receive(published, setup, counter(published, email=list(CORE.values())[place], shift=DAY * (place + 1)))
    visitor = logged_in(app)

    with count_queries() as statements:
        visitor.see("/answers")

    assert len(statements) <= 10, statements


def test_list_shows_a_proposal_at_the_end_of_time(app: Flask, published: Session, setup: Setup) -> None:
    receive(published, setup, counter(published))
    row = published.scalars(select(InboundMessage)).one()
    row.proposed_start = row.proposed_end = datetime(9999, 12, 31, 23, tzinfo=UTC)
    published.commit()

    page = logged_in(app).see("/answers")

    assert "Jung proposes another time" in page.text
