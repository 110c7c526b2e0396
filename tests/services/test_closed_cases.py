"""The search of the worklist: closed cases with the reference are counted too."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR
from tumorboard.services.setup import Setup
from tumorboard.services.worklist import CaseFilter, count_closed
from tumorboard.store.cases import Case


def test_search_counts_closed_cases(any_centre: Session, setup: Setup) -> None:
    for reference, status in (("C-1", "withdrawn"), ("C-2", "done")):
        any_centre.scalars(select(Case).where(Case.reference == reference)).one().status = status
    any_centre.commit()

    found = [
        count_closed(any_centre, setup, by=OPERATOR, only=only)
        for only in (CaseFilter(search="c-1"), CaseFilter(search="C-"), CaseFilter(), CaseFilter(search="C-3"))
    ]

    assert found == [{"withdrawn": 1}, {"done": 1, "withdrawn": 1}, {}, {}]
