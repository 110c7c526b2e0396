"""A case that stands on a published meeting is withdrawn in one step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, case_id, furnish, import_list
from tests.replies import publish
from tests.services.conftest import NOW
from tumorboard.domain.errors import Conflict
from tumorboard.services.case_history import list_case_events
from tumorboard.services.case_removal import withdraw_scheduled
from tumorboard.services.checks import check_database
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Meeting


def test_scheduled_case_leaves_its_meeting_and_the_others_stay(any_session: Session, setup: Setup) -> None:
    furnish(any_session, setup, now=NOW)
    import_list(any_session, setup, now=NOW)
    publish(any_session, setup, now=NOW)
    meeting = any_session.scalars(select(Meeting).where(Meeting.status == "published")).one()
    stay = {item.case.reference: item.starts_at for item in meeting.agenda if item.case.reference != "C-2"}

    later = NOW + timedelta(minutes=1)
    letters = withdraw_scheduled(any_session, setup, case_id=case_id(any_session, "C-2"), by=OPERATOR, now=later)

    any_session.expire_all()
    assert {item.case.reference: item.starts_at for item in meeting.agenda} == stay
    assert any_session.scalars(select(Case.status).where(Case.reference == "C-2")).one() == "withdrawn"
    assert letters == 2  # urology is free, genetics has a shorter window
    codes = [event.code for event in list_case_events(any_session, case_id=case_id(any_session, "C-2"), by=OPERATOR)]
    assert codes[:2] == ["case:withdrawn", "case:taken-off"]
    assert check_database(any_session, setup, now=NOW) == ()


def test_case_on_no_meeting_is_not_taken_off(session: Session, setup: Setup) -> None:
    furnish(session, setup, now=NOW)
    import_list(session, setup, now=NOW)

    with pytest.raises(Conflict) as caught:
        withdraw_scheduled(session, setup, case_id=case_id(session, "C-1"), by=OPERATOR, now=NOW)

    assert caught.value.code == "not-scheduled"
