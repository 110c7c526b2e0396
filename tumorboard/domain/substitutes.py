"""Who could cover what a meeting lost: the lost needs with their windows, and the members ranked for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import IntEnum

from tumorboard.domain.model import Attendance, MeetingPlan, MemberFacts, SeatFacts, SeatKind, WaitingCase
from tumorboard.domain.planning_problem import NeedKey, answers, key_of
from tumorboard.domain.quorum import coverage, needs_with_named, seat_quorum
from tumorboard.domain.timeline import Interval, is_free, subtract

NOT_COMING = frozenset({"declined", "delegated"})
"""The answers of who does not come: whoever delegated stays away until somebody is asked instead."""

REJECTIONS: tuple[str, ...] = (
    "need-for-another", "specialty-missing", "certificate-missing", "has-declined", "not-free", "call-limit-reached",
)  # fmt: skip
"""Why somebody is not asked, in the order in which the reasons are looked for."""


class Place(IntEnum):
    """How a candidate stands to a lost need; the lowest is asked first."""

    PRESENT = 0
    """She comes to the meeting anyway."""
    DEPUTY = 1
    HOLDER = 2
    COLLEAGUE = 3


@dataclass(frozen=True, slots=True)
class LostNeed:
    """A required need, or a seat of the quorum, that nobody who comes covers.

    `span` is the window to ask somebody for. `references` are the cases that need it, in agenda order; `is_seat` says
    that the quorum does. `member` covered it and does not come, empty where nobody did; `kind` is her part.
    """

    key: NeedKey
    span: Interval
    kind: SeatKind
    references: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    is_seat: bool = False
    member: str = ""


@dataclass(frozen=True, slots=True)
class SubstituteQuestion:
    """All that a ranking depends on; equal questions have equal answers.

    `members[].busy` holds everything, their own windows at this meeting included. `seats` are those of the board.
    `coming` has the windows of who comes to this meeting. `declined` are those who said that they cannot come to it.
    `deputies` are those of the member who does not come, in the order they are asked. `calls` counts the calls of the
    meeting's week, `asked` the questions of the last weeks. Letters to who is `unreached` come back.
    """

    lost: LostNeed
    members: tuple[MemberFacts, ...]
    seats: tuple[SeatFacts, ...] = ()
    coming: Mapping[str, Interval] = field(default_factory=dict)
    declined: Set[str] = frozenset()
    deputies: tuple[str, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)
    unreached: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could come, the window she would have then, and how often she was asked lately.

    Letters to her come back when she is not `is_reached`: then she has to be phoned.
    """

    member: str
    place: Place
    span: Interval
    asked: int = 0
    is_reached: bool = True


@dataclass(frozen=True, slots=True)
class Rejected:
    """Somebody who would be asked, and why she is not: one of `REJECTIONS`."""

    member: str
    code: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """Who could cover a lost need, best first, and who cannot, by name."""

    candidates: tuple[Candidate, ...]
    rejected: tuple[Rejected, ...]

    def reason_against(self, member: str) -> str | None:
        """The code of why a member is not asked, None for a candidate. Who is not thought of lacks the specialty."""
        if any(one.member == member for one in self.candidates):
            return None
        return next((one.code for one in self.rejected if one.member == member), "specialty-missing")


def rank_substitutes(question: SubstituteQuestion) -> Ranking:
    """Who is there anyway comes first, by the minutes she would be held longer; then the deputies of who does not come
    and the other holders of the seat, both in the order they are asked; then others of the specialty, who was asked
    least first. Names decide what is left. Whoever letters do not reach comes after all the others.
    """
    order = _Order(question)
    candidates: list[tuple[tuple[bool, int, int, int, str, str], Candidate]] = []
    rejected: list[tuple[str, Rejected]] = []
    for member in question.members:
        if member.id == question.lost.member or not order.is_near(member):
            continue
        code = _reason_against(question, member)
        if code is None:
            candidates.append((order.sort_key(member), order.candidate(member)))
        else:
            rejected.append((member.name, Rejected(member.id, code)))
    candidates.sort(key=lambda one: one[0])
    rejected.sort(key=lambda one: (one[0], one[1].member))
    return Ranking(tuple(one for _, one in candidates), tuple(one for _, one in rejected))


class _Order:
    """The places of the members of one question."""

    def __init__(self, question: SubstituteQuestion) -> None:
        self.question = question
        self.deputies = {name: rank for rank, name in reversed(list(enumerate(question.deputies)))}
        holders = dict.fromkeys(
            name for seat in question.seats if seat.specialty == question.lost.key.specialty for name in seat.holders
        )
        self.holders = {name: rank for rank, name in enumerate(holders)}

    def is_near(self, member: MemberFacts) -> bool:
        """True for whoever would be thought of: deputies, holders, and all of the specialty."""
        key = self.question.lost.key
        return member.id in self.deputies or member.id in self.holders or key.specialty in member.specialties or (
            member.id == key.member
        )  # fmt: skip

    def place_of(self, member: MemberFacts) -> Place:
        if member.id in self.question.coming:
            return Place.PRESENT
        if member.id in self.deputies:
            return Place.DEPUTY
        return Place.HOLDER if member.id in self.holders else Place.COLLEAGUE

    def sort_key(self, member: MemberFacts) -> tuple[bool, int, int, int, str, str]:
        place = self.place_of(member)
        own = self.question.coming.get(member.id)
        rank = {
            Place.PRESENT: span_with(self.question, member.id).minutes - (own.minutes if own is not None else 0),
            Place.DEPUTY: self.deputies.get(member.id, 0),
            Place.HOLDER: self.holders.get(member.id, 0),
            Place.COLLEAGUE: 0,
        }[place]
        is_unreached = member.id in self.question.unreached
        return (is_unreached, place, rank, self.question.asked.get(member.id, 0), member.name, member.id)

    def candidate(self, member: MemberFacts) -> Candidate:
        asked = self.question.asked.get(member.id, 0)
        is_reached = member.id not in self.question.unreached
        return Candidate(member.id, self.place_of(member), span_with(self.question, member.id), asked, is_reached)


def span_with(question: SubstituteQuestion, member: str) -> Interval:
    """The window of a member who covers the lost need as well: from the first minute she is needed to the last."""
    own, asked = question.coming.get(member), question.lost.span
    return asked if own is None else Interval(min(own.start, asked.start), max(own.end, asked.end))


def why_not_there(
    asked: Interval, own: Interval | None, busy: Iterable[Interval], *, has_declined: bool
) -> str | None:  # fmt: skip
    """Why somebody who comes for `own` or not at all cannot come for `asked` too: `has-declined`, `not-free`, or None.

    `busy` may hold her own part, from which all of her window to the end of the other is counted.
    """
    if has_declined:
        return "has-declined"
    whole = asked if own is None else Interval(min(own.start, asked.start), max(own.end, asked.end))
    new = subtract(whole, [own] if own is not None else [])
    return None if all(is_free(part, busy) for part in new) else "not-free"


def _reason_against(question: SubstituteQuestion, member: MemberFacts) -> str | None:
    key = question.lost.key
    if not answers(member, key):
        if key.member:
            return "need-for-another"
        return "certificate-missing" if key.specialty in member.specialties else "specialty-missing"
    own = question.coming.get(member.id)
    against = why_not_there(question.lost.span, own, member.busy, has_declined=member.id in question.declined)
    if against is not None:
        return against
    limit = member.most_calls_per_week
    is_call = question.lost.kind is SeatKind.ON_DEMAND and own is None
    if is_call and limit is not None and question.calls.get(member.id, 0) >= limit:
        return "call-limit-reached"
    return None


def find_lost(
    plan: MeetingPlan, *, span: Interval, seats: Sequence[SeatFacts], cases: Mapping[str, WaitingCase],
    members: Mapping[str, MemberFacts], gone: Set[str] = frozenset(),
) -> tuple[LostNeed, ...]:  # fmt: skip
    """What a published meeting of `span` lacks without the members in `gone`: required needs, and seats it had.

    Needs that one person covered for several cases are one. In the order of the agenda, seats without a case last.
    """
    staying = tuple(one for one in plan.attendances if one.member not in gone)
    leaving = tuple(one for one in plan.attendances if one.member in gone)
    found: dict[tuple[NeedKey, str], LostNeed] = {}
    for entry in plan.agenda:
        case = cases.get(entry.reference)
        if case is None:
            continue
        cover = coverage(needs_with_named(case, members), span=entry.span, attendances=staying, members=members)
        for need in cover.lost:
            key = key_of(need)
            loser = _who_covered(key, entry.reference, entry.span, leaving, members)
            name = loser.member if loser is not None else ""
            known = found.get((key, name))
            found[key, name] = LostNeed(
                key=key,
                span=loser.span if loser is not None else _hull(known.span if known else entry.span, entry.span),
                kind=loser.kind if loser is not None else SeatKind.ON_DEMAND,
                references=(*(known.references if known else ()), entry.reference),
                rules=tuple(dict.fromkeys((*(known.rules if known else ()), need.rule))),
                member=name,
            )
    quorum = seat_quorum(seats, span=span, attendances=staying, members=members)
    for specialty in quorum.vacant if plan.agenda else ():
        _add_seat(found, specialty, span, leaving)
    return tuple(found.values())


def _add_seat(
    found: dict[tuple[NeedKey, str], LostNeed], specialty: str, span: Interval, leaving: Sequence[Attendance]
) -> None:
    """A seat of the quorum that somebody held and nobody holds any more."""
    holders = [one for one in leaving if one.kind is SeatKind.CORE and specialty in one.specialties]
    if not holders:
        return
    key, name = NeedKey(specialty), holders[0].member
    known = found.get((key, name))
    found[key, name] = LostNeed(
        key=key, span=span, kind=SeatKind.CORE, references=known.references if known else (),
        rules=known.rules if known else (), is_seat=True, member=name,
    )  # fmt: skip


def _who_covered(
    key: NeedKey, reference: str, span: Interval, leaving: Iterable[Attendance], members: Mapping[str, MemberFacts]
) -> Attendance | None:
    """Whose leaving loses the need. Of a member who left the centre only her part in the meeting is known."""
    for one in leaving:
        member = members.get(one.member)
        if member is None and (
            one.member == key.member
            or (key.specialty in one.specialties and (reference in one.cases or one.kind is SeatKind.CORE))
        ):
            return one
        if member is not None and answers(member, key) and one.span.contains(span):
            return one
    return None


def _hull(one: Interval, other: Interval) -> Interval:
    return Interval(min(one.start, other.start), max(one.end, other.end))
