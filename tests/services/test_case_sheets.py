"""Sheets: what is read for many cases at once is what their rows say, and a judgement follows every change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import case_id
from tests.services.conftest import NOW, a_setup
from tumorboard.services.access import Actor, Role, actor_with
from tumorboard.services.case_sheets import load_lines, sheet_of
from tumorboard.services.judging import judge
from tumorboard.services.setup import Setup
from tumorboard.services.waivers import waive_need
from tumorboard.store.cases import Case, ReadinessItem


@pytest.fixture
def physician() -> Actor:
    return actor_with("physician@hospital.example", frozenset({Role.PHYSICIAN}))


def a_case(session: Session, reference: str) -> Case:
    return session.scalars(select(Case).where(Case.reference == reference)).one()


def test_lines_are_what_the_rows_say(any_centre: Session, setup: Setup, physician: Actor) -> None:
    waive_need(
        any_centre, setup, case_id=case_id(any_centre, "C-2"), specialty="urology", physician="Kim Seoyeon",
        because="Seen already", by=physician, now=NOW,
    )  # fmt: skip

    lines = load_lines(any_centre, Case.status == "waiting")

    rows = any_centre.scalars(select(Case).order_by(Case.referred_at, Case.reference)).all()
    assert [(line.id, line.status, line.sheet) for line in lines] == [
        (row.id, row.status, sheet_of(row)) for row in rows
    ]
    assert [len(line.sheet.waivers) for line in lines] == [0, 1, 0]


def test_conditions_choose_the_lines(centre: Session) -> None:
    found = load_lines(centre, Case.reference == "C-2")

    assert [line.sheet.reference for line in found] == ["C-2"]


def test_judgement_follows_a_change_that_is_not_written_yet(centre: Session, setup: Setup) -> None:
    row, today = a_case(centre, "C-1"), setup.today(NOW)
    before = judge(setup, row, on=today)

    with centre.no_autoflush:
        row.facts = {**row.facts, "planned_procedures": ["hysterectomy_bso", "liver_resection"]}
        for entry in list(row.readiness):
            row.readiness.remove(entry)
        after = judge(setup, row, on=today)

    assert (before.is_ready, after.is_ready) == (True, False)
    assert set(after.assessment.required) - set(before.assessment.required) == {"hpb_surgery"}


def test_judgement_follows_a_report_and_the_day(centre: Session, setup: Setup) -> None:
    row, today = a_case(centre, "C-3"), setup.today(NOW)
    before = judge(setup, row, on=today)

    row.readiness.append(ReadinessItem(item="ct_chest_abdomen_pelvis", reported_on=today))
    after, later = judge(setup, row, on=today), judge(setup, row, on=today + timedelta(days=200))

    assert (before.is_ready, after.is_ready, later.is_ready) == (False, True, False)


def test_equal_programmes_of_two_services_are_judged_apart(centre: Session, setup: Setup) -> None:
    elsewhere = a_setup(time_zone="America/New_York")
    row = a_case(centre, "C-1")

    here, there = (judge(one, row, on=setup.today(NOW)) for one in (setup, elsewhere))

    assert (here.assessment, there.due_at - here.due_at) == (there.assessment, timedelta(hours=-10))
