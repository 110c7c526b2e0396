"""Exports: the purpose is asked once in a log-in and recorded with every file."""

from __future__ import annotations

import io
from collections.abc import Callable

from flask import flash, request, send_file, session, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.identity import without_resident_number
from tumorboard.services.access import Permission, require
from tumorboard.services.exports import (
    MEDIA,
    Export,
    Kind,
    Purpose,
    Stated,
    export_agenda,
    export_cases,
    export_record,
    list_published,
    print_agenda,
    state_purpose,
)
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.cases import chosen_filter
from tumorboard.web.pages.frame import form_text, pages, show, words
from tumorboard.words.labels import say_code
from tumorboard.words.refusals import say_error
from tumorboard.words.reports import PURPOSES

REMEMBERED = "export_purpose"
"""Where the log-in keeps the purpose; it goes with the session."""
MOST_MEETINGS = 12


@pages.get("/exports")
def show_exports() -> Response:
    """What there is to take along, and the purpose that is recorded with it."""
    return _show_form(Stated(Purpose.MEETING) if _stated() is None else None)


@pages.post("/exports")
def keep_purpose() -> Response:
    """Keep the purpose for this log-in, then go on to the file that was asked for."""
    require(current_actor(), Permission.CASE_EXPORT)
    code, note = form_text("purpose"), form_text("note")
    try:
        stated = state_purpose(code, note)
    except BadInput as error:
        kept = Purpose(code) if code in set(Purpose) else Purpose.MEETING
        return _show_form(Stated(kept, without_resident_number(note)[:200]), error)
    session[REMEMBERED] = {"purpose": str(stated.purpose), "note": stated.note}
    wanted = _wanted(form_text("next"))
    if not wanted:
        flash(words().gettext("The purpose is noted; it is recorded with every file you take."), "done")
    return redirect(wanted or url_for("pages.show_exports"), 303)


@pages.get("/exports/agenda/<meeting_id>.<kind>")
def download_agenda(meeting_id: str, kind: str) -> Response:
    """The agenda of a meeting: PDF for the wall, or a table."""
    chosen = _kind(kind)
    if chosen is Kind.PDF:
        return _give(lambda stated: print_agenda(
            database(), setup(), meeting_id=meeting_id, stated=stated, language=words().language, by=current_actor(),
            now=utc_now(),
        ))  # fmt: skip
    return _give(lambda stated: export_agenda(
        database(), setup(), meeting_id=meeting_id, kind=chosen, stated=stated, language=words().language,
        by=current_actor(), now=utc_now(),
    ))  # fmt: skip


@pages.get("/exports/record/<meeting_id>.<kind>")
def download_record(meeting_id: str, kind: str) -> Response:
    """What happened in a meeting."""
    chosen = _kind(kind)
    return _give(lambda stated: export_record(
        database(), setup(), meeting_id=meeting_id, kind=chosen, stated=stated, language=words().language,
        by=current_actor(), now=utc_now(),
    ))  # fmt: skip


@pages.get("/exports/cases.<kind>")
def download_cases(kind: str) -> Response:
    """The worklist, with the filters of its address."""
    chosen = _kind(kind)
    if chosen is Kind.PDF:
        raise NotFound("there is no PDF of the worklist; print the page", code="not-found")
    only = chosen_filter()
    return _give(lambda stated: export_cases(
        database(), setup(), kind=chosen, stated=stated, language=words().language, by=current_actor(), now=utc_now(),
        only=only,
    ))  # fmt: skip


def _kind(text: str) -> Kind:
    if text not in set(Kind):
        raise NotFound("there is no such file", code="not-found")
    return Kind(text)


def _give(make: Callable[[Stated | None], Export]) -> Response:
    """The file; or the question what it is for, if nobody has said so in this log-in."""
    try:
        export = make(_stated())
    except BadInput as error:
        if error.code != "purpose-missing":
            raise
        return redirect(url_for("pages.show_exports", next=request.full_path.rstrip("?")), 303)
    # Never shown within the browser: its PDF viewer is an object, and the pages' policy allows none.
    return send_file(io.BytesIO(export.content), MEDIA[export.kind], as_attachment=True, download_name=export.name)


def _stated() -> Stated | None:
    kept = session.get(REMEMBERED)
    return Stated(Purpose(kept["purpose"]), kept["note"]) if kept else None


def _wanted(path: str) -> str:
    """The file somebody was on the way to; nothing else."""
    return path if path.startswith("/exports/") and path.isprintable() and "\\" not in path else ""


def _show_form(asked: Stated | None, error: BadInput | None = None) -> Response:
    actor, now = current_actor(), utc_now()
    require(actor, Permission.CASE_EXPORT)
    stated = _stated()
    changing = asked is None and "change" in request.args
    return show(
        "exports.html",
        200 if error is None else 422,
        stated=stated,
        stated_said=say_code(stated.purpose, words(), PURPOSES) if stated else "",
        asked=stated if changing else asked,
        purposes=[(one.value, say_code(one, words(), PURPOSES)) for one in Purpose],
        next=_wanted(request.values.get("next", "")),
        problem=say_error(error, words()) if error else "",
        wrong=str(error.values.get("field", "")) if error else "",
        ahead=list_published(database(), past=False, now=now, limit=MOST_MEETINGS),
        past=list_published(database(), past=True, now=now, limit=MOST_MEETINGS),
    )
