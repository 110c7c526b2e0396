"""What if, from the database: nothing is stored."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, DomainError, NotAllowed, NotFound
from tumorboard.domain.what_if_difference import CaseChange, MemberChange
from tumorboard.services.access import Role, actor_with
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.services.what_if import WhatIfAsked, WhatIfView, ask_what_if
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Absence
from tumorboard.store.plans import Draft
from tumorboard.store.post import AuditEvent

WEEK = (NOW, NOW + timedelta(days=5))


def ask(session: Session, setup: Setup, **asked: object) -> WhatIfView:
    """What if, on the open draft of the board or what is published."""
    return ask_what_if(session, setup, asked=WhatIfAsked(**asked), board=BOARD, by=OPERATOR, now=NOW)  # type: ignore[arg-type]


@pytest.fixture
def drafted(centre: Session, setup: Setup) -> Session:
    """The small centre with an open draft: C-1 and C-2 on the first meeting, C-3 not ready."""
    propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    return centre


def test_absent_specialist_moves_her_case(drafted: Session, setup: Setup) -> None:
    view = ask(drafted, setup, absent=((ON_DEMAND["urology"], *WEEK),))

    (moved,) = view.difference.cases
    first, second = [plan.meeting for plan in view.difference.plans][:2]
    assert (moved.reference, moved.change, moved.before, moved.after) == ("C-2", CaseChange.MOVED, first, second)
    released = [view.members[one.member].email for one in view.difference.members
                if one.change is MemberChange.RELEASED]  # fmt: skip
    assert released == [ON_DEMAND["urology"]]


def test_nothing_is_stored(drafted: Session, setup: Setup) -> None:
    def count() -> list[int]:
        return [drafted.scalar(select(func.count()).select_from(table)) or 0
                for table in (Draft, Meeting, Absence, AuditEvent)]  # fmt: skip

    before, plan = count(), drafted.scalars(select(Draft)).one().plan

    ask(drafted, setup, absent=((CORE["radiology"], None, None),), urgent=("C-1",), withdrawn=("C-2",))

    assert count() == before
    assert drafted.scalars(select(Draft)).one().plan == plan


def test_published_agendas_are_meant_without_a_draft(drafted: Session, setup: Setup) -> None:
    draft = drafted.scalars(select(Draft)).one()
    publish_draft(drafted, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)

    view = ask(drafted, setup, withdrawn=("C-2",))

    assert view.draft is None
    assert [(one.reference, one.change) for one in view.difference.cases] == [("C-2", CaseChange.GONE)]


def test_meeting_added_earlier_and_cancelled(drafted: Session, setup: Setup) -> None:
    first = drafted.scalars(select(Meeting).order_by(Meeting.starts_at)).first()
    assert first is not None

    view = ask(drafted, setup, cancelled=(first.public_id,), added=((NOW + timedelta(days=3), 60, "room-b"),))

    after = {one.reference: one.after for one in view.difference.cases}
    assert after == {"C-1": "added-1", "C-2": "added-1"}
    assert list(view.added) == ["added-1"]


def test_meeting_added_where_one_is_already_is_refused(drafted: Session, setup: Setup) -> None:
    first = drafted.scalars(select(Meeting).order_by(Meeting.starts_at)).first()
    assert first is not None
    at, room = first.starts_at, first.room.key

    refused = []
    for start, where in ((at, "room-b"), (at + timedelta(minutes=15), room)):
        with pytest.raises(BadInput) as error:
            ask(drafted, setup, added=((start, 60, where),))
        refused.append((error.value.code, error.value.values["field"]))

    assert refused == [("meeting-exists", "added"), ("room-taken", "added")]


def test_case_whose_report_is_there_is_placed(drafted: Session, setup: Setup) -> None:
    view = ask(drafted, setup, ready=("C-3",))

    assert [(one.reference, one.change) for one in view.difference.cases] == [("C-3", CaseChange.PLACED)]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "no-change"),
        ({"absent": (("nobody@x", None, None),)}, "unknown-member"),
        ({"absent": ((ON_DEMAND["urology"], NOW, NOW),)}, "bad-span"),
        ({"urgent": ("C-9",)}, "unknown-case"),
        ({"urgent": ("C-1",) * 21}, "too-many-changes"),
        ({"cancelled": ("nothing",)}, "unknown-meeting"),
        ({"added": ((NOW + timedelta(days=3), 5, "room-a"),)}, "bad-minutes"),
        ({"added": ((NOW + timedelta(days=3), 60, "cellar"),)}, "unknown-room"),
        ({"added": ((NOW - timedelta(days=3), 60, "room-a"),)}, "meeting-past"),
        ({"added": ((NOW + timedelta(days=300), 60, "room-a"),)}, "meeting-outside-plan"),
    ],
)
def test_impossible_change_is_refused(drafted: Session, setup: Setup, asked: dict[str, object], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        ask(drafted, setup, **asked)

    assert refused.value.code == code
    assert isinstance(refused.value, BadInput | NotFound)


def test_only_who_may_plan_may_ask(drafted: Session, setup: Setup) -> None:
    surgeon = actor_with("surgeon", frozenset({Role.SURGEON}))

    with pytest.raises(NotAllowed):
        ask_what_if(drafted, setup, asked=WhatIfAsked(urgent=("C-1",)), board=BOARD, by=surgeon, now=NOW)


def test_the_number_of_queries_is_fixed(drafted: Session, setup: Setup) -> None:
    statements: list[str] = []
    ask(drafted, setup, withdrawn=("C-2",))
    event.listen(drafted.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))

    ask(drafted, setup, withdrawn=("C-2",))
    few = len(statements)
    statements.clear()
    ask(drafted, setup, withdrawn=("C-1", "C-2"), urgent=("C-3",))

    assert len(statements) == few
