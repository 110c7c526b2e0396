"""Moving a case of a draft: what each place would change, shown before anything is saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.model import Reason, SeatKind
from tumorboard.domain.planning_edit import Effect, Move
from tumorboard.domain.timeline import Interval
from tumorboard.services.access import Permission, require
from tumorboard.services.boards import DraftView, MeetingChange, read_draft
from tumorboard.services.cases import find_case
from tumorboard.services.planning import edit_draft, preview_edit
from tumorboard.services.solver_process import PlannerRefusal, place, run_apart
from tumorboard.store.people import Member
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.draft_today import say_all
from tumorboard.web.pages.drafts import draft_names
from tumorboard.web.pages.frame import answer_form, form_number, form_text, pages, show, words
from tumorboard.web.pages.names import full_name
from tumorboard.words.phrases import Names

LEAVE_OUT = "leave-out"
LONGEST_PLACE = 3
"""Digits of a place on an agenda."""
OPEN = ("waiting", "scheduled")
MOST_WINDOWS = 4
"""Lines about people that one place shows; the rest are counted."""


@dataclass(frozen=True, slots=True)
class WindowLine:
    """A member whose time changes."""

    name: str
    before: Interval | None
    after: Interval | None


@dataclass(frozen=True, slots=True)
class EffectLines:
    """What a move would change, as the page says it; `more` windows are not listed, nor the `elsewhere` many of the
    meeting that the case leaves. `core` counts core members: how many are asked for the meeting, and how many no longer
    are."""

    span: Interval | None
    windows: tuple[WindowLine, ...]
    more: int
    elsewhere: int
    core: tuple[int, int]
    held_minutes: tuple[int, int]
    broken: tuple[str, ...]
    mended: tuple[str, ...]
    late_days: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where the case could go: the values its button sends, and what it would change (None when not worked out)."""

    meeting: str
    position: int | None
    effect: EffectLines | None
    change: MeetingChange | None = None
    used: int = 0
    length: int = 0
    after: str = ""


@pages.get("/drafts/<draft_id>/cases/<case_id>")
def show_move(draft_id: str, case_id: str) -> Response:
    """Where else a case of the draft could stand: one button for each place, with what it would change."""
    view = read_draft(database(), draft_id=draft_id, by=current_actor())
    reference = _reference(view, case_id)
    names = draft_names(view)
    here = next((each for each in view.meetings if reference in {e.entry.reference for e in each.entries}), None)
    reasons = here.plan.reasons.get(reference, ()) if here else view.proposal.left_out.get(reference, ())
    moves = list(_moves(view, reference, here))
    if here is not None and find_case(database(), case_id).status not in OPEN:
        moves = [Move(reference, None)]  # withdrawn since: it can only leave
    effects = _effects(draft_id, moves, view.members, names)
    found = dict(zip(moves, effects, strict=True)) if effects else {}
    return show(
        "draft_move.html",
        draft=view.row,
        board=view.row.board,
        reference=reference,
        case_id=case_id,
        stands_on=here.meeting if here else None,
        spot=_spot(here, reference),
        reasons=say_all(tuple(reasons), names),
        meetings=[_to_meeting(each, here, reference, found) for each in view.meetings if len(moves) > 1],
        places=[
            Place(move.meeting or "", move.position, found.get(move), after=_after(here, reference, move.position))
            for move in moves
            if move.position is not None
        ],
        leave_out=found.get(Move(reference, None)),
        is_worked_out=bool(effects),
    )


def _spot(here: MeetingChange | None, reference: str) -> tuple[int, int, Interval] | None:
    """The place of a case on its meeting, of how many, and its time."""
    entries = [each.entry for each in here.entries] if here else []
    return next(
        ((number, len(entries), one.span) for number, one in enumerate(entries, 1) if one.reference == reference), None
    )


def _to_meeting(
    change: MeetingChange, here: MeetingChange | None, reference: str, found: Mapping[Move, EffectLines]
) -> Place:
    meeting = change.meeting
    return Place(
        meeting=meeting.public_id,
        position=None,
        effect=None if change is here else found.get(Move(reference, meeting.public_id)),
        change=change,
        used=sum(entry.entry.span.minutes for entry in change.entries),
        length=int((meeting.ends_at - meeting.starts_at).total_seconds() // 60),
    )


def _after(here: MeetingChange | None, reference: str, position: int | None) -> str:
    """The reference behind which the case would stand; empty for the first place."""
    others = [each.entry.reference for each in here.entries if each.entry.reference != reference] if here else []
    return others[position - 1] if position else ""


def _moves(view: DraftView, reference: str, here: MeetingChange | None) -> Iterator[Move]:
    """Every other meeting, every other place of this one, and out."""
    for change in view.meetings:
        if change is not here:
            yield Move(reference, change.meeting.public_id)
    if here is not None:
        yield Move(reference, None)
        order = [each.entry.reference for each in here.entries]
        for position in range(len(order)):
            if position != order.index(reference):
                yield Move(reference, here.meeting.public_id, position)


def _effects(
    draft_id: str, moves: Sequence[Move], members: Mapping[str, Member], names: Names
) -> tuple[EffectLines, ...]:
    """What the moves would change; nothing when it cannot be worked out now: the choice is there all the same."""
    try:
        with place():
            found = preview_edit(
                database(), setup(), draft_id=draft_id, moves=moves, by=current_actor(), now=utc_now(), call=run_apart
            )
    except PlannerRefusal:
        return ()
    return tuple(say_effect(effect, move, members, names) for move, effect in zip(moves, found, strict=True))


def say_effect(effect: Effect, move: Move, members: Mapping[str, Member], names: Names) -> EffectLines:
    """An effect in the reader's words. What changes where the case leaves is the same for every place it could go to,
    and is listed once, with the leaving."""
    called = [one for one in effect.windows if one.member in members and one.kind is SeatKind.ON_DEMAND]
    here = [one for one in called if move.meeting in (None, one.meeting)]
    lines = [WindowLine(full_name(members[one.member]), one.before, one.after) for one in here]
    core = [one for one in effect.windows if one.kind is SeatKind.CORE]
    return EffectLines(
        span=effect.span,
        windows=tuple(lines[:MOST_WINDOWS]),
        more=max(0, len(lines) - MOST_WINDOWS),
        elsewhere=len(called) - len(here),
        core=(sum(one.before is None for one in core), sum(one.after is None for one in core)),
        held_minutes=effect.held_minutes,
        broken=_say_briefly(effect.broken, move, names),
        mended=tuple(say_all(effect.mended, names)),
        late_days=effect.late_days,
    )


def _say_briefly(reasons: tuple[Reason, ...], move: Move, names: Names) -> tuple[str, ...]:
    """Reasons without the case and the meeting that the place they stand at names."""
    meeting = names.meetings.get(move.meeting or "", "")
    openings = (f"{move.reference}, {meeting}: ", f"{move.reference}: ", f"{meeting}: ")
    said = say_all(reasons, names)
    return tuple(next((each.removeprefix(one) for one in openings if each.startswith(one)), each) for each in said)


def _reference(view: DraftView, case_id: str) -> str:
    for reference, known in view.case_ids.items():
        if known == case_id:
            return reference
    row = find_case(database(), case_id)
    if row.program == view.row.board.program and row.status in OPEN:  # it came after the draft was made
        return row.reference
    raise NotFound("this case is not part of the draft", code="unknown-case")


@pages.get("/drafts/<draft_id>/cases/<case_id>/effect")
def show_effect(draft_id: str, case_id: str) -> Response:
    """A part of a page: what one move within its meeting would change, while it is being made.

    The order is given, so that nothing is searched for: it is worked out here, and takes no place from the saving.
    """
    view = read_draft(database(), draft_id=draft_id, by=current_actor())
    reference = _reference(view, case_id)
    position = request.args.get("position", "")
    if not position.isdecimal() or len(position) > LONGEST_PLACE:
        raise BadInput("no whole number", code="not-a-number", field="position")
    move = Move(reference, request.args.get("meeting", ""), int(position))
    found = preview_edit(database(), setup(), draft_id=draft_id, moves=[move], by=current_actor(), now=utc_now())
    effects = [say_effect(effect, move, view.members, draft_names(view)) for effect in found]
    return show("draft_effect.html", board=view.row.board, reference=reference, effects=effects)


@pages.post("/drafts/<draft_id>/cases/<case_id>")
def move(draft_id: str, case_id: str) -> Response:
    """Put a case on another meeting or another place, or leave it out."""
    position = form_number("position", -1) if request.form.get("position") else None
    return _move(draft_id, case_id, form_text("meeting"), position)


@pages.post("/drafts/<draft_id>/order")
def order_case(draft_id: str) -> Response:
    """Put a case on another place of its meeting; `to` is the case and the place, with a point between them."""
    case_id, _, place_text = form_text("to").partition(".")
    if not place_text.isdecimal() or len(place_text) > LONGEST_PLACE:
        raise BadInput("no whole number", code="not-a-number", field="to")
    return _move(draft_id, case_id, form_text("meeting"), int(place_text))


def _move(draft_id: str, case_id: str, target: str, position: int | None) -> Response:
    require(current_actor(), Permission.PLAN_EDIT)
    reference = find_case(database(), case_id).reference

    def act() -> str:
        version = form_number("version", 0) or None
        with place():
            edit_draft(
                database(), setup(), draft_id=draft_id, reference=reference,
                meeting_id=None if target == LEAVE_OUT else target, position=position, by=current_actor(),
                now=utc_now(), call=run_apart, version=version,
            )  # fmt: skip
        if target == LEAVE_OUT:
            return words().gettext("Left out: %(case)s") % {"case": reference}
        return words().gettext("Moved: %(case)s") % {"case": reference}

    unfolded = None if target == LEAVE_OUT else target
    return answer_form(url_for("pages.show_draft", draft_id=draft_id, open=unfolded, _anchor=f"case-{case_id}"), act)
