"""Cases: list, read, refer, change, import, readiness, waivers, withdraw, reopen."""

from __future__ import annotations

from typing import Any

from flask import url_for
from werkzeug.datastructures import FileStorage

from tumorboard.services import (
    case_lists,
    case_removal,
    case_return,
    cases,
    fixed_times,
    import_refused,
    import_undo,
    readiness,
    waivers,
    worklist,
)
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_account, current_actor, current_language, database, setup, utc_now
from tumorboard.web.pages.names import names_of
from tumorboard.web.schemas.base import page_of
from tumorboard.web.schemas.cases import (
    BulkNoteAsk,
    CaseDetailAnswer,
    CaseListAsk,
    CasePageAnswer,
    ChangeAsk,
    FixedTimeAsk,
    ImportAnswer,
    ImportAsk,
    ImportFile,
    ImportUndoneAnswer,
    NoteAsk,
    NotedAnswer,
    PutBackAnswer,
    ReferAsk,
    RefusedRowsAnswer,
    WaiverAsk,
)
from tumorboard.web.schemas.present_cases import present_case, present_detail, present_kept_problem, present_reason
from tumorboard.words import Words
from tumorboard.words.phrases import Names

door = Door("cases", description="Matters for discussion, known by a local reference")


@door.get("/cases")
@door.arguments(CaseListAsk, location="query")
@door.response(200, CasePageAnswer)
def list_cases(asked: dict[str, Any]) -> dict[str, Any]:
    """List open cases, or those of one state

    Most urgent first, then those whose clock ends first. `counts` are by state over what the other filters show.
    """
    offset, limit = asked["offset"], asked["limit"]
    found = worklist.list_cases(
        database(), setup(), by=current_actor(), now=utc_now(), only=worklist.CaseFilter(
            program=asked["program"], state=asked["state"], search=asked["q"], urgency=asked["urgency"],
            needs=asked["needs"], owed_by=asked["owed_by"], due=asked["due"],
        ), offset=offset, limit=limit,
    )  # fmt: skip
    words = Words(current_language())
    items = [present_case(setup(), view, words) for view in found.cases]
    return {**page_of(items, total=found.total, offset=offset, limit=limit), "counts": found.counts}


@door.get("/cases/<public_id:case_id>")
@door.response(200, CaseDetailAnswer)
def read_case(case_id: str) -> dict[str, Any]:
    """Read one case with its needs, readiness, fields and history

    Reading a case is recorded.
    """
    return _detail(case_id)


@door.post("/cases")
@door.arguments(ReferAsk)
@door.response(201, CaseDetailAnswer)
def refer_case(asked: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Refer one case

    `fields` are field ids of the programme, `reference` among them.
    """
    row = cases.refer_case(
        database(), setup(), program=asked["program"], cells=asked["fields"], by=current_actor(), now=utc_now()
    )
    case_id = row.public_id
    return _detail(case_id), 201, {"Location": url_for("cases.read_case", case_id=case_id)}


@door.patch("/cases/<public_id:case_id>")
@door.arguments(ChangeAsk)
@door.response(200, CaseDetailAnswer)
def change_case(asked: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Change fields of a case

    Fields that are not named stay as they are; null or an empty text clears one.
    """
    cases.change_case(database(), setup(), case_id=case_id, cells=asked["fields"], by=current_actor(), now=utc_now())
    return _detail(case_id)


@door.post("/cases/import")
@door.arguments(ImportAsk, location="query")
@door.arguments(ImportFile, location="files")
@door.response(200, ImportAnswer)
def import_cases(asked: dict[str, Any], files: dict[str, FileStorage]) -> dict[str, Any]:
    """Import a case list

    All rows that are right in one transaction; refused rows are named with row and column. With `dry_run` nothing is
    written. Importing the same file again changes nothing.
    """
    file = files["file"]
    use_case = case_lists.preview_import if asked["dry_run"] else case_lists.import_cases
    report = use_case(
        database(), setup(), program=asked["program"], content=file.read(), filename=file.filename or "", now=utc_now(),
        by=current_actor(),
    )  # fmt: skip
    rows = [
        {"row": row.row, "reference": row.reference, "action": row.action, "changed": list(row.changed)}
        for row in report.rows
    ]
    return {**report.summary(), "import_id": report.import_id, "rows": rows}


@door.get("/imports/refused")
@door.response(200, RefusedRowsAnswer)
def list_refused_rows() -> dict[str, Any]:
    """The rows that your last import refused

    Of an import on the pages, a long one too, until the next one. What the cells held is not kept; `message` is in
    your language.
    """
    found = import_refused.read_refused(database(), by=current_actor())
    if found is None:
        return {"program": None, "import_id": "", "counts": {}, "problems": []}
    fields, words = setup().program(found.program).fields, Words(current_language())
    problems = [present_kept_problem(each, fields, words) for each in found.problems]
    return {"program": found.program, "import_id": found.import_id, "counts": found.counts, "problems": problems}


@door.post("/imports/<public_id:import_id>/undo")
@door.response(200, ImportUndoneAnswer)
def undo_import(import_id: str) -> dict[str, int]:
    """Take back a whole import

    New cases are removed, the others are as before. For a day, by who imported, and only while no case of it has been
    changed since.
    """
    return import_undo.take_back_import(database(), import_id=import_id, by=current_actor(), now=utc_now())


@door.post("/cases/<public_id:case_id>/readiness")
@door.arguments(NoteAsk)
@door.response(200, CaseDetailAnswer)
def note_readiness(asked: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Note what is known of one readiness item of a case"""
    readiness.note_readiness(database(), setup(), case_ids=[case_id], by=current_actor(), now=utc_now(), **asked)
    return _detail(case_id)


@door.post("/cases/readiness")
@door.arguments(BulkNoteAsk)
@door.response(200, NotedAnswer)
def note_readiness_of_many(asked: dict[str, Any]) -> dict[str, Any]:
    """Note the same of one readiness item of many cases

    All of them or none.
    """
    case_ids = list(dict.fromkeys(asked.pop("cases")))
    noted = readiness.note_readiness(database(), setup(), case_ids=case_ids, by=current_actor(), now=utc_now(), **asked)
    return {"noted": noted}


@door.post("/cases/<public_id:case_id>/waivers")
@door.arguments(WaiverAsk)
@door.response(201, CaseDetailAnswer)
def waive_need(asked: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Waive a need of a case

    A named physician says, with a reason, that a specialty need not attend.
    """
    account = current_account()
    physician = asked["physician"] or (account.name if account else "")
    waivers.waive_need(
        database(), setup(), case_id=case_id, specialty=asked["specialty"], physician=physician,
        because=asked["because"], by=current_actor(), now=utc_now(),
    )  # fmt: skip
    return _detail(case_id)


@door.delete("/cases/<public_id:case_id>/waivers/<key:specialty>")
@door.response(204)
def restore_need(case_id: str, specialty: str) -> None:
    """Withdraw a waiver: the need stands again"""
    waivers.restore_need(database(), case_id=case_id, specialty=specialty, by=current_actor(), now=utc_now())


@door.put("/cases/<public_id:case_id>/fixed-time")
@door.arguments(FixedTimeAsk)
@door.response(200, CaseDetailAnswer)
def fix_time(asked: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Say when a case must begin

    The next proposal puts it on the meeting that spans this instant, and nowhere else. null takes it back.
    """
    fixed_times.fix_time(database(), case_id=case_id, at=asked["at"], by=current_actor(), now=utc_now())
    return _detail(case_id)


@door.post("/cases/<public_id:case_id>/withdraw")
@door.response(200, CaseDetailAnswer)
def withdraw_case(case_id: str) -> dict[str, Any]:
    """Take a case off the list"""
    cases.withdraw_cases(database(), case_ids=[case_id], by=current_actor(), now=utc_now())
    return _detail(case_id)


@door.post("/cases/<public_id:case_id>/withdraw-scheduled")
@door.response(200, CaseDetailAnswer)
def withdraw_scheduled(case_id: str) -> dict[str, Any]:
    """Take a case off its published meeting, and off the list

    The other cases keep their times; those whom it concerns get a letter. 409 `not-scheduled` where there is none.
    """
    case_removal.withdraw_scheduled(database(), setup(), case_id=case_id, by=current_actor(), now=utc_now())
    return _detail(case_id)


@door.post("/cases/<public_id:case_id>/put-back")
@door.response(200, PutBackAnswer)
def put_back(case_id: str) -> dict[str, Any]:
    """Put a case that was taken off its published meeting back there

    In its old minutes, also when the list is closed by now; those whom it concerns get a letter. Where that is not
    possible the case waits on the list, and `kept_off` says why. 409 `nothing-to-undo` where it is not withdrawn.
    """
    returned = case_return.return_scheduled(database(), setup(), case_id=case_id, by=current_actor(), now=utc_now())
    said, names = Words(current_language()), Names()
    kept_off = [present_reason(reason, said, names) for reason in returned.reasons]
    return {**_detail(case_id), "letters": returned.letters, "kept_off": kept_off}


@door.post("/cases/<public_id:case_id>/reopen")
@door.response(200, CaseDetailAnswer)
def reopen_case(case_id: str) -> dict[str, Any]:
    """Put a withdrawn case back on the list"""
    cases.reopen_cases(database(), case_ids=[case_id], by=current_actor(), now=utc_now())
    return _detail(case_id)


def _detail(case_id: str) -> dict[str, Any]:
    detail = worklist.read_case(database(), setup(), case_id=case_id, by=current_actor(), now=utc_now())
    program = setup().program(detail.view.row.program)
    return present_detail(setup(), detail, Words(current_language()), names_of(program, meetings=detail.meetings))
