"""The session of a browser: log in, log out, who am I."""

from __future__ import annotations

from typing import Any

from flask_wtf.csrf import generate_csrf

from tumorboard.services import accounts
from tumorboard.web.api.door import Door
from tumorboard.web.auth import (
    current_account,
    current_actor,
    current_language,
    database,
    is_program,
    limit_failed_log_in,
    log_in_account,
    log_out,
    utc_now,
)
from tumorboard.web.schemas.operation import LogInAsk, SessionAnswer, present_account

door = Door("session", description="Log in, log out, who am I", public=True)


@door.get("/session")
@door.response(200, SessionAnswer)
def show_session() -> dict[str, Any]:
    """Who am I

    Also begins the session that log-in needs: send its `csrf_token` as X-CSRFToken.
    """
    return _show()


@door.post("/session")
@limit_failed_log_in
@door.arguments(LogInAsk)
@door.response(200, SessionAnswer)
def log_in(asked: dict[str, Any]) -> dict[str, Any]:
    """Log in

    Ten tries a minute from one address.
    """
    account = accounts.log_in(database(), email=asked["email"], password=asked["password"], now=utc_now())
    log_in_account(account)
    return _show()


@door.delete("/session")
@door.response(204)
def end_session() -> None:
    """Log out, here and everywhere else"""
    current_actor()
    log_out(everywhere=True)


def _show() -> dict[str, Any]:
    account = current_account()
    shown = present_account(account, current_actor(), current_language()) if account else None
    return {"account": shown, "csrf_token": "" if is_program() else generate_csrf()}
