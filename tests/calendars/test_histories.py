"""After any history, whatever the mails went through, each calendar shows what the service says."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.calendars.histories import play
from tests.services.test_standing import weekly_centre
from tumorboard.services.setup import Setup

__all__ = ["weekly_centre"]


@pytest.mark.parametrize("seed", range(0, 40, 5))
def test_single_invitations_end_as_the_service_has_them_g8_g9(centre: Session, setup: Setup, seed: int) -> None:
    assert [problem for step in range(5) for problem in play(centre, setup, seed + step)] == []


@pytest.mark.parametrize("seed", range(1000, 1040, 5))
def test_series_end_as_the_service_has_them_g8_g9_g12_g13(weekly_centre: Session, setup: Setup, seed: int) -> None:
    assert [problem for step in range(5) for problem in play(weekly_centre, setup, seed + step)] == []
