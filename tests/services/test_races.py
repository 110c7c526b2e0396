"""Two browsers at once: the same draft, the same member, the same room. One wins, the other gets a clear answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, a_case_csv, a_case_row, a_centre, furnish, import_list
from tests.services.conftest import NOW
from tumorboard.domain.errors import Conflict
from tumorboard.services.case_lists import import_cases
from tumorboard.services.checks import check_database
from tumorboard.services.meetings import add_meeting
from tumorboard.services.planning import edit_draft, propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Booking, Meeting
from tumorboard.store.plans import Draft
from tumorboard.store.post import OutboxMessage

TODAY = date(2026, 11, 22)


def _together(engine: Engine, *steps: Callable[[Session], Any]) -> list[str]:
    """Run the steps at the same moment, each with a session of its own; `done` or the code of the refusal."""
    start = threading.Barrier(len(steps))
    results: list[str] = []

    def run(step: Callable[[Session], Any]) -> None:
        with Session(engine) as session:
            start.wait()
            try:
                step(session)
                results.append("done")
            except Conflict as conflict:
                results.append(conflict.code)

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def test_one_draft_published_from_six_browsers_is_published_once(database_url: str, setup: Setup) -> None:
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        import_list(session, setup, now=NOW)
        draft = propose(session, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id

    def publish(session: Session) -> None:
        publish_draft(session, setup, draft_id=draft, by=OPERATOR, now=NOW)

    results = _together(engine, *[publish] * 6)

    with Session(engine) as session:
        letters = session.scalars(select(func.count()).select_from(OutboxMessage)).one()
        violations = check_database(session, setup, now=NOW)
    engine.dispose()
    assert results.count("done") == 1
    assert set(results) <= {
        "done",
        "draft-closed",
        "board-changed",
        "changed-meanwhile",
        "double-booked",
        "already-exists",
        "busy",
    }
    assert (letters, violations) == (6, ())


def test_two_boards_that_want_one_member_at_one_time_get_her_once(database_url: str, setup: Setup) -> None:
    engine = create_engine(database_url)
    content = a_centre()
    second = {**content["boards"][0], "key": "second", "program": "perinatal", "core": ["radiology"], "on_demand": []}
    second["series"] = [{**second["series"][0], "room": "room-b", "local_time": time(8, 0)}]
    content["boards"].append(second)
    content["departments"][0]["specialties"] += ["fetal_medicine", "neonatology"]
    content["members"][2]["specialties"] = ["radiology", "fetal_medicine", "neonatology"]
    with Session(engine) as session:
        furnish(session, setup, now=NOW, centre=content)
        import_list(session, setup, now=NOW)
        import_cases(session, setup, program="perinatal", content=b"reference,anomaly_groups\nP-1,cns\n",
                     filename="p.csv", by=OPERATOR, now=NOW)  # fmt: skip
        boards = (BOARD, "second")
        drafts = [propose(session, setup, board=key, weeks=1, by=OPERATOR, now=NOW).public_id for key in boards]

    def publish(draft: str) -> Callable[[Session], Any]:
        return lambda session: publish_draft(session, setup, draft_id=draft, by=OPERATOR, now=NOW)

    results = _together(engine, *[publish(draft) for draft in drafts])

    with Session(engine) as session:
        violations = check_database(session, setup, now=NOW)
        booked = session.scalars(select(func.count()).select_from(Booking)).one()
    engine.dispose()
    assert results.count("done") == 1
    assert set(results) <= {"done", "double-booked", "plan-broken", "busy"}
    assert violations == ()
    assert booked > 0


def test_one_room_asked_for_twice_is_given_once(database_url: str, setup: Setup) -> None:
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)

    def book(minute: int) -> Callable[[Session], Any]:
        return lambda session: add_meeting(
            session, setup, board=BOARD, on=date(2026, 11, 26), local_time=time(16, minute), minutes=60, room="room-b",
            by=OPERATOR, now=NOW,
        )  # fmt: skip

    results = _together(engine, *[book(minute) for minute in (0, 10, 20, 30)])

    engine.dispose()
    assert results.count("done") == 1
    assert set(results) <= {"done", "room-taken", "double-booked", "busy"}


def test_two_edits_of_one_draft_do_not_overwrite_each_other(database_url: str, setup: Setup) -> None:
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        rows = [a_case_row(f"C-{number}", on=TODAY) for number in range(1, 5)]
        import_list(session, setup, now=NOW, content=a_case_csv(rows))
        draft = propose(session, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW).public_id

    def leave_out(reference: str) -> Callable[[Session], Any]:
        return lambda session: edit_draft(session, setup, draft_id=draft, reference=reference, meeting_id=None,
                                          position=None, by=OPERATOR, now=NOW + timedelta(minutes=1))  # fmt: skip

    results = _together(engine, *[leave_out(f"C-{number}") for number in range(1, 5)])

    with Session(engine) as session:
        left_out = session.scalars(select(Draft.plan)).one()["proposal"]["left_out"]
    engine.dispose()
    assert len(left_out) == results.count("done") >= 1
    assert set(results) <= {"done", "board-changed", "changed-meanwhile", "busy"}


def test_two_coordinators_cancel_and_publish_one_meeting_one_after_the_other(database_url: str, setup: Setup) -> None:
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        import_list(session, setup, now=NOW)
        draft = propose(session, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW)
        meeting = next(plan["meeting"] for plan in draft.plan["proposal"]["meetings"] if plan["agenda"])
        draft_id = draft.public_id

    def publish(session: Session) -> None:
        publish_draft(session, setup, draft_id=draft_id, by=OPERATOR, now=NOW)

    def cancel(session: Session) -> None:
        cancel_meeting(session, setup, meeting_id=meeting, by=OPERATOR, now=NOW)

    results = _together(engine, publish, cancel, publish, cancel)

    with Session(engine) as session:
        violations = check_database(session, setup, now=NOW)
        status = session.scalars(select(Meeting.status).where(Meeting.public_id == meeting)).one()
    engine.dispose()
    assert (violations, status) == ((), "cancelled")
    assert set(results) <= {
        "done",
        "meeting-cancelled",
        "draft-closed",
        "board-changed",
        "changed-meanwhile",
        "plan-broken",
        "busy",
    }
    assert results.count("done") in (1, 2)
