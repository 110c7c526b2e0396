"""OR-Tools' MathOpt as this package uses it: GLOP for relaxations, HiGHS for proofs. No hint and no thread count."""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tumorboard.domain.planning_core_model import LinearModel

_ZERO = 1e-6


@dataclass(frozen=True, slots=True)
class IntegerAnswer:
    """What an integer programme came to: a proven bound (None: nothing), the variables at 1 of a found solution."""

    bound: float | None
    chosen: frozenset[int] | None
    is_proven: bool
    """The solution is the cheapest; without one, none cheaper than the cutoff exists."""


class MathOpt:
    """The module, loaded once. Raises ImportError without OR-Tools."""

    def __init__(self) -> None:
        from ortools.math_opt import model_pb2  # noqa: PLC0415 - heavy, and only wanted with a solver
        from ortools.math_opt.python import mathopt  # noqa: PLC0415
        from ortools.util.python import solve_interrupter  # noqa: PLC0415

        self._mathopt = mathopt
        self._proto = model_pb2.ModelProto
        self.interrupter = solve_interrupter.SolveInterrupter()

    def solve_relaxed(self, model: LinearModel) -> dict[int, float]:
        """The dual value per row of the relaxation; empty when it was not solved."""
        written = self._mathopt.Model.from_model_proto(write_proto(self._proto(), model, is_relaxed=True))
        result = self._mathopt.solve(written, self._mathopt.SolverType.GLOP)
        if not result.has_dual_feasible_solution():
            return {}
        return {row.id: value for row, value in result.dual_values().items()}

    def solve_integer(
        self, model: LinearModel, *, cutoff: int, seconds: float, is_proof: bool = False, seed: int = 0
    ) -> IntegerAnswer:  # fmt: skip
        """Looks for something cheaper than `cutoff`, or proves that there is nothing.

        With `is_proof` no time goes into looking: the best plan is thought to be known. How long a proof takes is a
        matter of luck by a factor of two, so that it is worth trying with another `seed` beside.
        """
        mathopt = self._mathopt
        written = mathopt.Model.from_model_proto(write_proto(self._proto(), model, is_relaxed=False))
        parameters = mathopt.SolveParameters(
            time_limit=datetime.timedelta(seconds=max(0.1, seconds)), relative_gap_tolerance=0.0,
            absolute_gap_tolerance=0.5,
        )  # fmt: skip
        # What HiGHS calls a bound of the objective is a cutoff: branches that cannot fall below it are dropped.
        parameters.highs.double_options["objective_bound"] = cutoff - 0.5
        parameters.highs.int_options["random_seed"] = seed
        if is_proof:
            parameters.highs.double_options["mip_heuristic_effort"] = 0.0
        result = mathopt.solve(written, mathopt.SolverType.HIGHS, params=parameters, interrupter=self.interrupter)
        bound = result.termination.objective_bounds.dual_bound
        is_over = result.termination.reason in (
            mathopt.TerminationReason.OPTIMAL, mathopt.TerminationReason.INFEASIBLE,
            mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED,
        )  # fmt: skip
        chosen = None
        if result.has_primal_feasible_solution() and result.objective_value() < cutoff - 0.5:
            chosen = frozenset(variable.id for variable, value in result.variable_values().items() if value > 0.5)
        return IntegerAnswer(bound if math.isfinite(bound) else None, chosen, is_over)

    def make_packing(self, rows: int) -> tuple[Any, Any, list[Any]]:
        """An empty model that maximises under rows of at most one; its solver; the rows."""
        model = self._mathopt.Model()
        model.objective.is_maximize = True
        made = [model.add_linear_constraint(ub=1.0) for _ in range(rows)]
        return model, self._mathopt.IncrementalSolver(model, self._mathopt.SolverType.GLOP), made

    def solve_packing(self, solver: Any) -> tuple[float, dict[int, float], dict[int, float]] | None:
        """The best value, the dual value per row, and the value per variable where it is not 0."""
        result = solver.solve()
        if not result.has_dual_feasible_solution() or not result.has_primal_feasible_solution():
            return None
        duals = {row.id: value for row, value in result.dual_values().items()}
        shares = {variable.id: value for variable, value in result.variable_values().items() if value > _ZERO}
        return result.objective_value(), duals, shares


def write_proto(proto: Any, model: LinearModel, *, is_relaxed: bool, fixed: Collection[int] = ()) -> Any:
    """The model as MathOpt's message; relaxed, the variables take any value between 0 and 1."""
    count = len(model.costs)
    proto.variables.ids.extend(range(count))
    proto.variables.lower_bounds.extend([0.0] * count)
    proto.variables.upper_bounds.extend([0.0 if index in fixed else 1.0 for index in range(count)])
    proto.variables.integers.extend([not is_relaxed] * count)
    proto.objective.offset = model.constant
    priced = [index for index, cost in enumerate(model.costs) if cost]
    proto.objective.linear_coefficients.ids.extend(priced)
    proto.objective.linear_coefficients.values.extend(float(model.costs[index]) for index in priced)
    rows = proto.linear_constraints
    rows.ids.extend(range(len(model.rows)))
    rows.lower_bounds.extend([-math.inf] * len(model.rows))
    rows.upper_bounds.extend(float(row.limit) for row in model.rows)
    matrix = proto.linear_constraint_matrix
    for number, row in enumerate(model.rows):
        for variable, factor in sorted(zip(row.variables, row.factors, strict=True)):
            matrix.row_ids.append(number)
            matrix.column_ids.append(variable)
            matrix.coefficients.append(float(factor))
    return proto
