"""Greedy against CP-SAT on generated boards: costs and times of one run, and their ratios.

Run `python -m benchmarks.planning_first [BOARDS]` in the root of the repository. Times depend on the machine; compare
the ratios. The solver is loaded before the first measurement.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import UTC, datetime, timedelta

from tumorboard.domain.model import (
    MeetingFacts,
    MemberFacts,
    Need,
    SeatFacts,
    SeatKind,
    Text,
    Urgency,
    WaitingCase,
)
from tumorboard.domain.planning import Problem, check_plan, propose
from tumorboard.domain.planning_solver import load_solver
from tumorboard.domain.timeline import Interval, merge

BUDGET_SECONDS = 2
MONDAY = datetime(2027, 1, 4, tzinfo=UTC)
CORE = ("gynecologic_oncology", "medical_oncology", "radiology", "pathology", "radiation_oncology", "nuclear_medicine")
CALLED = (
    "hpb_surgery",
    "colorectal_surgery",
    "urology",
    "thoracic_surgery",
    "vascular_surgery",
    "anesthesiology",
    "geriatrics",
    "clinical_genetics",
    "palliative_medicine",
    "nutrition",
)


def make_board(seed: int, *, cases: int = 60, meetings: int = 9, members: int = 40) -> Problem:
    """A weekly board of one centre with `members` people, each away for some of the meetings."""
    rng = random.Random(seed)
    sittings = tuple(_make_meeting(week) for week in range(meetings))
    specialties = [(CORE + CALLED)[place % len(CORE + CALLED)] for place in range(members)]
    people = tuple(_make_member(rng, f"m{place}", specialty, sittings) for place, specialty in enumerate(specialties))
    seats = tuple(
        SeatFacts(
            specialty=specialty,
            kind=SeatKind.CORE if specialty in CORE else SeatKind.ON_DEMAND,
            in_quorum=specialty in CORE[:4],
            holders=tuple(person.id for person in people if specialty in person.specialties),
        )
        for specialty in CORE + CALLED
    )
    return Problem(
        board="board",
        meetings=sittings,
        cases=tuple(_make_case(rng, place) for place in range(cases)),
        seats=seats,
        members=people,
        now=MONDAY,
    )


def _make_meeting(week: int) -> MeetingFacts:
    start = MONDAY + timedelta(days=7 * week + 1, hours=7, minutes=30)
    span = Interval(start, start + timedelta(minutes=60))
    return MeetingFacts(id=f"w{week}", span=span, closes_at=start - timedelta(days=1), time_zone="Asia/Seoul")


def _make_member(rng: random.Random, identity: str, specialty: str, meetings: tuple[MeetingFacts, ...]) -> MemberFacts:
    busy: list[Interval] = []
    for meeting in meetings:
        if rng.random() < 0.25:
            shift = timedelta(minutes=rng.choice((-30, 0, 0, 30)))
            busy.append(Interval(meeting.span.start + shift, meeting.span.end + shift))
    return MemberFacts(identity, identity, frozenset({specialty}), busy=merge(busy))


def _make_case(rng: random.Random, place: int) -> WaitingCase:
    urgency = rng.choices((Urgency.ROUTINE, Urgency.EXPEDITED, Urgency.URGENT), (80, 15, 5))[0]
    called = rng.sample(CALLED, rng.choices((0, 1, 2, 3), (40, 35, 18, 7))[0])
    needs = [_make_need(specialty, required=True) for specialty in CORE[:4]]
    needs += [_make_need(specialty, required=rng.random() < 0.7) for specialty in called]
    referred_at = MONDAY - timedelta(days=rng.randrange(10))
    days = {Urgency.ROUTINE: 14, Urgency.EXPEDITED: 7, Urgency.URGENT: 1}[urgency]
    return WaitingCase(
        reference=f"c{place:02}",
        minutes=rng.choice((4, 6, 6, 8)),
        urgency=urgency,
        needs=tuple(needs),
        referred_at=referred_at,
        due_at=referred_at + timedelta(days=days),
        ready_at=None if rng.random() < 0.05 else MONDAY + timedelta(days=rng.randrange(-5, 25)),
        last_block=rng.random() < 0.1 and urgency is not Urgency.URGENT,
    )


def _make_need(specialty: str, *, required: bool) -> Need:
    return Need(specialty, required, "R00", "X", Text("because", "because"), "benchmark")


def main() -> None:
    """Prints one line per board and the means of the ratios."""
    load_solver()
    ratios: list[float] = []
    print("seed  solver   greedy  proposal  ratio  greedy s  proposal s  left out  held/arrival")
    for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
        problem = make_board(seed)
        began = time.perf_counter()
        propose(problem, solve=False)
        middle = time.perf_counter()
        proposal = propose(problem)
        ended = time.perf_counter()
        violations = check_plan(problem, proposal)
        if violations:
            raise SystemExit(f"board {seed}: {violations}")
        ratios.append(proposal.cost / proposal.greedy_cost)
        held = sum(plan.held_minutes for plan in proposal.meetings)
        arrival = sum(plan.held_minutes_arrival for plan in proposal.meetings)
        print(
            f"{seed:4}  {proposal.solver:7} {proposal.greedy_cost:7} {proposal.cost:9}  {ratios[-1]:.3f}"
            f"  {middle - began:8.2f}  {ended - middle:10.2f}  {len(proposal.left_out):8}  {held / max(arrival, 1):.2f}"
        )
    print(f"mean ratio proposal / greedy: {sum(ratios) / len(ratios):.3f}")
    longest = max(_seconds_of(make_board(seed, cases=40, meetings=8)) for seed in range(len(ratios)))
    print(f"longest proposal of 40 cases and 8 weeks: {longest / BUDGET_SECONDS:.2f} of its {BUDGET_SECONDS} s")


def _seconds_of(problem: Problem) -> float:
    began = time.perf_counter()
    propose(problem)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
