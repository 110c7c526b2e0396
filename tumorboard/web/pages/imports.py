"""Import of a case list: choose a file, look at what would happen, confirm or drop."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput
from tumorboard.domain.intake import list_columns
from tumorboard.domain.intake_draft import say_where
from tumorboard.domain.intake_headings import find_column
from tumorboard.domain.intake_rules import as_column
from tumorboard.domain.program import Program
from tumorboard.services.access import Permission, require
from tumorboard.services.boards import list_boards
from tumorboard.services.case_lists import ImportReport
from tumorboard.services.import_history import list_imports
from tumorboard.services.import_refused import KEPT, TOLD, read_refused
from tumorboard.services.import_runs import ImportRun, begin_import, read_import_run, stop_import
from tumorboard.services.import_undo import last_import, take_back_import
from tumorboard.services.imports import confirm_import, drop_import, note_told, read_staged, stage_import
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.field_changes import say_changes
from tumorboard.web.pages.frame import Done, answer_form, form_text, go_to, pages, say_done, show, words
from tumorboard.words.refusals import REFUSALS, say_error, say_refusal

WAIT_SECONDS = 1.0
"""Who imports a list that is soon done sees no progress of it."""
MOST_PAST = 20
"""Imports among which that of a preview is looked for; those before it are older than most previews are kept."""
MOST_ROWS = 200
"""Rows of the preview that are listed; the counts are of all of them."""


@pages.get("/cases/import")
def show_upload() -> Response:
    """The form for a file."""
    require(current_actor(), Permission.CASE_IMPORT)
    return _upload_form(_usual_program())


@pages.get("/cases/import/columns/<program>.csv")
def show_columns(program: str) -> Response:
    """An empty list with every column of our own layout, as spreadsheets open it."""
    require(current_actor(), Permission.CASE_IMPORT)
    rules = setup().program(program)
    header = ",".join(list_columns(rules)) + "\r\n"
    response = Response(header.encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename={rules.id}-cases.csv"
    return response


@pages.post("/cases/import")
def upload() -> Response:
    """Keep the file and go to the preview, or say why it is no case list."""
    file = request.files.get("file")
    program = form_text("program")
    try:
        upload_id = stage_import(
            database(), setup(), program=program, content=file.read() if file else b"",
            filename=(file.filename or "") if file else "", by=current_actor(), now=utc_now(),
        )  # fmt: skip
    except BadInput as error:
        return _upload_form(program, say_error(error, words()))
    return go_to("pages.show_preview", upload_id=upload_id)


@pages.get("/cases/import/<upload_id>")
def show_preview(upload_id: str) -> Response:
    """What the import would do, how far it is, or what became of it."""
    run = read_import_run(database(), upload_id=upload_id, by=current_actor(), now=utc_now())
    if run.is_active:
        return show("import_run.html", run=run, program=setup().program(run.program))
    if run.status == KEPT:
        return _show_refused()
    if run.status == "done":
        note_told(database(), upload_id=upload_id, by=current_actor(), now=utc_now())
        return _say_imported(run.counts, run.import_id)
    if run.status == TOLD:
        return _show_result(run)
    staged = read_staged(database(), setup(), upload_id=upload_id, by=current_actor(), now=utc_now())
    program = setup().program(staged.program)
    values = _report(staged.report, program)
    problem = say_refusal(staged.problem, "", words()) if staged.problem in REFUSALS else staged.problem
    return show("import_preview.html", 200, staged=staged, program=program, problem=problem, **values)


@pages.post("/cases/import/<upload_id>")
def confirm(upload_id: str) -> Response:
    """Import in one transaction; a long list in a process of its own, whose page follows.

    Whoever went back to the preview and confirms again is shown what became of the first time.
    """
    run = read_import_run(database(), upload_id=upload_id, by=current_actor(), now=utc_now())
    if run.status in ("done", KEPT, TOLD):
        return go_to("pages.show_preview", upload_id=upload_id)
    if form_text("long"):
        begin_import(database(), setup(), upload_id=upload_id, by=current_actor(), now=utc_now()).wait(WAIT_SECONDS)
        return go_to("pages.show_preview", upload_id=upload_id)
    report = confirm_import(database(), setup(), upload_id=upload_id, by=current_actor(), now=utc_now())
    return _say_imported(report.counts, report.import_id, upload_id if report.count("refused") else "")


@pages.get("/cases/imports/refused")
def show_refused_rows() -> Response:
    """The rows that the last import refused; without any, the form for the next file."""
    require(current_actor(), Permission.CASE_IMPORT)
    return _show_refused()


def _show_refused() -> Response:
    """The same at the address of the upload, where whoever follows a long import stands at its end."""
    found = read_refused(database(), by=current_actor())
    if found is None:
        return go_to("pages.show_upload")
    program = setup().program(found.program)
    lines = [(each.row, _say_problem(program, each.column, each.code, "", each.values)) for each in found.problems]
    return show("import_refused.html", found=found, program=program, lines=lines, **_since(found.import_id))


def _show_result(run: ImportRun) -> Response:
    """Where the preview was, once all of it is imported: a browser's way back leads there."""
    program = setup().program(run.program)
    return show("import_refused.html", found=run, program=program, lines=[], **_since(run.import_id))


def _since(import_id: str) -> dict[str, bool]:
    """Whether an import can be taken back, or is already."""
    last = last_import(database(), by=current_actor(), now=utc_now())
    past = list_imports(database(), by=current_actor(), limit=MOST_PAST) if import_id else ()
    return {
        "can_undo": last is not None and last[0] == import_id,
        "is_taken_back": any(each.is_taken_back for each in past if each.import_id == import_id),
    }


@pages.post("/cases/imports/<import_id>/undo")
def undo_import(import_id: str) -> Response:
    """Take back what an import did, all of it or nothing."""

    def undo() -> str:
        counts = take_back_import(database(), import_id=import_id, by=current_actor(), now=utc_now())
        said = words().gettext("The import is taken back. Removed: %(removed)d; as before: %(restored)d.")
        return said % counts

    return answer_form(url_for("pages.list_cases"), undo)


def _say_imported(counts: dict[str, int], import_id: str, upload_id: str = "") -> Response:
    """To the worklist, or to the rows that were refused."""
    said = words().gettext(
        "Imported: %(created)d new, %(updated)d changed, %(unchanged)d unchanged, %(refused)d refused."
    )
    say_done(Done(said % counts, url_for("pages.undo_import", import_id=import_id)) if import_id else said % counts)
    return go_to("pages.show_preview", upload_id=upload_id) if upload_id else go_to("pages.list_cases")


@pages.post("/cases/import/<upload_id>/stop")
def stop(upload_id: str) -> Response:
    """Stop an import that is being read; nothing is written then."""
    stop_import(database(), upload_id=upload_id, by=current_actor(), now=utc_now())
    return go_to("pages.show_preview", upload_id=upload_id)


@pages.post("/cases/import/<upload_id>/drop")
def drop(upload_id: str) -> Response:
    """Forget the upload; nothing was written."""
    drop_import(database(), by=current_actor(), now=utc_now())
    flash(words().gettext("The file is dropped; nothing was imported."), "done")
    return go_to("pages.list_cases")


def _usual_program() -> str:
    boards = list_boards(database(), by=current_actor())
    return boards[0].program if boards else ""


def _upload_form(program: str, problem: str = "") -> Response:
    return show(
        "import.html",
        422 if problem else 200,
        programs=setup().programs.values(),
        chosen=program,
        problem=problem,
        last=last_import(database(), by=current_actor(), now=utc_now()),
        refused=read_refused(database(), by=current_actor()),
        past=[(each, setup().programs.get(each.program)) for each in list_imports(database(), by=current_actor())],
    )


def _say_problem(
    program: Program, column: str, code: str, message: str, values: Mapping[str, object]
) -> dict[str, str]:
    """A problem in words: the field by its label, and the column as the file names it."""
    meant = find_column(program, column)
    field = next((each for name, each in program.fields.items() if as_column(name) == meant), None)
    said = say_refusal(code, message, words(), values, field.labels if field else {})
    label = field.label.in_language(words().language) if field else ""
    label = "" if label == column else label
    return {"label": label, "column": column, "code": code, "said": said}


def _report(report: ImportReport, program: Program) -> dict[str, object]:
    told = sorted(
        (row for row in report.rows if row.action != "unchanged"), key=lambda row: (row.action != "refused", row.row)
    )
    by_row: dict[int, list[dict[str, str]]] = {}
    for problem in report.problems:
        message = problem.message.removeprefix(f"{say_where(problem.row, problem.column)}: ")
        line = _say_problem(program, problem.column, problem.code, message, problem.values)
        by_row.setdefault(problem.row, []).append(line)
    numbers = {row.row for row in report.rows}
    of_columns = [each for row, found in by_row.items() if row not in numbers for each in found]
    unchanged = [row for row in report.rows if row.action == "unchanged"]
    return {
        "counts": report.counts,
        "rows": told[:MOST_ROWS],
        "more": max(0, len(told) - MOST_ROWS),
        "unchanged": unchanged[:MOST_ROWS],
        "unchanged_more": max(0, len(unchanged) - MOST_ROWS),
        "changes": {row.row: say_changes(row.changes, program) for row in told[:MOST_ROWS] if row.changes},
        "problems": by_row,
        "notes": [each["said"] for each in of_columns if each["code"] == "derived-columns"],
        "column_problems": [each for each in of_columns if each["code"] != "derived-columns"],
        "is_useful": any(report.count(action) for action in ("created", "updated")),
    }
