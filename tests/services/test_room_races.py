"""Several people write in the room of one meeting at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, furnish, import_list, member_id
from tests.services.conftest import NOW, publish
from tests.services.held_meeting import NOTHING, TEXT, UROLOGY, hold, later, meeting_id
from tests.services.test_races import _together
from tumorboard.domain.discussions import stamp_of
from tumorboard.services.attendance import check_in
from tumorboard.services.discussions import save_recommendation
from tumorboard.services.meeting_records import read_record, sign_off
from tumorboard.services.setup import Setup
from tumorboard.store.discussions import Discussion, Presence
from tumorboard.store.meetings import Meeting


@pytest.fixture
def held(database_url: str, setup: Setup) -> Engine:
    """A published meeting on each engine, for several sessions at once."""
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        import_list(session, setup, now=NOW)
        publish(session, setup)
    return engine


def test_of_writers_at_once_one_is_kept_and_the_others_get_both_texts(held: Engine) -> None:
    with Session(held) as session:
        meeting, case = meeting_id(session), room_case(session)

    def writing(text: str) -> Callable[[Session], Any]:
        return lambda own: save_recommendation(
            own, meeting_id=meeting, case_id=case, text=text, stamp=NOTHING, by=OPERATOR, now=later(1)
        )

    results = _together(held, *[writing(f"Text {number}") for number in range(5)])

    with Session(held) as session:
        rows = session.scalars(select(Discussion)).all()
        assert len(rows) == 1
        assert rows[0].recommendation.startswith("Text ")
    assert results == ["done", *["text-changed-meanwhile"] * 4]
    held.dispose()


def test_member_who_is_noted_by_several_at_once_is_there_once(held: Engine) -> None:
    with Session(held) as session:
        meeting, hers = meeting_id(session), member_id(session, UROLOGY)

    results = _together(
        held, *[lambda own: check_in(own, meeting_id=meeting, member_ids=[hers], by=OPERATOR, now=later(0))] * 5
    )

    with Session(held) as session:
        assert len(session.scalars(select(Presence)).all()) == 1
    assert results == ["done"] * 5
    held.dispose()


def test_text_and_signature_at_once_never_leave_a_changed_signed_record(held: Engine, setup: Setup) -> None:
    with Session(held) as session:
        first, _ = hold(session)
        meeting, case = meeting_id(session), room_case(session)

    def write(own: Session) -> None:
        save_recommendation(
            own, meeting_id=meeting, case_id=case, text="Late", stamp=stamp_of(TEXT), by=OPERATOR, now=later(99)
        )

    def close(own: Session) -> None:
        sign_off(own, setup, meeting_id=meeting, by=OPERATOR, now=later(99))

    results = _together(held, write, close)

    with Session(held) as session:
        record = read_record(session, setup, meeting_id=meeting, by=OPERATOR, now=later(120))
    assert results in (["done", "done"], ["done", "record-signed"])
    assert record.is_unchanged
    held.dispose()


def room_case(session: Session) -> str:
    """The public id of the first case of the meeting."""
    meeting = session.scalars(select(Meeting).where(Meeting.status == "published")).one()
    return meeting.agenda[0].case.public_id
