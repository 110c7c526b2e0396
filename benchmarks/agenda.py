"""Agenda ordering in one run: cost, bound, gain over arrival and random orders, and seconds against the target.

Run `python -m benchmarks.agenda [WORD …]` in the root of the repository; words select rows by their name (`film`,
`25x12`). Each row is one `flask agenda order`, timed from the start of its process; `cpu` is what it used of one core,
`wall` also counts what other programs took away. The public instances are read from ../shared/planning/agenda and
left out where that folder is missing.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = ROOT.parent / "shared" / "planning" / "agenda"
DENSITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
SIZES = ((20, 10, 1.0), (25, 12, 3.0), (40, 12, 10.0))
COLUMNS = (
    f"{'instance':36}{'held':>9}{'bound':>9} {'proven':7}{'gap':>7}{'/arrival':>9}{'/random':>8}{'cpu':>7}{'wall':>7}"
    "  target"
)


def make_instance(
    cases: int, specialties: int, density: float, *, seed: int, dearest: int = 1, minutes: tuple[int, int] = (5, 20)
) -> dict[str, Any]:
    """A random agenda: each case needs each specialty with the chance `density`."""
    rng = random.Random(seed)
    names = [f"s{number}" for number in range(specialties)]
    return {
        "kind": "agenda-order",
        "name": f"{cases}x{specialties} density {density} cost 1-{dearest} seed {seed}",
        "specialties": [{"id": name, "cost": rng.randint(1, dearest)} for name in names],
        "cases": [
            {
                "id": f"c{number}",
                "duration": rng.randint(*minutes),
                "requires": [name for name in names if rng.random() < density],
            }
            for number in range(cases)
        ],
    }


def list_instances() -> Iterator[tuple[dict[str, Any], float]]:
    """Each instance with the seconds it may take."""
    for path in sorted(PUBLIC.glob("*.json")):
        if path.name != "expected.json":
            yield json.loads(path.read_text(encoding="utf-8")), 1.0
    for cases, specialties, seconds in SIZES:
        for density in DENSITIES:
            for dearest in (1, 10):
                yield make_instance(cases, specialties, density, seed=1, dearest=dearest), seconds
    yield make_instance(25, 12, 0.4, seed=3, dearest=40), 3.0
    yield make_instance(25, 12, 0.5, seed=3, minutes=(10, 10)), 3.0
    yield make_instance(25, 12, 0.8, seed=3, dearest=10), 3.0
    yield make_instance(400, 120, 0.1, seed=1), 10.0


def measure_held(instance: dict[str, Any], order: list[dict[str, Any]]) -> int:
    """Σ cost × (end of last − start of first), without the planner."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    minute = 0
    for case in order:
        for specialty in case["requires"]:
            first.setdefault(specialty, minute)
            last[specialty] = minute + case["duration"]
        minute += case["duration"]
    costs = {row["id"]: row["cost"] for row in instance["specialties"]}
    return sum(costs[specialty] * (last[specialty] - start) for specialty, start in first.items())


def run_command(instance: dict[str, Any], seconds: float) -> tuple[dict[str, Any], float, float]:
    """The command's answer, and the processor and wall time of its process."""
    words = [
        sys.executable,
        "-m",
        "flask",
        "--app",
        "wsgi",
        "agenda",
        "order",
        "-",
        "--json",
        "--seconds",
        str(seconds),
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(words, input=json.dumps(instance), capture_output=True, text=True, check=True, cwd=ROOT)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return json.loads(done.stdout), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def measure_row(instance: dict[str, Any], target: float) -> str:
    """One row of the table; the search itself may take ten seconds whatever the target."""
    cases = {case["id"]: case for case in instance["cases"]}
    answer, cpu, wall = run_command(instance, target if target >= 10 else 10)
    held = measure_held(instance, [cases[name] for name in answer["order"]])
    if held != answer["held"]:
        raise SystemExit(f"{instance['name']}: the command says {answer['held']}, the order costs {held}")
    arrival = measure_held(instance, instance["cases"])
    rng = random.Random(1)
    shuffled = (rng.sample(instance["cases"], len(cases)) for _ in range(1000))
    best = min(measure_held(instance, order) for order in shuffled)
    met = "met" if cpu <= target and (answer["proven"] or target >= 10) else "missed"
    gap = 1 - answer["lower_bound"] / held if held else 0.0
    return (
        f"{instance['name']:36}{held:9}{answer['lower_bound']:9} {'yes' if answer['proven'] else 'no':7}{gap:7.1%}"
        f"{held / max(1, arrival):9.2f}{held / max(1, best):8.2f}{cpu:7.2f}{wall:7.2f}  {target:g} s {met}"
    )


def main(words: list[str]) -> None:
    """Prints the table."""
    print(COLUMNS)
    for instance, target in list_instances():
        if not words or any(word in instance["name"] for word in words):
            print(measure_row(instance, target), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
