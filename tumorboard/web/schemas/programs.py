"""Programmes: fields, rules, readiness items and clocks, as their file says them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tumorboard.domain.fields import Field
from tumorboard.domain.program import Program, ReadinessItem, Rule
from tumorboard.services.rule_counts import RuleCounts
from tumorboard.web.schemas.base import Answer, Named


class ProgramRow(Answer):
    id = fields.String()
    name = fields.String()
    field_count = fields.Integer()
    rule_count = fields.Integer()


class ProgramListAnswer(Answer):
    items = fields.List(fields.Nested(ProgramRow))
    total = fields.Integer()


class FieldAnswer(Answer):
    """A field of a case; `choices` is empty for free values."""

    id = fields.String()
    label = fields.String()
    group = fields.String()
    kind = fields.String()
    choices = fields.List(fields.Nested(Named))
    minimum = fields.Float(allow_none=True)
    maximum = fields.Float(allow_none=True)


class RuleAnswer(Answer):
    """A rule; `requires` and `recommends` are the specialties its clauses can ask for."""

    id = fields.String()
    kind = fields.String()
    label = fields.String()
    because = fields.String()
    source = fields.String()
    requires = fields.List(fields.String())
    recommends = fields.List(fields.String())
    excludes = fields.Boolean()


class RuleListAnswer(Answer):
    items = fields.List(fields.Nested(RuleAnswer))
    total = fields.Integer()


class RuleCountRow(Answer):
    id = fields.String()
    open = fields.Integer()
    year = fields.Integer()


class RuleCountsAnswer(Answer):
    """In how many of the open cases, and of the cases referred in the last 365 days, each rule fires."""

    items = fields.List(fields.Nested(RuleCountRow))
    open_cases = fields.Integer()
    year_cases = fields.Integer()


class ReadinessItemAnswer(Answer):
    id = fields.String()
    label = fields.String()
    level = fields.String()
    limit_days = fields.Integer(allow_none=True)
    owed_by = fields.String()
    source = fields.String()


class SeatRuleAnswer(Answer):
    specialty = fields.String()
    in_quorum = fields.Boolean()


class ClocksAnswer(Answer):
    """Days from the referral to the discussion by urgency, and how long before a meeting its list closes."""

    days = fields.Dict(keys=fields.String(), values=fields.Float())
    list_closes_hours = fields.Float()
    source = fields.String()


class ProgramAnswer(Answer):
    id = fields.String()
    name = fields.String()
    specialties = fields.List(fields.Nested(Named))
    seats = fields.List(fields.Nested(SeatRuleAnswer))
    fields_ = fields.List(fields.Nested(FieldAnswer), data_key="fields", attribute="fields")
    rules = fields.List(fields.Nested(RuleAnswer))
    readiness = fields.List(fields.Nested(ReadinessItemAnswer))
    clocks = fields.Nested(ClocksAnswer)


def present_row(program: Program, language: str) -> dict[str, Any]:
    """A programme for a list."""
    return {
        "id": program.id,
        "name": program.name.in_language(language),
        "field_count": len(program.fields),
        "rule_count": len(program.rules),
    }


def present_program(program: Program, language: str) -> dict[str, Any]:
    """A programme with all it says, in one language."""
    return {
        "id": program.id,
        "name": program.name.in_language(language),
        "specialties": [
            {"key": key, "name": name.in_language(language)} for key, name in sorted(program.specialties.items())
        ],
        "seats": [{"specialty": seat.specialty, "in_quorum": seat.in_quorum} for seat in program.seats],
        "fields": [_present_field(field, language) for field in program.fields.values()],
        "rules": [present_rule(rule, language) for rule in program.rules],
        "readiness": [_present_item(item, language) for item in program.readiness],
        "clocks": {
            "days": {urgency.value: days for urgency, days in program.clocks.days.items()},
            "list_closes_hours": program.clocks.list_closes_hours,
            "source": program.clocks.source,
        },
    }


def present_rule(rule: Rule, language: str) -> dict[str, Any]:
    """A rule with what it can ask for."""
    required = {name for clause in rule.clauses for name in clause.require}
    recommended = {name for clause in rule.clauses for name in clause.recommend}
    return {
        "id": rule.id,
        "kind": rule.kind.value,
        "label": rule.label.in_language(language),
        "because": rule.because.in_language(language),
        "source": rule.source,
        "requires": sorted(required),
        "recommends": sorted(recommended),
        "excludes": any(clause.exclude for clause in rule.clauses),
    }


def present_rule_counts(program: Program, counts: RuleCounts) -> dict[str, Any]:
    """How often each rule of the programme fires, also those that never do."""
    return {
        "items": [
            {"id": rule.id, "open": counts.open_rules.get(rule.id, 0), "year": counts.year_rules.get(rule.id, 0)}
            for rule in program.rules
        ],
        "open_cases": counts.open_cases,
        "year_cases": counts.year_cases,
    }


def _present_field(field: Field, language: str) -> dict[str, Any]:
    return {
        "id": field.id,
        "label": field.label.in_language(language),
        "group": field.group,
        "kind": field.kind.value,
        "choices": [{"key": key, "name": field.label_of(key).in_language(language)} for key in field.choices],
        "minimum": field.minimum,
        "maximum": field.maximum,
    }


def _present_item(item: ReadinessItem, language: str) -> dict[str, Any]:
    return {
        "id": item.id,
        "label": item.label.in_language(language),
        "level": item.level.value,
        "limit_days": item.limit_days,
        "owed_by": item.owed_by,
        "source": item.source,
    }
