"""Pages behind the signed links of letters: in the language of the letter, and in no search engine."""

from __future__ import annotations

from flask import g, make_response, request
from werkzeug.wrappers import Response

from tumorboard.web.auth import LANGUAGE_COOKIE
from tumorboard.web.pages.frame import known_account
from tumorboard.words import Words


def speak(language: str) -> None:
    """In the language of the letter, unless whoever looks has chosen one."""
    if not (request.cookies.get(LANGUAGE_COOKIE) or request.args.get("lang") or known_account()):
        g.words = Words(language)


def unlisted(response: Response) -> Response:
    """The response, kept out of search engines."""
    found = make_response(response)
    found.headers["X-Robots-Tag"] = "noindex, nofollow"
    return found
