"""The rows that an import refused: kept until its owner's next import, without the file and without what they held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.case_lists import ImportReport
from tumorboard.store.cases import PendingImport

KEPT = "kept"
"""The status of an upload that is imported and whose refused rows can still be read."""
TOLD = "told"
"""The status of an upload that is imported as a whole, once its owner was told so."""
MOST_KEPT = 1000
"""Problems of one import: whoever has more corrects the list as a whole."""


@dataclass(frozen=True, slots=True)
class KeptProblem:
    """Why a row was refused. `values` are what its sentence needs, never the refused value itself."""

    row: int
    column: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class RefusedRows:
    """What the actor's last import left out. `counts` has all its rows; `import_id` takes it back, empty for none."""

    id: str
    program: str
    counts: dict[str, int]
    import_id: str
    problems: tuple[KeptProblem, ...]


def keep_refused(session: Session, row: PendingImport, report: ImportReport) -> None:
    """Keep in the running transaction the refused rows of an upload that is imported now, and no longer its file.

    What was kept of the owner's import before is forgotten.
    """
    forget_refused(session, row.uploaded_by, but=row)
    refused = {each.row for each in report.rows if each.action == "refused"}
    row.status, row.problem, row.content = KEPT if refused else "done", "", b""
    row.progress = {
        **row.progress, "counts": report.counts, "import_id": report.import_id,
        "refused": [
            {
                "row": each.row, "column": each.column, "code": each.code,
                "values": {name: value for name, value in each.values.items() if name != "value"},
            }
            for each in report.problems if each.row in refused
        ][:MOST_KEPT],
    }  # fmt: skip


def forget_refused(session: Session, owner: str, *, but: PendingImport | None = None) -> None:
    """Remove in the running transaction what was kept of somebody's imports."""
    kept = delete(PendingImport).where(PendingImport.uploaded_by == owner, PendingImport.status == KEPT)
    session.execute(kept if but is None else kept.where(PendingImport.id != but.id))


def read_refused(session: Session, *, by: Actor) -> RefusedRows | None:
    """The refused rows of the actor's last import; None when it refused none."""
    require(by, Permission.CASE_IMPORT)
    query = select(PendingImport).where(PendingImport.uploaded_by == by.name, PendingImport.status == KEPT)
    row = session.scalar(query.order_by(PendingImport.id.desc()).limit(1))
    if row is None:
        return None
    return RefusedRows(
        row.public_id, row.program, dict(row.progress["counts"]), row.progress["import_id"],
        tuple(
            KeptProblem(each["row"], each["column"], each["code"], _values(each["values"]))
            for each in row.progress["refused"]
        ),
    )  # fmt: skip


def _values(stored: Mapping[str, object]) -> dict[str, object]:
    """The values as the error had them: JSON knows no tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
