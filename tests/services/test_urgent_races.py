"""Two people call at once: one meeting comes about, the other hears when the next moment is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, member_id
from tests.clinic import ANESTHESIA, OPERATOR_EMAIL, a_pregnancy, furnish_clinic
from tests.services.conftest import NOW
from tumorboard.domain.errors import Conflict
from tumorboard.services.checks import check_database
from tumorboard.services.setup import Setup
from tumorboard.services.urgent import call_urgent, decline_call
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.post import OutboxMessage


@pytest.fixture
def clinic(database_url: str, setup: Setup) -> Iterator[Engine]:
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish_clinic(session, setup, now=NOW)
    yield engine
    engine.dispose()


def refer(engine: Engine, setup: Setup, *references: str) -> list[str]:
    with Session(engine) as session:
        return [a_pregnancy(session, setup, now=NOW, reference=reference) for reference in references]


def call_together(engine: Engine, setup: Setup, calls: list[tuple[str, int]], members: tuple[str, ...]) -> list[str]:
    """Call for these cases, so many minutes after now, at the same moment; `done` or the code of the refusal."""
    start = threading.Barrier(len(calls))
    results: list[str] = []

    def run(case: str, minutes: int) -> None:
        with Session(engine) as session:
            start.wait()
            try:
                call_urgent(session, setup, case_id=case, at=NOW + timedelta(minutes=minutes), members=members,
                            by=OPERATOR, now=NOW)  # fmt: skip
                results.append("done")
            except Conflict as conflict:
                results.append(conflict.code)

    threads = [threading.Thread(target=run, args=each) for each in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def count(engine: Engine, setup: Setup) -> tuple[int, int, int]:
    """Published meetings, letters, and violated invariants."""
    with Session(engine) as session:
        meetings = session.scalars(select(func.count()).where(Meeting.status == "published")).one()
        letters = session.scalars(select(func.count()).select_from(OutboxMessage)).one()
        return meetings, letters, len(check_database(session, setup, now=NOW))


def test_one_case_called_from_four_browsers_is_called_once(clinic: Engine, setup: Setup) -> None:
    (case,) = refer(clinic, setup, "EC-1")

    results = call_together(clinic, setup, [(case, 30)] * 4, ())

    assert sorted(results) == ["already-called"] * 3 + ["done"]
    assert count(clinic, setup) == (1, 3, 0)


def test_one_operator_wanted_at_one_time_for_two_cases_comes_to_one(clinic: Engine, setup: Setup) -> None:
    first, second = refer(clinic, setup, "EC-1", "EC-2")
    with Session(clinic) as session:
        members = (member_id(session, OPERATOR_EMAIL), member_id(session, ANESTHESIA))

    results = call_together(clinic, setup, [(first, 30), (second, 35)], members)

    assert sorted(results) in (["done", "moment-gone"], ["busy", "done"])
    assert count(clinic, setup)[0::2] == (1, 0)


def test_two_who_decline_at_once_are_both_noted(clinic: Engine, setup: Setup) -> None:
    (case,) = refer(clinic, setup, "EC-1")
    with Session(clinic) as session:
        meeting = call_urgent(session, setup, case_id=case, at=NOW + timedelta(minutes=30), by=OPERATOR, now=NOW)
        meeting_id = meeting.meeting.public_id
        people = [member_id(session, OPERATOR_EMAIL), member_id(session, ANESTHESIA)]
    start = threading.Barrier(len(people))
    results: list[str] = []

    def decline(member: str) -> None:
        with Session(clinic) as session:
            start.wait()
            try:
                decline_call(session, setup, meeting_id=meeting_id, member_id=member, by=OPERATOR, now=NOW)
                results.append("done")
            except Conflict as conflict:
                results.append(conflict.code)

    threads = [threading.Thread(target=decline, args=(member,)) for member in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with Session(clinic) as session:
        rows = session.scalars(select(MeetingInvitation).where(MeetingInvitation.answer == "declined")).all()
        assert {row.status for row in rows} == {"withdrawn"}
        assert len(rows) == 2
    assert (results, count(clinic, setup)[2]) == (["done", "done"], 0)
