"""How often the rules of the programmes fire: among the open cases, and among those of the last year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_
from sqlalchemy.orm import Session

from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.case_sheets import load_lines
from tumorboard.services.judging import judge_sheet
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case

OPEN: Final = ("waiting", "scheduled")
COUNTED_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """For one programme: in how many cases each rule fires, by rule id, and how many cases were looked at.

    `open_rules` is of the cases that wait or are scheduled, `year_rules` of those referred in the last 365 days that
    were not withdrawn; a rule that never fires is absent.
    """

    open_rules: Mapping[str, int]
    open_cases: int
    year_rules: Mapping[str, int]
    year_cases: int


def count_rules(session: Session, setup: Setup, *, by: Actor, now: datetime) -> dict[str, RuleCounts]:
    """The counts of each programme, in three queries. A case is judged as of today, once for all pages."""
    require(by, Permission.REPORT_READ)
    today, since = setup.today(now), now - timedelta(days=COUNTED_DAYS)
    open_rules: dict[str, Counter[str]] = {name: Counter() for name in setup.programs}
    year_rules: dict[str, Counter[str]] = {name: Counter() for name in setup.programs}
    open_cases, year_cases = Counter[str](), Counter[str]()
    is_counted = or_(Case.status.in_(OPEN), (Case.referred_at >= since) & (Case.status != "withdrawn"))
    for line in load_lines(session, is_counted, Case.program.in_(list(setup.programs))):
        program = line.sheet.program
        fired = judge_sheet(setup, line.sheet, on=today).assessment.rules
        if line.status in OPEN:
            open_cases[program] += 1
            open_rules[program].update(fired)
        if line.sheet.referred_at >= since:
            year_cases[program] += 1
            year_rules[program].update(fired)
    return {
        name: RuleCounts(open_rules[name], open_cases[name], year_rules[name], year_cases[name])
        for name in setup.programs
    }
