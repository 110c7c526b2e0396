"""DOOR: the usual answers of a feed, given before Flask begins, because calendars ask the same every few minutes.

Only a feed that opens, asked in the usual words, is answered here, with the headers the other door would send. All
else goes on to it: wrong tokens, dates, accidents, and the request that is noted as the use of the hour.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import Engine
from werkzeug.http import http_date

from tumorboard.services.feed_quick import QuickFeeds
from tumorboard.services.feeds import USE_IS_NOTED_EVERY, FeedHead
from tumorboard.store.db import db
from tumorboard.web.feeds import FEED_HEADERS, accepts_gzip, feed_etag
from tumorboard.web.security import list_calendar_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX, SUFFIX = "/feeds/", ".ics"
_UNUSUAL = ("HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE")


def register_quick_feeds(app: Flask) -> None:
    """Put the quick door before the application."""
    app.wsgi_app = QuickDoor(app, app.wsgi_app)  # type: ignore[method-assign]


class QuickDoor:
    """Stands before the application."""

    def __init__(self, app: Flask, behind: WSGIApplication) -> None:
        self._app = app
        self._behind = behind
        self._lock = Lock()
        self._engine: Engine | None = None
        is_secure = app.config["PREFERRED_URL_SCHEME"] == "https"
        self._headers = [
            *((name, value) for name, value in FEED_HEADERS.items()),
            *list_calendar_headers(is_secure=is_secure).items(),
        ]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(PREFIX) and path.endswith(SUFFIX) and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            answer = self._answer(environ, path[len(PREFIX) : -len(SUFFIX)])
            if answer is not None:
                status, headers, body = answer
                start_response(status, headers)
                return [body]
        return self._behind(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, token: str) -> tuple[str, list[tuple[str, str]], bytes] | None:
        """Status, headers and body; None for the other door."""
        if environ["wsgi.url_scheme"] == "https" or any(name in environ for name in _UNUSUAL):
            return None
        engine = self._find_engine()
        try:
            with closing(engine.raw_connection()) as connection:
                head = self._feeds.find(connection, token=token)
                if head is None or not _is_noted(head):
                    return None
                use_gzip = accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
                headers = [("ETag", feed_etag(head, use_gzip))]
                if _is_known(environ.get("HTTP_IF_NONE_MATCH"), head):
                    return "304 NOT MODIFIED", headers + self._headers, b""
                body = self._feeds.read(connection, head, compressed=use_gzip)
        except Exception:  # the other door meets the same accident, and is the one that reports it
            logging.getLogger(__name__).debug("a feed goes the long way", exc_info=True)
            return None
        if body is None:
            return None
        headers += [
            ("Last-Modified", http_date(head.modified_at)),
            ("Content-Type", "text/calendar; charset=utf-8"), ("Content-Length", str(len(body))),
            ("Content-Disposition", "inline; filename=board.ics"),
        ]  # fmt: skip
        headers += [("Content-Encoding", "gzip")] if use_gzip else []
        return "200 OK", headers + self._headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else body

    def _find_engine(self) -> Engine:
        """The engine of the application, once it is there; statements are compiled for it then."""
        if self._engine is None:
            with self._lock, self._app.app_context():
                self._feeds = QuickFeeds(db.engine.dialect)
                self._engine = db.engine
        return self._engine


def _is_noted(head: FeedHead) -> bool:
    return head.last_used_at is not None and datetime.now(UTC) - head.last_used_at <= USE_IS_NOTED_EVERY


def _is_known(given: str | None, head: FeedHead) -> bool:
    """True when If-None-Match names the bytes, plain or compressed."""
    if not given:
        return False
    names = {name.strip().removeprefix("W/").strip('"') for name in given.split(",")}
    return not names.isdisjoint((head.etag, f"{head.etag}-gzip", "*"))
