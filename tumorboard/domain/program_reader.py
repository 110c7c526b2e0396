"""Turns the tables of a programme file into a Program, or says what is wrong where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from tumorboard.domain.condition_reader import ConditionReader
from tumorboard.domain.field_reader import read_fields
from tumorboard.domain.fields import Field, FieldKind
from tumorboard.domain.model import Level, Text, Urgency
from tumorboard.domain.program_parts import (
    Clocks,
    CoreSeat,
    LevelOverride,
    Milestone,
    Minutes,
    MinutesClause,
    Option,
    Program,
    ReadinessItem,
    Score,
    ScoreGroup,
)
from tumorboard.domain.program_sections import ID, Section, check_known, refuse
from tumorboard.domain.rule_reader import RuleReader

Placed = tuple[str, Mapping[str, Any]]
"""A table of a list and the file it comes from."""

Part = TypeVar("Part")

OUTCOME_LISTS = ("recommendations", "intents", "items", "deferrals", "follow_up", "deviations")
_HOURS = {"minutes": 1 / 60, "hours": 1.0, "days": 24.0}


def read_program(
    tables: Mapping[str, Any], lists: Mapping[str, Iterable[Placed]], *, file: str, intake: Mapping[str, Any]
) -> Program:
    """Check and build one programme; raises BadProgram naming file, entry and key.

    `lists` holds the tables of `[[fields]]`, `[[seats]]`, `[[rules]]` and `[[readiness]]` with the file each came
    from, `tables` everything else; the two differ only when a centre's file extends another.
    """
    top = Section(tables, place=file)
    identity, name = top.id(), top.words("name")
    specialties, certificates, groups = (_read_words(top, key) for key in ("specialties", "certificates", "groups"))
    fields = read_fields(lists["fields"], groups=groups, specialties=specialties)
    scores = _read_scores(top, fields)
    conditions = _read_conditions(top, fields, scores)
    rules = RuleReader(conditions, specialties=specialties, certificates=certificates)
    program = Program(
        id=identity,
        name=name,
        fields=fields,
        specialties=specialties,
        groups=groups,
        certificates=certificates,
        seats=read_entries(lists["seats"], "seat", lambda one: _read_seat(one, specialties), key="specialty"),
        conditions=conditions.named,
        scores=scores,
        rules=read_entries(lists["rules"], "rule", rules.read),
        readiness=read_entries(
            lists["readiness"], "readiness", lambda one: _read_readiness(one, conditions, fields, specialties)
        ),
        clocks=_read_clocks(top),
        minutes=_read_minutes(top, conditions),
        outcomes=_read_outcomes(top),
        intake=intake,
    )
    top.finish()
    return program


def read_entries(
    entries: Iterable[Placed], what: str, read: Callable[[Section], Part], *, key: str = "id"
) -> tuple[Part, ...]:
    """Each table of a list, whose ids differ, read by `read`; the place names the entry by its `key`."""
    parts: list[Part] = []
    for number, (file, table) in enumerate(entries, start=1):
        section = Section(table, place=f"{file}, {what} {table.get(key) or number}")
        parts.append(read(section))
        section.finish()
    return tuple(parts)


def _read_words(top: Section, key: str) -> dict[str, Text]:
    if not top.has(key):
        return {}
    section = top.section(key)
    for name in section.list_keys():
        if not ID.fullmatch(name):
            raise refuse(section.place, f"'{name}' is no identifier of the shape {ID.pattern}")
    return {name: section.words(name) for name in section.list_keys()}


def _read_seat(section: Section, specialties: Mapping[str, Text]) -> CoreSeat:
    specialty = section.word("specialty", specialties, what="specialty of this programme")
    return CoreSeat(specialty, section.flag("in_quorum"))


def _read_conditions(top: Section, fields: Mapping[str, Field], scores: Mapping[str, Score]) -> ConditionReader:
    reader = ConditionReader(fields=fields, scores=frozenset(scores))
    if top.has("conditions"):
        section = top.section("conditions")
        for name in section.list_keys():
            entry = Section(section.raw(name), place=f"{top.place}, condition {name}")
            reader.announce(name, label=entry.words("label"), when=entry.section("when"))
            entry.finish()
    reader.resolve()
    return reader


def _read_scores(top: Section, fields: Mapping[str, Field]) -> dict[str, Score]:
    if not top.has("scores"):
        return {}
    section = top.section("scores")
    scores = {}
    for name in section.list_keys():
        entry = Section(section.raw(name), place=f"{top.place}, score {name}")
        scores[name] = _read_score(name, entry, fields)
        entry.finish()
    return scores


def _read_score(name: str, section: Section, fields: Mapping[str, Field]) -> Score:
    sets = {field.id: field for field in fields.values() if field.kind is FieldKind.SET}
    field = sets[section.word("field", sets, what="set field of this programme")]
    points = section.section("points")
    once: list[tuple[frozenset[str], int]] = []
    for entry in section.sections("once"):
        once.append((frozenset(entry.strings("any_of")), entry.whole("points")))
        entry.finish()
    for value in (*points.list_keys(), *(value for values, _ in once for value in values)):
        check_known(value, field.choices, place=section.place, what=f"value of {field.id}")
    groups = []
    for entry in section.sections("groups"):
        last = entry.whole("to") if entry.has("to") else None
        groups.append(ScoreGroup(entry.id(), entry.words("label"), entry.whole("from"), last))
        entry.finish()
    return Score(
        id=name,
        label=section.words("label"),
        source=section.text("source"),
        field=field.id,
        points={value: points.whole(value) for value in points.list_keys()},
        once=tuple(once),
        groups=tuple(groups),
    )


def _read_readiness(
    section: Section, conditions: ConditionReader, fields: Mapping[str, Field], specialties: Mapping[str, Text]
) -> ReadinessItem:
    overrides = []
    for entry in section.sections("levels"):
        level = entry.choice("level", Level, what="level")
        overrides.append(LevelOverride(level, conditions.read(entry.section("when"))))
        entry.finish()
    judged = section.strings("fields")
    for name in judged:
        check_known(name, fields, place=section.at("fields"), what="field of this programme")
    dates = [field.id for field in fields.values() if field.kind is FieldKind.DATE]
    reported = section.word("reported_field", dates, what="date field") if section.has("reported_field") else None
    return ReadinessItem(
        id=section.id(),
        label=section.words("label"),
        level=section.choice("level", Level, what="level"),
        when=conditions.read_when(section),
        owed_by=section.word("owed_by", specialties, what="specialty of this programme"),
        source=section.text("source"),
        limit_days=section.whole("limit_days") if section.has("limit_days") else None,
        overrides=tuple(overrides),
        fields=judged,
        reported_field=reported,
    )


def _read_clocks(top: Section) -> Clocks:
    section = top.section("clocks")
    days = {urgency: _read_hours(section.section(urgency)) / 24 for urgency in Urgency}
    milestones = []
    for entry in section.sections("milestones"):
        milestones.append(Milestone(entry.id(), entry.words("label"), _read_hours(entry.section("within"))))
        entry.finish()
    clocks = Clocks(days, section.number("list_closes_hours"), tuple(milestones), section.text("source"))
    section.finish()
    return clocks


def _read_hours(section: Section) -> float:
    """A span of time as exactly one of minutes, hours and days."""
    keys = section.list_keys()
    if len(keys) != 1 or keys[0] not in _HOURS:
        raise refuse(section.place, "one of minutes, hours or days is expected here")
    return section.number(keys[0]) * _HOURS[keys[0]]


def _read_minutes(top: Section, conditions: ConditionReader) -> Minutes:
    section = top.section("minutes")

    def read_clauses(key: str) -> tuple[MinutesClause, ...]:
        clauses = []
        for entry in section.sections(key):
            when = conditions.read(entry.section("when"), counts_on_demand=True)
            clauses.append(MinutesClause(entry.whole("minutes"), when))
            entry.finish()
        return tuple(clauses)

    minutes = Minutes(section.whole("plain"), *(read_clauses(key) for key in ("at_least", "add", "exactly")))
    section.finish()
    return minutes


def _read_outcomes(top: Section) -> dict[str, dict[str, Option]]:
    section = top.section("outcomes")
    outcomes: dict[str, dict[str, Option]] = {}
    for key in section.list_keys():
        check_known(key, OUTCOME_LISTS, place=section.place, what="list of outcomes")
        options: dict[str, Option] = {}
        for entry in section.sections(key):
            option = Option(entry.id(), Text(entry.text("en"), entry.text("ko")), entry.strings("asks"))
            if option.id in options:
                raise refuse(entry.place, f"'{option.id}' is there twice")
            entry.finish()
            options[option.id] = option
        outcomes[key] = options
    for key in ("recommendations", "items"):
        if not outcomes.get(key):
            raise refuse(section.place, f"'{key}' is missing")
    return outcomes
