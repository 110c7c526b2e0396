"""Who opens the CalDAV door: the token of a feed as the password, and how often a wrong one may be tried.

A token has 256 random bits, so nobody guesses one; the limit keeps programs with an ended link from asking on and on.
"""

from __future__ import annotations

import time

from flask_limiter.util import get_remote_address
from limits import parse

from tumorboard.domain.errors import NotFound
from tumorboard.services import feeds
from tumorboard.services.feeds import FeedHead
from tumorboard.web.auth import database, limiter
from tumorboard.web.authorization import read_authorization

_TRIES = parse("10 per minute")
_SCOPE = "caldav-log-in"


def find_head() -> FeedHead | None:
    """The feed whose token is the password; None for a wrong or ended one, and for a feed without events."""
    password = _password()
    if not password:
        return None
    try:
        head = feeds.find_feed(database(), token=password)
    except NotFound:
        return None
    return None if head.scope == "free_busy" else head


def count_failure() -> int:
    """Count a wrong password of an address and user name; gives the seconds to wait once there were too many.

    A right password is never counted and never waits; who sends none at all has not tried yet.
    """
    given = read_authorization()
    if given is None or not _password() or not limiter.enabled:
        return 0
    who = (_SCOPE, get_remote_address(), (given.username or "")[:64])
    if limiter.limiter.hit(_TRIES, *who):
        return 0
    return max(1, int(limiter.limiter.get_window_stats(_TRIES, *who).reset_time - time.time()) + 1)


def _password() -> str:
    given = read_authorization()
    return given.password or "" if given is not None and given.type == "basic" else ""
