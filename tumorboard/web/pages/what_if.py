"""What would happen to a draft if: a form of changes, and the difference they make. Nothing is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.identity import without_resident_number
from tumorboard.domain.model import SeatKind
from tumorboard.domain.timeline import at_wall_clock
from tumorboard.domain.what_if_changes import Absent, Added, Cancelled, Change, Rated, Ready, Withdrawn
from tumorboard.domain.what_if_difference import MemberChange
from tumorboard.services.boards import list_people, read_draft
from tumorboard.services.lists import list_rooms
from tumorboard.services.people import find_member
from tumorboard.services.solver_process import place, run_apart, warm_up
from tumorboard.services.what_if import WhatIfAsked, WhatIfView, ask_what_if
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import form_date, form_number, form_text, pages, show, words
from tumorboard.web.pages.names import full_name, names_of, say_when
from tumorboard.words.phrases import Names, say_reason
from tumorboard.words.refusals import say_error

USUAL_MINUTES = 60
_CORE_SEAT = (MemberChange.CALLED, SeatKind.CORE)


@pages.get("/drafts/<draft_id>/what-if")
def show_what_if(draft_id: str) -> Response:
    """The form."""
    warm_up()
    return _page(draft_id)


@pages.post("/drafts/<draft_id>/what-if")
def answer_what_if_form(draft_id: str) -> Response:
    """The form with the difference its changes make below it."""
    try:
        with place():
            asked = _read_form(draft_id)
            view = ask_what_if(
                database(), setup(), asked=asked, draft_id=draft_id, by=current_actor(), now=utc_now(), call=run_apart
            )
    except (BadInput, Conflict) as error:
        return _page(draft_id, problem=say_error(error, words()))
    return _page(draft_id, view)


def names_in(view: WhatIfView) -> Names:
    """What the ids of an answer are called, those of meetings that do not exist too."""
    known = names_of(
        setup().program(view.board.program), meetings=view.meetings.values(), members=view.members.values()
    )
    added = {name: say_when(facts.span.start, facts.time_zone) for name, facts in view.added.items()}
    return replace(known, meetings={**known.meetings, **added})


def _read_form(draft_id: str) -> WhatIfAsked:
    zone = ZoneInfo(read_draft(database(), draft_id=draft_id, by=current_actor()).row.board.time_zone)
    absent = form_text("absent")
    first, last = form_date("absent_from"), form_date("absent_until")
    start = at_wall_clock(first, time(0), zone) if first else None
    end = at_wall_clock(last + timedelta(days=1), time(0), zone) if last else None
    added = _read_added(zone)
    return WhatIfAsked(
        absent=((absent, start, end),) if absent else (),
        urgent=_chosen("urgent"),
        ready=_chosen("ready"),
        withdrawn=_chosen("withdrawn"),
        cancelled=_chosen("cancelled"),
        added=(added,) if added else (),
    )


def _chosen(name: str) -> tuple[str, ...]:
    value = form_text(name)
    return (value,) if value else ()


def _read_added(zone: ZoneInfo) -> tuple[datetime, int, str] | None:
    on = form_date("added_on")
    if on is None:
        return None
    try:
        local = time.fromisoformat(form_text("added_time"))
    except ValueError:
        raise BadInput("no time; write it as 07:30", code="bad-input", field="added_time") from None
    return at_wall_clock(on, local, zone), form_number("added_minutes", USUAL_MINUTES), form_text("added_room")


def _page(draft_id: str, view: WhatIfView | None = None, problem: str = "") -> Response:
    actor, now = current_actor(), utc_now()
    draft = read_draft(database(), draft_id=draft_id, by=actor)
    people = list_people(database(), by=actor, now=now)
    return show(
        "what_if.html",
        400 if problem else 200,
        draft=draft.row,
        board=draft.row.board,
        problem=problem,
        people=[(row.public_id, full_name(row)) for row in sorted(people, key=lambda row: row.name)],
        references=sorted(draft.case_ids),
        left_out=sorted(draft.proposal.left_out),
        meetings=[change.meeting for change in draft.meetings],
        rooms=list_rooms(database(), by=actor),
        chosen={name: without_resident_number(form_text(name)) for name in _FIELDS},
        answer=_answer(view) if view else None,
    )


_FIELDS = (
    "absent", "absent_from", "absent_until", "urgent", "ready", "withdrawn", "cancelled", "added_on", "added_time",
    "added_minutes", "added_room",
)  # fmt: skip


def _answer(view: WhatIfView) -> dict[str, object]:
    names, difference = names_in(view), view.difference
    before, after = difference.before, difference.after
    return {
        "is_nothing": difference.is_nothing,
        "figures": [
            (words().gettext("Cases left out"), before.left_out, after.left_out),
            (words().gettext("Days late, all cases"), before.late_days, after.late_days),
            (words().gettext("Calls of specialists"), before.calls, after.calls),
            (words().gettext("Minutes specialists are held"), before.held_minutes, after.held_minutes),
            (words().gettext("Cost in points"), before.cost, after.cost),
        ],
        "cases": [
            {
                "reference": one.reference,
                "case_id": view.case_ids.get(one.reference, ""),
                "change": one.change.value,
                "before": names.meetings.get(one.before or "", ""),
                "after": names.meetings.get(one.after or "", ""),
                "reasons": [say_reason(reason, words(), names) for reason in one.reasons],
            }
            for one in difference.cases
        ],
        "members": [
            {
                "meeting": names.meetings.get(one.meeting, ""),
                "name": names.members.get(one.member, ""),
                "change": "core" if (one.change, one.seat) == _CORE_SEAT else one.change.value,
                "before": one.before,
                "after": one.after,
            }
            for one in difference.members
        ],
        "steps": [_next_step(change, view, names) for change in view.changes],
    }


def _times_of(change: Absent, time_zone: str) -> dict[str, Any]:
    """The absence as the member's page asks for it: days with both ends, and times unless these are whole days."""
    start, end = (moment.astimezone(ZoneInfo(time_zone)) for moment in (change.span.start, change.span.end))
    if (start.time(), end.time()) == (time(0), time(0)):
        return {"first": start.date().isoformat(), "last": (end.date() - timedelta(days=1)).isoformat()}
    clocks = {"from": start.strftime("%H:%M"), "to": end.strftime("%H:%M")}
    return {"first": start.date().isoformat(), "last": end.date().isoformat(), **clocks}


def _next_step(change: Change, view: WhatIfView, names: Names) -> tuple[str, str]:
    """Where the fact is entered that would make the change real: words and address."""
    board = url_for("pages.show_board", key=view.board.key)
    match change:
        case Absent():
            said = words().gettext("Enter the absence: %(member)s") % {"member": names.members.get(change.member, "")}
            times = _times_of(change, find_member(database(), change.member).time_zone)
            return said, url_for("pages.show_member", member_id=change.member, **times, _anchor="absences")
        case Rated() | Ready() | Withdrawn():
            said = words().gettext("Change the case: %(case)s") % {"case": change.reference}
            return said, url_for("pages.show_case", case_id=view.case_ids[change.reference])
        case Added():
            return words().gettext("Add the meeting on the board's page"), board
        case Cancelled():
            when = names.meetings.get(change.meeting, "")
            return words().gettext("Cancel the meeting on the board's page: %(meeting)s") % {"meeting": when}, board
        case _:
            return words().gettext("Enter the change on the board's page"), board
