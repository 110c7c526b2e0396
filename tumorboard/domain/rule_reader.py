"""Reads the rules of a programme file and what they say."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.domain.condition_reader import ConditionReader
from tumorboard.domain.model import Text, Urgency
from tumorboard.domain.program_parts import Clause, Exclusion, Rule, RuleKind
from tumorboard.domain.program_sections import RULE_ID, Section, check_known, refuse


class RuleReader:
    """Reads rules against the conditions, specialties and certificates of one programme."""

    def __init__(
        self, conditions: ConditionReader, *, specialties: Mapping[str, Text], certificates: Mapping[str, Text]
    ) -> None:
        self._conditions = conditions
        self._specialties = specialties
        self._certificates = certificates

    def read(self, section: Section) -> Rule:
        """One rule with its reason, source and at least one clause."""
        rule = Rule(
            id=section.id(pattern=RULE_ID),
            kind=section.choice("kind", RuleKind, what="kind of rule"),
            label=section.words("label"),
            because=section.words("because"),
            source=section.text("source"),
            clauses=tuple(self._read_clause(entry) for entry in section.sections("then")),
        )
        if not rule.clauses:
            raise refuse(section.place, "'then' is missing: a rule needs at least one [[rules.then]]")
        return rule

    def _read_clause(self, section: Section) -> Clause:
        require, recommend = self._read_specialties(section, "require"), self._read_specialties(section, "recommend")
        clause = Clause(
            when=self._conditions.read_when(section),
            require=require,
            recommend=recommend,
            certificates=self._read_certificates(section, asked=(*require, *recommend)),
            exclude=section.choice("exclude", Exclusion, what="way to exclude") if section.has("exclude") else None,
            caution=section.flag("caution"),
            urgency=section.choice("urgency", Urgency, what="urgency") if section.has("urgency") else None,
            within_days=_read_within(section),
        )
        section.finish()
        if clause == Clause(clause.when):
            raise refuse(section.place, "this clause says nothing; require, recommend, exclude, caution or urgency?")
        return clause

    def _read_specialties(self, section: Section, key: str) -> tuple[str, ...]:
        return tuple(
            check_known(specialty, self._specialties, place=section.at(key), what="specialty of this programme")
            for specialty in section.strings(key)
        )

    def _read_certificates(self, section: Section, *, asked: tuple[str, ...]) -> dict[str, str]:
        if not section.has("certificates"):
            return {}
        table = section.section("certificates")
        return {
            check_known(specialty, asked, place=table.place, what="specialty of this clause"): table.word(
                specialty, self._certificates, what="certificate of this programme"
            )
            for specialty in table.list_keys()
        }


def _read_within(section: Section) -> float | None:
    if section.has("within_days") and section.has("within_hours"):
        raise refuse(section.place, "within_days and within_hours exclude each other")
    if section.has("within_hours"):
        return section.number("within_hours") / 24
    return section.number("within_days") if section.has("within_days") else None
