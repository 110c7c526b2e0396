"""Long imports: a process of its own reads the list, says how far it is, can be stopped, and writes all or nothing.

The upload's row is where the web and the process meet. A list that is imported twice changes nothing the second time,
so that a process that died is simply begun again.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from tumorboard.domain.errors import Conflict, DomainError, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.case_lists import ImportReport, import_cases
from tumorboard.services.import_refused import keep_refused
from tumorboard.services.imports import find_upload
from tumorboard.services.setup import Setup
from tumorboard.services.solver_process import PlannerRefusal, Started, start_apart
from tumorboard.store.cases import PendingImport

ACTIVE = ("waiting", "running")
BEAT_SECONDS = 0.5
DEAD_AFTER = {"reading": timedelta(seconds=30), "writing": timedelta(minutes=5)}
"""How long a living process may be silent: SQLite lets nobody beat while the rows are written."""
LONGEST_SECONDS = 900.0
MEMORY_MIB = 1024

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportRun:
    """How far the import of an upload is. `stage` is `waiting`, `reading` or `writing`; `counts` are there at its end,
    and the `import_id` of `services/import_undo.py`.

    `status` is that of the row: `uploaded` when nothing was begun, `waiting`, `running`, `done`, `failed`, `cancelled`;
    `kept` when it is done and `services/import_refused.py` keeps rows that were refused, `told` when it is done and its
    owner knows.
    """

    id: str
    program: str
    status: str
    stage: str
    rows_done: int
    rows_in_all: int
    counts: dict[str, int]
    import_id: str
    problem: str

    @property
    def is_active(self) -> bool:
        """True while a process works on it."""
        return self.status in ACTIVE


def begin_import(session: Session, setup: Setup, *, upload_id: str, by: Actor, now: datetime) -> Started:
    """Import an upload beside the web. Raises Conflict `import-running` when it is being imported already."""
    require(by, Permission.CASE_IMPORT)
    with transaction(session):
        row = find_upload(session, upload_id, by, now)
        if row.status in ACTIVE and not _is_silent(row, now):
            raise Conflict("this list is being imported already", code="import-running")
        row.status, row.problem, row.is_cancel_requested, row.beat_at = "waiting", "", False, now
        row.progress = {"stage": "waiting"}
    url = session.get_bind().engine.url.render_as_string(hide_password=False)
    session.rollback()
    try:
        return start_apart(work_on_import, url, setup, upload_id, seconds=LONGEST_SECONDS, memory_mib=MEMORY_MIB)
    except PlannerRefusal as error:
        with transaction(session):
            row = find_upload(session, upload_id, by, now)
            row.status, row.problem = "failed", error.code
        raise


def read_import_run(session: Session, *, upload_id: str, by: Actor, now: datetime) -> ImportRun:
    """How far the import is. One whose process fell silent has failed with `import-died`."""
    require(by, Permission.CASE_IMPORT)
    row = find_upload(session, upload_id, by, now, may_be_done=True)
    if row.status in ACTIVE and _is_silent(row, now):
        with transaction(session):
            row = find_upload(session, upload_id, by, now)
            row.status, row.problem = "failed", "import-died"
    progress = row.progress
    return ImportRun(
        id=upload_id, program=row.program, status=row.status, stage=str(progress.get("stage", "waiting")),
        rows_done=int(progress.get("done", 0)), rows_in_all=int(progress.get("all", 0)),
        counts=dict(progress.get("counts", {})), import_id=str(progress.get("import_id", "")), problem=row.problem,
    )  # fmt: skip


def stop_import(session: Session, *, upload_id: str, by: Actor, now: datetime) -> None:
    """Stop an import that is being read; nothing of it is written. One that is being written goes on to its end."""
    require(by, Permission.CASE_IMPORT)
    with transaction(session):
        find_upload(session, upload_id, by, now, may_be_done=True).is_cancel_requested = True


def _is_silent(row: PendingImport, now: datetime) -> bool:
    patience = DEAD_AFTER["writing" if row.progress.get("stage") == "writing" else "reading"]
    return row.beat_at is None or now - row.beat_at > patience


def work_on_import(database_url: str, setup: Setup, upload_id: str) -> None:
    """Do an import that waits, from its first row to its end. Owns the process; its end stands in the upload's row."""
    engine = create_engine(database_url, poolclass=NullPool, hide_parameters=True)
    beats = _Beats(engine, upload_id)
    try:
        upload = beats.take()
        by = Actor(name=upload.uploaded_by, permissions=frozenset({Permission.CASE_IMPORT}))
        with Session(engine) as session:
            report = import_cases(
                session, setup, program=upload.program, content=upload.content, filename=f"list{upload.suffix}", by=by,
                now=datetime.now(UTC), watch=beats.watch,
            )  # fmt: skip
        beats.finish(report)
    except DomainError as error:
        beats.end("cancelled" if error.code == "import-stopped" else "failed", problem=error.code)
    except MemoryError:
        beats.end("failed", problem="import-failed")
    except Exception:
        logger.exception("import %s failed", upload_id)
        beats.end("failed", problem="import-failed")
    finally:
        engine.dispose()


class _Beats:
    """What the process writes about itself into the upload's row, each time in a transaction of its own."""

    def __init__(self, engine: Engine, upload_id: str) -> None:
        self._engine, self._upload_id = engine, upload_id
        self._next_at = 0.0

    def take(self) -> PendingImport:
        """The upload, now running. Raises NotFound, and Conflict `import-running` when it does not wait."""
        with Session(self._engine, expire_on_commit=False) as session, transaction(session):
            row = self._find(session)
            if row.status != "waiting":
                raise Conflict("this list is being imported already", code="import-running")
            row.status, row.beat_at, row.progress = "running", datetime.now(UTC), {"stage": "reading"}
        return row

    def watch(self, done: int, rows: int) -> None:
        """Say how far it is, twice a second and before the writing. Raises Conflict `import-stopped`."""
        if done < rows and time.monotonic() < self._next_at:
            return
        with Session(self._engine) as session, transaction(session):
            row = self._find(session)
            if row.is_cancel_requested:
                raise Conflict("the import was stopped", code="import-stopped")
            row.beat_at = datetime.now(UTC)
            row.progress = {"stage": "writing" if done == rows else "reading", "done": done, "all": rows}
        self._next_at = time.monotonic() + BEAT_SECONDS

    def finish(self, report: ImportReport) -> None:
        """Write that all is imported, and which rows were not; an upload that somebody removed meanwhile needs none."""
        with Session(self._engine) as session, transaction(session):
            row = session.scalar(select(PendingImport).where(PendingImport.public_id == self._upload_id))
            if row is not None:
                keep_refused(session, row, report)

    def end(self, status: str, *, problem: str) -> None:
        """Write why nothing is imported; an upload that somebody removed meanwhile needs none."""
        with Session(self._engine) as session, transaction(session):
            row = session.scalar(select(PendingImport).where(PendingImport.public_id == self._upload_id))
            if row is not None:
                row.status, row.problem = status, problem

    def _find(self, session: Session) -> PendingImport:
        row = session.scalar(select(PendingImport).where(PendingImport.public_id == self._upload_id).with_for_update())
        if row is None:
            raise NotFound("this upload is gone; choose the file again", code="unknown-upload")
        return row
