"""A furnished centre for tests of use cases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from tests.builders import furnish, import_list
from tests.services.https_server import certified, server
from tumorboard.domain.program import load_programs
from tumorboard.services.setup import Setup

__all__ = ["NOW", "a_setup", "any_centre", "centre", "certified", "server", "setup"]

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
