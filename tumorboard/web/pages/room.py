"""The meeting as it happens: who is here, the case that is discussed, what the board recommends; and on the wall."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.discussions import REASONS, REOPENINGS, Outcome
from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.timeline import at_wall_clock
from tumorboard.services.access import Permission
from tumorboard.services.accounts import load_accounts
from tumorboard.services.attendance import check_in, check_out, correct_presence
from tumorboard.services.discussions import record_outcome, save_recommendation, start_discussion
from tumorboard.services.meeting_records import read_record, reopen_record, sign_off
from tumorboard.services.meeting_room import Room, read_room
from tumorboard.services.meetings import find_meeting
from tumorboard.services.room_entry import is_open_at
from tumorboard.store.meetings import Meeting
from tumorboard.web.auth import current_account, current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import answer_form, form_text, pages, show, words
from tumorboard.web.pages.names import all_specialties
from tumorboard.web.pages.room_rows import CaseLine, account_names, case_lines, person_lines, say_need, unique
from tumorboard.words.refusals import say_error


@pages.app_template_global("room_is_open")
def room_is_open(meeting: Meeting) -> bool:
    """True for a published meeting whose room may be entered now."""
    return meeting.status == "published" and is_open_at(meeting, utc_now())


@pages.get("/meetings/<meeting_id>/room")
def show_room(meeting_id: str) -> Response:
    """The room of a meeting, for everybody who may see it; writing is for who keeps the record."""
    return _show_room(meeting_id)


def _show_room(meeting_id: str, typed: Mapping[str, Any] | None = None, status: int = 200) -> Response:
    actor = current_actor()
    room = read_room(database(), setup(), meeting_id=meeting_id, by=actor, now=utc_now())
    account = current_account()
    lines = _lines(room, typed)
    wanted = (typed or {}).get("case") or request.args.get("case", "")
    current = next((line for line in lines if line.state == "running"), None)
    return show(
        "room.html",
        status,
        room=room,
        meeting=room.meeting,
        board=room.meeting.board,
        lines=lines,
        opened=wanted or (current.case.item.case.public_id if current else ""),
        problem=(typed or {}).get("problem", ""),
        people=person_lines(
            room, all_specialties(), own=actor.member_id, may_own=actor.may(Permission.PRESENCE_OWN)
        ),
        writes=room.may_record and room.is_open and room.meeting.signed_at is None,
        reasons=[(outcome.value, codes) for outcome, codes in REASONS.items() if codes],
        outcomes=[outcome.value for outcome in Outcome],
        following=next((line for line in lines if line.case is room.following), None),
        current=current,
        awaited=_awaited(lines),
        keeper=account.public_id if account else "",
        is_over=room.meeting.ends_at <= room.now,
    )  # fmt: skip


def _lines(room: Room, typed: Mapping[str, Any] | None = None) -> list[CaseLine]:
    reads = current_actor().may(Permission.CASE_READ)
    return case_lines(room, reads_cases=reads, accounts=_accounts(), typed=typed or {})


def _awaited(lines: list[CaseLine]) -> list[str]:
    """What every case ahead waits for, so that it is said once and not at each; empty where there are not several."""
    waits = [line.missing for line in lines if line.quorum == "expected"]
    return [name for name in waits[0] if all(name in missing for missing in waits)] if len(waits) > 1 else []


def _accounts() -> dict[str, str]:
    return account_names(load_accounts(database()))


@pages.get("/meetings/<meeting_id>/room/wall")
def show_wall(meeting_id: str) -> Response:
    """The same for the projector: huge, and without recommendations unless somebody who writes them opens them."""
    actor = current_actor()
    room = read_room(database(), setup(), meeting_id=meeting_id, by=actor, now=utc_now())
    lines = _lines(room)
    return show(
        "room_wall.html",
        room=room,
        meeting=room.meeting,
        board=room.meeting.board,
        lines=lines,
        current=next((line for line in lines if line.state == "running"), None),
        following=next((line for line in lines if line.case is room.following), None),
        shows_text=room.may_record and request.args.get("text") == "1",
        reads_cases=actor.may(Permission.CASE_READ),
    )


@pages.post("/meetings/<meeting_id>/room/presence")
def note_presence(meeting_id: str) -> Response:
    """One tap: somebody comes (`in`) or leaves (`out`); several ids of members are one tap too."""

    def note() -> str:
        common: dict[str, Any] = {"meeting_id": meeting_id, "by": current_actor(), "now": utc_now()}
        if form_text("out"):
            check_out(database(), member_ids=form_text("out").split(), **common)
            return words().gettext("Noted as gone.")
        check_in(database(), member_ids=form_text("in").split() or None, **common)
        return words().gettext("Noted as here.")

    return answer_form(url_for("pages.show_room", meeting_id=meeting_id, _anchor="people"), note)


@pages.post("/meetings/<meeting_id>/room/outcome")
def write_outcome(meeting_id: str) -> Response:
    """The form of a case: begin it, save the text only, or record the outcome and go on. Nothing typed is lost."""
    case_id, text = form_text("case"), request.form.get("text", "")
    common: dict[str, Any] = {"meeting_id": meeting_id, "case_id": case_id, "by": current_actor(), "now": utc_now()}

    def act() -> str:
        what = form_text("what")
        if what == "begin":
            start_discussion(database(), **common)
        if what == "begin" and "text" not in request.form:
            return words().gettext("The case has begun.")
        saved = save_recommendation(database(), text=text, stamp=form_text("stamp"), **common)
        if what == "begin":
            return words().gettext("The case has begun.")
        if what == "draft":
            return words().gettext("The text is saved.")
        meeting = find_meeting(database(), meeting_id)
        record_outcome(
            database(), setup(), outcome=form_text("outcome"), reason=form_text("reason"), text=text,
            stamp=saved.stamp, started_at=_clock(meeting, "from"), ended_at=_clock(meeting, "until"), go_on=True,
            **common,
        )  # fmt: skip
        return words().gettext("Saved.")

    return _keeping(meeting_id, case_id, text, act)


def _keeping(meeting_id: str, case_id: str, text: str, act: Callable[[], str]) -> Response:
    """Run a use case; when it is refused, show the room again with what was typed."""
    try:
        message = act()
    except (BadInput, Conflict) as error:
        clash = error.code == "text-changed-meanwhile"
        sent = {name: form_text(name) for name in ("outcome", "reason", "from", "until")}
        typed = {
            "case": case_id, "text": text, "clash": clash, "sent": sent, "problem": say_error(error, words())
        }  # fmt: skip
        return _show_room(meeting_id, typed, 409 if isinstance(error, Conflict) else 422)
    return answer_form(url_for("pages.show_room", meeting_id=meeting_id, _anchor="current"), lambda: message)


def _clock(meeting: Meeting, name: str) -> datetime | None:
    """A wall-clock time of the form on the day of the meeting; None when it is empty."""
    clock = form_text(name)
    if not clock:
        return None
    zone = ZoneInfo(meeting.time_zone)
    try:
        return at_wall_clock(meeting.starts_at.astimezone(zone).date(), time.fromisoformat(clock), zone)
    except ValueError:
        raise BadInput("give a time, as 07:40", code="bad-times", field=name) from None


@pages.get("/meetings/<meeting_id>/record")
def show_record(meeting_id: str) -> Response:
    """Who was there for which case, what became of it, what the board recommends, and who signed it; on A4 too."""
    actor, now = current_actor(), utc_now()
    record = read_record(database(), setup(), meeting_id=meeting_id, by=actor, now=now)
    room = record.room
    lines = _lines(room)
    return show(
        "record.html",
        record=record,
        room=room,
        meeting=room.meeting,
        board=room.meeting.board,
        lines=[(line, _missing(line, record.missing, room)) for line in lines],
        people=person_lines(room, all_specialties(), own=actor.member_id, may_own=False),
        open_ones=[line for line in lines if line.state != "settled"],
        reopenings=REOPENINGS,
        signed_by=_accounts().get(room.meeting.signed_by, room.meeting.signed_by),
        writes=room.may_record and room.is_open and room.meeting.signed_at is None,
    )


def _missing(line: CaseLine, signed: Mapping[str, tuple[str, ...]], room: Room) -> tuple[str, ...]:
    """What nobody covered: as it was signed, else as it is."""
    case = line.case.item.case
    if case.public_id not in signed:
        return line.missing if line.outcome == Outcome.DISCUSSED else ()
    program = setup().program(case.program)
    parts = ([*key.split(":"), "", ""][:3] for key in signed[case.public_id])
    return unique(say_need(one[0], one[1], one[2], program, room) for one in parts)


@pages.post("/meetings/<meeting_id>/record/presence")
def correct_stay(meeting_id: str) -> Response:
    """Write down afterwards when somebody was there; two empty fields say that she was not."""

    def correct() -> str:
        meeting = find_meeting(database(), meeting_id)
        since, until = _clock(meeting, "from"), _clock(meeting, "until")
        correct_presence(
            database(), meeting_id=meeting_id, member_id=form_text("member"), since=since, until=until,
            by=current_actor(), now=utc_now(),
        )  # fmt: skip
        return words().gettext("Noted.")

    return answer_form(url_for("pages.show_record", meeting_id=meeting_id, _anchor="people"), correct)


@pages.post("/meetings/<meeting_id>/record/sign")
def sign(meeting_id: str) -> Response:
    """Sign the record."""

    def act() -> str:
        sign_off(database(), setup(), meeting_id=meeting_id, by=current_actor(), now=utc_now())
        return words().gettext("The record is signed. It does not change any more.")

    return answer_form(url_for("pages.show_record", meeting_id=meeting_id), act)


@pages.post("/meetings/<meeting_id>/record/reopen")
def reopen(meeting_id: str) -> Response:
    """Open a signed record again."""

    def act() -> str:
        reopen_record(
            database(), meeting_id=meeting_id, reason=form_text("reason"), by=current_actor(), now=utc_now()
        )  # fmt: skip
        return words().gettext("The record is open again.")

    return answer_form(url_for("pages.show_record", meeting_id=meeting_id), act)
