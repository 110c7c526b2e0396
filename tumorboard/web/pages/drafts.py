"""A draft beside what is published: what would change, why, and for whom; published, taken back or thrown away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import Conflict
from tumorboard.domain.model import MeetingPlan
from tumorboard.domain.timeline import Interval
from tumorboard.services.boards import DraftView, MeetingChange, read_draft
from tumorboard.services.minutes import add_up, minutes_of_plan
from tumorboard.services.plan_changes import Steps, list_steps, redo_step, undo_step
from tumorboard.services.planning import discard_draft, reopen_draft
from tumorboard.services.publishing import publish_draft
from tumorboard.services.restoring import restore_published
from tumorboard.services.solver_process import place, run_apart, warm_up
from tumorboard.store.meetings import Meeting
from tumorboard.store.plans import PlanChange
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.draft_pictures import picture_of_today
from tumorboard.web.pages.draft_today import list_lacks, say_all, today_of
from tumorboard.web.pages.frame import answer_form, form_number, form_text, go_to, pages, refuse_form, show, words
from tumorboard.web.pages.minutes import MinutesTable, tabulate_minutes
from tumorboard.web.pages.names import full_name, names_of
from tumorboard.web.pages.part_cards import rule_labels
from tumorboard.web.pages.picture import picture_of_plan
from tumorboard.web.pages.runs import percent_of
from tumorboard.words.phrases import Names
from tumorboard.words.plan_steps import say_plan_step
from tumorboard.words.refusals import say_error

MOST_LEFT_OUT = 12
"""Cases left out that are listed unless all are asked for."""
MOST_CASES = 24
"""Cases of changed meetings that are shown with their reasons and places; the meetings after them are folded."""


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of the draft as the page says it."""

    id: str
    said: str
    by: str
    at: datetime
    undone_by: str
    undone_at: datetime | None


@pages.get("/drafts/<draft_id>", endpoint="show_draft")
def show_draft(draft_id: str) -> Response:
    """The whole draft as a difference."""
    warm_up()
    return _draft_page(draft_id)


def _draft_page(draft_id: str, status: int = 200) -> Response:
    view = read_draft(database(), draft_id=draft_id, by=current_actor())
    names = draft_names(view)
    labels = rule_labels(view.row.board.program)
    plans = view.proposal.meetings
    arrivals = view.referred_at
    today = today_of(view, names)
    steps = list_steps(database(), draft_id=draft_id, by=current_actor())
    closed = today.closed if today else ()
    shown = _list_shown(view.meetings, request.args.getlist("open"))
    left_out = [one for one in sorted(view.proposal.left_out.items()) if one[0] not in closed]
    return show(
        "draft.html",
        status,
        draft=view.row,
        board=view.row.board,
        people=tuple(names.members.values()),
        letters=view.letters,
        meetings=[_meeting(change, view, names, labels, arrivals, shown) for change in view.meetings],
        folded=any(change.meeting.public_id not in shown for change in view.meetings if change.entries),
        left_out=[
            {"reference": reference, "case_id": view.case_ids.get(reference, ""), "reasons": say_all(reasons, names)}
            for reference, reasons in (left_out if request.args.get("left_out") == "all" else left_out[:MOST_LEFT_OUT])
        ],
        left_out_total=len(left_out),
        lacks=list_lacks(left_out, names),
        held=sum(plan.held_minutes for plan in plans),
        held_arrival=sum(plan.held_minutes_arrival for plan in plans),
        minutes=_minutes(plans, arrivals, names),
        placed=sum(len(plan.agenda) for plan in plans),
        gap_percent=percent_of(view.proposal.gap),
        today=today,
        is_refused=status != 200,
        steps=[_line(row, steps, names) for row in steps.rows],
        undo=_line(steps.undo, steps, names) if steps.undo else None,
        redo=_line(steps.redo, steps, names) if steps.redo else None,
        undo_case=steps.undo.detail.get("case") if steps.undo else None,
    )


def _list_shown(changes: Sequence[MeetingChange], wanted: Collection[str]) -> frozenset[str]:
    """The ids of the meetings to be shown in full: those asked for (`all` are), the first that changes, those after it
    while their cases are few, and those that lose all theirs."""
    if "all" in wanted:
        return frozenset(change.meeting.public_id for change in changes)
    changed = [change for change in changes if change.is_changed]
    so_far = accumulate(len(change.entries) for change in changed)
    first = (
        each
        for each, cases in zip(changed, so_far, strict=True)
        if cases <= MOST_CASES or each is changed[0] or not each.entries
    )
    return frozenset({*wanted, *(change.meeting.public_id for change in first)})


def draft_names(view: DraftView) -> Names:
    """What the ids of a draft are called."""
    program = setup().program(view.row.board.program)
    return names_of(program, meetings=[change.meeting for change in view.meetings], members=view.members.values())


def _address_of_case(view: DraftView, case_id: str) -> str:
    """Where a case stands in a draft, with its meeting unfolded."""
    here = (each.meeting.public_id for each in view.meetings if case_id in {line.case_id for line in each.entries})
    return url_for("pages.show_draft", draft_id=view.row.public_id, open=next(here, None), _anchor=f"case-{case_id}")


def _line(row: PlanChange, steps: Steps, names: Names) -> StepLine:
    return StepLine(
        row.public_id, say_step_of(row, steps, names), row.made_by, row.at, row.undone_by, row.undone_at
    )  # fmt: skip


def say_step_of(row: PlanChange, steps: Steps, names: Names) -> str:
    """A step in words."""
    return say_plan_step(
        row.kind, words(), case=steps.references.get(str(row.detail.get("case", "")), ""),
        meeting=names.meetings.get(row.detail.get("meeting") or "", ""),
        before=names.meetings.get(row.detail.get("from") or "", ""),
    )  # fmt: skip


def _minutes(plans: tuple[MeetingPlan, ...], arrivals: Mapping[str, datetime], names: Names) -> MinutesTable:
    """The minutes called-in specialists are held at all meetings of the draft together."""
    held = add_up(minutes_of_plan(plan, arrivals) for plan in plans)
    return tabulate_minutes(held, members=names.members, specialties=names.specialties)


def _meeting(
    change: MeetingChange, view: DraftView, names: Names, labels: dict[str, str], arrivals: Mapping[str, datetime],
    shown: Collection[str],
) -> dict[str, object]:  # fmt: skip
    """One meeting of the draft with its pictures, its agenda and who hears of it; folded, its agenda alone."""
    is_shown = change.meeting.public_id in shown
    today = (
        picture_of_today(change.meeting, change.plan, arrivals, members=view.members, specialties=names.specialties)
        if change.is_changed
        else None
    )
    return {
        "change": change,
        "meeting": change.meeting,
        "is_shown": is_shown,
        "today": today,
        "held_today": sum(lane.span.minutes for lane in today.lanes) if today else 0,
        "picture": picture_of_plan(
            change.meeting, change.plan, members=view.members, specialties=names.specialties, case_ids=view.case_ids
        )
        if is_shown
        else None,
        "entries": [
            {
                "entry": each.entry,
                "clocks": _clocks(each.entry.span, change.meeting),
                "change": each.change,
                "case_id": each.case_id,
                "reasons": say_all(each.reasons, names) if is_shown else (),
                "uncovered": [names.specialties.get(key, key) for key in each.uncovered],
            }
            for each in change.entries
        ],
        "counts": _counts(change),
        "parts": _parts(change, names, labels) if is_shown else (),
        "letters": sum(view.is_told(each) for each in change.attendances),
        "vacant": [names.specialties.get(key, key) for key in change.plan.vacant_seats],
    }


def _clocks(span: Interval, meeting: Meeting) -> str:
    """`07:30–07:38`: the day stands above the list."""
    zone = ZoneInfo(meeting.time_zone)
    return f"{span.start.astimezone(zone):%H:%M}–{span.end.astimezone(zone):%H:%M}"


def _counts(change: MeetingChange) -> list[tuple[str, int]]:
    """How many cases come, move, get another time and leave; nothing that is zero."""
    kinds = [each.change for each in change.entries]
    counted = [(kind, kinds.count(kind)) for kind in ("new", "moved", "retimed")]
    return [(kind, number) for kind, number in (*counted, ("removed", len(change.removed))) if number]


def _parts(change: MeetingChange, names: Names, labels: dict[str, str]) -> list[dict[str, object]]:
    return [
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
    ]


@pages.post("/drafts/<draft_id>/undo")
def undo_plan_step(draft_id: str) -> Response:
    """Take back the last step."""
    return _turn(draft_id, is_undo=True)


@pages.post("/drafts/<draft_id>/redo")
def redo_plan_step(draft_id: str) -> Response:
    """Do again what was taken back."""
    return _turn(draft_id, is_undo=False)


def _turn(draft_id: str, *, is_undo: bool) -> Response:
    back = url_for("pages.show_draft", draft_id=draft_id)
    by, step_id = current_actor(), form_text("step") or None
    turn = undo_step if is_undo else redo_step
    try:
        step = turn(database(), draft_id=draft_id, by=by, now=utc_now(), step_id=step_id)
    except Conflict as error:
        return refuse_form(back, error)
    case = step.detail.get("case")
    steps = list_steps(database(), draft_id=draft_id, by=by)
    view = read_draft(database(), draft_id=draft_id, by=by)
    names = draft_names(view)
    said = words().gettext("Taken back: %(step)s") if is_undo else words().gettext("Done again: %(step)s")
    flash(said % {"step": say_step_of(step, steps, names)}, "done")
    return redirect(_address_of_case(view, case) if case else back, 303)


@pages.post("/drafts/<draft_id>/publish")
def publish(draft_id: str) -> Response:
    """Publish, or show the draft again with what is not right."""
    try:
        version = form_number("version", 0) or None
        published = publish_draft(
            database(), setup(), draft_id=draft_id, version=version, by=current_actor(), now=utc_now()
        )
    except Conflict as error:
        if "reasons" in error.values:
            return _draft_page(draft_id, 409)
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


@pages.post("/drafts/<draft_id>/reopen")
def reopen_draft_of_board(draft_id: str) -> Response:
    """Take back that the draft was thrown away."""

    def act() -> str:
        reopen_draft(database(), draft_id=draft_id, by=current_actor(), now=utc_now())
        return words().gettext("The draft is open again.")

    return answer_form(url_for("pages.show_draft", draft_id=draft_id), act)


@pages.post("/boards/<key>/restore")
def restore_board(key: str) -> Response:
    """Make a draft of what was published before, and open it."""
    try:
        with place():
            draft = restore_published(database(), setup(), board=key, by=current_actor(), now=utc_now(), call=run_apart)
    except Conflict as error:
        return refuse_form(url_for("pages.show_board", key=key), error)
    flash(words().gettext("This draft restores what was published before. Look at it, then publish it."), "done")
    return go_to("pages.show_draft", draft_id=draft.public_id)
