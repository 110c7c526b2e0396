"""DOOR: calendar feeds by secret address. Stored bytes, answered with 304 whenever the calendar has them already."""

from __future__ import annotations

import logging

from flask import Blueprint, Flask, request
from flask.wrappers import Response
from werkzeug.http import http_date, parse_accept_header

from tumorboard.domain.errors import Conflict
from tumorboard.services import feeds
from tumorboard.services.feeds import FeedHead
from tumorboard.web.auth import database, utc_now

CALENDAR_TYPE = "text/calendar; charset=utf-8"
FEED_HEADERS = {"Cache-Control": "private, max-age=0", "Vary": "Accept-Encoding", "X-Robots-Tag": "noindex"}
ROBOTS = "User-agent: *\nAllow: /feeds/\nDisallow: /\n"
"""Google Calendar asks robots.txt before it fetches a feed; nothing here is for search engines (X-Robots-Tag)."""

door = Blueprint("feeds_door", __name__)


def register_feeds(app: Flask) -> None:
    """Register the door. Its tokens stay out of logs by `security.HideTokens`."""
    app.register_blueprint(door)


@door.get("/robots.txt")
def show_robots() -> Response:
    """Calendar programs may fetch feeds; everything else is behind a log-in."""
    return Response(ROBOTS, mimetype="text/plain")


@door.get("/feeds/<token>.ics")
def show_feed(token: str) -> Response:
    """The feed a token opens. One query for 304, two for the bytes; a wrong and a revoked token give the same 404."""
    return answer_feed(feeds.find_feed(database(), token=token))


def answer_feed(head: FeedHead) -> Response:
    """304 for a calendar that has the bytes, else the bytes as they are stored: compressed for those who ask for it."""
    use_gzip = accepts_gzip(request.environ.get("HTTP_ACCEPT_ENCODING", ""))
    if is_known(head.etag, head):
        response = Response(status=304)
    else:
        response = Response(feeds.read_feed(database(), head, compressed=use_gzip), content_type=CALENDAR_TYPE)
        response.headers["Content-Disposition"] = "inline; filename=board.ics"
        if use_gzip:
            response.headers["Content-Encoding"] = "gzip"
    response.headers["ETag"] = feed_etag(head, use_gzip)
    response.headers["Last-Modified"] = http_date(head.modified_at)
    response.headers.update(FEED_HEADERS)
    note_use(head)
    return response


def feed_etag(head: FeedHead, use_gzip: bool) -> str:
    """A strong validator names bytes, so the compressed form has its own (RFC 9110 section 8.8.3.3)."""
    return f'"{head.etag}-gzip"' if use_gzip else f'"{head.etag}"'


def accepts_gzip(asked: str) -> bool:
    """True when an Accept-Encoding names gzip and does not refuse it."""
    if "gzip" not in asked:
        return False
    return any(name == "gzip" and quality > 0 for name, quality in parse_accept_header(asked))


def is_known(etag: str, head: FeedHead) -> bool:
    """True when the calendar has these bytes, plain or compressed.

    If-None-Match wins over If-Modified-Since (RFC 9110 section 13.2.2).
    """
    if "HTTP_IF_NONE_MATCH" in request.environ:
        known = request.if_none_match
        return known.contains_weak(etag) or known.contains_weak(f"{etag}-gzip")
    since = request.if_modified_since
    return since is not None and head.modified_at.replace(microsecond=0) <= since


def note_use(head: FeedHead) -> None:
    """Keep when the feed was last fetched; a calendar gets its answer even when the database is busy."""
    try:
        feeds.note_use(database(), head, now=utc_now())
    except Conflict:
        logging.getLogger(__name__).info("a feed was read while the database was busy; its use is not noted")
