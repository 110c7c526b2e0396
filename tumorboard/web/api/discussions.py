"""What happens in a meeting: presence, discussions, outcomes, the record; and everything that happened to a case."""

from __future__ import annotations

from typing import Any

from flask.wrappers import Response

from tumorboard.domain.errors import Conflict
from tumorboard.services import attendance, case_history, discussions, meeting_records
from tumorboard.services.access import Permission
from tumorboard.services.meeting_room import read_room
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.problems import problem
from tumorboard.web.schemas.discussions import (
    MeetingRoomAnswer,
    OutcomeAsk,
    PresenceAnswer,
    PresenceAsk,
    RecommendationAsk,
    RecordAnswer,
    ReopenAsk,
    SignedAnswer,
    StartAsk,
    StayAsk,
    TimelineAnswer,
    WrittenAnswer,
    present_event,
    present_record,
    present_room,
    present_written,
)

door = Door("discussions", description="What happens in a meeting, and its record")


@door.get("/meetings/<public_id:meeting_id>/room")
@door.response(200, MeetingRoomAnswer)
def look_into_room(meeting_id: str) -> dict[str, Any]:
    """Look into the room of a meeting

    Who is there, which case is discussed, and which needs of each case are covered. Texts are for who writes them.
    """
    return _room(meeting_id)


@door.post("/meetings/<public_id:meeting_id>/presence")
@door.arguments(PresenceAsk)
@door.response(200, PresenceAnswer)
def note_presence(asked: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Note who comes or leaves

    Members note themselves; who keeps the record notes anybody. Saying it twice changes nothing.
    """
    act = attendance.check_in if asked["here"] else attendance.check_out
    changed = act(
        database(), meeting_id=meeting_id, member_ids=asked["members"], by=current_actor(), now=utc_now()
    )  # fmt: skip
    return {"changed": changed}


@door.put("/meetings/<public_id:meeting_id>/presence/<public_id:member_id>")
@door.arguments(StayAsk)
@door.response(200, MeetingRoomAnswer)
def correct_presence(asked: dict[str, Any], meeting_id: str, member_id: str) -> dict[str, Any]:
    """Correct when somebody was there"""
    attendance.correct_presence(
        database(), meeting_id=meeting_id, member_id=member_id, **asked, by=current_actor(), now=utc_now()
    )
    return _room(meeting_id)


@door.post("/meetings/<public_id:meeting_id>/cases/<public_id:case_id>/start")
@door.arguments(StartAsk)
@door.response(200, WrittenAnswer)
def start_discussion(asked: dict[str, Any], meeting_id: str, case_id: str) -> dict[str, Any]:
    """Begin a case; the one before ends"""
    return present_written(
        discussions.start_discussion(
            database(), meeting_id=meeting_id, case_id=case_id, at=asked["at"], by=current_actor(), now=utc_now()
        )
    )


@door.put("/meetings/<public_id:meeting_id>/cases/<public_id:case_id>/recommendation")
@door.arguments(RecommendationAsk)
@door.response(200, WrittenAnswer)
def save_recommendation(asked: dict[str, Any], meeting_id: str, case_id: str) -> dict[str, Any] | Response:
    """Keep what is written so far

    When somebody else wrote in between, the problem holds `theirs`, `theirs_by` and the `stamp` of their text.
    """
    try:
        return present_written(
            discussions.save_recommendation(
                database(), meeting_id=meeting_id, case_id=case_id, **asked, by=current_actor(), now=utc_now()
            )
        )
    except Conflict as conflict:
        return _with_both_texts(conflict)


@door.post("/meetings/<public_id:meeting_id>/cases/<public_id:case_id>/outcome")
@door.arguments(OutcomeAsk)
@door.response(200, WrittenAnswer)
def record_outcome(asked: dict[str, Any], meeting_id: str, case_id: str) -> dict[str, Any] | Response:
    """Say what became of a case, with its recommendation

    A discussed case is done, a deferred or not quorate one waits again with its clocks. The same outcome twice changes
    nothing. One discussed while nobody was noted as there for a required need wants a reason.
    """
    try:
        return present_written(
            discussions.record_outcome(
                database(),
                setup(),
                meeting_id=meeting_id,
                case_id=case_id,
                **asked,
                by=current_actor(),
                now=utc_now(),
            )
        )
    except Conflict as conflict:
        return _with_both_texts(conflict)


@door.get("/meetings/<public_id:meeting_id>/record")
@door.response(200, RecordAnswer)
def read_record(meeting_id: str) -> dict[str, Any]:
    """Read the record of a meeting

    Who was there for which case, what became of it, and what the board recommends, for those who read cases.
    """
    record = meeting_records.read_record(
        database(), setup(), meeting_id=meeting_id, by=current_actor(), now=utc_now()
    )  # fmt: skip
    return present_record(record)


@door.post("/meetings/<public_id:meeting_id>/record/sign")
@door.response(200, SignedAnswer)
def sign_record(meeting_id: str) -> dict[str, Any]:
    """Sign the record: from then on it does not change"""
    fingerprint = meeting_records.sign_off(
        database(), setup(), meeting_id=meeting_id, by=current_actor(), now=utc_now()
    )  # fmt: skip
    return {"fingerprint": fingerprint}


@door.post("/meetings/<public_id:meeting_id>/record/reopen")
@door.arguments(ReopenAsk)
@door.response(200, MeetingRoomAnswer)
def reopen_record(asked: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Open a signed record again, with a reason"""
    meeting_records.reopen_record(
        database(), meeting_id=meeting_id, reason=asked["reason"], by=current_actor(), now=utc_now()
    )
    return _room(meeting_id)


@door.get("/cases/<public_id:case_id>/timeline")
@door.response(200, TimelineAnswer)
def list_case_events(case_id: str) -> dict[str, Any]:
    """List everything that happened to a case, newest first"""
    events = case_history.list_case_events(database(), case_id=case_id, by=current_actor())
    return {"items": [present_event(event) for event in events], "total": len(events)}


def _room(meeting_id: str) -> dict[str, Any]:
    by = current_actor()
    room = read_room(database(), setup(), meeting_id=meeting_id, by=by, now=utc_now())
    return present_room(room, with_ids=by.may(Permission.CASE_READ), with_texts=room.may_record)


def _with_both_texts(conflict: Conflict) -> Response:
    """The problem with what the other writer wrote; any other conflict goes on."""
    if conflict.code != "text-changed-meanwhile":
        raise conflict
    values = conflict.values
    return problem(
        409, conflict.code, str(conflict), theirs=values["theirs"], theirs_by=values["theirs_by"], stamp=values["stamp"]
    )
