"""Checklist F: feeds. Numbers as in the conformance checklist of calendars."""

from __future__ import annotations

import gzip
import logging
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import ical.calendar_stream
import pytest
import vobject
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, SURGEON, an_account, member_id
from tests.calendars.centre import *  # noqa: F403 - fixtures
from tests.calendars.centre import NOW
from tumorboard.domain.errors import NotFound
from tumorboard.formats.feed_lines import write_feed_lines
from tumorboard.formats.ical import FeedEvent
from tumorboard.services import feeds
from tumorboard.services.access import Role
from tumorboard.services.accounts import account_actor
from tumorboard.services.feed_events import list_feed_events
from tumorboard.services.feed_rendering import COMPRESSION
from tumorboard.services.feeds import SCOPES, Detail, find_feed, read_feed, render_all_feeds, rotate_feed
from tumorboard.services.planning import propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import AccountRole, Member
from tumorboard.store.post import FeedDocument, FeedToken

CSS3_COLORS = {"teal", "steelblue", "slategray", "goldenrod"}
AGENTS = (
    "Google-Calendar-Importer",
    "Microsoft Exchange/15.20 (compatible; OutlookService)",
    "iOS/26.1 (23B85) dataaccessd/1.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0",
    "vdirsyncer/0.21.0",
)


def publish(session: Session, setup: Setup, now: datetime = NOW) -> None:
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)


def subject_of(session: Session, scope: str, email: str = SURGEON) -> str:
    return {"board": BOARD, "deadlines": BOARD, "department": "urology"}.get(scope) or member_id(session, email)


def make(session: Session, setup: Setup, scope: str = "member", detail: str | None = None, now: datetime = NOW) -> str:
    return rotate_feed(
        session, setup, scope=scope, subject=subject_of(session, scope), detail=detail, by=OPERATOR, now=now
    )


def content_of(session: Session, token: str) -> str:
    return read_feed(session, find_feed(session, token=token)).decode().replace("\r\n ", "")


def lines_of(session: Session, token: str, name: str) -> list[str]:
    return [
        line.partition(":")[2] for line in content_of(session, token).split("\r\n") if re.match(rf"{name}[;:]", line)
    ]


@pytest.fixture
def token(app: Flask) -> str:
    """The urologist's feed in the running application, with one window."""
    now, setup = datetime.now(UTC), app.extensions["tumorboard"]
    with app.app_context():
        publish(db.session(), setup, now)
        return make(db.session(), setup, now=now)


@pytest.fixture
def feed(token: str) -> str:
    return f"/feeds/{token}.ics"


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope != "free_busy"])
def test_f1_feeds_name_themselves_with_their_twins(centre: Session, setup: Setup, scope: str) -> None:
    token = make(centre, setup, scope)

    found = {name: lines_of(centre, token, name) for name in ("NAME", "DESCRIPTION", "REFRESH-INTERVAL", "COLOR")}
    twins = {name: lines_of(centre, token, name) for name in ("X-WR-CALNAME", "X-WR-CALDESC", "X-PUBLISHED-TTL")}

    assert [len(values) for values in found.values()] == [1, 1, 1, 1]
    assert list(twins.values()) == [found["NAME"], found["DESCRIPTION"], found["REFRESH-INTERVAL"]]
    assert set(found["COLOR"]) <= CSS3_COLORS
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in content_of(centre, token)
    # URL says where people find more. SOURCE is where the feed is fetched again (RFC 7986, 5.8): its secret address,
    # which must not stand in bytes that are stored and passed on; every other address of ours answers 401.
    head = content_of(centre, token).partition("BEGIN:V")[2].partition("\r\nBEGIN:")[0]
    assert [head.count(f"\r\n{name}") for name in ("URL", "SOURCE")] == [1, 0]
    assert token not in content_of(centre, token)


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope != "free_busy"])
def test_f2_feeds_ask_nobody(centre: Session, setup: Setup, scope: str) -> None:
    publish(centre, setup)

    content = content_of(centre, make(centre, setup, scope))

    assert "BEGIN:VEVENT" in content
    assert [name for name in ("METHOD", "ATTENDEE", "ORGANIZER") if f"\r\n{name}" in content] == []


def test_f3_feed_has_alarms_only_for_whom_they_are_wanted(centre: Session, setup: Setup) -> None:
    publish(centre, setup)
    without = content_of(centre, make(centre, setup))
    centre.scalars(select(Member).where(Member.email == SURGEON)).one().preferences = {"alarm_minutes": 30}
    centre.commit()

    with_alarm = content_of(centre, make(centre, setup))

    assert ("VALARM" in without, with_alarm.count("BEGIN:VALARM")) == (False, 1)
    assert "TRIGGER:-PT30M" in with_alarm
    assert "VALARM" not in content_of(centre, make(centre, setup, "department"))


def test_f4_feed_says_its_type_and_a_name_that_names_nobody(client: FlaskClient, feed: str) -> None:
    response = client.get(feed)

    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Content-Disposition"] == "inline; filename=board.ics"


@pytest.mark.parametrize("known", ["{etag}", '"other", {etag}', "W/{etag}", "*"])
def test_f5_known_feed_is_304_with_its_etag_and_no_body(client: FlaskClient, feed: str, known: str) -> None:
    whole = client.get(feed)
    etag = whole.headers["ETag"]

    answer = client.get(feed, headers={"If-None-Match": known.format(etag=etag)})
    head = client.head(feed)

    assert re.fullmatch('"[0-9a-f]{32}"', etag)
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)
    assert (head.data, head.headers["ETag"], head.headers["Content-Length"]) == (b"", etag, str(len(whole.data)))


def test_f5_date_of_the_last_change_is_understood(client: FlaskClient, feed: str) -> None:
    changed = client.get(feed).headers["Last-Modified"]

    answers = [
        client.get(feed, headers={"If-Modified-Since": since}).status_code
        for since in (changed, "Mon, 01 Jan 2001 00:00:00 GMT", "no date")
    ]

    assert answers == [304, 200, 200]


def test_f5_two_changes_within_a_second_are_told_apart(centre: Session, setup: Setup) -> None:
    token = make(centre, setup)
    first = find_feed(centre, token=token).modified_at

    publish(centre, setup)

    assert find_feed(centre, token=token).modified_at == first + timedelta(seconds=1)


def test_f6_unchanged_feed_keeps_its_etag_for_a_day(centre: Session, setup: Setup) -> None:
    publish(centre, setup)
    tokens = [make(centre, setup, scope) for scope in SCOPES]
    before = [find_feed(centre, token=token).etag for token in tokens]

    seen = set()
    for step in range(1000):
        if step % 100 == 0:
            render_all_feeds(centre, setup, now=NOW + timedelta(seconds=86.4 * step))
        seen.add(tuple(find_feed(centre, token=token).etag for token in tokens))

    assert seen == {tuple(before)}


def test_f6_change_is_there_at_the_next_fetch(app: Flask, client: FlaskClient, feed: str) -> None:
    before = client.get(feed)
    with app.app_context():
        meeting = db.session.scalars(select(Meeting).where(Meeting.status == "published")).one()
        cancel_meeting(
            db.session(), app.extensions["tumorboard"], meeting_id=meeting.public_id, by=OPERATOR, now=datetime.now(UTC)
        )

    after = client.get(feed, headers={"If-None-Match": before.headers["ETag"]})

    assert (after.status_code, after.headers["ETag"] == before.headers["ETag"]) == (200, False)


@pytest.mark.parametrize(
    ("asked", "is_compressed"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("", False), ("identity", False), ("*", False)],
)
def test_f7_only_who_asks_gets_gzip(client: FlaskClient, feed: str, asked: str, is_compressed: bool) -> None:
    plain = client.get(feed, headers={"Accept-Encoding": "identity"})

    answer = client.get(feed, headers={"Accept-Encoding": asked})

    assert answer.headers["Vary"] == "Accept-Encoding"
    assert ("Content-Encoding" in answer.headers, answer.data == plain.data) == (is_compressed, not is_compressed)
    assert (gzip.decompress(answer.data) if is_compressed else answer.data) == plain.data
    assert (answer.headers["ETag"] == plain.headers["ETag"]) is not is_compressed


def test_f7_compressed_bytes_are_stored_and_always_the_same(app: Flask, client: FlaskClient, feed: str) -> None:
    with app.app_context():
        row = db.session.scalars(select(FeedDocument)).one()
        content, compressed = row.content, row.compressed

    assert client.get(feed, headers={"Accept-Encoding": "gzip"}).data == compressed
    assert compressed == gzip.compress(content, COMPRESSION, mtime=0)


def test_f8_token_is_long_stored_hashed_and_one_for_a_person_and_scope(centre: Session, setup: Setup) -> None:
    tokens = [make(centre, setup) for _ in range(3)]

    rows = list(centre.scalars(select(FeedToken).order_by(FeedToken.id)))

    assert [len(token) * 6 >= 128 for token in tokens] == [True] * 3
    assert [row.revoked_at is None for row in rows] == [False, False, True]
    assert not any(token in value for token in tokens for row in rows for value in (row.token_hash, row.hint))


def test_f8_wrong_ended_and_forbidden_tokens_look_the_same(
    app: Flask, client: FlaskClient, token: str, feed: str
) -> None:
    with app.app_context():
        feeds.revoke_feed(
            db.session(), scope="member", subject=member_id(db.session(), SURGEON), by=OPERATOR, now=datetime.now(UTC)
        )

    answers = [client.get(path) for path in (feed, f"/feeds/{'a' * 43}.ics", "/feeds/x.ics", "/feeds/")]

    assert {(one.status_code, one.data, str(one.headers)) for one in answers} == {
        (404, answers[0].data, str(answers[0].headers))
    }
    assert token not in answers[0].text


def test_f8_token_is_in_no_log_and_no_referer(
    client: FlaskClient, feed: str, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    response = client.get(feed)
    logging.getLogger("gunicorn.access").info("GET %s", feed)

    assert token not in caplog.text
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("scope", ["member", "board", "department"])
def test_f9_cancelled_meeting_stays_thirty_days(centre: Session, setup: Setup, scope: str) -> None:
    publish(centre, setup)
    token = make(centre, setup, scope)
    before = int(lines_of(centre, token, "SEQUENCE")[0])
    meeting = centre.scalars(select(Meeting).where(Meeting.status == "published")).one()
    cancel_meeting(centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)

    states = []
    for days in (0, 29, 31):
        render_all_feeds(centre, setup, now=NOW + timedelta(days=days))
        states.append((lines_of(centre, token, "STATUS"), lines_of(centre, token, "SEQUENCE")))

    cancelled = (["CANCELLED"], [str(before + 1)])
    assert states == [cancelled, cancelled, ([], [])]


def test_f10_change_of_the_room_is_a_newer_entry_of_the_same_sequence(centre: Session, setup: Setup) -> None:
    publish(centre, setup)
    token = make(centre, setup)
    before = [lines_of(centre, token, name) for name in ("SEQUENCE", "LAST-MODIFIED", "DTSTAMP")]
    row = centre.scalars(select(MeetingInvitation).join(Member).where(Member.email == SURGEON)).one()
    row.details, row.stamp = {**row.details, "room": "Room B"}, NOW + timedelta(hours=1)
    centre.commit()
    render_all_feeds(centre, setup, now=NOW + timedelta(hours=1))

    after = [lines_of(centre, token, name) for name in ("SEQUENCE", "LAST-MODIFIED", "DTSTAMP")]

    assert lines_of(centre, token, "LOCATION") == ["Room B"]
    assert (after[0], after[1], after[2]) == (before[0], ["20261122T040000Z"], ["20261122T040000Z"])
    assert after[1] != before[1]


def test_f10_deadline_is_as_new_as_its_last_change(centre: Session, setup: Setup) -> None:
    token = make(centre, setup, "deadlines")
    first = content_of(centre, token)
    meeting = centre.scalars(select(Meeting).order_by(Meeting.closes_at)).first()
    assert meeting is not None
    uid = f"{meeting.calendar_id}-closes@"

    def state() -> tuple[str, str, str]:
        event = next(part for part in content_of(centre, token).split("BEGIN:VEVENT") if uid in part)
        found = dict(line.split(":", 1) for line in event.split("\r\n") if ":" in line)
        return found["SEQUENCE"], found["LAST-MODIFIED"], found["DTSTAMP"]

    states, hour = [state()], timedelta(hours=1)
    render_all_feeds(centre, setup, now=NOW + hour)
    unchanged = content_of(centre, token)
    for hours, shift in ((2, -hour), (1, -hour)):
        meeting.closes_at += shift
        centre.commit()
        render_all_feeds(centre, setup, now=NOW + hours * hour)
        states.append(state())
    meeting.board.name_ko = meeting.board.name_en = "Another name"
    centre.commit()
    render_all_feeds(centre, setup, now=NOW + 3 * hour)

    assert unchanged == first
    assert [(changed, made) for _, changed, made in [*states, state()]] == [
        (stamp, stamp)
        for stamp in (
            f"{NOW + seconds:%Y%m%dT%H%M%SZ}" for seconds in (0 * hour, 2 * hour, 2 * hour + hour / 3600, 3 * hour)
        )
    ]
    sequences = [int(sequence) for sequence, _, _ in [*states, state()]]
    assert sequences == [0, 1, 2, 2]


@pytest.mark.parametrize("agent", AGENTS)
def test_f11_calendar_services_get_the_feed_at_once(client: FlaskClient, feed: str, agent: str) -> None:
    response = client.get(feed, headers={"User-Agent": agent, "Accept": "text/calendar"})

    assert (response.status_code, response.mimetype) == (200, "text/calendar")
    assert "Set-Cookie" not in response.headers
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.history == ()


def test_f11_robots_may_fetch_feeds_and_nothing_else(client: FlaskClient) -> None:
    from urllib.robotparser import RobotFileParser

    response = client.get("/robots.txt")
    rules = RobotFileParser()
    rules.parse(response.text.splitlines())

    assert (response.status_code, response.mimetype, "Set-Cookie" in response.headers) == (200, "text/plain", False)
    assert rules.can_fetch("Google-Calendar-Importer", "https://x.example/feeds/secret.ics")
    assert not rules.can_fetch("Googlebot", "https://x.example/mine")


def large_feed(events: int) -> bytes:
    """A department's feed: names, rooms and video links."""
    start = datetime(2026, 9, 1, 22, 30, tzinfo=UTC)
    made = [
        FeedEvent(
            uid=f"d-{number:032x}@hospital.example", sequence=0, stamp=NOW,
            starts_at=start + timedelta(hours=5 * number), ends_at=start + timedelta(hours=5 * number, minutes=90),
            time_zone="Asia/Seoul", title=f"홍길동 교수 – 난소암 다학제 진료 {number % 7}", description="",
            location="본관 3층 회의실", video_url="https://zoom.example/j/93456789012",
            url="https://board.hospital.example/meetings/abcdefghijklmnop",
        )
        for number in range(events)
    ]  # fmt: skip
    return write_feed_lines("산부인과", made)


def test_f12_two_thousand_events_are_small_and_quick(app: Flask, client: FlaskClient, feed: str) -> None:
    content = large_feed(2000)
    with app.app_context():
        db.session.execute(update(FeedDocument).values(content=content, compressed=gzip.compress(content, 9, mtime=0)))
        db.session.commit()
    etag = client.get(feed).headers["ETag"]

    def seconds(**headers: str) -> float:
        begin = time.perf_counter()
        client.get(feed, headers=headers)
        return time.perf_counter() - begin

    assert len(content) <= 2**20
    assert min(seconds() for _ in range(5)) < 0.3
    assert min(seconds(**{"If-None-Match": etag}) for _ in range(5)) < 0.02


def test_f13_each_level_shows_what_it_says(centre: Session, setup: Setup) -> None:
    publish(centre, setup)

    shown = {detail: content_of(centre, make(centre, setup, detail=detail)) for detail in Detail}

    event = {detail: text[text.index("BEGIN:VEVENT") :] for detail, text in shown.items()}
    names = ("SUMMARY:Busy\r", "Ovarian board", "LOCATION:Room A", "CONFERENCE", "DESCRIPTION", "C-2", "URL")
    assert {str(detail): [name in text for name in names] for detail, text in event.items()} == {
        "busy": [True, False, False, False, False, False, False],
        "board": [False, True, False, False, False, False, False],
        "place": [False, True, True, True, False, False, False],
        "full": [False, True, True, True, True, True, True],
    }
    assert "Ovarian" not in shown[Detail.BUSY]
    assert "umor board" not in shown[Detail.BUSY].replace("tumorboard", "")


@pytest.mark.parametrize("scope", ["board", "department"])
def test_f13_shared_feeds_never_speak_of_cases(centre: Session, setup: Setup, scope: str) -> None:
    publish(centre, setup)

    shown = {str(detail): content_of(centre, make(centre, setup, scope, detail)) for detail in Detail}

    assert [name for name, text in shown.items() if "C-2" in text] == []
    assert [name for name, text in shown.items() if "Room A" in text] == ["place", "full"]
    assert "난소암" not in shown["busy"]


@pytest.mark.parametrize(
    ("scope", "role", "other"),
    [
        ("member", Role.SURGEON, Role.AUDITOR),
        ("board", Role.AUDITOR, None),
        ("deadlines", Role.COORDINATOR, Role.PHYSICIAN),
    ],
)
def test_f13_lost_role_ends_the_feed_at_once(
    centre: Session, setup: Setup, scope: str, role: Role, other: Role | None
) -> None:
    account = an_account(centre, role, now=NOW, email="second@hospital.example")
    account.member = None if scope != "member" else _free_member(centre)
    centre.commit()
    by = account_actor(account)
    subject = by.member_id if scope == "member" else BOARD
    assert subject is not None
    token = rotate_feed(centre, setup, scope=scope, subject=subject, by=by, now=NOW)
    before = find_feed(centre, token=token).etag

    account.roles[:] = [AccountRole(role=other)] if other else []
    centre.commit()

    assert before
    with pytest.raises(NotFound):
        find_feed(centre, token=token)


def _free_member(session: Session) -> Member:
    return session.scalars(select(Member).where(Member.email == CORE["pathology"])).one()


@pytest.mark.parametrize("end", ["account", "member", "other-member"])
def test_f13_closed_account_and_removed_member_end_the_feed_at_once(centre: Session, setup: Setup, end: str) -> None:
    account = an_account(centre, Role.SURGEON, now=NOW, email="second@hospital.example")
    account.member = _free_member(centre)
    centre.commit()
    by = account_actor(account)
    token = rotate_feed(centre, setup, scope="member", subject=str(by.member_id), by=by, now=NOW)
    if end == "account":
        account.active = False
    elif end == "member":
        account.member.active = False
    else:
        account.member = None
    centre.commit()

    with pytest.raises(NotFound):
        find_feed(centre, token=token)


def test_f14_page_gives_both_links_and_the_same_token_as_code(app: Flask) -> None:
    from tests.web.visitor import Visitor

    visitor = Visitor(app)
    visitor.log_in("surgeon@hospital.example")
    page = visitor.see("/mine")
    subject = re.search(r'name="subject" value="([\w-]+)"', page.html)[1]  # type: ignore[index]

    made = visitor.send("/calendar-links", scope="member", subject=subject, detail="place")

    link = re.search(r'id="link" readonly value="(http[^"]+)"', made.html)[1]  # type: ignore[index]
    webcal = re.search(r'href="(webcal://[^"]+)"', made.html)[1]  # type: ignore[index]
    drawn = re.search(r"<svg.*?</svg>", made.html[made.html.index("qr-frame") :], re.DOTALL)
    assert webcal.partition("://")[2] == link.partition("://")[2]
    assert drawn is not None
    assert drawn[0] == _draw(webcal)


def _draw(text: str) -> str:
    import segno

    code = segno.make(text, error="m", micro=False)
    return str(code.svg_inline(border=4, omitsize=True, light="#fff", dark="#000", svgclass="qr", lineclass=None))


def test_f15_clash_in_a_department_is_seen_as_two_events(centre: Session, setup: Setup) -> None:
    publish(centre, setup)
    rows = list(centre.scalars(select(MeetingInvitation).join(Member).where(Member.email.in_(CORE.values()))))
    for row in rows:
        row.member.department_id = rows[0].member.department_id
    centre.commit()
    department = rows[0].member.department

    token = rotate_feed(centre, setup, scope="department", subject=department.key, by=OPERATOR, now=NOW)

    starts = lines_of(centre, token, "DTSTART")[-len(rows) :]
    assert len(lines_of(centre, token, "UID")) == len(set(lines_of(centre, token, "UID"))) == len(rows) == 4
    assert len(set(starts)) == 1


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope != "free_busy"])
@pytest.mark.parametrize("detail", [None, "busy"])
def test_f_feeds_are_read_by_other_parsers(centre: Session, setup: Setup, scope: str, detail: str | None) -> None:
    publish(centre, setup)
    if scope == "deadlines":
        detail = None
    content = read_feed(centre, find_feed(centre, token=make(centre, setup, scope, detail))).decode()

    one = vobject.readOne(content)
    two = ical.calendar_stream.IcsCalendarStream.calendar_from_ics(content)

    found: list[Any] = sorted((event.uid.value, event.dtstart.value, event.dtend.value) for event in one.vevent_list)
    assert found == sorted((event.uid, event.dtstart, event.dtend) for event in two.events)
    subject_id = find_subject(centre, scope)
    told = list_feed_events(
        centre, setup, scope=scope, subject_id=subject_id, detail=Detail(detail or "full"), now=NOW
    ).events
    assert found == sorted((event.uid, event.starts_at, event.ends_at) for event in told)


def find_subject(session: Session, scope: str) -> int:
    return session.scalars(select(FeedToken.subject_id).where(FeedToken.scope == scope)).one()
