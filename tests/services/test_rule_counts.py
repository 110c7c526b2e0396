"""Rules: how often they fire, among the open cases and among those of a year."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR
from tests.services.conftest import NOW
from tumorboard.domain.errors import NotAllowed
from tumorboard.services.access import Role, actor_with
from tumorboard.services.judging import judge
from tumorboard.services.rule_counts import count_rules
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case


def a_case(session: Session, reference: str) -> Case:
    return session.scalars(select(Case).where(Case.reference == reference)).one()


def test_rules_are_counted_among_open_cases_and_those_of_a_year(any_centre: Session, setup: Setup) -> None:
    a_case(any_centre, "C-1").status = "done"
    a_case(any_centre, "C-2").referred_at = NOW - timedelta(days=400)
    any_centre.commit()

    found = count_rules(any_centre, setup, by=OPERATOR, now=NOW)["ovarian"]

    fired = {name: judge(setup, a_case(any_centre, name), on=setup.today(NOW)).assessment.rules
             for name in ("C-1", "C-2", "C-3")}  # fmt: skip
    names = {rule for rules in fired.values() for rule in rules}
    assert (found.open_cases, found.year_cases) == (2, 2)
    assert dict(found.open_rules) == {
        rule: number for rule in names if (number := sum(rule in fired[name] for name in ("C-2", "C-3")))
    }
    assert dict(found.year_rules) == {
        rule: number for rule in names if (number := sum(rule in fired[name] for name in ("C-1", "C-3")))
    }


def test_withdrawn_cases_are_not_counted(centre: Session, setup: Setup) -> None:
    for row in centre.scalars(select(Case)):
        row.status = "withdrawn"
    centre.commit()

    found = count_rules(centre, setup, by=OPERATOR, now=NOW)

    assert {name: (each.open_cases, each.year_cases, dict(each.year_rules)) for name, each in found.items()} == {
        name: (0, 0, {}) for name in setup.programs
    }


def test_surgeons_read_no_counts(centre: Session, setup: Setup) -> None:
    surgeon = actor_with("surgeon@hospital.example", frozenset({Role.SURGEON}))

    with pytest.raises(NotAllowed):
        count_rules(centre, setup, by=surgeon, now=NOW)
