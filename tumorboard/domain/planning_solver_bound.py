"""A proven lower bound of a core's cost, and what it says of single places: Dantzig and Wolfe's decomposition.

A master problem (a linear programme over fillings of units seen so far) sets prices of the cases; the units answer with
their best fillings at those prices. Any prices give a bound (Lagrange); the best of them is what the linear relaxation
of "each unit takes one of all its right fillings" would give, which is far above that of the plain model.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from tumorboard.domain.planning_core import Core
from tumorboard.domain.planning_core_model import LinearModel, build_model
from tumorboard.domain.planning_core_pool import Pool
from tumorboard.domain.planning_core_sketch import Sketch, sketch_cost
from tumorboard.domain.planning_solver_mathopt import MathOpt
from tumorboard.domain.planning_solver_units import take_apart

_ROUNDING = 1e-4
_SMOOTHING = 0.7
"""Share of the best prices in the next ones; the rest is the master's. Keeps the prices from swinging."""


_FARTHEST = 0.1
"""A price moves at most by this share of what leaving the case out costs: wild prices make large tables."""


_MOST_FOR_MASTER = 400
"""With more cases the master takes too long, and prices follow the slope of the bound instead."""
_FIRST_STRIDE = 0.4
_LEAST_STRIDE = 0.002
_PATIENCE = 4


class LowerBound:
    """The bound so far; each `step` prices all units once and learns. Deterministic."""

    def __init__(self, core: Core, pool: Pool, sketch: Sketch) -> None:
        import numpy as np  # noqa: PLC0415 - wanted only with a solver

        self.core = core
        self.bound = 0
        self.is_settled = False
        self._np = np
        self._units = take_apart(np, core, pool)
        self._out_cost = sum(case.out_cost for case in core.cases)
        self._out_costs = np.array([case.out_cost for case in core.cases], dtype=float)
        self._mathopt = MathOpt()
        self.prices = self._first_prices(pool)
        self._next = self.prices
        self._best = -math.inf
        self._is_masters = False
        self._fruitless = 0
        self._stride = _FIRST_STRIDE
        self._slope: Any = None
        self._contested = np.array([float(len(case.places) > 1) for case in core.cases])
        self._master: _Master | None = None
        if len(core.cases) <= _MOST_FOR_MASTER:
            self._master = _Master(self._mathopt, len(core.cases), len(self._units))
            self._add_fillings(pool, sketch, self._master)

    def step(self, cost: int, *, is_stopped: Callable[[], bool] | None = None) -> None:
        """Prices all units once more. Afterwards `bound` may be higher, and `is_settled` true when it stays.

        `cost` is that of the best plan known. Stopped on the way, nothing is learned.
        """
        worths, fillings = [], []
        for unit in self._units:
            if is_stopped is not None and is_stopped():
                return
            worth, chosen = unit.price(self._next)
            worths.append(worth)
            fillings.append(chosen)
        value = self._out_cost - float(self._next.sum()) - sum(worths)
        is_better = value > self._best + _ROUNDING
        if is_better:
            self._best, self.prices = value, self._next
            self.bound = max(self.bound, math.ceil(value - _ROUNDING))
        if self._master is not None:
            self._next = self._ask_master(self._master, worths, fillings)
        else:
            self._next = self._climb(fillings, cost, value, is_better=is_better)

    def _ask_master(self, master: _Master, worths: list[float], fillings: list[list[tuple[int, int]]]) -> Any:
        """The next prices, between the best and the master's; adds what the master has not seen."""
        np = self._np
        is_new = False
        for number, (worth, chosen) in enumerate(zip(worths, fillings, strict=True)):
            is_new |= master.add(number, worth + sum(float(self._next[case]) for case, _ in chosen), chosen)
        solved = master.solve()
        if solved is None:
            self.is_settled = True
            return self.prices
        most, prices = solved
        target = np.array(prices)
        if math.ceil(self._out_cost - most - _ROUNDING) <= self.bound or (not is_new and self._is_masters):
            self.is_settled = True
        self._is_masters = not is_new
        if not is_new:
            return target
        farthest = _FARTHEST * self._out_costs
        return self.prices + np.clip((1 - _SMOOTHING) * (target - self.prices), -farthest, farthest)

    def _climb(self, fillings: list[list[tuple[int, int]]], cost: int, value: float, *, is_better: bool) -> Any:
        """The next prices along the slope (Polyak): dearer where cases are wanted twice, cheaper where not at all."""
        np = self._np
        start = self._next
        self._fruitless = 0 if is_better else self._fruitless + 1
        if self._fruitless >= _PATIENCE:
            self._fruitless = 0
            self._stride *= 0.6
            start = self.prices
        slope = np.full(len(start), -1.0)
        for chosen in fillings:
            for case, _ in chosen:
                slope[case] += 1
        slope = np.where((start <= 0) & (slope < 0), 0.0, slope)
        self._slope = slope if self._slope is None else 0.6 * slope + 0.4 * self._slope
        length = float((self._slope**2).sum())
        if length < _ROUNDING or self._stride < _LEAST_STRIDE:
            self.is_settled = True
            return self.prices
        return np.maximum(0.0, start + self._stride * max(1.0, cost - value) / length * self._slope) * self._contested

    def find_hopeless(self, cost: int) -> frozenset[tuple[int, int]]:
        """The places, as (case, meeting), that no plan cheaper than `cost` has."""
        hopeless: set[tuple[int, int]] = set()
        for unit in self._units:
            best, forced = unit.price_forced(self.prices)
            hopeless.update(pair for pair, worth in forced.items() if self._best + best - worth > cost - 1 + _ROUNDING)
        return frozenset(hopeless)

    def find_support(self) -> frozenset[tuple[int, int]]:
        """The places, as (case, meeting), that the decomposition's own fractional plan has; none for large cores."""
        return self._master.support if self._master is not None else frozenset()

    def _add_fillings(self, pool: Pool, sketch: Sketch, master: _Master) -> None:
        """The units' fillings in a plan, so that the master's first prices make sense."""
        for number, unit in enumerate(self._units):
            meetings = {pricer.meeting for pricer in unit.pricers}
            chosen = [(case, where) for case, where in sketch.places.items() if where in meetings]
            covers = {
                index: person for index, person in sketch.covers.items() if self.core.demands[index].meeting in meetings
            }
            if chosen:
                cost = sketch_cost(self.core, pool, Sketch(dict(chosen), covers))
                master.add(number, float(self._out_cost - cost), chosen)

    def _first_prices(self, pool: Pool) -> Any:
        """The prices of the plain relaxation, solved board by board, where cases of several boards stay with one."""
        prices = self._np.zeros(len(self.core.cases))
        by_board: defaultdict[str, list[int]] = defaultdict(list)
        for index, case in enumerate(self.core.cases):
            if case.places:
                by_board[self.core.meetings[case.places[0].meeting].board].append(index)
        for cases in by_board.values():
            meetings = {place.meeting for case in cases for place in self.core.cases[case].places}
            model = build_model(self.core, pool, Sketch({}, {}), cases, meetings)
            for index, price in zip(cases, self._relax(model, cases), strict=True):
                prices[index] = price
        return prices

    def _relax(self, model: LinearModel, cases: list[int]) -> list[float]:
        duals = self._mathopt.solve_relaxed(model)
        return [max(0.0, -duals.get(model.case_rows.get(case, -1), 0.0)) for case in cases]


class _Master:
    """The linear programme over fillings: most worth, each case and each unit at most once."""

    def __init__(self, mathopt: MathOpt, cases: int, units: int) -> None:
        self._cases = cases
        self._model, self._solver, self._rows = mathopt.make_packing(cases + units)
        self._mathopt = mathopt
        self._seen: dict[tuple[int, tuple[tuple[int, int], ...]], float] = {}
        self._fillings: list[list[tuple[int, int]]] = []
        self.support: frozenset[tuple[int, int]] = frozenset()
        """The places, as (case, meeting), of the fillings that the last solution takes a share of."""

    def add(self, unit: int, worth: float, chosen: list[tuple[int, int]]) -> bool:
        """Takes in a filling; False when the same was there and worth as much."""
        key = (unit, tuple(sorted(chosen)))
        if not chosen or self._seen.get(key, -math.inf) >= worth - _ROUNDING:
            return False
        self._seen[key] = worth
        entries = Counter(case for case, _ in chosen)
        entries[self._cases + unit] = 1
        variable = self._model.add_variable(lb=0.0)
        self._fillings.append(chosen)
        self._model.objective.set_linear_coefficient(variable, worth)
        for row, count in entries.items():
            self._rows[row].set_coefficient(variable, float(count))
        return True

    def solve(self) -> tuple[float, list[float]] | None:
        """The worth and the price of each case; None when the solver gives none."""
        found = self._mathopt.solve_packing(self._solver)
        if found is None:
            return None
        worth, duals, shares = found
        self.support = frozenset(pair for index in shares for pair in self._fillings[index])
        return worth, [max(0.0, duals.get(row, 0.0)) for row in range(self._cases)]
