"""Two coordinators at once: the same substitute for two meetings, two substitutes for one place, two declines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR, a_member_entry, furnish, import_list, member_id
from tests.clinic import deliver
from tests.services.conftest import NOW
from tests.services.test_races import _together
from tests.stand_ins import (
    UROLOGY,
    UROLOGY_DEPUTY,
    UROLOGY_OTHER,
    UROLOGY_SECOND,
    a_staffed_centre,
    answer,
    coming,
    furnish_staffed,
    invitation,
)
from tumorboard.services.case_lists import import_cases
from tumorboard.services.checks import check_database
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.services.substitutes import ask_instead
from tumorboard.store.meetings import Booking, Meeting, MeetingInvitation, Resource
from tumorboard.store.people import Member

FETAL = "han.fetal@hospital.example"
NEONATOLOGY = "nam.neonatology@hospital.example"
BOTH = "oh.both@hospital.example"
"""Holds urology and neonatology."""

REFUSED = {"not-suited", "double-booked", "changed-meanwhile", "not-invited", "busy"}
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = create_engine(database_url)
    yield made
    made.dispose()


def furnish_two_boards(session: Session, setup: Setup) -> None:
    """A second board meets at the same time in another room; of each, one member has declined."""
    centre = a_staffed_centre()
    names = ("fetal_medicine", "neonatology")
    centre["departments"] += [{"key": name, "name": {"en": name, "ko": name}, "specialties": [name]} for name in names]
    centre["members"] += [
        {**a_member_entry(FETAL, "fetal_medicine"), "specialties": ["fetal_medicine", "radiology"]},
        a_member_entry(NEONATOLOGY, "neonatology"),
        {**a_member_entry(BOTH, "urology"), "specialties": ["urology", "neonatology"]},
    ]
    series = [{**centre["boards"][0]["series"][0], "room": "room-b", "local_time": time(7, 30)}]
    centre["boards"].append(
        {
            "key": "second", "program": "perinatal", "name": {"en": "Perinatal board", "ko": "주산기 다학제"},
            "core": list(names), "on_demand": ["radiology"], "series": series,
            "holders": {"fetal_medicine": [FETAL], "neonatology": [NEONATOLOGY]},
        }
    )  # fmt: skip
    furnish(session, setup, now=NOW, centre=centre)
    import_list(session, setup, now=NOW)
    import_cases(
        session, setup, program="perinatal", content=b"reference,anomaly_groups\nP-1,cns\n", filename="p.csv",
        by=OPERATOR, now=NOW,
    )  # fmt: skip
    for key in (BOARD, "second"):
        draft = propose(session, setup, board=key, weeks=1, by=OPERATOR, now=NOW)
        publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)
    deliver(session, now=NOW)
    for email in (UROLOGY, NEONATOLOGY):
        answer(session, setup, email, "declined", now=LATER)


def asking(session: Session, setup: Setup, email: str, instead: str) -> Callable[[Session], Any]:
    ids = {
        "meeting_id": invitation(session, email).meeting.public_id, "member_id": member_id(session, email),
        "instead_id": member_id(session, instead),
    }  # fmt: skip
    return lambda own: ask_instead(own, setup, by=OPERATOR, now=LATER, **ids)


def test_one_substitute_asked_for_two_meetings_at_one_time_comes_to_one(engine: Engine, setup: Setup) -> None:
    with Session(engine) as session:
        furnish_two_boards(session, setup)
        steps = [asking(session, setup, email, BOTH) for email in (UROLOGY, NEONATOLOGY)]

    results = _together(engine, *steps)

    with Session(engine) as session:
        query = select(MeetingInvitation).join(Member, Member.id == MeetingInvitation.member_id)
        rows = session.scalars(query.where(Member.email == BOTH)).all()
        violations = check_database(session, setup, now=LATER)
    assert (results.count("done"), len(rows), violations) == (1, 1, ())
    assert set(results) <= {"done", *REFUSED}


def test_one_place_is_given_once_however_many_are_asked(engine: Engine, setup: Setup) -> None:
    with Session(engine) as session:
        furnish_staffed(session, setup, now=NOW)
        answer(session, setup, UROLOGY, "declined", now=LATER)
        people = (UROLOGY_DEPUTY, UROLOGY_SECOND, UROLOGY_OTHER)
        steps = [asking(session, setup, UROLOGY, email) for email in people]

    results = _together(engine, *steps)

    with Session(engine) as session:
        there = coming(session).keys() & set(people)
        violations = check_database(session, setup, now=LATER)
    assert (results.count("done"), len(there), violations) == (1, 1, ())
    assert set(results) <= {"done", *REFUSED}


def test_two_who_decline_at_once_are_both_seen(engine: Engine, setup: Setup) -> None:
    with Session(engine) as session:
        furnish_staffed(session, setup, now=NOW, substitutes="invite")
        others = ("choi.pathology@hospital.example", UROLOGY)

    def declining(email: str) -> Callable[[Session], Any]:
        return lambda session: answer(session, setup, email, "declined", now=LATER)

    results = _together(engine, *[declining(email) for email in others])

    with Session(engine) as session:
        gone = set(others) - coming(session).keys()
        violations = check_database(session, setup, now=LATER)
    assert set(results) <= {"done", "busy", "changed-meanwhile"}
    assert (len(gone), violations) == (results.count("done"), ())


def test_automatic_substitute_who_is_booked_this_moment_is_passed_over(engine: Engine, setup: Setup) -> None:
    """The first choice has time until the very moment: somebody else's transaction books her, and commits first."""
    if engine.dialect.name == "sqlite":
        pytest.skip("on SQLite one transaction waits for the other, so that nothing changes meanwhile")
    with Session(engine) as session:
        meeting = furnish_staffed(session, setup, now=NOW, substitutes="invite")
        other = session.scalars(select(Meeting.id).where(Meeting.status == "planned")).first()
        span = (meeting.starts_at, meeting.ends_at)
    with Session(engine) as faster:
        query = select(Resource.id).join(Member, Member.id == Resource.member_id)
        resource = faster.scalars(query.where(Member.email == UROLOGY_DEPUTY)).one()
        faster.add(Booking(resource_id=resource, meeting_id=other, starts_at=span[0], ends_at=span[1]))
        faster.flush()
        threading.Timer(0.5, faster.commit).start()

        with Session(engine) as session:
            followed = answer(session, setup, UROLOGY, "declined", now=LATER)

            asked = [member.email for member in followed.asked]
            there = coming(session)
    assert asked == [UROLOGY_SECOND]
    assert (UROLOGY_SECOND in there, UROLOGY_DEPUTY in there, UROLOGY in there) == (True, False, False)
