"""The worklist of waiting cases, and the referral of one by hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container
from dataclasses import asdict

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict, DomainError
from tumorboard.domain.identity import without_resident_number
from tumorboard.domain.model import Urgency
from tumorboard.domain.program import Program
from tumorboard.services.access import Permission, require
from tumorboard.services.boards import list_boards, list_people
from tumorboard.services.cases import refer_case, reopen_cases, withdraw_cases
from tumorboard.services.readiness import note_readiness
from tumorboard.services.worklist import CaseFilter, CaseState, Due, count_closed, count_open, list_cases
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.pages.case_rows import make_row
from tumorboard.web.pages.fields import FIRST, first_inputs, list_inputs, read_cells, say_field_error
from tumorboard.web.pages.findings import boards_to_mend
from tumorboard.web.pages.frame import (
    Done,
    answer_form,
    form_date,
    form_text,
    go_to,
    pages,
    refuse_form,
    say_done,
    show,
    words,
)

PAGE_ROWS = 40
OPEN_STATES = (CaseState.NOT_READY, CaseState.READY, CaseState.SCHEDULED)
CLOSED_STATES = (CaseState.DONE, CaseState.WITHDRAWN)


@pages.get("/cases", endpoint="list_cases")
def show_list() -> Response:
    """The worklist; the filters stand in the address."""
    actor, now = current_actor(), utc_now()
    only = chosen_filter()
    first = max(1, request.args.get("page", 1, type=int)) - 1
    worklist = list_cases(database(), setup(), by=actor, now=now, only=only, offset=first * PAGE_ROWS, limit=PAGE_ROWS)
    today = setup().today(now)
    shown = [only.program] if only.program else sorted({view.row.program for view in worklist.cases})
    return show(
        "cases.html",
        rows=[make_row(view, today=today) for view in worklist.cases],
        counts=worklist.counts,
        total=worklist.total,
        late=worklist.late,
        page=first + 1,
        last_page=max(1, -(-worklist.total // PAGE_ROWS)),
        filters=only,
        open_total=count_open(database(), setup()),
        closed_found=count_closed(database(), setup(), by=actor, only=only),
        chosen={name: value for name, value in asdict(only).items() if value},
        urgencies=tuple(Urgency),
        dues=tuple(Due),
        specialties=_specialties(only.program),
        debtors=_debtors(only.program),
        states=OPEN_STATES,
        closed_states=CLOSED_STATES,
        programs=setup().programs.values(),
        item_programs=[setup().program(name) for name in shown],
        boards=[board for board in list_boards(database(), by=actor) if only.program in ("", board.program)],
        today=today,
        to_mend=boards_to_mend(),
    )


def chosen_filter() -> CaseFilter:
    """The filter of the address; what it does not know is left out."""
    known: dict[str, Container[str]] = {
        "program": setup().programs, "state": set(CaseState), "urgency": set(Urgency), "due": set(Due),
        "needs": dict(_specialties("")), "owed_by": dict(_debtors("")),
    }  # fmt: skip
    asked = {name: request.args.get(name, "").strip() for name in known}
    only = {name: value for name, value in asked.items() if value in known[name]}
    return CaseFilter(search=without_resident_number(request.args.get("search", "").strip()), **only)


def _programs(program: str) -> Collection[Program]:
    return [setup().program(program)] if program else setup().programs.values()


def _debtors(program: str) -> list[tuple[str, str]]:
    """The specialties that owe reports in a programme, or in any, by name."""
    owing = {item.owed_by for each in _programs(program) for item in each.readiness}
    return [(key, name) for key, name in _specialties(program) if key in owing]


def _specialties(program: str) -> list[tuple[str, str]]:
    """The specialties of a programme, or of all, by name."""
    chosen = _programs(program)
    names = {key: text.in_language(words().language) for each in chosen for key, text in each.specialties.items()}
    return sorted(names.items(), key=lambda pair: pair[1])


@pages.post("/cases/withdraw")
def withdraw_many() -> Response:
    """Take every ticked case off the list; one click takes that back."""
    said, none = words().gettext("Withdrawn: %(cases)s"), words().gettext("These cases are withdrawn already.")
    return _for_ticked(withdraw_cases, said, none, undo="pages.reopen_many")


@pages.post("/cases/reopen")
def reopen_many() -> Response:
    """Put every ticked case, or those that the address names, back on the list."""
    said, none = words().gettext("On the list again: %(cases)s"), words().gettext("No case was withdrawn any more.")
    return _for_ticked(reopen_cases, said, none, undo="pages.withdraw_many")


def _for_ticked(act: Callable[..., dict[str, str]], said: str, none: str, *, undo: str) -> Response:
    """Do it for the cases of the form; the answer names those that it changed, and its button takes back only these."""
    back = next_path(url_for("pages.list_cases"))
    try:
        changed = act(database(), case_ids=request.values.getlist("case"), by=current_actor(), now=utc_now())
    except (BadInput, Conflict) as error:
        return refuse_form(back, error, subject=str(error.values.get("case", "")))
    names = {"cases": ", ".join(changed.values())}
    say_done(Done(said % names, url_for(undo, case=list(changed))) if changed else none)
    return redirect(back, 303)


@pages.post("/cases/readiness")
def note_for_many() -> Response:
    """Note one report for every ticked case."""

    def note() -> str:
        ids = request.form.getlist("case")
        if not ids:
            raise BadInput("tick at least one case first", code="nothing-ticked", field="case")
        day = form_date("day") or setup().today(utc_now())
        is_expected = form_text("what") == "expected"
        number = note_readiness(
            database(), setup(), case_ids=ids, item=form_text("item"), by=current_actor(), now=utc_now(),
            reported_on=None if is_expected else day, expected_on=day if is_expected else None,
        )  # fmt: skip
        noted = words().ngettext("Noted for %(number)d case.", "Noted for %(number)d cases.", number)
        return noted % {"number": number}

    return answer_form(next_path(url_for("pages.list_cases")), note)


@pages.get("/cases/new")
def show_referral() -> Response:
    """The form to refer one case."""
    require(current_actor(), Permission.CASE_EDIT)
    return _referral(_chosen_program(request.args.get("program", "")), {})


@pages.post("/cases/new")
def refer() -> Response:
    """Add the case, or show the form again with what is wrong."""
    program = _chosen_program(form_text("program"))
    cells = read_cells(program)
    try:
        row = refer_case(
            database(), setup(), program=program.id, cells={name: cell for name, cell in cells.items() if cell},
            by=current_actor(), now=utc_now(),
        )  # fmt: skip
    except (BadInput, Conflict) as error:
        return _referral(program, cells, error)
    return go_to("pages.show_case", case_id=row.public_id)


def _chosen_program(name: str) -> Program:
    """The programme of the form; the first that has a board when none is named."""
    if name:
        return setup().program(name)
    boards = list_boards(database(), by=current_actor())
    return setup().program(boards[0].program if boards else min(setup().programs))


def _referral(program: Program, cells: dict[str, str], error: DomainError | None = None) -> Response:
    members = list_people(database(), by=current_actor(), now=utc_now())
    return show(
        "case_new.html",
        200 if error is None else 422,
        program=program,
        programs=setup().programs.values(),
        first=first_inputs(program, cells, members),
        groups=list_inputs(program, cells, members=members, without=FIRST),
        problem="" if error is None else say_field_error(program, error),
        wrong="" if error is None else str(error.values.get("field", "")),
        known="" if error is None else str(error.values.get("case_id", "")),
        is_withdrawn=error is not None and error.code == "case-withdrawn",
    )
