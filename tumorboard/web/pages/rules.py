"""All rules of all programmes, with their kind, their reason and their source."""

from __future__ import annotations

from werkzeug.wrappers import Response

from tumorboard.services.access import Permission, require
from tumorboard.web.auth import current_actor, setup
from tumorboard.web.pages.frame import pages, show


@pages.get("/rules")
def list_rules() -> Response:
    """Why the service asks for whom."""
    require(current_actor(), Permission.BOARD_READ)
    programs = []
    for program in setup().programs.values():
        rules = [
            {
                "rule": rule,
                "required": _specialties(rule.clauses, "require"),
                "recommended": _specialties(rule.clauses, "recommend"),
            }
            for rule in program.rules
        ]
        programs.append({"program": program, "rules": rules})
    return show("rules.html", programs=programs)


def _specialties(clauses: tuple[object, ...], which: str) -> list[str]:
    """The specialties the clauses of a rule name, each once, in their order."""
    return list(dict.fromkeys(name for clause in clauses for name in getattr(clause, which)))
