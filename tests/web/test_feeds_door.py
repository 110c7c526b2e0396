from __future__ import annotations

import gzip
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update
from werkzeug.test import Client
from werkzeug.wrappers import Response

from tests.builders import BOARD, OPERATOR
from tests.web.conftest import Program
from tumorboard.services import feeds
from tumorboard.store.db import db
from tumorboard.store.post import FeedDocument, FeedToken
from tumorboard.web.security import HideTokens


@pytest.fixture
def token(app: Flask) -> str:
    """The secret of the board's feed."""
    with app.app_context():
        return feeds.rotate_feed(
            db.session(), app.extensions["tumorboard"], scope="board", subject=BOARD, by=OPERATOR, now=datetime.now(UTC)
        )


@pytest.fixture
def feed(token: str) -> str:
    return f"/feeds/{token}.ics"


@pytest.fixture
def noted(app: Flask, token: str) -> None:
    """The feed was fetched a minute ago, so that fetching it does not write."""
    with app.app_context():
        db.session.execute(update(FeedToken).values(last_used_at=datetime.now(UTC) - timedelta(minutes=1)))
        db.session.commit()


def stored(app: Flask) -> FeedDocument:
    with app.app_context():
        return db.session.scalars(select(FeedDocument)).one()


def test_feed_gives_the_stored_bytes(app: Flask, client: FlaskClient, feed: str) -> None:
    response = client.get(feed)

    document = stored(app)
    assert response.status_code == 200
    assert response.data == document.content
    assert {
        name: response.headers.get(name)
        for name in ("Content-Type", "Content-Disposition", "ETag", "Cache-Control", "X-Robots-Tag", "Vary")
    } == {
        "Content-Type": "text/calendar; charset=utf-8",
        "Content-Disposition": "inline; filename=board.ics",
        "ETag": f'"{document.etag}"',
        "Cache-Control": "private, max-age=0",
        "X-Robots-Tag": "noindex",
        "Vary": "Accept-Encoding",
    }
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in response.headers


def test_head_is_get_without_the_body(client: FlaskClient, feed: str) -> None:
    whole, head = client.get(feed), client.head(feed)

    assert head.data == b""
    assert (head.status_code, dict(head.headers)) == (whole.status_code, dict(whole.headers))


@pytest.mark.parametrize("form", ['"{etag}"', 'W/"{etag}"', '"other", "{etag}"', "*", '"{etag}-gzip"'])
def test_known_feed_is_304_without_a_body(app: Flask, client: FlaskClient, feed: str, form: str) -> None:
    etag = stored(app).etag

    response = client.get(feed, headers={"If-None-Match": form.format(etag=etag)})

    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == f'"{etag}"'


def test_changed_feed_is_sent_whatever_the_date_says(client: FlaskClient, feed: str) -> None:
    later = "Fri, 31 Dec 2100 00:00:00 GMT"

    response = client.get(feed, headers={"If-None-Match": '"old"', "If-Modified-Since": later})

    assert response.status_code == 200


def test_date_alone_is_304_from_the_last_change_on(client: FlaskClient, feed: str) -> None:
    changed = client.get(feed).headers["Last-Modified"]

    known = client.get(feed, headers={"If-Modified-Since": changed})
    older = client.get(feed, headers={"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"})

    assert (known.status_code, older.status_code) == (304, 200)


@pytest.mark.parametrize("asked", ["gzip", "gzip, deflate, br", "br;q=1, gzip;q=0.1"])
def test_gzip_is_sent_when_asked_for(app: Flask, client: FlaskClient, feed: str, asked: str) -> None:
    response = client.get(feed, headers={"Accept-Encoding": asked})

    document = stored(app)
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["ETag"] == f'"{document.etag}-gzip"'
    assert gzip.decompress(response.data) == document.content


@pytest.mark.parametrize("asked", ["", "identity", "gzip;q=0", "br", "*"])
def test_gzip_is_not_sent_when_not_asked_for(app: Flask, client: FlaskClient, feed: str, asked: str) -> None:
    response = client.get(feed, headers={"Accept-Encoding": asked})

    assert "Content-Encoding" not in response.headers
    assert response.data == stored(app).content


def test_wrong_and_revoked_tokens_get_the_same_404(app: Flask, client: FlaskClient, feed: str) -> None:
    with app.app_context():
        feeds.revoke_feed(db.session(), scope="board", subject=BOARD, by=OPERATOR, now=datetime.now(UTC))

    revoked = client.get(feed)
    wrong = client.get(f"/feeds/{'x' * 43}.ics")
    short = client.get("/feeds/x")

    assert revoked.status_code == 404
    assert dict(revoked.headers) == dict(wrong.headers) == dict(short.headers)
    assert revoked.data == wrong.data == short.data == b"Not Found\n"
    assert revoked.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_feed_is_not_changed_by_anybody(client: FlaskClient, feed: str) -> None:
    assert client.put(feed).status_code in (400, 405)


@pytest.fixture
def count_queries(app: Flask) -> Iterator[Callable[[], Any]]:
    """`with count_queries() as statements:` collects what the driver is asked, whoever asks it."""
    heard: list[str] = []

    def listen(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_trace_callback(heard.append)

    @contextmanager
    def counting() -> Iterator[list[str]]:
        heard.clear()
        statements: list[str] = []
        yield statements
        statements += [text for text in heard if text.startswith(("SELECT", "UPDATE", "INSERT"))]

    with app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", listen)
    yield counting
    event.remove(engine, "checkout", listen)


def test_known_feed_costs_one_query(
    app: Flask, client: FlaskClient, feed: str, noted: None, count_queries: Any
) -> None:
    etag = stored(app).etag

    with count_queries() as statements:
        client.get(feed, headers={"If-None-Match": f'"{etag}"'})

    assert len(statements) == 1


@pytest.mark.usefixtures("noted")
def test_feed_costs_two_queries(client: FlaskClient, feed: str, count_queries: Any) -> None:
    with count_queries() as statements:
        client.get(feed)

    assert len(statements) == 2


def test_use_is_noted_once_an_hour(app: Flask, client: FlaskClient, feed: str) -> None:
    def used_at() -> datetime | None:
        with app.app_context():
            return db.session.scalars(select(FeedToken.last_used_at)).one()

    before = used_at()
    client.get(feed)
    first = used_at()
    client.get(feed)

    assert before is None
    assert first is not None
    assert used_at() == first


@pytest.fixture
def locked(app: Flask, feed: str) -> Iterator[None]:
    """Somebody else writes all the time, and the application does not wait for it."""

    def lose_patience(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout = 0")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", lose_patience)
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
    event.remove(engine, "checkout", lose_patience)


def test_busy_database_does_not_fail_the_feed(
    client: FlaskClient, feed: str, locked: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    response = client.get(feed)

    assert response.status_code == 200
    assert "a feed was read while the database was busy; its use is not noted" in caplog.messages


@pytest.mark.parametrize("name", ["werkzeug", "gunicorn.access", "waitress", "tumorboard"])
def test_token_is_in_no_log(
    app: Flask, client: FlaskClient, feed: str, token: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger=name)

    client.get(feed)
    logging.getLogger(name).warning('"GET %s HTTP/1.1" %s', feed, 200)

    assert token not in caplog.text
    assert '"GET /feeds/… HTTP/1.1" 200' in caplog.text


def test_token_is_not_in_the_log_of_an_accident(
    client: FlaskClient, feed: str, token: str, break_database: Any, caplog: pytest.LogCaptureFixture
) -> None:
    break_database(RuntimeError("the disk is gone"))

    response = client.get(feed)

    assert (response.status_code, response.data) == (500, b"Internal Server Error\n")
    assert "Exception on /feeds/…" in caplog.text
    assert token not in caplog.text


def test_records_of_access_logs_with_named_parts_are_rewritten() -> None:
    parts = {"r": "GET /feeds/secret.ics HTTP/1.1", "s": "200"}
    record = logging.LogRecord("gunicorn.access", logging.INFO, "", 0, '"%(r)s" %(s)s', (parts,), None)

    HideTokens().filter(record)

    assert record.getMessage() == '"GET /feeds/… HTTP/1.1" 200'


@pytest.mark.parametrize("typed", ["900101-2234567", "9001012234567", "900101%E2%80%932234567", "900101+-+2234567"])
def test_resident_number_in_a_search_is_in_no_log(typed: str) -> None:
    line = "GET /cases?program=ovarian&search=%s&state=ready HTTP/1.1"
    record = logging.LogRecord("waitress", logging.INFO, "", 0, line, (typed,), None)

    HideTokens().filter(record)

    assert record.getMessage() == line % "…"


def test_new_address_of_a_feed_ends_the_old_one(
    client: FlaskClient, coordinator: Program, program: Callable[..., Program]
) -> None:
    body = {"scope": "board", "subject": BOARD}

    old = coordinator.post("/feeds", body).get_json()["url"]
    new = coordinator.post("/feeds", body).get_json()

    assert new["webcal_url"] == new["url"].replace("http://", "webcal://")
    assert [client.get(url).status_code for url in (old, new["url"])] == [404, 200]
    assert [row["hint"] for row in coordinator.get("/feeds").get_json()["items"]] == [new["url"][-8:-4]]


def test_own_feed_needs_no_subject(client: FlaskClient, surgeon: Program) -> None:
    made = surgeon.post("/feeds", {"scope": "member"})

    assert made.status_code == 201
    assert client.get(made.get_json()["url"]).status_code == 200


def test_feed_of_another_member_is_not_for_a_surgeon(surgeon: Program, coordinator: Program) -> None:
    other = coordinator.get("/people").get_json()["items"][0]["id"]

    response = surgeon.post("/feeds", {"scope": "member", "subject": other})

    assert response.status_code == 403


def test_revoked_feed_is_gone(client: FlaskClient, coordinator: Program) -> None:
    url = coordinator.post("/feeds", {"scope": "board", "subject": BOARD}).get_json()["url"]

    response = coordinator.delete(f"/feeds/board/{BOARD}")

    assert response.status_code == 204
    assert client.get(url).status_code == 404
    assert coordinator.get("/feeds").get_json() == {"items": [], "total": 0}


def through_flask(app: Flask, path: str, **headers: str) -> tuple[str, dict[str, str], bytes]:
    """What the door behind the quick one answers."""
    behind = app.wsgi_app._behind  # type: ignore[attr-defined]
    response = Client(behind, Response).get(path, headers=headers)
    return response.status, dict(response.headers), response.data


@pytest.mark.usefixtures("noted")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "gzip;q=0, br"])
@pytest.mark.parametrize("known", [None, '"{etag}"', 'W/"{etag}"', '"a", "{etag}-gzip"', "*", '"other"'])
def test_quick_door_answers_as_the_other(
    app: Flask, feed: str, method: str, encoding: str, known: str | None, count_queries: Any
) -> None:
    headers = {"Accept-Encoding": encoding}
    if known:
        headers["If-None-Match"] = known.format(etag=stored(app).etag)
    with count_queries() as statements:
        quick = app.test_client(use_cookies=False).open(feed, method=method, headers=headers)

    status, slow_headers, body = through_flask(app, feed, **headers)

    assert (quick.status, dict(quick.headers)) == (status, slow_headers)
    assert quick.data == (b"" if method == "HEAD" else body)
    assert len(statements) == (1 if quick.status_code == 304 else 2)


def test_quick_door_behind_https_says_so(furnished_app: Callable[..., Flask]) -> None:
    app = furnished_app(BASE_URL="https://board.hospital.example")
    with app.app_context():
        session = db.session()
        token = feeds.rotate_feed(
            session, app.extensions["tumorboard"], scope="board", subject=BOARD, by=OPERATOR, now=datetime.now(UTC)
        )
        session.execute(update(FeedToken).values(last_used_at=datetime.now(UTC)))
        session.commit()

    quick = app.test_client().get(f"/feeds/{token}.ics")

    assert quick.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert dict(quick.headers) == through_flask(app, f"/feeds/{token}.ics")[1]


def test_free_busy_and_deadlines_have_addresses_over_the_api(
    client: FlaskClient, coordinator: Program, surgeon: Program
) -> None:
    deadlines = coordinator.post("/feeds", {"scope": "deadlines", "subject": BOARD}).get_json()["url"]
    free_busy = surgeon.post("/feeds", {"scope": "free_busy"}).get_json()["url"]

    assert surgeon.post("/feeds", {"scope": "deadlines", "subject": BOARD}).status_code == 403
    assert b"TRANSP:TRANSPARENT" in client.get(deadlines).data
    assert b"BEGIN:VFREEBUSY" in client.get(free_busy).data
    assert [row["detail"] for row in coordinator.get("/feeds").get_json()["items"]] == ["board"]
    assert [row["subject"] for row in coordinator.get("/feeds").get_json()["items"]] == [BOARD]


def test_level_that_a_feed_has_not_is_refused(surgeon: Program) -> None:
    wrong = [
        surgeon.post("/feeds", {"scope": "member", "detail": "names"}),
        surgeon.post("/feeds", {"scope": "free_busy", "detail": "full"}),
    ]

    assert [answer.status_code for answer in wrong] == [422, 422]
    assert wrong[1].get_json()["code"] == "unknown-detail"
