"""A furnished centre for tests of use cases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, furnish, import_list
from tests.services.https_server import certified, server
from tumorboard.domain.program import load_programs
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup

__all__ = ["NOW", "a_setup", "any_centre", "board", "centre", "certified", "publish", "server", "setup", "small"]

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
"""A Sunday noon in Seoul; the first meeting is on Tuesday, 24 November 2026, at 07:30 there."""


def a_setup(**changes: object) -> Setup:
    """The settings of a test centre."""
    values: dict[str, object] = {
        "programs": load_programs(None),
        "base_url": "https://board.hospital.example",
        "mail_domain": "hospital.example",
        "mail_from": "board@hospital.example",
        "holidays": "KR",
        "plan_seconds": 1,
    }
    return Setup(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def setup() -> Setup:
    return a_setup()


@pytest.fixture
def centre(session: Session, setup: Setup) -> Session:
    """A session on the small centre with three cases."""
    furnish(session, setup, now=NOW)
    import_list(session, setup, now=NOW)
    return session


@pytest.fixture
def any_centre(any_session: Session, setup: Setup) -> Session:
    """The same on each engine."""
    furnish(any_session, setup, now=NOW)
    import_list(any_session, setup, now=NOW)
    return any_session


def publish(session: Session, setup: Setup) -> None:
    """What is proposed at `NOW` becomes what everybody sees; the letters wait."""
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)


@pytest.fixture
def board(any_centre: Session, setup: Setup) -> Session:
    """C-1 and C-2 published on Sunday for Tuesday at 07:30; the list closes on Monday at 07:30."""
    publish(any_centre, setup)
    return any_centre


@pytest.fixture
def small(centre: Session, setup: Setup) -> Session:
    """The same on SQLite only."""
    publish(centre, setup)
    return centre
