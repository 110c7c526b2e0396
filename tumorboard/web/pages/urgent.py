"""Urgent meetings on pages: moments to choose from, one click to call, and who cannot come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.urgent_facts import Moment
from tumorboard.domain.urgent_team import Standing
from tumorboard.services.access import Permission
from tumorboard.services.urgent import (
    UrgentView,
    call_urgent,
    decline_call,
    find_urgent,
    move_call,
)
from tumorboard.services.urgent_findings import missing_of
from tumorboard.services.urgent_meeting import Called
from tumorboard.store.meetings import Meeting
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import form_instant, form_text, go_to, own_name, pages, refuse_form, show, words
from tumorboard.web.pages.names import names_of
from tumorboard.words.moments import say_askable, say_cover, say_gap, say_need
from tumorboard.words.phrases import Names


@dataclass(frozen=True, slots=True)
class UrgentState:
    """What the page of a meeting says of an urgent call: its case, and the specialties that nobody covers."""

    case_id: str
    reference: str
    missing: tuple[str, ...]
    is_ahead: bool
    may_change: bool


@pages.get("/cases/<case_id>/urgent")
def show_urgent(case_id: str) -> Response:
    """The moments at which everybody a case needs can meet, or who is missing and whom to phone."""
    hours = request.args.get("hours", "")
    board = request.args.get("board") or None
    view = find_urgent(
        database(), setup(), case_id=case_id, board=board, by=current_actor(), now=utc_now(),
        within_hours=int(hours) if hours.isdecimal() and len(hours) < 5 else None,
    )  # fmt: skip
    return _page(view)


def _page(view: UrgentView) -> Response:
    program = setup().program(view.case.row.program)
    names = names_of(program, members=view.members.values())
    answer = view.answer
    return show(
        "urgent.html",
        case=view.case.row,
        board=view.case.board,
        boards=[(each, own_name(each)) for each in view.case.boards],
        program=program,
        judgement=view.case.judgement,
        call=view.case.call,
        planned=view.case.item.meeting if view.case.item and view.case.call is None else None,
        until=view.case.until,
        is_late=view.case.judgement.due_at < utc_now(),
        moments=[_moment(one, view, names) for one in answer.moments],
        gains=[_gains(one, answer.moments[0], view) for one in answer.moments],
        nearest=_moment(answer.nearest, view, names) if answer.nearest else None,
        first_late=_moment(answer.first_late, view, names) if answer.first_late else None,
        items=[names.items.get(item, item) for item in view.case.judgement.blocked_by],
    )


def _moment(moment: Moment, view: UrgentView, names: Names) -> dict[str, Any]:
    """One moment as the template shows it: people in the order of the needs, each with what she covers and why she."""
    zone, day = view.case.board.time_zone, view.hours.day_of(moment.span.start)
    people: dict[str, dict[str, Any]] = {}
    for cover in moment.covers:
        person = people.setdefault(
            cover.member, {"id": cover.member, "name": names.members[cover.member], "covers": [], "why": []}
        )
        person["covers"].append(say_need(cover.key, words(), names))
        said = say_cover(cover, words(), names)
        if said not in person["why"]:
            person["why"].append(said)
        person["required"] = person.get("required", False) or cover.required
    return {
        "moment": moment,
        "people": list(people.values()),
        "room": view.rooms[moment.room].name if moment.room else "",
        "is_usual": view.hours.hold(moment.span),
        "unadvised": [say_need(key, words(), names) for key in moment.unadvised],
        "missing": [
            {
                "said": say_gap(gap, words(), names),
                "askable": [(one.member, say_askable(one, words(), names, zone, day=day)) for one in gap.askable],
            }
            for gap in moment.missing
        ],
    }


def _gains(moment: Moment, first: Moment, view: UrgentView) -> list[str]:
    """Why a moment stands in the list beside the earliest: in what it is better; empty for the earliest itself."""
    if moment is first:
        return []
    gettext = words().gettext
    found = [
        said
        for is_better, said in (
            (_stand_ins(moment) < _stand_ins(first), gettext("fewer stand-ins")),
            (len(moment.unadvised) < len(first.unadvised), gettext("more of the recommended advice")),
            (first.room is None and moment.room is not None, gettext("with a room")),
            (view.hours.hold(moment.span) and not view.hours.hold(first.span), gettext("within working hours")),
            (len(moment.team) < len(first.team), gettext("fewer people")),
        )
        if is_better
    ]
    return found or [gettext("if the earlier ones do not suit")]


def _stand_ins(moment: Moment) -> int:
    return sum(cover.required and cover.standing is not Standing.HOLDER for cover in moment.covers)


@pages.post("/cases/<case_id>/urgent")
def call(case_id: str) -> Response:
    """Call the meeting and show it, or the moments again when somebody is no longer free."""
    board = form_text("board") or None
    back = url_for("pages.show_urgent", case_id=case_id, board=board)
    try:
        called = call_urgent(
            database(), setup(), case_id=case_id, at=form_instant("at"), board=board, members=_ids("member"),
            promised=_ids("promised"), by=current_actor(), now=utc_now(),
        )  # fmt: skip
    except (BadInput, Conflict) as error:
        return refuse_form(back, error)
    return _show_called(called)


@pages.post("/meetings/<meeting_id>/move")
def move_urgent(meeting_id: str) -> Response:
    """Move an urgent meeting to another moment."""
    try:
        called = move_call(
            database(), setup(), meeting_id=meeting_id, at=form_instant("at"), members=_ids("member"),
            promised=_ids("promised"), by=current_actor(), now=utc_now(),
        )  # fmt: skip
    except (BadInput, Conflict) as error:
        return refuse_form(url_for("pages.show_meeting", meeting_id=meeting_id), error)
    return _show_called(called)


@pages.post("/meetings/<meeting_id>/declines")
def decline(meeting_id: str) -> Response:
    """Somebody cannot come: ask the next one, or say that nobody is left."""
    try:
        done = decline_call(
            database(), setup(), meeting_id=meeting_id, member_id=form_text("member"), by=current_actor(), now=utc_now()
        )
    except (BadInput, Conflict) as error:
        return refuse_form(url_for("pages.show_meeting", meeting_id=meeting_id), error)
    asked = ", ".join(row.name for row in done.asked)
    missing = missing_of(setup(), done.meeting, now=utc_now())
    if missing:
        known = specialties_of(done.meeting)
        said = words().gettext("Nobody covers %(specialties)s: the meeting cannot decide. Choose another moment.")
        noted = words().gettext("Noted.")
        said = f"{noted} {said}"
        flash(said % {"specialties": ", ".join(known.get(name, name) for name in missing)}, "problem")
    elif asked:
        flash(words().gettext("Noted. Asked instead: %(names)s.") % {"names": asked}, "done")
    else:
        flash(words().gettext("Noted."), "done")
    return go_to("pages.show_meeting", meeting_id=meeting_id)


@pages.app_template_global("urgent_state")
def urgent_state(meeting: Meeting) -> UrgentState | None:
    """What there is to say of a meeting that was called within hours; None for any other."""
    missing = missing_of(setup(), meeting, now=utc_now())
    if missing is None:
        return None
    case = meeting.agenda[0].case
    known = specialties_of(meeting)
    return UrgentState(
        case_id=case.public_id,
        reference=case.reference,
        missing=tuple(known.get(name, name) for name in missing),
        is_ahead=meeting.starts_at > utc_now(),
        may_change=current_actor().may(Permission.MEETING_CALL) and meeting.starts_at > utc_now(),
    )


def specialties_of(meeting: Meeting) -> dict[str, str]:
    """Key → name of the specialties of the meeting's programme, in the reader's language."""
    program = setup().program(meeting.board.program)
    return {name: text.in_language(words().language) for name, text in program.specialties.items()}


def _show_called(called: Called) -> Response:
    said = words().ngettext(
        "The urgent meeting is called; %(number)d letter leaves.",
        "The urgent meeting is called; %(number)d letters leave.",
        called.letters,
    )
    flash(said % {"number": called.letters}, "done")
    return go_to("pages.show_meeting", meeting_id=called.meeting.public_id)


def _ids(name: str) -> tuple[str, ...]:
    return tuple(value for value in request.form.getlist(name) if value)
