"""The planning problem solved with OR-Tools (CP-SAT); the only module that imports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tumorboard.domain.planning_options import Candidate, Options, call_cost, overlapping_meetings
from tumorboard.domain.planning_problem import NeedKey, left_out_cost, place_cost

_DETERMINISTIC_SHARE = 0.07
"""Deterministic time per second allowed: on an ordinary machine this limit, not the clock, ends the search."""


@dataclass(slots=True)
class _Model:
    """The variables: case at meeting, member called to a meeting for required needs, for recommended ones."""

    cp: Any
    options: Options
    places: dict[tuple[str, str], Any] = field(default_factory=dict)
    calls: dict[tuple[str, str], Any] = field(default_factory=dict)
    wishes: dict[tuple[str, str], Any] = field(default_factory=dict)
    costs: list[tuple[int, Any]] = field(default_factory=list)


def load_solver() -> Any:
    """The CP-SAT module, None when it is not installed.

    The first call of a process takes a second or two; a door may make it in the background before anybody waits.
    """
    try:
        from ortools.sat.python import cp_model  # noqa: PLC0415 - heavy, and planning works without it
    except (ImportError, OSError):
        return None
    return cp_model


def solve_with_cp_sat(options: Options, hint: Mapping[str, str], *, seconds: float, seed: int) -> dict[str, str] | None:
    """The meeting per case of a good or optimal plan, started from `hint`; None when there is no solver or no answer.

    Deterministic: one worker, a fixed seed, and a limit of deterministic time below that of the clock. The model leaves
    windows out: it knows how long a member is free in a meeting, not when, so that a layout has the last word.
    """
    cp_model = load_solver()
    if cp_model is None:
        return None
    model = _Model(cp_model.CpModel(), options)
    _add_places(model)
    _add_required_calls(model)
    _add_recommended_calls(model)
    _add_fair_load(model)
    for (reference, meeting), place in model.places.items():
        model.cp.add_hint(place, int(hint.get(reference) == meeting))
    model.cp.minimize(sum(cost * variable for cost, variable in model.costs))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.linearization_level = 2
    solver.parameters.max_deterministic_time = seconds * _DETERMINISTIC_SHARE
    solver.parameters.max_time_in_seconds = seconds
    try:
        status = solver.solve(model.cp)
    except (RuntimeError, ValueError):
        return None
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return {reference: meeting for (reference, meeting), place in model.places.items() if solver.value(place)}


def _add_places(model: _Model) -> None:
    """A case goes to one meeting or none; what is on a meeting fits into it."""
    problem = model.options.problem
    for case in problem.cases:
        mine = []
        for meeting in problem.meetings:
            if (case.reference, meeting.id) in model.options.obstacles:
                continue
            place = model.cp.new_bool_var(f"place {case.reference} {meeting.id}")
            model.places[case.reference, meeting.id] = place
            # The price of leaving the case out is a constant; taking a place wins it back.
            model.costs.append((place_cost(problem, case, meeting) - left_out_cost(problem, case), place))
            mine.append(place)
        if mine:
            model.cp.add_at_most_one(mine)
    for meeting in problem.meetings:
        load = [
            model.options.cases[reference].minutes * place
            for (reference, where), place in model.places.items()
            if where == meeting.id
        ]
        if load:
            model.cp.add(sum(load) <= meeting.capacity)


def _cases_by_need(
    model: _Model, needs: Mapping[str, tuple[NeedKey, ...]]
) -> dict[tuple[str, NeedKey], list[tuple[str, Any]]]:
    """Per meeting and need that its core does not cover: the cases that could come, with their variables."""
    found: dict[tuple[str, NeedKey], list[tuple[str, Any]]] = {}
    for (reference, meeting), place in model.places.items():
        for key in needs[reference]:
            if (meeting, key) not in model.options.core:
                found.setdefault((meeting, key), []).append((reference, place))
    return found


def _call(model: _Model, meeting: str, member: str) -> Any:
    if (meeting, member) not in model.calls:
        variable = model.cp.new_bool_var(f"call {member} {meeting}")
        model.calls[meeting, member] = variable
        model.costs.append((call_cost(model.options, meeting, member, required=True), variable))
    return model.calls[meeting, member]


def _add_required_calls(model: _Model) -> None:
    """Each required need has a called-in member, and whoever is free for a part has time for all cases of the need."""
    for (meeting, key), cases in _cases_by_need(model, model.options.required).items():
        servers = []
        for candidate in model.options.candidates[meeting, key]:
            if candidate.is_whole:
                servers.append(_call(model, meeting, candidate.member))
            else:
                servers.append(_serve_partly(model, meeting, key, candidate, cases))
        for _, place in cases:
            model.cp.add_bool_or([place.negated(), *servers])
    for meeting, others in overlapping_meetings(model.options.problem).items():
        for (where, member), variable in model.calls.items():
            for other in others:
                if where == meeting and other > meeting and (other, member) in model.calls:
                    model.cp.add_at_most_one([variable, model.calls[other, member]])


def _serve_partly(model: _Model, meeting: str, key: NeedKey, candidate: Candidate, cases: list[tuple[str, Any]]) -> Any:
    serves = model.cp.new_bool_var(f"serve {candidate.member} {meeting} {key}")
    model.cp.add_implication(serves, _call(model, meeting, candidate.member))
    load = sum(model.options.cases[reference].minutes * place for reference, place in cases)
    model.cp.add(load <= candidate.longest_minutes).only_enforce_if(serves)
    return serves


def _add_recommended_calls(model: _Model) -> None:
    """Who is free throughout is also invited for recommended needs; a need without anybody costs a little."""
    weights = model.options.problem.weights
    for (meeting, key), cases in _cases_by_need(model, model.options.recommended).items():
        whole = [found for found in model.options.candidates[meeting, key] if found.is_whole]
        if not whole:
            model.costs.extend((weights.uncovered_recommended, place) for _, place in cases)
            continue
        servers = []
        for candidate in whole:
            pair = (meeting, candidate.member)
            if pair not in model.wishes:
                model.wishes[pair] = model.cp.new_bool_var(f"wish {candidate.member} {meeting}")
                model.costs.append(
                    (call_cost(model.options, meeting, candidate.member, required=False), model.wishes[pair])
                )
            servers.append(model.wishes[pair])
            if pair in model.calls:
                servers.append(model.calls[pair])
        for _, place in cases:
            model.cp.add_bool_or([place.negated(), *servers])


def _add_fair_load(model: _Model) -> None:
    """The second call of a member costs one unit, the third two, and so on."""
    weight = model.options.problem.weights.repeated_call
    by_member: dict[str, list[Any]] = {}
    for (_, member), variable in (*model.calls.items(), *model.wishes.items()):
        by_member.setdefault(member, []).append(variable)
    for member, calls in sorted(by_member.items()):
        steps = [model.cp.new_bool_var(f"call {count} of {member}") for count in range(2, len(calls) + 1)]
        if weight > 0 and steps:
            model.cp.add(sum(calls) <= 1 + sum(steps))
            model.costs.extend((weight * count, step) for count, step in enumerate(steps, start=1))
