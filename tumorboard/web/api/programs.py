"""Programmes, the rulebooks of disease areas: what can be said of a case and who must be there."""

from __future__ import annotations

from typing import Any

from tumorboard.services.access import Permission, require
from tumorboard.services.rule_counts import count_rules
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.schemas.programs import (
    ProgramAnswer,
    ProgramListAnswer,
    RuleCountsAnswer,
    RuleListAnswer,
    present_program,
    present_row,
    present_rule,
    present_rule_counts,
)

door = Door("programs", description="Rulebooks of disease areas: fields, rules, readiness, clocks")


@door.get("/programs")
@door.response(200, ProgramListAnswer)
def list_programs() -> dict[str, Any]:
    """List the installed programmes"""
    require(current_actor(), Permission.BOARD_READ)
    items = [present_row(program, current_language()) for _, program in sorted(setup().programs.items())]
    return {"items": items, "total": len(items)}


@door.get("/programs/<key:program_id>")
@door.response(200, ProgramAnswer)
def read_program(program_id: str) -> dict[str, Any]:
    """Read a programme: fields, seats, rules, readiness items and clocks"""
    require(current_actor(), Permission.BOARD_READ)
    return present_program(setup().program(program_id), current_language())


@door.get("/programs/<key:program_id>/rules")
@door.response(200, RuleListAnswer)
def list_rules(program_id: str) -> dict[str, Any]:
    """List the rules of a programme with reason and source"""
    require(current_actor(), Permission.BOARD_READ)
    items = [present_rule(rule, current_language()) for rule in setup().program(program_id).rules]
    return {"items": items, "total": len(items)}


@door.get("/programs/<key:program_id>/rule-counts")
@door.response(200, RuleCountsAnswer)
def read_rule_counts(program_id: str) -> dict[str, Any]:
    """Count in how many open cases, and cases of the last year, each rule fires"""
    require(current_actor(), Permission.REPORT_READ)
    program = setup().program(program_id)
    counts = count_rules(database(), setup(), by=current_actor(), now=utc_now())
    return present_rule_counts(program, counts[program.id])
