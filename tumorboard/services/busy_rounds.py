"""What the clock does about busy times: files of the folder that changed and addresses that are due, in rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.errors import BadInput, DomainError
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.busy import (
    FRESH_FOR,
    drop_source,
    fail_source,
    fetch_source,
    find_or_make_source,
    keep_and_record,
)
from tumorboard.services.busy_fetch import INTERNET
from tumorboard.services.busy_folder import Folder, FolderFile, list_folder, read_folder_file, say_name
from tumorboard.services.busy_network import Network
from tumorboard.services.busy_reading import busy_window, digest_of, load_owner, note_same, read_calendar
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import BusySource
from tumorboard.store.people import Member

JOB = "job:read-busy"
EVERY = timedelta(hours=6)
"""How often an address is fetched, at hours of its own, so that not all are fetched at once."""
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(hours=24)
"""After a failure; the pause is as long as the trouble has lasted."""
MOST_SECONDS = 60.0
"""When a round begins nothing new any more: other jobs wait for it."""
_STEP_MINUTES = 37
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Round:
    """What one round did. `changed` sources say something new; `left` were due and wait for the next round.

    `unknown` are files that belong to no member, `strange` files that were not taken.
    """

    read: int = 0
    changed: int = 0
    failed: int = 0
    removed: int = 0
    left: int = 0
    unknown: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    trouble: str = ""


def read_busy_round(
    session: Session, setup: Setup, *, by: Actor, now: datetime, network: Network = INTERNET,
    clock: Callable[[], float] = time.monotonic,
) -> Round:  # fmt: skip
    """Read the folder and the addresses that are due. One bad source never stops the others."""
    require(by, Permission.ABSENCE_EDIT_ANY)
    done, ends_at = Round(), clock() + MOST_SECONDS
    for act in (*_folder_steps(session, setup, done, by, now), *_address_steps(session, setup, by, now, network)):
        if clock() >= ends_at:
            done.left += 1
            continue
        try:
            done.changed += act()
            done.read += 1
        except (DomainError, OSError):
            session.rollback()
            done.failed += 1
    return done


_Step = Callable[[], bool]
"""Reads one calendar; True when it says something new."""


def _address_steps(session: Session, setup: Setup, by: Actor, now: datetime, network: Network) -> Iterator[_Step]:
    """One step per address that is due, the longest untouched first."""
    query = select(BusySource).join(Member).where(BusySource.kind == "url", Member.active.is_(True))
    rows = list(session.scalars(query.execution_options(populate_existing=True)))
    due = sorted((row.tried_at or row.created_at, row.id) for row in rows if next_try_at(row) <= now)
    return (partial(_fetch, session, setup, row_id, by, now, network) for _, row_id in due)


def _fetch(session: Session, setup: Setup, row_id: int, by: Actor, now: datetime, network: Network) -> bool:
    query = select(BusySource).where(BusySource.id == row_id).options(joinedload(BusySource.member))
    source = session.scalar(query.execution_options(populate_existing=True))
    return source is not None and fetch_source(session, setup, source, by=by, now=now, network=network)


def next_try_at(row: BusySource) -> datetime:
    """When an address is fetched next: every six hours at times of its own; after failures later and later."""
    tried_at = row.tried_at or row.created_at
    if row.problem:
        lasting = tried_at - (row.read_at or row.created_at)
        return tried_at + min(max(lasting, SHORTEST_PAUSE), LONGEST_PAUSE)
    first = _EPOCH + timedelta(minutes=row.id * _STEP_MINUTES % int(EVERY / timedelta(minutes=1)))
    return first + ((tried_at - first) // EVERY + 1) * EVERY


def _folder_steps(session: Session, setup: Setup, done: Round, by: Actor, now: datetime) -> Iterator[_Step]:
    """One step per file that changed; sources whose file is gone are removed at once."""
    folder = setup.busy_folder
    query = select(BusySource).where(BusySource.kind == "folder").options(joinedload(BusySource.member))
    rows = list(session.scalars(query.execution_options(populate_existing=True)))
    try:
        found = list_folder(folder) if folder is not None else Folder({}, ())
    except BadInput as error:
        done.trouble = error.code
        _keep_all(session, rows, error.code, done, by, now)
        return iter(())
    if rows and not found.files:
        done.trouble = "folder-off" if folder is None else "folder-empty"
        _keep_all(session, rows, done.trouble, done, by, now)
        return iter(())
    if folder is None:
        return iter(())
    members = {row.email: row for row in session.scalars(select(Member).where(Member.active.is_(True)))}
    done.unknown += sorted(say_name(file.name) for email, file in found.files.items() if email not in members)
    done.strange += [f"{name}: {code}" for name, code in found.strange]
    held = {(members[email].id, file.name): file for email, file in found.files.items() if email in members}
    known = {(row.member_id, row.address): row for row in rows}
    fresh_until = busy_window(setup, now).end - FRESH_FOR
    changed = [
        (member_row, file)
        for (member_row, _), file in sorted(held.items(), key=lambda pair: pair[0])
        if _is_due(known.get((member_row, file.name)), file, fresh_until, now)
    ]
    _drop_vanished(session, setup, [row.id for key, row in known.items() if key not in held], done, by, now)
    return (partial(_read_file, session, setup, folder, row_id, file, by, now) for row_id, file in changed)


def _is_due(row: BusySource | None, file: FolderFile, fresh_until: datetime, now: datetime) -> bool:
    """A file that is new or changed, was read long ago, or had a problem a day ago."""
    if row is None:
        return True
    if row.last_modified != file.stamp:
        return True
    if row.problem:
        return row.tried_at is None or now - row.tried_at >= LONGEST_PAUSE
    return row.read_until is None or row.read_until <= fresh_until


def _keep_all(session: Session, rows: list[BusySource], code: str, done: Round, by: Actor, now: datetime) -> None:
    """A folder that is away takes nothing along: perhaps it is only not there at the moment."""
    ids = [row.id for row in rows]
    for row_id in ids:
        fail_source(session, row_id, code, by=by, now=now)
    done.failed += len(ids)


def _drop_vanished(session: Session, setup: Setup, ids: list[int], done: Round, by: Actor, now: datetime) -> None:
    if not ids:
        return
    with transaction(session):
        for source in session.scalars(select(BusySource).where(BusySource.id.in_(ids))):
            drop_source(session, setup, source, by=by, now=now)
    done.removed += len(ids)


def _read_file(
    session: Session, setup: Setup, folder: Path, member_row: int, file: FolderFile, by: Actor, now: datetime
) -> bool:
    """Read one file; True when it says something new. A failure is noted at the source and raised again."""
    member = session.get_one(Member, member_row)
    window = busy_window(setup, now)
    owner = load_owner(session, member, window)
    session.rollback()
    with transaction(session):
        source = find_or_make_source(session, member_row, "folder", now, address=file.name)
        row_id, digest = source.id, source.digest
        is_fresh = source.read_until is not None and source.read_until > window.end - FRESH_FOR
    try:
        content = read_folder_file(folder, file)
        new = digest_of(setup, owner, content)
        times = None if is_fresh and new == digest else read_calendar(setup, owner, content, window)
    except BadInput as error:
        fail_source(session, row_id, error.code, by=by, now=now, stamp=file.stamp)
        raise
    with transaction(session):
        kept = session.get(BusySource, row_id, populate_existing=True)
        if kept is None:
            return False
        kept.last_modified = file.stamp
        if times is None:
            note_same(kept, now=now)
            return False
        return keep_and_record(session, setup, kept, times, window=window, digest=new, by=by, now=now)
