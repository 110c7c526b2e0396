"""What is no longer right about published meetings, judged by the independent checker against the facts of today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace

from tumorboard.domain.model import Attendance, MeetingPlan, MemberFacts, Need, Reason, SeatKind
from tumorboard.domain.planning_check import check_meetings
from tumorboard.domain.planning_problem import Problem, answers, key_of
from tumorboard.domain.quorum import Coverage, meeting_coverage, seat_quorum

FINDING_CODES: Mapping[str, tuple[str, ...]] = {
    "member-absent": ("member", "references", "specialties"),
    "member-busy-now": ("member", "references", "specialties"),
    "member-left": ("member", "references", "specialties"),
    "member-declined": ("member", "references", "specialties"),
    "member-in-two-places": ("member",),
    "seat-lost": ("specialty",),
    "need-uncovered": ("reference", "specialty"),
    "named-member-missing": ("reference", "member"),
    "case-not-ready": ("reference", "items"),
    "case-closed": ("reference",),
    "case-longer": ("reference", "minutes", "planned"),
    "agenda-blocks-wrong": (),
    "meeting-too-long": ("minutes",),
    "fixed-time-missed": ("reference",),
    "member-called-too-often": ("member",),
    "room-in-use": (),
    "call-uncovered": ("reference", "specialty"),
    "no-answer": ("member", "specialties"),
}
"""Codes of what the review finds, with the names of their values. Lists are ids joined by commas.

`call-uncovered` is of an urgent meeting, which no repair changes; its `specialty` may be a member asked for by name.
`no-answer` is of an invitation without an answer after its deadline."""

_GONE: Mapping[str, str] = {"member-busy": "member-absent", "member-unknown": "member-left"}
_SAME = frozenset(
    {
        "member-in-two-places", "need-uncovered", "named-member-missing", "agenda-blocks-wrong", "meeting-too-long",
        "fixed-time-missed", "member-called-too-often", "room-in-use",
    }
)  # fmt: skip
"""Violations that mean for a published meeting what they mean for a proposal."""

_WORTH_KNOWING = frozenset(
    {"room-too-small", "agenda-blocks-wrong", "case-longer", "member-called-too-often", "no-answer"}
)
"""What is better mended, and does not stop the meeting."""


def review_meetings(
    problem: Problem, plans: Sequence[MeetingPlan], *, declined: Set[tuple[str, str]] = frozenset(),
    busy: Set[tuple[str, str]] = frozenset(),
) -> tuple[Reason, ...]:  # fmt: skip
    """What changed since the meetings were published; each reason names its meeting, empty when all is as it was.

    `plans` are the published meetings, one for each meeting of the problem (`as_published`). `declined` holds the
    meeting and the member of each declined invitation, `busy` those whose own calendar says that she is busy then.
    A better-ranked holder who has time after all, a case that
    became shorter, and a recommended specialty that nobody covers are no findings.
    """
    found: list[Reason] = []
    gone: dict[tuple[str, str], str] = dict.fromkeys(sorted(declined), "member-declined")
    by_id = {plan.meeting: plan for plan in plans}
    for violation in check_meetings(problem, plans):
        code, values = violation.code, violation.values
        if code in _GONE:
            who = (str(values["meeting"]), str(values["member"]))
            gone.setdefault(who, "member-busy-now" if code == "member-busy" and who in busy else _GONE[code])
        elif code in _SAME:
            found.append(violation)
        elif code == "unknown-case":
            place = _meeting_of(str(values["reference"]), plans)
            found.append(Reason("case-closed", {"reference": values["reference"], "meeting": place}))
        elif code == "case-not-ready":
            found.append(_not_ready(problem, violation))
        elif code == "agenda-times-wrong":
            found.extend(_longer(problem, violation, by_id))
    for plan in plans:
        if plan.agenda:
            found.extend(
                _review_people(problem, plan, {m: code for (at, m), code in gone.items() if at == plan.meeting})
            )
    return tuple(_in_order(found, plans))


def as_published(problem: Problem, plan: MeetingPlan) -> MeetingPlan:
    """The plan with `uncovered` and `vacant_seats` as the facts of today make them."""
    members = {member.id: member for member in problem.members}
    span = next(meeting.span for meeting in problem.meetings if meeting.id == plan.meeting)
    quorum = seat_quorum(problem.seats, span=span, attendances=plan.attendances, members=members)
    uncovered = {
        reference: tuple(sorted({need.specialty for need in (*cover.lost, *cover.missed) if need.specialty}))
        for reference, cover in _cover(problem, plan, members).items()
        if cover.lost or cover.missed
    }
    return replace(plan, uncovered=uncovered, vacant_seats=quorum.vacant if plan.agenda else ())


def _cover(problem: Problem, plan: MeetingPlan, members: Mapping[str, MemberFacts]) -> dict[str, Coverage]:
    cases = {case.reference: case for case in problem.cases}
    known = replace(plan, agenda=tuple(entry for entry in plan.agenda if entry.reference in cases))
    return meeting_coverage(known, cases=cases, members=members)


def _meeting_of(reference: str, plans: Sequence[MeetingPlan]) -> str:
    return next(plan.meeting for plan in plans for entry in plan.agenda if entry.reference == reference)


def _not_ready(problem: Problem, violation: Reason) -> Reason:
    reference, meeting = str(violation.values["reference"]), str(violation.values["meeting"])
    case = next(case for case in problem.cases if case.reference == reference)
    items = case.blocked_on.get(meeting) or case.blocked_by
    return Reason("case-not-ready", {"reference": reference, "meeting": meeting, "items": ",".join(items)})


def _longer(problem: Problem, violation: Reason, plans: Mapping[str, MeetingPlan]) -> Iterator[Reason]:
    """New facts may make a case longer than its place on the agenda; a shorter one does no harm."""
    reference, meeting = str(violation.values["reference"]), str(violation.values["meeting"])
    case = next((case for case in problem.cases if case.reference == reference), None)
    planned = next(entry.span.minutes for entry in plans[meeting].agenda if entry.reference == reference)
    if case is not None and case.minutes > planned:
        minutes = {"minutes": case.minutes, "planned": planned}
        yield Reason("case-longer", {"reference": reference, "meeting": meeting, **minutes})


def _review_people(problem: Problem, plan: MeetingPlan, gone: Mapping[str, str]) -> Iterator[Reason]:
    """Who cannot come, and what the meeting loses by it; those who stay may cover for those who go."""
    members = {member.id: member for member in problem.members}
    staying = replace(plan, attendances=tuple(one for one in plan.attendances if one.member not in gone))
    before, after = _cover(problem, plan, members), _cover(problem, staying, members)
    # A member who left the centre is no longer known: what she covered is seen in the attendances.
    lost = {reference: cover.lost for reference, cover in after.items() if cover.lost}
    for one in plan.attendances:
        if one.member in gone:
            cases, specialties = _lost_with(one, lost, before, members)
            values = {"member": one.member, "meeting": plan.meeting}
            yield Reason(
                gone[one.member], {**values, "references": ",".join(cases), "specialties": ",".join(specialties)}
            )
    yield from (
        Reason("seat-lost", {"specialty": specialty, "meeting": plan.meeting})
        for specialty in _seats_lost(problem, plan, staying, members)
    )


def _lost_with(
    one: Attendance, lost: Mapping[str, Sequence[Need]], before: Mapping[str, Coverage],
    members: Mapping[str, MemberFacts],
) -> tuple[list[str], list[str]]:  # fmt: skip
    """The cases and specialties whose required needs only this member covered, or others who cannot come either."""
    member = members.get(one.member)
    cases: dict[str, None] = {}
    specialties: set[str] = set()
    for reference, needs in lost.items():
        for need in needs:
            is_hers = (
                answers(member, key_of(need))
                and any(need == cover.need and one.member in cover.members for cover in before[reference].covers)
                if member is not None
                else need.member == one.member or (reference in one.cases and need.specialty in one.specialties)
            )
            if is_hers:
                cases[reference] = None
                specialties.add(need.specialty)
    return list(cases), sorted(specialties - {""})


def _seats_lost(
    problem: Problem, plan: MeetingPlan, staying: MeetingPlan, members: Mapping[str, MemberFacts]
) -> Iterator[str]:
    """Quorum seats that were held when the meeting was published and are no longer."""
    span = next(meeting.span for meeting in problem.meetings if meeting.id == plan.meeting)
    now = seat_quorum(problem.seats, span=span, attendances=staying.attendances, members=members)
    held = {name for one in plan.attendances if one.kind is SeatKind.CORE for name in one.specialties}
    yield from (specialty for specialty in now.vacant if specialty in held)


def _in_order(found: Sequence[Reason], plans: Sequence[MeetingPlan]) -> list[Reason]:
    """By meeting, then by code and values; each once. What goes without saying is left out.

    A need that is uncovered because its member left stands with the member.
    """
    place = {plan.meeting: number for number, plan in enumerate(plans)}
    told = {
        (reason.values["meeting"], reference, specialty)
        for reason in found
        if reason.code.startswith("member-")
        for reference in str(reason.values.get("references", "")).split(",")
        for specialty in str(reason.values.get("specialties", "")).split(",")
    }
    kept = {
        (reason.code, *sorted((name, str(value)) for name, value in reason.values.items())): reason
        for reason in found
        if (reason.values["meeting"], reason.values.get("reference"), reason.values.get("specialty")) not in told
    }
    return sorted(
        kept.values(), key=lambda reason: (place[str(reason.values["meeting"])], reason.code, str(reason.values))
    )


def is_blocking(code: str, values: Mapping[str, object]) -> bool:
    """True when the meeting or one of its cases cannot be held like this; else it is worth knowing."""
    if code in ("member-absent", "member-busy-now", "member-left", "member-declined"):
        return bool(values.get("references"))
    return code not in _WORTH_KNOWING
