"""The nouns of the board as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from tumorboard.domain.timeline import Interval

Value = str | int | float | bool | date | frozenset[str]
"""What a field of a case can hold; a field without a value is absent from the mapping."""


class Urgency(StrEnum):
    """How soon a case must be discussed, least urgent first."""

    ROUTINE = "routine"
    EXPEDITED = "expedited"
    URGENT = "urgent"


class SeatKind(StrEnum):
    """Core members hold the whole meeting, on-demand members their window."""

    CORE = "core"
    ON_DEMAND = "on_demand"


class Level(StrEnum):
    """What a finding does to the case: it blocks, it warns, or it is a preference."""

    BLOCKS = "blocks"
    WARNS = "warns"
    PREFERS = "prefers"


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in English and Korean."""

    en: str
    ko: str

    def in_language(self, language: str) -> str:
        """The words in `ko` or, for anything else, in English."""
        return self.ko if language.startswith("ko") else self.en


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case as the rules see it: its local reference, its programme and its field values.

    `values` has the field ids of the programme as keys; `flags` are the kebab-case remarks of the data rules.
    """

    reference: str
    program: str
    values: Mapping[str, Value]
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Need:
    """A specialty that a case requires, or profits from, and the rule that says so.

    `rule` is the id of the rule (`R10`), `kind` is `G` (guideline) or `X` (centre convention). `certificate` narrows
    the need to members who hold it. A need for a `member` (public id) is for that person. A waived need says by whom.
    """

    specialty: str
    required: bool
    rule: str
    kind: str
    because: Text
    source: str
    certificate: str | None = None
    member: str | None = None
    waived_by: str | None = None
    waived_because: str | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """A named physician's decision that a specialty need not attend for one case."""

    specialty: str
    by: str
    because: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that the programme says about one case.

    `required` and `recommended` are sorted specialty ids without waived ones; a specialty in the first is never in the
    second. `rules` are the ids of the rules that fired, in the order of the programme. `scores` and `score_groups`
    hold the programme's scores by name, such as 8 points in the group `high`; None where nothing is known
    of what a score counts, which is not 0. `target_days` is the programme's clock in days from the referral. `notices`
    are the reasons of rules that exclude or caution, most important first.
    """

    eligible: bool
    needs: tuple[Need, ...]
    required: tuple[str, ...]
    recommended: tuple[str, ...]
    rules: tuple[str, ...]
    urgency: Urgency
    minutes: int
    target_days: float
    scores: Mapping[str, int | None]
    score_groups: Mapping[str, str | None]
    notices: tuple[Text, ...] = ()


class ReadinessState(StrEnum):
    """What is known of one readiness item on the day of the meeting."""

    CURRENT = "current"
    STALE = "stale"
    MISSING = "missing"
    EXPECTED = "expected"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class ReadinessRecord:
    """What the centre has noted about one item of one case: the day of the report, or the day it is expected."""

    item: str
    reported_on: date | None = None
    expected_on: date | None = None
    not_applicable_by: str | None = None
    owed_by: str | None = None
    owed_since: date | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One readiness item of a case on a given day, with what a person needs to act on it."""

    item: str
    label: Text
    state: ReadinessState
    level: Level
    record: ReadinessRecord | None = None
    age_days: int | None = None
    limit_days: int | None = None

    @property
    def is_blocking(self) -> bool:
        """True when the case may not join a meeting that day."""
        return self.level is Level.BLOCKS and self.state in (ReadinessState.STALE, ReadinessState.MISSING)


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """A place on a board for a specialty. `holders` are member ids in the order they are asked, deputies last."""

    specialty: str
    kind: SeatKind
    in_quorum: bool
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """A person on a board as the planner sees her; `busy` is sorted and non-overlapping."""

    id: str
    name: str
    specialties: frozenset[str]
    certificates: frozenset[str] = frozenset()
    deputies: tuple[str, ...] = ()
    busy: tuple[Interval, ...] = ()
    most_calls_per_week: int | None = None


@dataclass(frozen=True, slots=True)
class MeetingFacts:
    """One dated sitting. Cases are accepted until `closes_at`; capacity is its length in minutes.

    `published` holds the references of the cases already published for it, in order. An extra meeting takes place only
    if it is worth opening. `breaks` are (minutes from the start, length).
    """

    id: str
    span: Interval
    closes_at: datetime
    time_zone: str
    published: tuple[str, ...] = ()
    is_extra: bool = False
    breaks: tuple[tuple[int, int], ...] = ()

    @property
    def capacity(self) -> int:
        """Minutes for discussion."""
        return self.span.minutes - sum(minutes for _, minutes in self.breaks)


@dataclass(frozen=True, slots=True)
class WaitingCase:
    """A case as the planner sees it.

    `needs` are the unwaived needs, required and recommended. `ready_at` is the first instant at which its blocking
    items are current, None when that is unknown; `blocked_by` names the blocking items then. `due_at` is the end of
    its clock. `named_members` must attend. `meeting` is where it is published now, `stood_on` are meetings that it was
    published for before. `blocked_on` maps the meetings on whose day the case is not ready (a report missing, or too
    old by then) to the items that block it. `awaited` maps items never reported to the beginning of the day they are
    expected. `fixed_at` is the only instant at which it may begin. `earlier_members` were called in when the case was
    discussed before.
    """

    reference: str
    minutes: int
    urgency: Urgency
    needs: tuple[Need, ...]
    referred_at: datetime
    due_at: datetime
    ready_at: datetime | None
    blocked_by: tuple[str, ...] = ()
    named_members: tuple[str, ...] = ()
    meeting: str | None = None
    last_block: bool = False
    blocked_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fixed_at: datetime | None = None
    is_complex: bool = False
    earlier_members: tuple[str, ...] = ()
    awaited: Mapping[str, datetime] = field(default_factory=dict)
    stood_on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was decided: a kebab-case code and the facts to say it with. Words live in the doors."""

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """One case on an agenda with its time."""

    reference: str
    span: Interval
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attendance:
    """A member's part in one meeting: the whole of it for core members, a window for the others.

    `cases` are the references she is needed for, in agenda order; empty for a core member without a case of her own.
    `rules` are the ids of the rules behind it; `specialties` the needs she covers. `required` is false when every need
    she covers is only recommended.
    """

    member: str
    kind: SeatKind
    span: Interval
    specialties: tuple[str, ...]
    cases: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class MeetingPlan:
    """What is proposed for one meeting: the ordered cases, who attends when, and needs that nobody covers.

    `uncovered` maps a case reference to the specialties nobody can attend for (recommended ones only in a proposal
    that is right; required ones when a person overruled it). `held_by_member` are the minutes each called-in member is
    held: in the order of arrival, and in this one.
    """

    meeting: str
    agenda: tuple[AgendaEntry, ...]
    attendances: tuple[Attendance, ...]
    reasons: Mapping[str, tuple[Reason, ...]]
    uncovered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vacant_seats: tuple[str, ...] = ()
    held_minutes: int = 0
    held_minutes_arrival: int = 0
    held_by_member: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The whole plan of a board: its meetings in time order and, per case left out, why."""

    meetings: tuple[MeetingPlan, ...]
    left_out: Mapping[str, tuple[Reason, ...]]
    solver: str
    cost: int
    greedy_cost: int
    bound: int | None = None

    @property
    def gap(self) -> float | None:
        """How far above the best possible the cost may be, as a share of it; None when nothing is proven."""
        if self.bound is None:
            return None
        return max(0, self.cost - self.bound) / max(1, self.cost)
