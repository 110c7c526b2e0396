"""The parts of a programme, the rulebook of a disease area, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tumorboard.domain.conditions import Condition, NamedCondition
from tumorboard.domain.fields import Field
from tumorboard.domain.model import Level, Text, Urgency


class RuleKind(StrEnum):
    """Where a rule comes from: a guideline or quality indicator, the centre's convention, or a split between both."""

    GUIDELINE = "G"
    CONVENTION = "X"
    BOTH = "G/X"


class Exclusion(StrEnum):
    """What an excluding clause does: nobody is invited, or the team is alerted all the same."""

    SILENT = "silent"
    ALERTING = "alerting"


@dataclass(frozen=True, slots=True)
class CoreSeat:
    """A specialty that sits in the whole meeting. Whether it counts for the quorum of the meeting is said here."""

    specialty: str
    in_quorum: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """What one rule says when its condition holds.

    `certificates` narrows a required or recommended specialty to members holding the certificate. `within_days` is a
    clock of this clause's own, in days from the referral; the shortest one that applies counts.
    """

    when: Condition
    require: tuple[str, ...] = ()
    recommend: tuple[str, ...] = ()
    certificates: Mapping[str, str] = field(default_factory=dict)
    exclude: Exclusion | None = None
    caution: bool = False
    urgency: Urgency | None = None
    within_days: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its reason and source. `label` is the short form for invitations and names no patient fact."""

    id: str
    kind: RuleKind
    label: Text
    because: Text
    source: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class ScoreGroup:
    """A band of a score, both ends included; `last` is None for the open band at the top."""

    id: str
    label: Text
    first: int
    last: int | None


@dataclass(frozen=True, slots=True)
class Score:
    """Points per value of one set field. Of the values in a `once` set the points count only one time."""

    id: str
    label: Text
    source: str
    field: str
    points: Mapping[str, int]
    once: tuple[tuple[frozenset[str], int], ...]
    groups: tuple[ScoreGroup, ...]

    def total(self, chosen: frozenset[str]) -> int:
        """The points of the chosen values."""
        single = sum(self.points.get(value, 0) for value in chosen)
        return single + sum(points for values, points in self.once if not values.isdisjoint(chosen))

    def group_of(self, total: int) -> str | None:
        """The id of the band that holds the total; None when no band does."""
        return next(
            (g.id for g in self.groups if g.first <= total and (g.last is None or total <= g.last)),
            None,
        )


@dataclass(frozen=True, slots=True)
class LevelOverride:
    """Another level for a readiness item when a condition holds; the first that holds counts."""

    level: Level
    when: Condition


@dataclass(frozen=True, slots=True)
class ReadinessItem:
    """Something a case needs before it can be discussed.

    `limit_days` is the age up to which a report is current, None when it never grows stale. An item with `fields` is
    judged by whether the case holds those fields; `reported_field` names a date field that counts as the day of the
    report. `owed_by` is the specialty to ask.
    """

    id: str
    label: Text
    level: Level
    when: Condition
    owed_by: str
    source: str
    limit_days: int | None = None
    overrides: tuple[LevelOverride, ...] = ()
    fields: tuple[str, ...] = ()
    reported_field: str | None = None


@dataclass(frozen=True, slots=True)
class Milestone:
    """A further clock of the programme that the service shows but does not plan by, in hours from the referral."""

    id: str
    label: Text
    hours: float


@dataclass(frozen=True, slots=True)
class Clocks:
    """Days from the referral to the discussion by urgency, and how long before a meeting its list closes."""

    days: Mapping[Urgency, float] = field(default_factory=dict)
    list_closes_hours: float = 0
    milestones: tuple[Milestone, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class MinutesClause:
    """A number of minutes and when it applies."""

    minutes: int
    when: Condition


@dataclass(frozen=True, slots=True)
class Minutes:
    """How long a case takes: the highest of `plain` and `at_least`, plus every `add`, unless an `exactly` applies."""

    plain: int = 0
    at_least: tuple[MinutesClause, ...] = ()
    add: tuple[MinutesClause, ...] = ()
    exactly: tuple[MinutesClause, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a closed list of the minutes, with the details it asks for (`date`, `agent` …)."""

    id: str
    label: Text
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """The rulebook of a disease area, read from a file; nothing here is known to the code.

    `outcomes` maps `recommendations`, `intents`, `items`, `deferrals`, `follow_up`, `deviations` to their options by
    id, in file order. `intake` is the content of the file beside it with the data rules of imports.
    """

    id: str
    name: Text
    fields: Mapping[str, Field]
    specialties: Mapping[str, Text] = field(default_factory=dict)
    groups: Mapping[str, Text] = field(default_factory=dict)
    certificates: Mapping[str, Text] = field(default_factory=dict)
    seats: tuple[CoreSeat, ...] = ()
    conditions: Mapping[str, NamedCondition] = field(default_factory=dict)
    scores: Mapping[str, Score] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    readiness: tuple[ReadinessItem, ...] = ()
    clocks: Clocks = field(default_factory=Clocks)
    minutes: Minutes = field(default_factory=Minutes)
    outcomes: Mapping[str, Mapping[str, Option]] = field(default_factory=dict)
    intake: Mapping[str, Any] = field(default_factory=dict)

    @property
    def core(self) -> frozenset[str]:
        """The specialties with a core seat; every other one is called in on demand."""
        return frozenset(seat.specialty for seat in self.seats)

    @property
    def asked_certificates(self) -> dict[str, tuple[str, ...]]:
        """The certificates that rules ask of a specialty, by specialty."""
        asked = {pair for rule in self.rules for clause in rule.clauses for pair in clause.certificates.items()}
        return {
            specialty: tuple(sorted(certificate for each, certificate in asked if each == specialty))
            for specialty in sorted({each for each, _ in asked})
        }

    def rule(self, rule_id: str) -> Rule | None:
        """The rule with this id; None for needs that come from no rule (requested, named)."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)
