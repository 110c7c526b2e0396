"""DOOR: calendar feeds by secret address. Stored bytes, answered with 304 whenever the calendar has them already."""

from __future__ import annotations

import gzip
import logging
import re

from flask import Blueprint, Flask, request
from flask.wrappers import Response
from werkzeug.http import http_date

from tumorboard.domain.errors import Conflict
from tumorboard.services import feeds
from tumorboard.services.feeds import FeedHead
from tumorboard.web.auth import database, utc_now

_TOKEN = re.compile(r"(/feeds/)[^\s\"'?&/]+")
_LOGGERS = (
    "tumorboard",
    "werkzeug",
    "gunicorn.access",
    "gunicorn.error",
    "waitress",
    "waitress.queue",
    "flask-limiter",
)

door = Blueprint("feeds_door", __name__)


class HideFeedTokens(logging.Filter):
    """Takes the secret out of every log record that holds a feed address."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true; a record with a token is rewritten."""
        text = record.getMessage()
        if "/feeds/" in text:
            record.msg, record.args = _TOKEN.sub(r"\1…", text), ()
        return True


def register_feeds(app: Flask) -> None:
    """Register the door, and keep its tokens out of the logs of the application and of its web servers."""
    hide = HideFeedTokens()
    for name in {*_LOGGERS, app.logger.name}:
        logger = logging.getLogger(name)
        if not any(isinstance(known, HideFeedTokens) for known in logger.filters):
            logger.addFilter(hide)
    app.register_blueprint(door)


@door.get("/feeds/<token>.ics")
def show_feed(token: str) -> Response:
    """The feed a token opens. One query for 304, two for the bytes; a wrong and a revoked token give the same 404."""
    head = feeds.find_feed(database(), token=token)
    use_gzip = any(name == "gzip" and quality > 0 for name, quality in request.accept_encodings)
    if _is_known(head):
        response = Response(status=304)
    else:
        content = feeds.read_feed(database(), head)
        response = Response(gzip.compress(content, 6, mtime=0) if use_gzip else content)
        response.headers["Content-Type"] = "text/calendar; charset=utf-8"
        response.headers["Content-Disposition"] = "inline; filename=board.ics"
        if use_gzip:
            response.headers["Content-Encoding"] = "gzip"
    response.set_etag(_etag(head, use_gzip))
    response.headers["Last-Modified"] = http_date(head.modified_at)
    response.headers["Cache-Control"] = "private, max-age=0"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["X-Robots-Tag"] = "noindex"
    _note_use(head)
    return response


def _etag(head: FeedHead, use_gzip: bool) -> str:
    """A strong validator names bytes, so the compressed form has its own (RFC 9110 section 8.8.3.3)."""
    return f"{head.etag}-gzip" if use_gzip else head.etag


def _is_known(head: FeedHead) -> bool:
    """True when the calendar has these bytes. If-None-Match wins over If-Modified-Since (RFC 9110 section 13.2.2)."""
    if "If-None-Match" in request.headers:
        known = request.if_none_match
        return any(known.contains_weak(_etag(head, use_gzip)) for use_gzip in (False, True))
    since = request.if_modified_since
    return since is not None and head.modified_at.replace(microsecond=0) <= since


def _note_use(head: FeedHead) -> None:
    """Keep when the feed was last fetched; a calendar gets its answer even when the database is busy."""
    try:
        feeds.note_use(database(), head, now=utc_now())
    except Conflict:
        logging.getLogger(__name__).info("a feed was read while the database was busy; its use is not noted")
