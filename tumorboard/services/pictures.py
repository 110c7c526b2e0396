"""The picture of a meeting from its rows: of what is published, and of what a draft proposes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tumorboard.domain.model import Attendance, MeetingPlan
from tumorboard.domain.picture import Part, Picture, draw_meeting
from tumorboard.domain.timeline import Interval
from tumorboard.services.parts import holds_place
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member


def picture_of_meeting(
    meeting: Meeting, *, specialties: Mapping[str, str], case_ids: Mapping[str, str] | None = None
) -> Picture:
    """The picture of what is published. References link to their case where `case_ids` names it."""
    agenda = [(item.case.reference, Interval(item.starts_at, item.ends_at)) for item in meeting.agenda]
    parts = [_published(row) for row in meeting.invitations if holds_place(row)]
    return _draw(meeting, agenda, parts, specialties, case_ids or {}, {})


def picture_of_plan(
    meeting: Meeting, plan: MeetingPlan, *, members: Mapping[str, Member], specialties: Mapping[str, str],
    case_ids: Mapping[str, str],
) -> Picture:  # fmt: skip
    """The picture of what a draft proposes for a meeting."""
    agenda = [(entry.reference, entry.span) for entry in plan.agenda]
    parts = [_proposed(members[one.member], one) for one in plan.attendances if one.member in members]
    lacks = {
        entry.reference: set(plan.uncovered.get(entry.reference, ())) & set(entry.requires) for entry in plan.agenda
    }
    return _draw(meeting, agenda, parts, specialties, case_ids, lacks)


def _published(row: MeetingInvitation) -> Part:
    return Part(
        name=row.member.name, title=row.member.title, kind=row.kind, span=Interval(row.starts_at, row.ends_at),
        specialties=row.details["specialties"], cases=row.details["cases"], required=row.details["required"],
    )  # fmt: skip


def _proposed(member: Member, one: Attendance) -> Part:
    return Part(
        name=member.name, title=member.title or "", kind=one.kind, span=one.span, specialties=one.specialties,
        cases=one.cases, required=one.required,
    )  # fmt: skip


def _draw(
    meeting: Meeting, agenda: Sequence[tuple[str, Interval]], parts: Iterable[Part], specialties: Mapping[str, str],
    case_ids: Mapping[str, str], lacks: Mapping[str, set[str]],
) -> Picture:  # fmt: skip
    return draw_meeting(
        meeting.public_id, Interval(meeting.starts_at, meeting.ends_at), meeting.time_zone, agenda=agenda,
        parts=parts, specialties=specialties, case_ids=case_ids, lacks=lacks,
    )  # fmt: skip
