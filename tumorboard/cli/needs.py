"""What the rules say of one row of a case list, as JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

from tumorboard.domain.intake import Draft, case_facts, normalise
from tumorboard.domain.program import Program
from tumorboard.domain.requirements import assess


def describe_needs(program: Program, draft: Draft, *, on: date) -> dict[str, Any]:
    """Needs, urgency, minutes, scores, flags and normalised fields of a case; scores and fields are the programme's.

    `notices` are there when a rule excludes or cautions, the exclusion first.
    """
    case = case_facts(program, draft)
    assessment = assess(program, case, on=on)
    scores: dict[str, int | str | None] = {}
    for name in program.scores:
        scores[f"{name}_score"] = assessment.scores[name]
        scores[f"{name}_group"] = assessment.score_groups[name]
    notices = {"notices": [notice.en for notice in assessment.notices]} if assessment.notices else {}
    return {
        "reference": case.reference,
        "eligible": assessment.eligible,
        "required": list(assessment.required),
        "recommended": list(assessment.recommended),
        "rules": list(assessment.rules),
        "urgency": assessment.urgency.value,
        "minutes": assessment.minutes,
        **scores,
        "flags": sorted(draft.flags),
        "normalised": normalise(program, draft.values),
        **notices,
    }
