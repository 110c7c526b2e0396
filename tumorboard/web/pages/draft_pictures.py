"""The picture above a proposal: how the meeting would be held today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tumorboard.domain.model import MeetingPlan, SeatKind
from tumorboard.domain.picture import Part, Picture, draw_meeting
from tumorboard.domain.timeline import Interval
from tumorboard.services.minutes import spans_by_arrival
from tumorboard.services.pictures import picture_of_meeting
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Member


def picture_of_today(
    meeting: Meeting, plan: MeetingPlan, arrivals: Mapping[str, datetime], *, members: Mapping[str, Member],
    specialties: Mapping[str, str],
) -> Picture:  # fmt: skip
    """What is published or, where nothing is, the proposed cases in the order of their referral.

    Its id is another one than that of the proposal's picture on the same page.
    """
    if meeting.agenda:
        drawn = picture_of_meeting(meeting, specialties=specialties)
    else:
        drawn = _in_arrival_order(meeting, plan, arrivals, members, specialties)
    return replace(drawn, id=f"{meeting.public_id}-now")


def _in_arrival_order(
    meeting: Meeting, plan: MeetingPlan, arrivals: Mapping[str, datetime], members: Mapping[str, Member],
    specialties: Mapping[str, str],
) -> Picture:  # fmt: skip
    latest = max(arrivals.values(), default=meeting.starts_at)
    agenda = spans_by_arrival([(e.reference, e.span, arrivals.get(e.reference, latest)) for e in plan.agenda])
    spans = dict(agenda)
    parts = []
    for one in plan.attendances:
        hers = [spans[reference] for reference in one.cases if reference in spans]
        if one.kind is SeatKind.ON_DEMAND and hers and one.member in members:
            member = members[one.member]
            stay = Interval(min(span.start for span in hers), max(span.end for span in hers))
            parts.append(
                Part(
                    name=member.name, title=member.title or "", kind=one.kind, span=stay,
                    specialties=one.specialties, cases=one.cases, required=one.required,
                )
            )  # fmt: skip
    return draw_meeting(
        meeting.public_id, Interval(meeting.starts_at, meeting.ends_at), meeting.time_zone, agenda=agenda,
        parts=parts, specialties=specialties, case_ids={}, lacks={},
    )  # fmt: skip
