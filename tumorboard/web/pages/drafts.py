"""A draft beside what is published: what would change, why, and for whom; moved, published or thrown away."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import Conflict, NotFound
from tumorboard.domain.model import Reason
from tumorboard.services.access import Permission, require
from tumorboard.services.boards import DraftView, MeetingChange, list_people, read_draft
from tumorboard.services.cases import find_case
from tumorboard.services.minutes import add_up, arrivals_of, minutes_of_plan
from tumorboard.services.planning import broken_rules, discard_draft, edit_draft
from tumorboard.services.publishing import publish_draft
from tumorboard.services.solver_process import place, run_apart, warm_up
from tumorboard.store.people import Member
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import answer_form, form_number, form_text, go_to, pages, show, words
from tumorboard.web.pages.meetings import rule_labels
from tumorboard.web.pages.minutes import MinutesTable, tabulate_minutes
from tumorboard.web.pages.names import full_name, names_of
from tumorboard.web.pages.picture import picture_of_plan
from tumorboard.web.pages.runs import percent_of
from tumorboard.words.phrases import Names, say_reason
from tumorboard.words.refusals import say_error

LEAVE_OUT = "leave-out"


@pages.get("/drafts/<draft_id>", endpoint="show_draft")
def show_draft(draft_id: str) -> Response:
    """The whole draft as a difference."""
    warm_up()
    return _draft_page(draft_id)


def _draft_page(draft_id: str, broken: tuple[Reason, ...] = (), problem: str = "") -> Response:
    view = read_draft(database(), draft_id=draft_id, by=current_actor())
    members = {row.public_id: row for row in list_people(database(), by=current_actor(), now=utc_now())}
    names = _names(view, members)
    labels = rule_labels(view.row.board.program)
    plans = view.proposal.meetings
    stored = broken_rules(view.row)
    return show(
        "draft.html",
        409 if broken else 200,
        draft=view.row,
        board=view.row.board,
        letters=view.letters,
        meetings=[_meeting(change, view, members, names, labels) for change in view.meetings],
        left_out=[
            {"reference": reference, "case_id": view.case_ids.get(reference, ""), "reasons": _say(reasons, names)}
            for reference, reasons in sorted(view.proposal.left_out.items())
        ],
        held=sum(plan.held_minutes for plan in plans),
        held_arrival=sum(plan.held_minutes_arrival for plan in plans),
        minutes=_minutes(view, names),
        placed=sum(len(plan.agenda) for plan in plans),
        gap_percent=percent_of(view.proposal.gap),
        broken=[say_reason(reason, words(), names) for reason in broken or stored],
        problem=problem or (words().gettext("Like this the draft cannot be published:") if stored else ""),
    )


def _names(view: DraftView, members: dict[str, Member]) -> Names:
    program = setup().program(view.row.board.program)
    return names_of(program, meetings=[change.meeting for change in view.meetings], members=members.values())


def _minutes(view: DraftView, names: Names) -> MinutesTable:
    """The minutes called-in specialists are held at all meetings of the draft together."""
    plans = view.proposal.meetings
    arrivals = arrivals_of(database(), program=view.row.board.program, plans=plans)
    held = add_up(minutes_of_plan(plan, arrivals) for plan in plans)
    return tabulate_minutes(held, members=names.members, specialties=names.specialties)


def _say(reasons: tuple[Reason, ...], names: Names) -> list[str]:
    return [say_reason(reason, words(), names) for reason in reasons]


def _meeting(
    change: MeetingChange, view: DraftView, members: dict[str, Member], names: Names, labels: dict[str, str]
) -> dict[str, object]:
    """One meeting of the draft with its picture, its agenda and who hears of it."""
    return {
        "change": change,
        "meeting": change.meeting,
        "picture": picture_of_plan(
            change.meeting, change.plan, members=members, specialties=names.specialties, case_ids=view.case_ids
        ),
        "entries": [
            {
                "entry": each.entry,
                "change": each.change,
                "case_id": each.case_id,
                "reasons": _say(each.reasons, names),
                "uncovered": [names.specialties.get(key, key) for key in each.uncovered],
            }
            for each in change.entries
        ],
        "parts": [
            {
                "name": full_name(each.member),
                "change": each.change,
                "span": each.attendance.span if each.attendance else None,
                "row": each.row,
                "kind": each.attendance.kind.value if each.attendance else "",
                "required": each.attendance.required if each.attendance else True,
                "specialties": [
                    names.specialties.get(key, key) for key in (each.attendance.specialties if each.attendance else ())
                ],
                "why": [labels.get(rule, rule) for rule in (each.attendance.rules if each.attendance else ())],
            }
            for each in change.attendances
        ],
        "letters": sum(view.is_told(each) for each in change.attendances),
        "vacant": [names.specialties.get(key, key) for key in change.plan.vacant_seats],
    }


@pages.get("/drafts/<draft_id>/cases/<case_id>")
def show_move(draft_id: str, case_id: str) -> Response:
    """Where else a case of the draft could stand: one button for each meeting."""
    view = read_draft(database(), draft_id=draft_id, by=current_actor())
    reference = _reference(view, case_id)
    members = {row.public_id: row for row in list_people(database(), by=current_actor(), now=utc_now())}
    names = _names(view, members)
    here = next((each for each in view.meetings if reference in {e.entry.reference for e in each.entries}), None)
    reasons = here.plan.reasons.get(reference, ()) if here else view.proposal.left_out.get(reference, ())
    return show(
        "draft_move.html",
        draft=view.row,
        board=view.row.board,
        reference=reference,
        case_id=case_id,
        here=here.meeting if here else None,
        reasons=_say(tuple(reasons), names),
        meetings=[
            {
                "meeting": each.meeting,
                "cases": len(each.entries),
                "used": sum(entry.entry.span.minutes for entry in each.entries),
                "length": int((each.meeting.ends_at - each.meeting.starts_at).total_seconds() // 60),
                "is_here": each is here,
            }
            for each in view.meetings
        ],
    )


def _reference(view: DraftView, case_id: str) -> str:
    for reference, known in view.case_ids.items():
        if known == case_id:
            return reference
    raise NotFound("this case is not part of the draft", code="unknown-case")


@pages.post("/drafts/<draft_id>/cases/<case_id>")
def move(draft_id: str, case_id: str) -> Response:
    """Put a case on another meeting or another place, or leave it out."""
    require(current_actor(), Permission.PLAN_EDIT)
    reference = find_case(database(), case_id).reference

    def act() -> str:
        target = form_text("meeting")
        position = form_number("position", -1) if request.form.get("position") else None
        with place():
            edit_draft(
                database(), setup(), draft_id=draft_id, reference=reference,
                meeting_id=None if target == LEAVE_OUT else target, position=position, by=current_actor(),
                now=utc_now(), call=run_apart,
            )  # fmt: skip
        if target == LEAVE_OUT:
            return words().gettext("Left out: %(case)s") % {"case": reference}
        return words().gettext("Moved: %(case)s") % {"case": reference}

    return answer_form(url_for("pages.show_draft", draft_id=draft_id, _anchor=f"case-{case_id}"), act)


@pages.post("/drafts/<draft_id>/publish")
def publish(draft_id: str) -> Response:
    """Publish, or show the draft again with what is not right."""
    try:
        published = publish_draft(database(), setup(), draft_id=draft_id, by=current_actor(), now=utc_now())
    except Conflict as error:
        broken = error.values.get("reasons", ())
        if error.code == "plan-broken" and isinstance(broken, tuple):
            return _draft_page(draft_id, broken, say_error(error, words()))
        flash(say_error(error, words()), "problem")
        return go_to("pages.show_draft", draft_id=draft_id)
    said = words().ngettext(
        "Published; %(number)d letter leaves.", "Published; %(number)d letters leave.", published.letters
    )
    flash(said % {"number": published.letters}, "done")
    view = read_draft(database(), draft_id=draft_id, by=current_actor())
    return redirect(url_for("pages.show_board", key=view.row.board.key), 303)


@pages.post("/drafts/<draft_id>/discard")
def discard(draft_id: str) -> Response:
    """Throw the draft away; nothing published changes."""
    key = read_draft(database(), draft_id=draft_id, by=current_actor()).row.board.key

    def act() -> str:
        discard_draft(database(), draft_id=draft_id, by=current_actor(), now=utc_now())
        return words().gettext("The draft is thrown away; what is published stays.")

    return answer_form(url_for("pages.show_board", key=key), act)
