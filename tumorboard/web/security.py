"""Headers on every response that tell browsers what they must not do, and logs without the secrets of addresses."""

from __future__ import annotations

import logging
import re
from urllib.parse import unquote_plus

from flask import Flask, abort, current_app, request
from flask.wrappers import Response

from tumorboard.domain.identity import has_resident_number
from tumorboard.web.calendar_paths import is_for_calendars

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
"""No inline script or style, nothing from elsewhere."""

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Content-Type-Options": "nosniff",
}

_TOKEN = re.compile(r"(/(?:answer|feeds|letters|password)/)[^\s\"'?&/]+")
_ASKED = re.compile(r"(?<=[?&])([\w-]+=)([^&\s\"']+)")
_FROM_LETTERS = ("/answer/", "/letters/", "/password/")
_LOGGERS = (
    "tumorboard",
    "werkzeug",
    "gunicorn.access",
    "gunicorn.error",
    "waitress",
    "waitress.queue",
    "flask-limiter",
)


class HideTokens(logging.Filter):
    """Takes out of every log record what addresses must not tell: secrets of feeds and letters, resident numbers."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true; a record with a token is rewritten."""
        text = record.getMessage()
        hidden = _ASKED.sub(_hide_number, _TOKEN.sub(r"\1…", text))
        if hidden != text:
            record.msg, record.args = hidden, ()
        return True


def register_security(app: Flask) -> None:
    """Add the headers to every response, errors included; refuse what no database takes; keep tokens out of logs."""
    _hide_tokens(app)
    app.before_request(_refuse_nul)
    app.after_request(_add_headers)


def _hide_tokens(app: Flask) -> None:
    """In the logs of the application and of its web servers."""
    for name in {*_LOGGERS, app.logger.name}:
        logger = logging.getLogger(name)
        if not any(isinstance(known, HideTokens) for known in logger.filters):
            logger.addFilter(HideTokens())


def _refuse_nul() -> None:
    """No database takes a NUL in a text, and no person types one."""
    is_for_programs = request.path.startswith("/api/") or is_for_calendars(request.path)
    texts = [request.path, *request.args.values(), *(() if is_for_programs else request.form.values())]
    if any("\x00" in text for text in texts):
        abort(404 if "\x00" in request.path else 400)


def _hide_number(asked: re.Match[str]) -> str:
    return f"{asked[1]}…" if has_resident_number(unquote_plus(asked[2])) else asked[0]


def list_calendar_headers(*, is_secure: bool) -> dict[str, str]:
    """What `_add_headers` adds to an answer for a calendar program, for answers that are given before Flask."""
    transport = {"Strict-Transport-Security": "max-age=31536000"} if is_secure else {}
    return {**_HEADERS, "Referrer-Policy": "no-referrer", **transport}


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers[name] = value
    # Under https the CSRF check compares the Referer, so pages send it to this site, and to no other.
    is_feed = is_for_calendars(request.path)
    elsewhere = "strict-origin" if request.path.startswith(_FROM_LETTERS) else "same-origin"
    response.headers["Referrer-Policy"] = "no-referrer" if is_feed else elsewhere
    if not is_feed and not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    if request.is_secure or current_app.config["PREFERRED_URL_SCHEME"] == "https":
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
