"""An import by hand, in two steps: the upload is kept and previewed, then confirmed in one transaction or dropped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, BadTable, NotFound
from tumorboard.domain.identity import HOLDS_RESIDENT_NUMBER, RESIDENT_NUMBER
from tumorboard.domain.intake_draft import say_where
from tumorboard.formats.uploads import keep_what_is_read
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.case_lists import ImportReport, import_cases, preview_import
from tumorboard.services.import_refused import KEPT, TOLD, keep_refused
from tumorboard.services.import_undo import forget_imports
from tumorboard.services.setup import Setup
from tumorboard.store.cases import PendingImport

KEPT_FOR = timedelta(days=1)
LONG_BYTES = 200_000
MOST_PLACES = 10
"""A list of this size takes more than a second or two."""


@dataclass(frozen=True, slots=True)
class StagedImport:
    """An upload that waits for its confirmation: its id, its programme, and what importing it would do now.

    `is_long` is true for a list that `services/import_runs.py` should import beside the web; `problem` is the code of
    why that did not succeed, `is_stopped` when somebody stopped it.
    """

    id: str
    program: str
    uploaded_at: datetime
    report: ImportReport
    is_long: bool
    problem: str
    is_stopped: bool


def stage_import(
    session: Session, setup: Setup, *, program: str, content: bytes, filename: str, by: Actor, now: datetime
) -> str:
    """Keep what is read of an upload until it is confirmed; gives its id. Raises BadTable, and nothing is kept then.

    The actor's earlier uploads and everybody's older than a day are removed. Of the file's name only the ending stays:
    a name may speak of a patient.
    """
    require(by, Permission.CASE_IMPORT)
    if not filename:
        raise BadInput("choose a file first", code="no-file", field="file")
    report = preview_import(session, setup, program=program, content=content, filename=filename, by=by, now=now)
    _refuse_resident_numbers(report)
    content = keep_what_is_read(content)
    suffix = f".{filename.rpartition('.')[2][:9]}" if "." in filename else ""
    with transaction(session):
        _remove(session, by, now)
        row = PendingImport(program=program, suffix=suffix, content=content, uploaded_by=by.name, uploaded_at=now)
        session.add(row)
        session.flush()
    return row.public_id


def _refuse_resident_numbers(report: ImportReport) -> None:
    """A file with such a number is not kept at all, not even until it is confirmed."""
    found = [problem for problem in report.problems if problem.code == RESIDENT_NUMBER]
    if found:
        places = tuple((each.row, each.column) for each in found[:MOST_PLACES])
        named = ", ".join(say_where(row, column) for row, column in places)
        more = {"more": len(found) - MOST_PLACES} if len(found) > MOST_PLACES else {}
        named = f"{named} and {more['more']} more" if more else named
        message = f"{named}: {HOLDS_RESIDENT_NUMBER} from the file and choose it again; nothing of it was kept"
        raise BadTable(message, code=RESIDENT_NUMBER, places=places, **more)


def read_staged(session: Session, setup: Setup, *, upload_id: str, by: Actor, now: datetime) -> StagedImport:
    """What confirming an upload would do, judged anew. NotFound `unknown-upload` for one that is gone."""
    require(by, Permission.CASE_IMPORT)
    row = find_upload(session, upload_id, by, now)
    report = preview_import(
        session, setup, program=row.program, content=row.content, filename=f"list{row.suffix}", by=by, now=now
    )
    return StagedImport(
        upload_id, row.program, row.uploaded_at, report,
        is_long=len(row.content) >= LONG_BYTES, problem=row.problem, is_stopped=row.status == "cancelled",
    )  # fmt: skip


def confirm_import(session: Session, setup: Setup, *, upload_id: str, by: Actor, now: datetime) -> ImportReport:
    """Import an upload and remove its file; refused rows are left out, and `read_refused` names them from then on.

    That it is imported stays known until the next upload, for whoever comes back to its preview.
    """
    require(by, Permission.CASE_IMPORT)
    row = find_upload(session, upload_id, by, now)
    report = import_cases(
        session, setup, program=row.program, content=row.content, filename=f"list{row.suffix}", by=by, now=now
    )
    with transaction(session):
        row = find_upload(session, upload_id, by, now)
        keep_refused(session, row, report)
        row.status = row.status if row.status == KEPT else TOLD
        _remove(session, by, now, but=row)
    return report


def note_told(session: Session, *, upload_id: str, by: Actor, now: datetime) -> None:
    """The actor was told that her upload is imported as a whole."""
    require(by, Permission.CASE_IMPORT)
    with transaction(session):
        find_upload(session, upload_id, by, now, may_be_done=True).status = TOLD


def drop_import(session: Session, *, by: Actor, now: datetime) -> None:
    """Remove the actor's uploads, and everybody's older than a day."""
    require(by, Permission.CASE_IMPORT)
    with transaction(session):
        _remove(session, by, now)


def drop_old_imports(session: Session, *, now: datetime) -> int:
    """Remove uploads older than a day, gives how many, and what imports of then changed. The nightly job calls it."""
    is_old = and_(PendingImport.uploaded_at < now - KEPT_FOR, PendingImport.status != KEPT)
    with transaction(session):
        old = list(session.scalars(select(PendingImport.id).where(is_old)))
        session.execute(delete(PendingImport).where(PendingImport.id.in_(old)))
        forget_imports(session, now=now)
    return len(old)


def _remove(session: Session, by: Actor, now: datetime, *, but: PendingImport | None = None) -> None:
    """What is kept of an import that is done stays until the next one."""
    is_gone = or_(PendingImport.uploaded_by == by.name, PendingImport.uploaded_at < now - KEPT_FOR)
    gone = delete(PendingImport).where(is_gone, PendingImport.status != KEPT)
    session.execute(gone if but is None else gone.where(PendingImport.id != but.id))


def find_upload(
    session: Session, upload_id: str, by: Actor, now: datetime, *, may_be_done: bool = False
) -> PendingImport:
    """The actor's own upload. NotFound `unknown-upload` for one that is gone, imported already, or somebody else's."""
    query = select(PendingImport).where(PendingImport.public_id == upload_id, PendingImport.uploaded_by == by.name)
    row = session.scalar(query.where(or_(PendingImport.uploaded_at >= now - KEPT_FOR, PendingImport.status == KEPT)))
    if row is None or not (row.content or may_be_done):
        raise NotFound("this upload is gone; choose the file again", code="unknown-upload")
    return row
