"""Rows to facts and facts to rows: the single bridge between the database and the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.model import (
    AgendaEntry,
    Attendance,
    CaseFacts,
    MeetingFacts,
    MeetingPlan,
    MemberFacts,
    Proposal,
    ReadinessRecord,
    Reason,
    SeatFacts,
    SeatKind,
    Value,
    Waiver,
)
from tumorboard.domain.timeline import Interval, merge
from tumorboard.store.busy import busy_times as busy_times
from tumorboard.store.cases import Case, CaseWaiver, ReadinessItem
from tumorboard.store.meetings import AgendaItem, Booking, Meeting, MeetingInvitation, Resource, Room, Seat
from tumorboard.store.people import Member


def encode_values(values: Mapping[str, Value]) -> dict[str, Any]:
    """Field values as JSON: sets as sorted lists, dates as `{"date": "2026-11-22"}`."""
    return {key: _encode(values[key]) for key in sorted(values)}


def _encode(value: Value) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value


def decode_values(document: Mapping[str, Any]) -> dict[str, Value]:
    """The inverse of `encode_values`."""
    return {key: _decode(value) for key, value in document.items()}


def _decode(value: Any) -> Value:
    if isinstance(value, list):
        return frozenset(value)
    if isinstance(value, Mapping):
        return date.fromisoformat(value["date"])
    return value  # type: ignore[no-any-return]


def case_facts(row: Case) -> CaseFacts:
    """A case as the rules see it: normalised fields, and the source columns the rules read."""
    return make_case_facts(row.program, row.reference, facts=row.facts, sources=row.sources, flags=row.flags)


def make_case_facts(
    program: str, reference: str, *, facts: Mapping[str, Any], sources: Mapping[str, Any], flags: Mapping[str, Any]
) -> CaseFacts:
    """The same from the documents of a row."""
    return CaseFacts(
        reference=reference,
        program=program,
        values={**decode_values(sources), **decode_values(facts)},
        flags=frozenset(flags.get("flags", [])),
    )


def readiness_record(row: ReadinessItem) -> ReadinessRecord:
    """What is noted about one readiness item."""
    return ReadinessRecord(
        item=row.item,
        reported_on=row.reported_on,
        expected_on=row.expected_on,
        not_applicable_by=row.not_applicable_by,
        owed_by=row.owed_by,
        owed_since=row.owed_since,
    )


def waiver(row: CaseWaiver) -> Waiver:
    """A waiver as a value."""
    return Waiver(specialty=row.specialty, by=row.by_name, because=row.because, at=row.at)


def seat_facts(row: Seat) -> SeatFacts:
    """A seat with its holders by public id in the order they are asked; inactive members are left out.

    Deputies of the holders come last, in the order of the holders and their ranks, if they hold the specialty.
    """
    holders = [holder.member for holder in row.holders if holder.member.active]
    deputies = [d.deputy for member in holders for d in member.deputies if d.deputy.active and _holds(d.deputy, row)]
    ids = dict.fromkeys(member.public_id for member in [*holders, *deputies])
    return SeatFacts(specialty=row.specialty, kind=SeatKind(row.kind), in_quorum=row.in_quorum, holders=tuple(ids))


def _holds(member: Member, seat: Seat) -> bool:
    return any(held.specialty == seat.specialty for held in member.specialties)


def room_bookings(
    session: Session, *, start: datetime, end: datetime, without_meetings: Iterable[int] = ()
) -> dict[str, tuple[Interval, ...]]:
    """Per room key, when others than these meetings have booked it; sorted, non-overlapping."""
    query = (
        select(Room.key, Booking.starts_at, Booking.ends_at)
        .join(Resource, Resource.room_id == Room.id)
        .join(Booking, Booking.resource_id == Resource.id)
        .where(Booking.status == "confirmed", Booking.starts_at < end, Booking.ends_at > start)
        .where(Booking.meeting_id.not_in(list(without_meetings)))
    )
    found: dict[str, list[Interval]] = {}
    for key, starts_at, ends_at in session.execute(query):
        found.setdefault(key, []).append(Interval(starts_at, ends_at))
    return {key: merge(intervals) for key, intervals in found.items()}


def calls_by_week(
    session: Session, *, start: datetime, end: datetime, without_meetings: Iterable[int] = ()
) -> dict[str, dict[tuple[int, int], int]]:
    """Per member id with a limit and ISO week of the meetings' zones, how often she is called in; past calls count."""
    query = (
        select(Member.public_id, Meeting.starts_at, Meeting.time_zone)
        .join(MeetingInvitation, MeetingInvitation.member_id == Member.id)
        .join(Meeting, Meeting.id == MeetingInvitation.meeting_id)
        .where(Member.most_calls_per_week.is_not(None))
        .where(MeetingInvitation.kind == "on_demand", MeetingInvitation.status == "invited")
        .where(MeetingInvitation.answer.not_in(("declined", "delegated")))
        .where(Meeting.starts_at >= start, Meeting.starts_at < end, Meeting.id.not_in(list(without_meetings)))
    )
    found: dict[str, dict[tuple[int, int], int]] = {}
    for member, starts_at, time_zone in session.execute(query):
        week = starts_at.astimezone(ZoneInfo(time_zone)).isocalendar()[:2]
        mine = found.setdefault(member, {})
        mine[week] = mine.get(week, 0) + 1
    return found


def earlier_members(session: Session, *, program: str, now: datetime) -> dict[str, tuple[str, ...]]:
    """Per reference of an open case of the programme, who was called in when it was discussed before; sorted ids."""
    stood = (
        select(AgendaItem.meeting_id)
        .join(Case, Case.id == AgendaItem.case_id)
        .where(Case.program == program, Case.status.in_(("waiting", "scheduled")))
    )
    query = (
        select(MeetingInvitation.details, Member.public_id)
        .join(Member, Member.id == MeetingInvitation.member_id)
        .join(Meeting, Meeting.id == MeetingInvitation.meeting_id)
        .where(MeetingInvitation.kind == "on_demand", MeetingInvitation.status == "invited")
        .where(MeetingInvitation.answer.not_in(("declined", "delegated")))
        .where(Meeting.starts_at <= now, Meeting.status != "cancelled", Meeting.id.in_(stood))
    )
    found: dict[str, set[str]] = {}
    for details, member in session.execute(query):
        for reference in details.get("cases", ()):
            found.setdefault(reference, set()).add(member)
    return {reference: tuple(sorted(members)) for reference, members in found.items()}


def member_facts(row: Member, busy: tuple[Interval, ...]) -> MemberFacts:
    """A member as the planner sees her."""
    return MemberFacts(
        id=row.public_id,
        name=row.name,
        specialties=frozenset(held.specialty for held in row.specialties),
        certificates=frozenset(held.certificate for held in row.certificates),
        deputies=tuple(deputy.deputy.public_id for deputy in row.deputies),
        busy=busy,
        most_calls_per_week=row.most_calls_per_week,
    )


def meeting_facts(row: Meeting, *, breaks: tuple[tuple[int, int], ...] = ()) -> MeetingFacts:
    """A meeting with the references published for it; `breaks` are those of the board's settings."""
    return MeetingFacts(
        id=row.public_id,
        span=Interval(row.starts_at, row.ends_at),
        closes_at=row.closes_at,
        time_zone=row.time_zone,
        published=tuple(item.case.reference for item in row.agenda),
        is_extra=row.is_extra,
        breaks=breaks,
    )


def encode_proposal(proposal: Proposal) -> dict[str, Any]:
    """A proposal as a JSON document, for a draft row."""
    return {
        "meetings": [_encode_meeting(plan) for plan in proposal.meetings],
        "left_out": {reference: encode_reasons(reasons) for reference, reasons in proposal.left_out.items()},
        "solver": proposal.solver,
        "cost": proposal.cost,
        "greedy_cost": proposal.greedy_cost,
        "bound": proposal.bound,
    }


def encode_reasons(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Reasons as a JSON list."""
    return [{"code": reason.code, "values": dict(reason.values)} for reason in reasons]


def _encode_span(span: Interval) -> list[str]:
    return [span.start.isoformat(), span.end.isoformat()]


def _encode_meeting(plan: MeetingPlan) -> dict[str, Any]:
    return {
        "meeting": plan.meeting,
        "agenda": [
            {"reference": e.reference, "span": _encode_span(e.span), "requires": list(e.requires)} for e in plan.agenda
        ],
        "attendances": [
            {
                "member": a.member, "kind": a.kind.value, "span": _encode_span(a.span),
                "specialties": list(a.specialties), "cases": list(a.cases), "rules": list(a.rules),
                "required": a.required,
            }
            for a in plan.attendances
        ],
        "reasons": {reference: encode_reasons(reasons) for reference, reasons in plan.reasons.items()},
        "uncovered": {reference: list(names) for reference, names in plan.uncovered.items()},
        "vacant_seats": list(plan.vacant_seats),
        "held_minutes": plan.held_minutes,
        "held_minutes_arrival": plan.held_minutes_arrival,
        "held_by_member": {member: list(minutes) for member, minutes in plan.held_by_member.items()},
    }  # fmt: skip


def decode_proposal(document: Mapping[str, Any]) -> Proposal:
    """The inverse of `encode_proposal`."""
    return Proposal(
        meetings=tuple(_decode_meeting(entry) for entry in document["meetings"]),
        left_out={reference: decode_reasons(reasons) for reference, reasons in document["left_out"].items()},
        solver=document["solver"],
        cost=document["cost"],
        greedy_cost=document["greedy_cost"],
        bound=document.get("bound"),
    )


def decode_reasons(reasons: Iterable[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """The inverse of `encode_reasons`."""
    return tuple(Reason(reason["code"], dict(reason["values"])) for reason in reasons)


def _decode_span(span: list[str]) -> Interval:
    return Interval(datetime.fromisoformat(span[0]), datetime.fromisoformat(span[1]))


def _decode_meeting(entry: Mapping[str, Any]) -> MeetingPlan:
    return MeetingPlan(
        meeting=entry["meeting"],
        agenda=tuple(
            AgendaEntry(reference=e["reference"], span=_decode_span(e["span"]), requires=tuple(e["requires"]))
            for e in entry["agenda"]
        ),
        attendances=tuple(
            Attendance(
                member=a["member"], kind=SeatKind(a["kind"]), span=_decode_span(a["span"]),
                specialties=tuple(a["specialties"]), cases=tuple(a["cases"]), rules=tuple(a["rules"]),
                required=a["required"],
            )
            for a in entry["attendances"]
        ),
        reasons={reference: decode_reasons(reasons) for reference, reasons in entry["reasons"].items()},
        uncovered={reference: tuple(names) for reference, names in entry["uncovered"].items()},
        vacant_seats=tuple(entry["vacant_seats"]),
        held_minutes=entry["held_minutes"],
        held_minutes_arrival=entry["held_minutes_arrival"],
        held_by_member={member: (arrival, now) for member, (arrival, now) in entry.get("held_by_member", {}).items()},
    )  # fmt: skip
