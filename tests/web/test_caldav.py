"""Read-only CalDAV over the stored feed: found, listed, asked and fetched as calendar programs do."""

from __future__ import annotations

import base64
import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

import pytest
import vobject
from defusedxml.ElementTree import fromstring
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.builders import BOARD, OPERATOR, SURGEON, an_app, member_id
from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy import read_busy
from tumorboard.services import feeds
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.store.db import db
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import FeedDocument, FeedToken
from tumorboard.web.caldav_xml import BadRequestBody, make_missing, write_multistatus

COLLECTION = "/caldav/calendars/board/"
NAMES = {"d": "DAV:", "c": "urn:ietf:params:xml:ns:caldav", "cs": "http://calendarserver.org/ns/"}
SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/"'
DATA = "<d:prop><d:getetag/><c:calendar-data/></d:prop>"

Ask = Callable[..., TestResponse]


@pytest.fixture(scope="session")
def published(furnished_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A database in which a board is published that needs the urologist, and the secret of her feed; made once."""
    directory = tmp_path_factory.mktemp("published")
    path = directory / "published.sqlite"
    shutil.copy(furnished_template, path)
    app = an_app(f"sqlite:///{path}", directory)
    now, setup = datetime.now(UTC), app.extensions["tumorboard"]
    with app.app_context():
        session = db.session()
        draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
        publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)
        subject = member_id(session, SURGEON)
        token = feeds.rotate_feed(session, setup, scope="member", subject=subject, by=OPERATOR, now=now)
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return path, token


@pytest.fixture
def app(published: tuple[Path, str], tmp_path: Path) -> Iterator[Flask]:
    """The application on its own copy of that database."""
    path = tmp_path / "board.sqlite"
    shutil.copy(published[0], path)
    app = an_app(f"sqlite:///{path}", tmp_path)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def token(published: tuple[Path, str]) -> str:
    """The secret of the urologist's feed."""
    return published[1]


def basic(user: str, password: str) -> str:
    """The header of a log-in."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.fixture
def ask(client: FlaskClient, token: str) -> Ask:
    """Send a request with the token as the password."""

    def send(
        method: str, path: str, body: str = "", *, depth: str | None = None, password: str = token, **headers: str
    ) -> TestResponse:
        sent = {"Authorization": basic("whoever", password), **headers}
        if depth is not None:
            sent["Depth"] = depth
        kind = "application/xml; charset=utf-8" if body else None
        return client.open(path, method=method, data=body.encode(), headers=sent, content_type=kind)

    return send


def read(response: TestResponse) -> dict[str, Element]:
    """The responses of a multistatus by their address."""
    assert response.status_code == 207, response.text
    return {
        found.findtext("d:href", "", NAMES): found for found in fromstring(response.data).findall("d:response", NAMES)
    }


def href(found: Element, name: str) -> str:
    return found.findtext(f"d:propstat/d:prop/{name}/d:href", "", NAMES)


def only_object(ask: Ask) -> str:
    """The address of the only event."""
    found = read(ask("PROPFIND", COLLECTION, depth="1"))
    return next(address for address in found if address.endswith(".ics"))


def holds(name: str, condition: str) -> str:
    return f"<c:comp-filter name='VEVENT'><c:prop-filter name='{name}'>{condition}</c:prop-filter></c:comp-filter>"


def query(condition: str) -> str:
    return (
        f"<c:calendar-query {SPACES}>{DATA}<c:filter><c:comp-filter name='VCALENDAR'>{condition}</c:comp-filter>"
        "</c:filter></c:calendar-query>"
    )


def test_service_is_found_from_its_well_known_address(client: FlaskClient) -> None:
    for method in ("GET", "PROPFIND", "OPTIONS"):
        response = client.open("/.well-known/caldav", method=method)

        assert (response.status_code, response.headers["Location"]) == (301, "/caldav/")


def test_calendar_is_found_step_by_step(ask: Ask) -> None:
    principal = href(read(ask("PROPFIND", "/caldav/", depth="0"))["/caldav/"], "d:current-user-principal")
    home = href(read(ask("PROPFIND", principal, depth="0"))[principal], "c:calendar-home-set")
    listed = read(ask("PROPFIND", home, depth="1"))

    kinds = {
        address: {kind.tag.rpartition("}")[2] for kind in found.find("d:propstat/d:prop/d:resourcetype", NAMES) or ()}
        for address, found in listed.items()
    }
    assert kinds == {home: {"collection"}, COLLECTION: {"collection", "calendar"}}


def test_options_say_what_is_spoken_without_a_log_in(client: FlaskClient) -> None:
    response = client.open(COLLECTION, method="OPTIONS")

    assert response.status_code == 200
    assert response.headers["DAV"] == "1, 3, calendar-access"
    assert response.headers["Allow"] == "OPTIONS, GET, HEAD, PROPFIND, REPORT"


def test_wrong_ended_and_missing_passwords_get_the_same_answer(app: Flask, client: FlaskClient, ask: Ask) -> None:
    with app.app_context():
        subject = member_id(db.session(), SURGEON)
        feeds.revoke_feed(db.session(), scope="member", subject=subject, by=OPERATOR, now=datetime.now(UTC))

    answers = [
        ask("PROPFIND", COLLECTION, depth="0"),
        ask("PROPFIND", COLLECTION, depth="0", password="x" * 43),
        client.open(COLLECTION, method="PROPFIND"),
        client.open(COLLECTION, method="PROPFIND", headers={"Authorization": "Bearer x"}),
    ]

    assert {(answer.status_code, answer.data, str(answer.headers)) for answer in answers} == {
        (401, answers[0].data, str(answers[0].headers))
    }
    assert answers[0].headers["WWW-Authenticate"] == 'Basic realm="tumorboard", charset="UTF-8"'
    assert "Set-Cookie" not in answers[0].headers


def test_wrong_passwords_are_limited_and_right_ones_never(client: FlaskClient, token: str) -> None:
    def status(user: str, password: str | None, address: str = "192.0.2.1") -> int:
        headers = {} if password is None else {"Authorization": basic(user, password)}
        answer = client.open(
            COLLECTION, method="PROPFIND", headers={"Depth": "0", **headers}, environ_base={"REMOTE_ADDR": address}
        )
        waits = answer.headers.get("Retry-After", "")
        assert (answer.status_code == 429) is (waits.isdecimal() and 0 < int(waits) <= 61)
        assert token not in answer.text
        return answer.status_code

    right = {status("kim", token) for _ in range(30)}
    unasked = {status("kim", None) for _ in range(30)}
    wrong = [status("kim", "wrong") for _ in range(12)]
    others = [status("lee", "wrong"), status("kim", "wrong", "192.0.2.2"), status("kim", None), status("kim", token)]

    assert (right, unasked) == ({207}, {401})
    assert wrong == [401] * 10 + [429] * 2
    assert others == [401, 401, 401, 207]


def test_removed_member_is_logged_out_at_once(app: Flask, ask: Ask) -> None:
    before = ask("PROPFIND", COLLECTION, depth="0").status_code
    with app.app_context():
        db.session.execute(update(Member).where(Member.email == SURGEON).values(active=False))
        db.session.commit()

    assert (before, ask("PROPFIND", COLLECTION, depth="0").status_code) == (207, 401)


def test_free_busy_link_is_no_calendar(app: Flask, ask: Ask) -> None:
    with app.app_context():
        token = feeds.rotate_feed(
            db.session(), app.extensions["tumorboard"], scope="free_busy", subject=member_id(db.session(), SURGEON),
            by=OPERATOR, now=datetime.now(UTC),
        )  # fmt: skip

    assert ask("PROPFIND", COLLECTION, depth="0", password=token).status_code == 401


def test_collection_says_its_state_and_that_nobody_writes(app: Flask, ask: Ask) -> None:
    found = read(ask("PROPFIND", COLLECTION, depth="0"))[COLLECTION]

    with app.app_context():
        etag = db.session.scalars(select(FeedDocument.etag)).one()
    values = found.find("d:propstat/d:prop", NAMES)
    assert values is not None
    assert values.findtext("cs:getctag", "", NAMES) == etag
    assert values.findtext("d:displayname", "", NAMES) == "Tumor board – Jung"
    assert [kind.get("name") for kind in values.findall("c:supported-calendar-component-set/c:comp", NAMES)] == [
        "VEVENT"
    ]
    privileges = {one.tag for one in values.findall("d:current-user-privilege-set/d:privilege/*", NAMES)}
    assert privileges == {"{DAV:}read", "{DAV:}read-current-user-privilege-set"}


def test_asked_properties_that_are_not_there_are_named(ask: Ask) -> None:
    body = f"<d:propfind {SPACES}><d:prop><d:displayname/><cs:push-transports/></d:prop></d:propfind>"

    found = read(ask("PROPFIND", COLLECTION, body, depth="0"))[COLLECTION]

    said = {
        part.findtext("d:status", "", NAMES): [one.tag for one in part.find("d:prop", NAMES) or ()]
        for part in found.findall("d:propstat", NAMES)
    }
    assert said == {
        "HTTP/1.1 200 OK": ["{DAV:}displayname"],
        "HTTP/1.1 404 Not Found": ["{http://calendarserver.org/ns/}push-transports"],
    }


def test_names_alone_are_listed(ask: Ask) -> None:
    found = read(ask("PROPFIND", COLLECTION, f"<d:propfind {SPACES}><d:propname/></d:propfind>", depth="0"))

    names = found[COLLECTION].find("d:propstat/d:prop", NAMES)
    assert names is not None
    assert {len(one) for one in names} == {0}
    assert "{DAV:}sync-token" in {one.tag for one in names}


def test_object_is_the_event_with_its_zone(app: Flask, ask: Ask) -> None:
    address = only_object(ask)

    response = ask("GET", address)

    with app.app_context():
        row = db.session.scalars(select(MeetingInvitation).join(Member).where(Member.email == SURGEON)).one()
    calendar = vobject.readOne(response.data.decode())
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert (calendar.vevent.uid.value, calendar.vevent.dtstart.value) == (row.uid, row.starts_at)
    assert sorted(calendar.contents) == ["calscale", "prodid", "version", "vevent", "vtimezone"]
    assert ask("HEAD", address).headers["ETag"] == response.headers["ETag"]


def test_known_object_is_304(ask: Ask) -> None:
    address = only_object(ask)
    etag = ask("GET", address).headers["ETag"]

    known = ask("GET", address, **{"If-None-Match": etag})

    assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", etag)


def test_whole_calendar_is_the_feed(app: Flask, ask: Ask) -> None:
    response = ask("GET", COLLECTION)

    with app.app_context():
        assert response.data == db.session.scalars(select(FeedDocument.content)).one()


def test_query_by_time_gives_what_overlaps(app: Flask, ask: Ask) -> None:
    with app.app_context():
        row = db.session.scalars(select(MeetingInvitation).join(Member).where(Member.email == SURGEON)).one()
        start, end = row.starts_at, row.ends_at

    def found(first: datetime, last: datetime) -> int:
        span = f"start='{first:%Y%m%dT%H%M%SZ}' end='{last:%Y%m%dT%H%M%SZ}'"
        return len(
            read(
                ask("REPORT", COLLECTION, query(f"<c:comp-filter name='VEVENT'><c:time-range {span}/></c:comp-filter>"))
            )
        )

    second = timedelta(seconds=1)
    assert [found(start, end), found(end - second, end), found(end, end + second), found(start - second, start)] == [
        1,
        1,
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("", 1),
        ("<c:comp-filter name='VEVENT'/>", 1),
        ("<c:comp-filter name='VTODO'/>", 0),
        ("<c:comp-filter name='VTODO'><c:is-not-defined/></c:comp-filter>", 1),
        (holds("ATTENDEE", ""), 0),
        (holds("ATTENDEE", "<c:is-not-defined/>"), 1),
        (holds("SUMMARY", "<c:text-match>OVARIAN</c:text-match>"), 1),
        (holds("SUMMARY", "<c:text-match collation='i;octet'>OVARIAN</c:text-match>"), 0),
        (holds("UID", "<c:text-match>nobody</c:text-match>"), 0),
        (holds("UID", "<c:text-match negate-condition='yes'>nobody</c:text-match>"), 1),
        ("<c:comp-filter name='VEVENT'><c:comp-filter name='VALARM'/></c:comp-filter>", 0),
        ("<c:comp-filter name='VEVENT'><c:time-range start='20200101T000000Z'/></c:comp-filter>", 1),
    ],
)  # fmt: skip
def test_query_by_condition(ask: Ask, condition: str, count: int) -> None:
    assert len(read(ask("REPORT", COLLECTION, query(condition), depth="1"))) == count


def test_several_objects_are_fetched_by_address(ask: Ask) -> None:
    address = only_object(ask)
    body = (
        f"<c:calendar-multiget {SPACES}>{DATA}<d:href>{address}</d:href>"
        f"<d:href>{COLLECTION}gone.ics</d:href></c:calendar-multiget>"
    )

    found = read(ask("REPORT", COLLECTION, body))

    data = found[address].findtext("d:propstat/d:prop/c:calendar-data", "", NAMES)
    assert data.replace("\r\n", "\n") == ask("GET", address).text.replace("\r\n", "\n")
    assert found[f"{COLLECTION}gone.ics"].findtext("d:status", "", NAMES) == "HTTP/1.1 404 Not Found"


def sync(token: str) -> str:
    level = "<d:sync-level>1</d:sync-level>"
    return f"<d:sync-collection {SPACES}><d:sync-token>{token}</d:sync-token>{level}{DATA}</d:sync-collection>"


def test_first_synchronisation_gives_all_the_next_nothing(ask: Ask) -> None:
    first = ask("REPORT", COLLECTION, sync(""))
    token = fromstring(first.data).findtext("d:sync-token", "", NAMES)

    again = ask("REPORT", COLLECTION, sync(token))

    assert (len(read(first)), len(read(again))) == (1, 0)
    assert fromstring(again.data).findtext("d:sync-token", "", NAMES) == token


@pytest.mark.parametrize(("most", "status"), [("1", 207), ("0", 507), ("many", 400)])
def test_more_than_the_client_takes_is_refused(ask: Ask, most: str, status: int) -> None:
    limit = f"<d:limit><d:nresults>{most}</d:nresults></d:limit></d:sync-collection>"

    response = ask("REPORT", COLLECTION, sync("").replace("</d:sync-collection>", limit))

    assert response.status_code == status
    assert status != 507 or condition_of(response) == ["{DAV:}number-of-matches-within-limits"]


def test_expanded_event_is_in_utc_and_within_the_period(app: Flask, ask: Ask) -> None:
    with app.app_context():
        start = db.session.scalars(
            select(MeetingInvitation.starts_at).join(Member).where(Member.email == SURGEON)
        ).one()

    def expanded(first: datetime) -> str:
        span = f"<c:expand start='{first:%Y%m%dT%H%M%SZ}' end='20400101T000000Z'/>"
        body = query("").replace("<c:calendar-data/>", f"<c:calendar-data>{span}</c:calendar-data>")
        (found,) = read(ask("REPORT", COLLECTION, body)).values()
        return found.findtext("d:propstat/d:prop/c:calendar-data", "", NAMES)

    inside, outside = expanded(start), expanded(start + timedelta(days=1))
    assert (inside.count("BEGIN:VEVENT"), inside.count(f"\nDTSTART:{start:%Y%m%dT%H%M%SZ}")) == (1, 1)
    assert [word for word in ("VTIMEZONE", "TZID", "RRULE") if word in inside] == []
    assert outside.count("BEGIN:VEVENT") == 0


def test_expansion_needs_both_ends(ask: Ask) -> None:
    body = query("").replace(
        "<c:calendar-data/>", "<c:calendar-data><c:expand start='20260101T000000Z'/></c:calendar-data>"
    )

    assert ask("REPORT", COLLECTION, body).status_code == 400


def test_old_token_begins_anew(ask: Ask) -> None:
    response = ask("REPORT", COLLECTION, sync("urn:x-tumorboard:sync:old"))

    assert response.status_code == 403
    assert fromstring(response.data).find("d:valid-sync-token", NAMES) is not None


def test_free_busy_query_equals_the_feed(ask: Ask) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    window = Interval(now, now + timedelta(days=60))
    span = f"start='{window.start:%Y%m%dT%H%M%SZ}' end='{window.end:%Y%m%dT%H%M%SZ}'"

    response = ask("REPORT", COLLECTION, f"<c:free-busy-query {SPACES}><c:time-range {span}/></c:free-busy-query>")

    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    zone = ZoneInfo("UTC")
    read_back = [
        read_busy(content, window=window, zone=zone).busy for content in (response.data, ask("GET", COLLECTION).data)
    ]
    assert read_back[0] == read_back[1]
    assert len(read_back[0]) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PROPPATCH", "MKCALENDAR", "MOVE", "COPY", "LOCK"])
def test_nothing_is_written(ask: Ask, method: str) -> None:
    before = ask("GET", COLLECTION).headers["ETag"]

    response = ask(method, f"{COLLECTION}new.ics", "BEGIN:VCALENDAR")

    assert response.status_code == 403
    assert fromstring(response.data).find("d:need-privileges", NAMES) is not None
    assert ask("GET", COLLECTION).headers["ETag"] == before


@pytest.mark.parametrize(
    ("method", "path"), [("POST", COLLECTION), ("GET", "/caldav/"), ("REPORT", "/caldav/principal/")]
)
def test_other_methods_are_refused(ask: Ask, method: str, path: str) -> None:
    assert ask(method, path).status_code == 405


TWENTY_YEARS = (
    f"<c:free-busy-query {SPACES}><c:time-range start='20200101T000000Z' end='20400101T000000Z'/></c:free-busy-query>"
)
WRONG_LEVEL = f"<d:sync-collection {SPACES}><d:sync-token/><d:sync-level>9</d:sync-level></d:sync-collection>"
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    '<d:propfind xmlns:d="DAV:">&b;</d:propfind>'
)


@pytest.mark.parametrize(
    ("method", "body", "depth", "status"),
    [
        ("PROPFIND", "", None, 403),
        ("PROPFIND", "", "infinity", 403),
        ("PROPFIND", "<d:propfind", "0", 400),
        ("PROPFIND", BOMB, "0", 400),
        ("PROPFIND", f"<d:propfind {SPACES}>{' ' * 65_536}</d:propfind>", "0", 413),
        ("REPORT", "", None, 400),
        ("REPORT", f"<d:expand-property {SPACES}/>", None, 403),
        ("REPORT", f"<c:calendar-query {SPACES}>{DATA}</c:calendar-query>", None, 400),
        ("REPORT", query("<c:comp-filter name='VEVENT'><c:time-range start='yesterday'/></c:comp-filter>"), None, 400),
        ("REPORT", query("<c:comp-filter name='VEVENT'><c:time-range/></c:comp-filter>"), None, 400),
        ("REPORT", query("<c:comp-filter name='VEVENT'><c:odd/></c:comp-filter>"), None, 403),
        ("REPORT", f"<c:free-busy-query {SPACES}/>", None, 400),
        ("REPORT", TWENTY_YEARS, None, 403),
        ("REPORT", WRONG_LEVEL, None, 400),
    ],
)  # fmt: skip
def test_bad_requests_are_refused(ask: Ask, method: str, body: str, depth: str | None, status: int) -> None:
    assert ask(method, COLLECTION, body, depth=depth).status_code == status


def multiget(inner: str) -> str:
    return f"<c:calendar-multiget {SPACES}>{inner}</c:calendar-multiget>"


def condition_of(response: TestResponse) -> list[str]:
    """The preconditions that a refusal names."""
    return [one.tag for one in fromstring(response.data)]


def test_what_is_asked_many_times_is_answered_once(ask: Ask) -> None:
    address = only_object(ask)
    once = ask("REPORT", COLLECTION, multiget(f"<d:prop><c:calendar-data/></d:prop><d:href>{address}</d:href>"))

    names, hrefs = "<c:calendar-data/>" * 900, f"<d:href>{address}</d:href>" * 550
    again = ask("REPORT", COLLECTION, multiget(f"<d:prop>{names}</d:prop>{hrefs}"))
    listed = ask(
        "PROPFIND", "/caldav/", f"<d:propfind {SPACES}><d:prop>{'<a/>' * 16_000}</d:prop></d:propfind>", depth="1"
    )

    assert again.data == once.data
    assert [found.findtext("d:propstat/d:prop/a", None, NAMES) for found in read(listed).values()] == ["", "", ""]


def test_too_many_names_are_refused(ask: Ask) -> None:
    names = "".join(f"<n{number}/>" for number in range(101))
    body = f"<d:propfind {SPACES}><d:prop>{names}</d:prop></d:propfind>"

    refused, answered = ask("PROPFIND", COLLECTION, body, depth="0"), body.replace("<n100/>", "")

    assert (refused.status_code, refused.text) == (403, "Forbidden\n")
    assert ask("PROPFIND", COLLECTION, answered, depth="0").status_code == 207


def test_too_many_addresses_are_refused(ask: Ask) -> None:
    bodies = [
        multiget(DATA + "".join(f"<d:href>{number}</d:href>" for number in range(count))) for count in (1_000, 1_001)
    ]

    answered, refused = (ask("REPORT", COLLECTION, body) for body in bodies)

    assert (answered.status_code, refused.status_code) == (207, 507)
    assert condition_of(refused) == ["{DAV:}number-of-matches-within-limits"]


def test_too_many_conditions_are_refused(ask: Ask) -> None:
    response = ask("REPORT", COLLECTION, query(holds("UID", "<c:is-not-defined/>") * 34))

    assert (response.status_code, condition_of(response)) == (403, [f"{{{NAMES['c']}}}supported-filter"])


def test_too_long_an_answer_is_refused_before_it_is_written() -> None:
    answered: list[int] = []

    def answers() -> Iterator[Element]:
        for number in range(1000):
            answered.append(number)
            yield make_missing(f"/caldav/{number}")

    with pytest.raises(BadRequestBody) as refused:
        write_multistatus(answers(), most_bytes=10_000)

    assert (refused.value.status, refused.value.condition) == (507, "{DAV:}number-of-matches-within-limits")
    assert len(answered) < 100


@pytest.mark.parametrize("address", ["http://[::1/x", "http://[v1.x]/\u2100", "/caldav/%01%00", ""])
def test_what_is_no_address_is_missing(ask: Ask, address: str) -> None:
    found = read(ask("REPORT", COLLECTION, multiget(f"{DATA}<d:href>{address}</d:href>")))

    assert {name: one.findtext("d:status", "", NAMES) for name, one in found.items()} == {
        address: "HTTP/1.1 404 Not Found"
    }


@pytest.mark.parametrize("path", ["nothing/", "calendars/other/", "calendars/board/none.ics"])
def test_unknown_places_are_not_found(ask: Ask, path: str) -> None:
    response = ask("PROPFIND", f"/caldav/{path}", depth="0")

    assert (response.status_code, response.data) == (404, b"Not Found\n")


@pytest.mark.parametrize("body", ["", query("<c:comp-filter name='VEVENT'/>")])
def test_every_answer_costs_two_queries(app: Flask, ask: Ask, count_queries: Any, body: str) -> None:
    with app.app_context():
        db.session.execute(update(FeedToken).values(last_used_at=datetime.now(UTC)))
        db.session.commit()

    with count_queries() as statements:
        ask("REPORT" if body else "PROPFIND", COLLECTION, body, depth="1")

    assert len(statements) == 2


def test_password_is_in_no_log_and_no_answer(ask: Ask, token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    answers = [ask("PROPFIND", COLLECTION, depth="1"), ask("GET", COLLECTION), ask("PROPFIND", "/caldav/x", depth="0")]

    assert token not in caplog.text
    assert not any(token in answer.text or "Set-Cookie" in answer.headers for answer in answers)


def test_use_is_noted(app: Flask, ask: Ask) -> None:
    ask("PROPFIND", COLLECTION, depth="0")

    with app.app_context():
        assert db.session.scalars(select(FeedToken.last_used_at)).one() is not None
