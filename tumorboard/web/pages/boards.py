"""Boards: the meetings ahead, each as a picture, and the way to a proposal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time

from flask import redirect, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.services.access import Permission
from tumorboard.services.boards import BoardView, list_absent, list_boards, read_board
from tumorboard.services.cancellation_undo import HeldAgain, undo_cancellation
from tumorboard.services.extra_meetings import find_draft_beside, take_back_meeting
from tumorboard.services.findings import count_findings
from tumorboard.services.lists import list_rooms
from tumorboard.services.meetings import add_meeting, find_meeting
from tumorboard.services.planning import last_discarded
from tumorboard.services.publications import find_cancellation, last_publication
from tumorboard.services.publishing import cancel_meeting
from tumorboard.services.run_process import begin_run
from tumorboard.services.runs import find_active_run
from tumorboard.services.solver_process import place, run_apart, warm_up
from tumorboard.services.worklist import count_waiting
from tumorboard.store.meetings import Board, Meeting
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.pages.board_timeline import list_timeline
from tumorboard.web.pages.findings import findings_by_meeting, repair_of
from tumorboard.web.pages.frame import (
    Done,
    answer_form,
    form_date,
    form_number,
    form_text,
    go_to,
    pages,
    refuse_form,
    say_done,
    show,
    words,
)
from tumorboard.web.pages.names import all_specialties, say_when
from tumorboard.web.pages.picture import picture_of_meeting
from tumorboard.web.pages.who import say_who

USUAL_WEEKS = 8
USUAL_MINUTES = 90
PATIENCE_SECONDS = 1.0
"""How long a form waits for its draft before it shows the run: most are ready by then, no worker is held long."""


@pages.get("/boards", endpoint="list_boards")
def show_boards() -> Response:
    """Every board with its next meeting; the only one opens at once."""
    actor, now = current_actor(), utc_now()
    boards = list_boards(database(), by=actor)
    if len(boards) == 1:
        return go_to("pages.show_board", key=boards[0].key)
    views = [read_board(database(), board=board.key, by=actor, now=now, limit=3) for board in boards]
    return show("boards.html", views=views, programs=setup().programs)


@pages.get("/boards/<key>")
def show_board(key: str) -> Response:
    """The next meetings of one board."""
    actor = current_actor()
    view = read_board(database(), board=key, by=actor, now=utc_now())
    rooms = list_rooms(database(), by=actor) if actor.may(Permission.MEETING_EDIT) else []
    program = setup().programs.get(view.row.program)
    may_plan = actor.may(Permission.PLAN_EDIT)
    if may_plan:
        warm_up()
    absent = list_absent(database(), by=actor, now=utc_now())
    return show(
        "board.html",
        board=view.row,
        run=find_active_run(database(), view.row, now=utc_now()) if may_plan else None,
        draft=view.draft,
        meetings=[(meeting, _picture(meeting)) for meeting in view.meetings],
        program=program,
        rooms=sorted(rooms, key=lambda room: room.name),
        findings=findings_by_meeting(board=key),
        repair=repair_of(view.draft),
        absent=absent,
        usual_weeks=USUAL_WEEKS,
        usual_minutes=USUAL_MINUTES,
        today=setup().today(utc_now()),
        **(_plans_of(view, key, absent) if may_plan else {}),
    )


def _plans_of(view: BoardView, key: str, absent: Mapping[str, tuple[str, ...]]) -> dict[str, object]:
    """What whoever plans sees beside the meetings: what needs her, what she can take back, what happened."""
    now = utc_now()
    return {
        "to_do": list(_to_do(view, key, absent)),
        "publication": last_publication(database(), view.row, now=now),
        "discarded": last_discarded(database(), view.row, now=now) if view.draft is None else None,
        "timeline": list_timeline(key),
    }


def _to_do(
    view: BoardView, key: str, absent: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What waits for a coordinator on this board: words, address, and the people it names."""
    by, now = current_actor(), utc_now()
    if view.draft is not None:
        said = words().gettext("An open draft waits, made by %(name)s") % {"name": say_who(view.draft.made_by)}
        yield said, url_for("pages.show_draft", draft_id=view.draft.public_id), (say_who(view.draft.made_by),)
    found = count_findings(database(), by=by, now=now).get(key, 0)
    if found:
        said = words().ngettext("%(number)d thing to mend", "%(number)d things to mend", found)
        yield said % {"number": found}, "#to-mend", ()
    waiting = count_waiting(database(), view.row.program)
    if waiting and view.draft is None:
        said = words().ngettext(
            "%(number)d open case is on no meeting", "%(number)d open cases are on no meeting", waiting
        )
        yield said % {"number": waiting}, url_for("pages.list_cases", program=view.row.program), ()
    for meeting in view.meetings:
        if meeting.public_id in absent:
            when = say_when(meeting.starts_at, meeting.time_zone)
            names = ", ".join(absent[meeting.public_id])
            said = words().gettext("%(meeting)s: cannot come any more: %(names)s") % {"meeting": when, "names": names}
            yield said, f"#m-{meeting.public_id}", tuple(absent[meeting.public_id])


def _picture(meeting: Meeting) -> object:
    may_read = current_actor().may(Permission.CASE_READ)
    case_ids = {item.case.reference: item.case.public_id for item in meeting.agenda} if may_read else {}
    return picture_of_meeting(meeting, specialties=all_specialties(), case_ids=case_ids)


@pages.post("/boards/<key>/propose")
def propose_board(key: str) -> Response:
    """Let a process plan the next weeks; its page leads on to the draft. A board has one such process at a time."""
    try:
        run_id, started = begin_run(
            database(), setup(), board=key, weeks=form_number("weeks", USUAL_WEEKS), by=current_actor(), now=utc_now(),
            from_scratch=bool(form_text("from_scratch")),
        )  # fmt: skip
    except (BadInput, Conflict) as error:
        if error.code == "plan-running":
            return go_to("pages.show_run", run_id=error.values["run"])
        return refuse_form(url_for("pages.show_board", key=key), error)
    started.wait(PATIENCE_SECONDS)
    return go_to("pages.show_run", run_id=run_id)


@pages.post("/boards/<key>/meetings")
def add(key: str) -> Response:
    """Add a single extra meeting."""

    def act() -> Done:
        on = form_date("on")
        if on is None:
            raise BadInput("name the day", code="not-a-date", field="on")
        try:
            local_time = time.fromisoformat(form_text("local_time"))
        except ValueError:
            raise BadInput("no time; write it as 07:30", code="bad-input", field="local_time") from None
        meeting = add_meeting(
            database(), setup(), board=key, on=on, local_time=local_time,
            minutes=form_number("minutes", USUAL_MINUTES), room=form_text("room"), by=current_actor(), now=utc_now(),
            is_extra=bool(form_text("is_extra")),
        )  # fmt: skip
        return say_added(meeting)

    return answer_form(url_for("pages.show_board", key=key), act)


def say_added(meeting: Meeting) -> Done:
    """That a meeting stands, what it does to the open draft, and the way back."""
    back = "pages.cancel" if meeting.series_id is not None else "pages.take_back"
    when = say_when(meeting.starts_at, meeting.time_zone)
    said = words().gettext("The meeting is added: %(when)s.") % {"when": when}
    draft = _say_draft(meeting.board, words().gettext("The open draft does not use it: propose again."))
    return Done(f"{said} {draft}".rstrip(), url_for(back, meeting_id=meeting.public_id))


def _say_draft(board: Board, otherwise: str = "") -> str:
    """What a change of the meetings does to the open draft; empty without one."""
    beside = find_draft_beside(database(), board)
    if beside is None:
        return ""
    outdated = words().gettext("The open draft can no longer be published: propose again.")
    return outdated if beside.is_outdated else otherwise


@pages.post("/meetings/<meeting_id>/take-back")
def take_back(meeting_id: str) -> Response:
    """Undo an added meeting to which nobody is invited yet."""
    board = find_meeting(database(), meeting_id).board.key

    def act() -> str:
        row = take_back_meeting(database(), setup(), meeting_id=meeting_id, by=current_actor(), now=utc_now())
        said = words().gettext("The meeting is taken back.")
        return f"{said} {_say_draft(row)}".rstrip()

    return answer_form(next_path(url_for("pages.show_board", key=board)), act)


@pages.post("/meetings/<meeting_id>/cancel")
def cancel(meeting_id: str) -> Response:
    """Cancel a meeting and tell everybody who was invited."""

    def act() -> Done | str:
        letters = cancel_meeting(database(), setup(), meeting_id=meeting_id, by=current_actor(), now=utc_now())
        said = words().ngettext(
            "The meeting is cancelled; %(number)d letter leaves.",
            "The meeting is cancelled; %(number)d letters leave.",
            letters,
        )
        said = said % {"number": letters}
        may_return = find_cancellation(database(), find_meeting(database(), meeting_id), now=utc_now()) is not None
        return Done(said, url_for("pages.hold_again", meeting_id=meeting_id)) if may_return else said

    return answer_form(url_for("pages.show_meeting", meeting_id=meeting_id), act)


@pages.post("/meetings/<meeting_id>/hold-again")
def hold_again(meeting_id: str) -> Response:
    """Take back that a meeting was cancelled, and open the draft with its agenda."""
    here = url_for("pages.show_meeting", meeting_id=meeting_id)
    try:
        with place():
            held = undo_cancellation(
                database(), setup(), meeting_id=meeting_id, by=current_actor(), now=utc_now(), call=run_apart
            )  # fmt: skip
    except Conflict as error:
        return refuse_form(here, error)
    say_done(_say_held(held))
    if held.draft is None or not current_actor().may(Permission.PLAN_EDIT):
        return redirect(here, 303)
    return go_to("pages.show_draft", draft_id=held.draft.public_id)


def _say_held(held: HeldAgain) -> str:
    """That a meeting is held after all, and what is still to be done."""
    when = say_when(held.meeting.starts_at, held.meeting.time_zone)
    said = [words().gettext("The meeting is held after all: %(when)s.") % {"when": when}]
    if held.draft is not None:
        said.append(words().gettext("Its agenda is a draft again; nobody hears of it before you publish that."))
    if held.stayed:
        stayed = words().ngettext(
            "%(number)d case does not come back: it is elsewhere by now, or closed.",
            "%(number)d cases do not come back: they are elsewhere by now, or closed.",
            held.stayed,
        )
        said.append(stayed % {"number": held.stayed})
    return " ".join(said)
