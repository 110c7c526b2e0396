"""Measures board planning against its targets, in one run: cost, bound, gap, ratio to greedy, seconds to each target.

    python benchmarks/planning.py [FOLDER] [--quick]

FOLDER holds instances (`*.json` in the format of `flask plan solve`) and may hold `expected.json` with known optima and
costs of other planners; without one, `../shared/planning/board` beside the repository. A fourfold copy of the largest
instance, with its boards and people four times, is made here. `--quick` takes a third of the time.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tumorboard.domain.planning_core import CorePlan  # noqa: E402
from tumorboard.domain.planning_engine import Progress, solve_core  # noqa: E402
from tumorboard.domain.planning_instance import BoardInstance  # noqa: E402
from tumorboard.domain.planning_instance_check import check_answer  # noqa: E402
from tumorboard.domain.planning_instance_core import compile_instance, read_plan  # noqa: E402
from tumorboard.formats.board_instances import read_board_instance  # noqa: E402

SECONDS = {"small": 5.0, "medium": 60.0, "large": 60.0, "huge": 60.0}


@dataclass(slots=True)
class Run:
    """One instance planned: what the engine said on the way."""

    name: str
    greedy: int
    expected: dict[str, int]
    heard: list[Progress] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def hear(self, progress: Progress) -> None:
        """Keeps the news with the seconds since the file was opened."""
        self.heard.append(replace(progress, seconds=time.monotonic() - self.began))

    def seconds_to(self, cost: float) -> str:
        """When a plan as cheap was there."""
        return next((f"{one.seconds:.1f} s" for one in self.heard if one.cost <= cost), "not reached")

    def cost_at(self, seconds: float) -> int:
        """The best cost at that moment."""
        return min((one.cost for one in self.heard if one.seconds <= seconds), default=self.heard[0].cost)


def main() -> None:
    """Plans every instance and prints one block each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "planning" / "board")
    parser.add_argument("--quick", action="store_true", help="a third of the time")
    parser.add_argument("--only", help="part of the names of the instances wanted")
    chosen = parser.parse_args()
    if not chosen.folder.is_dir():
        sys.exit(f"{chosen.folder}: no such folder; give one with board-planning instances")
    expected_file = chosen.folder / "expected.json"
    expected = json.loads(expected_file.read_text(encoding="utf-8")) if expected_file.is_file() else {}
    print("loading the solver beforehand, which takes a command one or two seconds more")
    load_solvers()
    paths = sorted((path for path in chosen.folder.glob("*.json") if path.name != "expected.json"), key=size_of)
    for path in paths:
        if not chosen.only or chosen.only in path.stem:
            measure(path.stem, path.read_bytes(), expected.get(path.stem, {}), quick=chosen.quick)
    if paths and (not chosen.only or chosen.only in "huge-4x"):
        largest = json.loads(paths[-1].read_bytes())
        measure("huge-4x", json.dumps(multiply(largest, 4)).encode(), {}, quick=chosen.quick)


def load_solvers() -> None:
    """Imports what the engine will import, so that instances are compared and not the first import."""
    from tumorboard.domain.planning_solver_core import load_cp_sat
    from tumorboard.domain.planning_solver_mathopt import MathOpt

    load_cp_sat()
    MathOpt()


def measure(name: str, content: bytes, expected: dict[str, int], *, quick: bool) -> None:
    """Plans one instance and prints how it went."""
    began = time.monotonic()
    instance = read_board_instance(content, name)
    compiled = compile_instance(instance)
    run = Run(name, expected.get("greedy_first_fit", 0), expected, began=began)
    seconds = SECONDS.get(name.split("-")[0], 60.0) / (3 if quick else 1)
    plan = solve_core(compiled.core, seconds=seconds, on_progress=run.hear)
    run.greedy = run.greedy or run.heard[0].cost
    print_run(run, instance, plan, valid=not check_answer(instance, read_plan(compiled, plan)).violations)


def print_run(run: Run, instance: BoardInstance, plan: CorePlan, *, valid: bool) -> None:
    """The figures and the targets of one instance."""
    size = f"{len(instance.cases)} cases, {len(instance.meetings)} meetings, {len(instance.specialists)} specialists"
    gap = "-" if plan.gap is None else f"{plan.gap:.2%}"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{run.name}: {size}")
    print(f"  cost {plan.cost}  bound {plan.bound}  gap {gap}  {'valid' if valid else 'NOT VALID'}")
    print(f"  greedy {run.greedy} (own first plan {run.heard[0].cost}), ratio {plan.cost / run.greedy:.3f}")
    print(f"  first plan {run.heard[0].seconds:.2f} s, last {run.heard[-1].seconds:.1f} s, memory {memory:.0f} MiB")
    optimal = run.expected.get("optimal")
    if optimal:
        proven = f"{run.heard[-1].seconds:.1f} s" if plan.gap == 0 else "not proven"
        print(f"  optimal {optimal}: within 1 % after {run.seconds_to(optimal * 1.01)}, reached after "
              f"{run.seconds_to(optimal)}, proven after {proven}")  # fmt: skip
    for share in (0.9, 0.8, 0.7):
        print(f"  {share:.1f} x greedy after {run.seconds_to(share * run.greedy)}")
    other = run.expected.get("timefold_60s")
    if other:
        print(f"  against Timefold after 60 s: {plan.cost / other:.3f}; 0.93 x after {run.seconds_to(0.93 * other)}, "
              f"0.85 x after {run.seconds_to(0.85 * other)}")  # fmt: skip
    print("  cost at " + ", ".join(f"{at} s: {run.cost_at(at)}" for at in (2, 5, 10, 20, 40, 60)))
    sys.stdout.flush()


def multiply(instance: dict[str, Any], times: int) -> dict[str, Any]:
    """The instance so many times side by side: boards, rooms, people and cases of their own, one calendar."""
    copies = range(times)
    return {
        **instance,
        "name": f"{instance['name']}-{times}x",
        "specialists": [{**row, "id": f"{row['id']}.{n}"} for n in copies for row in instance["specialists"]],
        "sessions": [
            {**row, **{key: f"{row[key]}.{n}" for key in ("id", "board", "room")}}
            for n in copies
            for row in instance["sessions"]
        ],
        "cases": [
            {**row, "id": f"{row['id']}.{n}", "boards": [f"{board}.{n}" for board in row["boards"]],
             "named": row["named"] and f"{row['named']}.{n}"}
            for n in copies
            for row in instance["cases"]
        ],
    }  # fmt: skip


def size_of(path: Path) -> int:
    """Bytes, to begin with the small ones."""
    return path.stat().st_size


if __name__ == "__main__":
    main()
