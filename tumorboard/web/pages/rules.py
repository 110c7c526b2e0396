"""All rules of all programmes, with their kind, their reason and their source."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Response

from tumorboard.services.access import Permission, require
from tumorboard.services.rule_counts import RuleCounts, count_rules
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import pages, show


@pages.get("/rules")
def list_rules() -> Response:
    """Why the service asks for whom; how often, for those who read the figures of the centre."""
    actor = current_actor()
    require(actor, Permission.BOARD_READ)
    may_count = actor.may(Permission.REPORT_READ)
    counts = count_rules(database(), setup(), by=actor, now=utc_now()) if may_count else {}
    programs = []
    for program in sorted(setup().programs.values(), key=lambda each: -_cases(counts, each.id)):
        rules = [
            {
                "rule": rule,
                "required": _specialties(rule.clauses, "require"),
                "recommended": _specialties(rule.clauses, "recommend"),
            }
            for rule in program.rules
        ]
        programs.append({"program": program, "rules": rules, "counts": counts.get(program.id)})
    return show("rules.html", programs=programs)


def _cases(counts: Mapping[str, RuleCounts], program: str) -> int:
    """How much a programme is used: those with cases stand first."""
    found = counts.get(program)
    return found.open_cases + found.year_cases if found else 0


def _specialties(clauses: tuple[object, ...], which: str) -> list[str]:
    """The specialties the clauses of a rule name, each once, in their order."""
    return list(dict.fromkeys(name for clause in clauses for name in getattr(clause, which)))
