"""Decided messages are forgotten after a while; what waits for somebody stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.services.conftest import NOW, a_setup
from tumorboard.domain.errors import NotAllowed
from tumorboard.services.access import Role, actor_with, operator
from tumorboard.services.inbound_retention import JOB, forget_messages
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import InboundMessage
from tumorboard.store.post import AuditEvent

CLOCK = operator(JOB)
DAY = timedelta(days=1)


def add(session: Session, name: str, state: str, received: datetime, decided: datetime | None = None) -> None:
    session.add(
        InboundMessage(
            digest=name, received_at=received, sender="kim@hospital.example", method="REPLY", uid="u", effect="none",
            reason="", state=state, decided_at=decided,
        )
    )  # fmt: skip
    session.commit()


def kept(session: Session) -> list[str]:
    return sorted(session.scalars(select(InboundMessage.digest)))


def test_decided_messages_go_and_open_ones_stay(any_session: Session, setup: Setup) -> None:
    old, young = NOW - 401 * DAY, NOW - 399 * DAY
    for state in ("done", "accepted", "declined", "dismissed"):
        add(any_session, f"old {state}", state, old, None if state == "done" else old)
        add(any_session, f"young {state}", state, young)
    add(any_session, "old open", "open", old)
    add(any_session, "decided lately", "accepted", NOW - 900 * DAY, young)

    first, again = (forget_messages(any_session, setup, by=CLOCK, now=NOW) for _ in range(2))

    assert (first, again) == (4, 0)
    assert kept(any_session) == [
        "decided lately", "old open", "young accepted", "young declined", "young dismissed", "young done",
    ]  # fmt: skip
    events = [(each.action, each.detail) for each in any_session.scalars(select(AuditEvent))]
    assert events == [("messages:forgotten", {"messages": 4})]


@pytest.mark.parametrize(("days", "left"), [(30, []), (31, ["a"])])
def test_setting_says_how_long(session: Session, days: int, left: list[str]) -> None:
    add(session, "a", "done", NOW - 30 * DAY - timedelta(seconds=1))

    forget_messages(session, a_setup(inbox_days=days), by=CLOCK, now=NOW)

    assert kept(session) == left


def test_nobody_else_makes_it_forget(session: Session, setup: Setup) -> None:
    with pytest.raises(NotAllowed):
        forget_messages(session, setup, by=actor_with("x", frozenset({Role.AUDITOR})), now=NOW)
