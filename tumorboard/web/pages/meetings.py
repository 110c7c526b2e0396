"""One meeting as it is published: agenda, windows, and what became of the letters."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Response

from tumorboard.domain.timeline import Interval
from tumorboard.services.access import Permission
from tumorboard.services.boards import list_absent, read_meeting
from tumorboard.services.invitations import ASKED_FOR
from tumorboard.services.lists import find_last_letters
from tumorboard.services.minutes import minutes_of_meeting
from tumorboard.services.my_parts import list_my_parts
from tumorboard.services.parts import delegator_of, holds_place
from tumorboard.services.publications import find_cancellation
from tumorboard.services.room_entry import load_discussions
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.post import OutboxMessage
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.findings import findings_by_meeting
from tumorboard.web.pages.frame import pages, show
from tumorboard.web.pages.minutes import tabulate_minutes
from tumorboard.web.pages.names import all_specialties, full_name
from tumorboard.web.pages.part_cards import card_of, rule_labels
from tumorboard.web.pages.picture import picture_of_meeting
from tumorboard.web.pages.room import room_is_open


@pages.get("/meetings/<meeting_id>")
def show_meeting(meeting_id: str) -> Response:
    """One meeting, on the screen and on A4."""
    actor, now = current_actor(), utc_now()
    own = list_my_parts(database(), setup(), by=actor, now=now, meeting_id=meeting_id)
    meeting = read_meeting(database(), meeting_id=meeting_id, by=actor)
    specialties = all_specialties()
    case_ids = (
        {item.case.reference: item.case.public_id for item in meeting.agenda} if actor.may(Permission.CASE_READ) else {}
    )
    letters = find_last_letters(database(), meeting) if actor.may(Permission.OUTBOX_READ) else {}
    labels = rule_labels(meeting.board.program)
    invited = [row for row in meeting.invitations if holds_place(row)]
    invited.sort(key=lambda row: (row.kind != "core", row.starts_at, row.member.name))
    return show(
        "meeting.html",
        meeting=meeting,
        board=meeting.board,
        drawing=picture_of_meeting(meeting, specialties=specialties, case_ids=case_ids),
        minutes=Interval(meeting.starts_at, meeting.ends_at).minutes,
        case_ids=case_ids,
        mine=[card_of(part, now) for part in own],
        parts=[_part(row, specialties, labels, letters) for row in invited],
        told=sum(row.status == "invited" for row in meeting.invitations),
        absent=list_absent(database(), by=actor, now=now).get(meeting_id, ()),
        findings=[line for _, lines in findings_by_meeting(meeting_id=meeting_id) for line in lines],
        held=tabulate_minutes(
            minutes_of_meeting(meeting),
            members={row.member.public_id: full_name(row.member) for row in invited},
            specialties=specialties,
        ),
        shows_letters=actor.may(Permission.OUTBOX_READ),
        is_past=meeting.starts_at <= now,
        may_return=actor.may(Permission.MEETING_EDIT) and find_cancellation(database(), meeting, now=now) is not None,
        has_room=room_is_open(meeting),
        outcomes=_outcomes(meeting),
    )


def _part(
    row: MeetingInvitation, specialties: Mapping[str, str], labels: dict[str, str], letters: dict[str, OutboxMessage]
) -> dict[str, object]:
    """One member's part: when, for what, why, in whose place, and the state of her last letter."""
    principal = delegator_of(row)
    letter = letters.get(row.uid)
    return {
        "row": row,
        "name": full_name(row.member),
        "principal": full_name(principal.member) if principal is not None else "",
        "specialties": [specialties.get(key, key) for key in row.details["specialties"]],
        "why": [("" if rule in ASKED_FOR else rule, labels.get(rule, rule)) for rule in row.details["rules"]],
        "cases": row.details["cases"],
        "required": row.details["required"],
        "letter": _state(letter) if letter else "",
    }


def _outcomes(meeting: Meeting) -> list[tuple[str, str, str]]:
    """Reference, outcome and reason of the cases that have one, in agenda order."""
    rows = load_discussions(database(), meeting)
    settled = [(item.case.reference, rows[item.id]) for item in meeting.agenda if item.id in rows]
    return [(reference, row.outcome, row.reason) for reference, row in settled if row.outcome]


def _state(letter: OutboxMessage) -> str:
    return "failing" if letter.state == "waiting" and letter.last_error else letter.state
