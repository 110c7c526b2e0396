"""Who is asking: log-in sessions for people, bearer tokens for programs, CSRF protection and the limit on log-ins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from flask import Flask, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask.wrappers import Response
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import Session

from tumorboard.domain.errors import NotAllowed
from tumorboard.services import accounts
from tumorboard.services.access import Actor
from tumorboard.services.setup import Setup
from tumorboard.store.db import db
from tumorboard.store.people import Account
from tumorboard.web.authorization import read_authorization
from tumorboard.web.calendar_paths import is_for_calendars
from tumorboard.words import LANGUAGES, choose_language

LANGUAGE_COOKIE = "language"
SHORTCUTS_COOKIE = "shortcuts"
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

login_manager = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, headers_enabled=True)
limit_log_in = limiter.shared_limit("10 per minute", scope="log-in", methods=["POST"])
"""Decorator for every door that takes a password: they share one count per address."""
limit_failed_log_in = limiter.shared_limit(
    "10 per minute", scope="log-in", methods=["POST"], deduct_when=lambda response: response.status_code >= 400
)
"""The same where a wrong password is answered with an error: a ward behind one address may log in as often as it is
right."""


class LoggedIn(UserMixin):
    """An account as flask-login carries it; its id ends with the session key, which changes to end all sessions."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.id = f"{account.public_id}:{account.session_key}"


class _Sessions(SecureCookieSessionInterface):
    """Session cookies for people. Calendar programs get none: a feed answers without looking at cookies."""

    def open_session(self, app: Flask, request: Any) -> Any:
        if is_for_calendars(request.path):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not is_for_calendars(request.path):
            super().save_session(app, session, response)


def register_auth(app: Flask) -> None:
    """Install sessions, CSRF protection and the limiter."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # `_check_csrf` decides; programs with a token send none
    app.session_interface = _Sessions()
    login_manager.session_protection = None  # the cookie is signed, ends after hours, and dies with the session key
    login_manager.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(_check_csrf)


@login_manager.user_loader
def _load_user(identity: str) -> LoggedIn | None:
    """The account of a session cookie; None after `session_hours`, however busy the session was."""
    public_id, _, session_key = identity.partition(":")
    logged_in_at = session.get("logged_in_at")
    lifetime: timedelta = current_app.permanent_session_lifetime
    if not isinstance(logged_in_at, int) or utc_now() - datetime.fromtimestamp(logged_in_at, UTC) > lifetime:
        return None
    account = accounts.find_account(database(), public_id=public_id, session_key=session_key)
    return LoggedIn(account) if account else None


def _check_csrf() -> None:
    """Every change that a browser could be tricked into needs the token of its session.

    A bearer token is never sent by a browser on its own; a change over the API without any log-in is refused anyway,
    and calendar programs can change nothing.
    """
    if request.method not in UNSAFE_METHODS or not current_app.config["WTF_CSRF_ENABLED"]:
        return
    if request.path.startswith("/letters/") and request.form.get("List-Unsubscribe") == "One-Click":
        return  # RFC 8058: the address is the secret, and a mail program has no session
    if is_for_calendars(request.path) or request.path.startswith("/api/") and (is_program() or _is_refused_anyway()):
        return
    csrf.protect()


def _is_refused_anyway() -> bool:
    return current_account() is None and request.path != "/api/v1/session"


def _bearer() -> str | None:
    """The bearer token of the request; only the API takes one."""
    given = read_authorization()
    if not request.path.startswith("/api/") or given is None or given.type != "bearer":
        return None
    return given.token or ""


def utc_now() -> datetime:
    """The instant a door hands to its service."""
    return datetime.now(UTC)


def is_program() -> bool:
    """True when the request carries a bearer token, which counts alone, whatever cookies say."""
    return _bearer() is not None


def database() -> Session:
    """The database session of the request, as services take it."""
    return db.session()


def setup() -> Setup:
    """What the installation fixes for all use cases."""
    return cast("Setup", current_app.extensions["tumorboard"])


def current_account() -> Account | None:
    """The account behind the request, None for a stranger. A bearer token counts alone, whatever cookies say.

    Raises NotAllowed `unknown-token` for a token that is unknown, revoked or ended.
    """
    token = _bearer()
    if token is None:
        return cast("LoggedIn", current_user).account if current_user.is_authenticated else None
    if "account" not in g:
        g.account = accounts.find_token(database(), token=token, now=utc_now())
    if g.account is None:
        raise NotAllowed("this token is unknown, revoked or too old; ask an administrator", code="unknown-token")
    return cast("Account", g.account)


def current_actor() -> Actor:
    """Who asks. Raises NotAllowed `log-in-needed` for a stranger: 401 from the API, the log-in page otherwise."""
    if "actor" not in g:
        account = current_account()
        if account is None:
            raise NotAllowed("log in first", code="log-in-needed")
        g.actor = accounts.account_actor(account)
    return cast("Actor", g.actor)


def current_language() -> str:
    """`ko` or `en`: the account's choice, else `?lang=`, the cookie, what the browser asks for, the centre's."""
    account = current_account()
    chosen = (account.language if account else "") or request.args.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    if chosen:
        return choose_language(chosen)
    return request.accept_languages.best_match(LANGUAGES) or setup().language


def shortcuts_on() -> bool:
    """False where the reader has switched single-letter keys off on this device (WCAG 2.1.4)."""
    return request.cookies.get(SHORTCUTS_COOKIE) != "off"


def own_zone() -> str:
    """The zone in which the reader wants her own times: that of her account, else of her letters, else the centre's."""
    account = current_account()
    if account is None:
        return setup().time_zone
    return account.time_zone or (account.member.time_zone if account.member else "") or setup().time_zone


def log_in_account(account: Account) -> None:
    """Begin a session for the account. Whatever an earlier session held is dropped, its CSRF token too."""
    session.clear()
    session.permanent = True
    session["logged_in_at"] = int(utc_now().timestamp())
    login_user(LoggedIn(account))
    for name in ("actor", "csrf_token"):
        g.pop(name, None)


def log_out(*, everywhere: bool) -> None:
    """End the session of this browser, or every session of the account behind the request."""
    account = current_account()
    if account is not None:
        end = accounts.end_sessions if everywhere else accounts.note_log_out
        end(database(), by=current_actor(), now=utc_now())
    logout_user()
    session.clear()
    for name in ("actor", "csrf_token"):
        g.pop(name, None)


def next_path(default: str = "/") -> str:
    """Where to go after log-in: the `next` of the request if it is a path of this site, else the default."""
    wanted = request.values.get("next", "")
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_local else default
