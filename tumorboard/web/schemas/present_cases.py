"""Cases as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from tumorboard.domain.fields import Field
from tumorboard.domain.intake import normalise
from tumorboard.domain.model import Finding, Need, Reason, Value
from tumorboard.domain.program import Program
from tumorboard.services.import_refused import KeptProblem
from tumorboard.services.setup import Setup
from tumorboard.services.worklist import CaseDetail, CaseView
from tumorboard.words import Words
from tumorboard.words.phrases import Names, say_finding, say_reason
from tumorboard.words.refusals import say_refusal


def present_kept_problem(problem: KeptProblem, fields: Mapping[str, Field], words: Words) -> dict[str, Any]:
    """Why a row was refused, for `RowProblemAnswer`; the sentence of its code, for the value is not kept."""
    labels = fields[problem.column].labels if problem.column in fields else {}
    message = say_refusal(problem.code, "", words, problem.values, labels)
    return {"row": problem.row, "column": problem.column, "code": problem.code, "message": message}


def present_case(setup: Setup, view: CaseView, words: Words) -> dict[str, Any]:
    """A case for `CaseAnswer`."""
    program = setup.program(view.row.program)
    judgement = view.judgement
    assessment = judgement.assessment
    return {
        "id": view.row.public_id,
        "program": view.row.program,
        "reference": view.row.reference,
        "state": view.state.value,
        "urgency": assessment.urgency.value,
        "minutes": assessment.minutes,
        "eligible": assessment.eligible,
        "referred_at": view.row.referred_at,
        "due_at": judgement.due_at,
        "fixed_at": view.row.fixed_at,
        "ready_on": judgement.ready_on,
        "blocked_by": list(judgement.blocked_by),
        "needs": [present_need(need, program, words) for need in assessment.needs],
        "readiness": [present_finding(finding, program, words) for finding in judgement.findings],
        "notices": [notice.in_language(words.language) for notice in assessment.notices],
        "scores": {
            name: {"points": points, "group": assessment.score_groups.get(name)}
            for name, points in assessment.scores.items()
        },
        "flags": sorted(judgement.case.flags),
        "normalised": normalise(program, judgement.case.values),
        "meeting": _present_place(view),
    }


def present_detail(setup: Setup, detail: CaseDetail, words: Words, names: Names) -> dict[str, Any]:
    """A case for `CaseDetailAnswer`."""
    meeting = detail.proposed_meeting
    is_proposed = meeting is not None or bool(detail.proposed_because)
    return {
        **present_case(setup, detail.view, words),
        "fields": _present_values(detail.view.judgement.case.values),
        "proposed": {
            "meeting": meeting.public_id if meeting else None,
            "reasons": [present_reason(reason, words, names) for reason in detail.proposed_because],
        }
        if is_proposed
        else None,
        "events": [{"at": event.at, "actor": event.actor, "action": event.action} for event in detail.events],
    }


def present_need(need: Need, program: Program, words: Words) -> dict[str, Any]:
    """A need with the specialty's name and the reason in the reader's language."""
    name = program.specialties.get(need.specialty)
    is_waived = need.waived_by is not None
    return {
        "specialty": need.specialty,
        "name": name.in_language(words.language) if name else need.specialty,
        "required": need.required,
        "rule": need.rule,
        "kind": need.kind,
        "because": need.because.in_language(words.language),
        "source": need.source,
        "certificate": need.certificate,
        "member": need.member,
        "waiver": {"by": need.waived_by, "because": need.waived_because or ""} if is_waived else None,
    }


def present_finding(finding: Finding, program: Program, words: Words) -> dict[str, Any]:
    """A finding; an item that the fields of the case answer has no day of report."""
    record = finding.record
    owing = next((item.owed_by for item in program.readiness if item.id == finding.item), "")
    named = program.specialties[owing].in_language(words.language) if owing in program.specialties else owing
    reported_on = record.reported_on if record and record.reported_on != date.min else None
    return {
        "item": finding.item,
        "label": finding.label.in_language(words.language),
        "state": finding.state.value,
        "level": finding.level.value,
        "is_blocking": finding.is_blocking,
        "reported_on": reported_on,
        "expected_on": record.expected_on if record else None,
        "not_applicable_by": record.not_applicable_by if record else None,
        "owed_by": (record.owed_by if record else None) or owing,
        "owed_since": record.owed_since if record else None,
        "age_days": finding.age_days if reported_on or (record and record.expected_on) else None,
        "limit_days": finding.limit_days,
        "message": say_finding(finding, words, owed_by=named),
    }


def present_reason(reason: Reason, words: Words, names: Names) -> dict[str, Any]:
    """A reason with its sentence."""
    return {"code": reason.code, "values": dict(reason.values), "message": say_reason(reason, words, names)}


def _present_place(view: CaseView) -> dict[str, Any] | None:
    item = view.item
    if item is None:
        return None
    return {
        "meeting": item.meeting.public_id,
        "board": item.meeting.board.key,
        "starts_at": item.starts_at,
        "ends_at": item.ends_at,
        "time_zone": item.meeting.time_zone,
    }


def _present_values(values: Mapping[str, Value]) -> dict[str, Any]:
    """Field values as JSON: sets as sorted lists, dates in ISO form."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Value) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if isinstance(value, date) else value
