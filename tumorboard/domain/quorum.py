"""Who covers which need of a case, and whether a meeting is quorate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tumorboard.domain.model import (
    Attendance,
    MeetingPlan,
    MemberFacts,
    Need,
    SeatFacts,
    SeatKind,
    Text,
    WaitingCase,
)
from tumorboard.domain.planning_problem import answers, key_of
from tumorboard.domain.timeline import Interval

NAMED_BECAUSE = Text(en="The case names this member.", ko="이 사례에서 지정한 위원입니다.")
"""Why a named member is needed, for cases whose needs do not say it themselves."""


@dataclass(frozen=True, slots=True)
class NeedCover:
    """One need of a case and the members, in the order of the attendances, who cover it for the whole case."""

    need: Need
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """All unwaived needs of a case with who covers them, in the order of the needs."""

    covers: tuple[NeedCover, ...]

    @property
    def lost(self) -> tuple[Need, ...]:
        """Required needs that nobody covers: with one of them the case is not quorate."""
        return tuple(cover.need for cover in self.covers if cover.need.required and not cover.members)

    @property
    def missed(self) -> tuple[Need, ...]:
        """Recommended needs that nobody covers; they do not block."""
        return tuple(cover.need for cover in self.covers if not cover.need.required and not cover.members)

    @property
    def is_quorate(self) -> bool:
        """True when the case may be decided."""
        return not self.lost


@dataclass(frozen=True, slots=True)
class SeatQuorum:
    """The quorum seats of a meeting: specialty → members who hold it throughout, and the specialties of nobody."""

    filled: Mapping[str, tuple[str, ...]]
    vacant: tuple[str, ...]

    @property
    def is_met(self) -> bool:
        """True when no quorum seat is vacant."""
        return not self.vacant


def coverage(
    needs: Sequence[Need],
    *,
    span: Interval,
    attendances: Sequence[Attendance],
    members: Mapping[str, MemberFacts],
) -> Coverage:
    """Who covers which need of a case discussed in `span`. Only somebody who is there for all of it counts.

    Members hold needs by their specialties and certificates, whichever seat brought them. Waived needs are left out.
    """
    present = [members[one.member] for one in attendances if one.member in members and one.span.contains(span)]
    unique = {member.id: member for member in present}
    return Coverage(
        tuple(
            NeedCover(need, tuple(member.id for member in unique.values() if answers(member, key_of(need))))
            for need in needs
            if need.waived_by is None
        )
    )


def meeting_coverage(
    plan: MeetingPlan, *, cases: Mapping[str, WaitingCase], members: Mapping[str, MemberFacts]
) -> dict[str, Coverage]:
    """The coverage of each case of a meeting, by reference in agenda order."""
    return {
        entry.reference: coverage(
            needs_with_named(cases[entry.reference], members),
            span=entry.span,
            attendances=plan.attendances,
            members=members,
        )
        for entry in plan.agenda
    }


def needs_with_named(case: WaitingCase, members: Mapping[str, MemberFacts]) -> tuple[Need, ...]:
    """The needs of a case with one for each named member, unless the needs name her already."""
    stated = {need.member for need in case.needs}
    return (
        *case.needs,
        *(
            Need(
                specialty=min(members[name].specialties, default="") if name in members else "",
                required=True,
                rule="named",
                kind="X",
                because=NAMED_BECAUSE,
                source="",
                member=name,
            )
            for name in case.named_members
            if name not in stated
        ),
    )


def seat_quorum(
    seats: Sequence[SeatFacts],
    *,
    span: Interval,
    attendances: Sequence[Attendance],
    members: Mapping[str, MemberFacts],
) -> SeatQuorum:
    """Whether each core seat of the quorum is held for all of `span` by a member of its specialty."""
    filled: dict[str, tuple[str, ...]] = {}
    vacant: list[str] = []
    for seat in seats:
        if seat.kind is not SeatKind.CORE or not seat.in_quorum:
            continue
        holders = tuple(
            dict.fromkeys(
                one.member
                for one in attendances
                if one.member in members
                and seat.specialty in members[one.member].specialties
                and one.span.contains(span)
            )
        )
        if holders:
            filled[seat.specialty] = holders
        else:
            vacant.append(seat.specialty)
    return SeatQuorum(filled, tuple(vacant))
