"""Busy times of members: an uploaded calendar, an https address, a file of a folder. Only starts and ends are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy import BusyTimes, BusyWarning
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission
from tumorboard.services.audit import record
from tumorboard.services.busy_fetch import INTERNET, Fetched, fetch_calendar, read_address
from tumorboard.services.busy_network import Network
from tumorboard.services.busy_reading import (
    Owner,
    busy_window,
    digest_of,
    keep_reading,
    load_owner,
    meetings_hit,
    note_failure,
    note_same,
    read_calendar,
)
from tumorboard.services.busy_views import count_intervals
from tumorboard.services.people import find_member, require_own
from tumorboard.services.recheck import recheck_member
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import BusyInterval, BusySource
from tumorboard.store.people import Member

MOST_ADDRESSES = 5
"""Of one member."""

FRESH_FOR = timedelta(days=30)
"""How old a reading may be that is not repeated because the calendar is the same: what repeats goes on."""


@dataclass(frozen=True, slots=True)
class BusyRead:
    """What a reading did. `meetings` are the published meetings ahead that it collides with; they stay as they are."""

    source_id: str
    intervals: int
    tentative: int
    warnings: tuple[BusyWarning, ...]
    meetings: tuple[str, ...]


def upload_busy(
    session: Session, setup: Setup, *, member_id: str, content: bytes, by: Actor, now: datetime
) -> BusyRead:
    """Read a calendar that was handed in; it replaces the one before, which stays when this one is refused.

    Raises BadInput as `formats.busy.read_busy`, and `no-file`.
    """
    require_own(by, member_id)
    member = find_member(session, member_id)
    if not content:
        raise BadInput("choose a file first", code="no-file", field="file")
    window = busy_window(setup, now)
    owner = load_owner(session, member, window)
    session.rollback()
    try:
        times = read_calendar(setup, owner, content, window)
    except BadInput as error:
        _note_upload_failure(session, owner, error.code, now)
        raise
    with transaction(session):
        source = find_or_make_source(session, owner.row_id, "upload", now)
        keep_reading(session, source, times, window=window, digest=digest_of(setup, owner, content), now=now)
        return _finish(session, setup, source, times, "busy:uploaded", by=by, now=now)


def _note_upload_failure(session: Session, owner: Owner, code: str, now: datetime) -> None:
    """What was uploaded before goes on to count, and says that a newer one was refused."""
    with transaction(session):
        source = _find_source(session, owner.row_id, "upload", "")
        if source is not None:
            note_failure(source, code, now=now)


def _find_source(session: Session, member_row: int, kind: str, address: str) -> BusySource | None:
    query = select(BusySource).where(BusySource.member_id == member_row, BusySource.kind == kind)
    return session.scalar(query.where(BusySource.address == address))


def find_or_make_source(
    session: Session, member_row: int, kind: str, now: datetime, *, address: str = ""
) -> BusySource:
    """The source with this address, a new one if there is none. In the caller's transaction."""
    source = _find_source(session, member_row, kind, address)
    if source is None:
        source = BusySource(
            member_id=member_row, kind=kind, address=address, warnings={"warnings": []}, created_at=now, tried_at=now
        )
        session.add(source)
        session.flush()
    return source


def _finish(
    session: Session, setup: Setup, source: BusySource, times: BusyTimes, action: str, *, by: Actor, now: datetime
) -> BusyRead:
    """Say what was read, keep what it costs as findings, and record it."""
    done = BusyRead(
        source_id=source.public_id, intervals=len(times.busy), tentative=len(times.tentative), warnings=times.warnings,
        meetings=meetings_hit(session, member_row=source.member_id, now=now),
    )  # fmt: skip
    recheck_member(session, setup, source.member, hit=done.meetings, now=now)
    record(
        session, by=by, now=now, action=action, subject=("member", source.member.public_id), source=done.source_id,
        intervals=done.intervals, tentative=done.tentative, warnings=len(done.warnings), meetings=list(done.meetings),
    )  # fmt: skip
    return done


def add_busy_address(
    session: Session, setup: Setup, *, member_id: str, address: str, by: Actor, now: datetime,
    network: Network = INTERNET,
) -> BusyRead:  # fmt: skip
    """Fetch a calendar from an https address now and every few hours; an address that cannot be read is not kept.

    Raises BadInput as `read_address`, `fetch_calendar` and `read_busy`, and `too-many-addresses`.
    """
    require_own(by, member_id)
    member = find_member(session, member_id)
    place = read_address(address, hosts=setup.busy_hosts)
    _refuse_too_many(session, member, place.url)
    window = busy_window(setup, now)
    owner = load_owner(session, member, window)
    session.rollback()
    fetched = fetch_calendar(place, network=network)
    content = fetched.content or b""
    times = read_calendar(setup, owner, content, window)
    with transaction(session):
        source = find_or_make_source(session, owner.row_id, "url", now, address=place.url)
        source.etag, source.last_modified = fetched.etag, fetched.last_modified
        keep_reading(session, source, times, window=window, digest=digest_of(setup, owner, content), now=now)
        return _finish(session, setup, source, times, "busy:address-added", by=by, now=now)


def _refuse_too_many(session: Session, member: Member, address: str) -> None:
    query = select(func.count()).select_from(BusySource).where(BusySource.member_id == member.id)
    query = query.where(BusySource.kind == "url", BusySource.address != address)
    if (session.scalar(query) or 0) >= MOST_ADDRESSES:
        raise BadInput(
            f"{MOST_ADDRESSES} addresses are the most; remove one first", code="too-many-addresses", field="address"
        )


def refresh_busy(
    session: Session, setup: Setup, *, source_id: str, by: Actor, now: datetime, network: Network = INTERNET
) -> BusyRead:
    """Fetch one address again now. What was read before stays when it fails, and the source says so.

    Raises BadInput as `add_busy_address`, and `not-an-address` for a source that is no address.
    """
    source = find_source(session, source_id, by=by)
    if source.kind != "url":
        raise BadInput("only an address can be fetched again; upload the file again", code="not-an-address")
    fetch_source(session, setup, source, by=by, now=now, network=network)
    source = find_source(session, source_id, by=by)
    counts = count_intervals(session, [source.id]).get(source.id, (0, 0))
    return BusyRead(source_id, *counts, (), meetings_hit(session, member_row=source.member_id, now=now))


def fetch_source(
    session: Session, setup: Setup, source: BusySource, *, by: Actor, now: datetime, network: Network = INTERNET
) -> bool:
    """Fetch an address that is known and keep what it says; True when that is something new. Asks no permission.

    A failure is noted at the source in a transaction of its own and raised again.
    """
    window = busy_window(setup, now)
    owner, row_id, address = load_owner(session, source.member, window), source.id, source.address
    is_fresh = source.read_until is not None and source.read_until > window.end - FRESH_FOR
    etag, last_modified, digest = source.etag, source.last_modified, source.digest
    session.rollback()
    try:
        place = read_address(address, hosts=setup.busy_hosts)
        if not is_fresh:
            etag = last_modified = ""
        fetched = fetch_calendar(place, etag=etag, last_modified=last_modified, network=network)
        new = None if fetched.content is None else digest_of(setup, owner, fetched.content)
        is_same = new is None or (is_fresh and new == digest)
        times = None if is_same else read_calendar(setup, owner, fetched.content or b"", window)
    except BadInput as error:
        fail_source(session, row_id, error.code, by=by, now=now)
        raise
    return _keep_fetched(session, setup, row_id, fetched, times, new or digest, window, by=by, now=now)


def _keep_fetched(
    session: Session, setup: Setup, row_id: int, fetched: Fetched, times: BusyTimes | None, digest: str,
    window: Interval, *, by: Actor, now: datetime,
) -> bool:  # fmt: skip
    with transaction(session):
        source = session.get(BusySource, row_id, populate_existing=True)
        if source is None:
            raise NotFound("this source was removed in the meantime", code="unknown-busy-source")
        source.etag, source.last_modified = fetched.etag, fetched.last_modified
        if times is None:
            note_same(source, now=now)
            return False
        return keep_and_record(session, setup, source, times, window=window, digest=digest, by=by, now=now)


def keep_and_record(
    session: Session, setup: Setup, source: BusySource, times: BusyTimes, *, window: Interval, digest: str, by: Actor,
    now: datetime,
) -> bool:  # fmt: skip
    """Keep what the clock read, and record it where it differs from what was known. In the caller's transaction."""
    has_changed = keep_reading(session, source, times, window=window, digest=digest, now=now)
    if has_changed:
        _finish(session, setup, source, times, "busy:read", by=by, now=now)
    return has_changed


def fail_source(
    session: Session, row_id: int, code: str, *, by: Actor, now: datetime, stamp: str | None = None
) -> None:
    """Note a try that failed; a problem that nobody knew of is recorded. `stamp` is of the file that was tried."""
    with transaction(session):
        source = session.get(BusySource, row_id, populate_existing=True)
        if source is None:
            return
        source.last_modified = source.last_modified if stamp is None else stamp
        if note_failure(source, code, now=now):
            subject = ("member", source.member.public_id)
            record(session, by=by, now=now, action="busy:failed", subject=subject, source=source.public_id, code=code)


def find_source(session: Session, source_id: str, *, by: Actor) -> BusySource:
    """A source of one's own, or any for a coordinator; somebody else's is not told from none."""
    query = select(BusySource).where(BusySource.public_id == source_id).options(joinedload(BusySource.member))
    source = session.scalar(query.execution_options(populate_existing=True))
    may = source is not None and (
        by.may(Permission.ABSENCE_EDIT_ANY)
        or (by.may(Permission.ABSENCE_EDIT_OWN) and by.member_id == source.member.public_id)
    )
    if source is None or not may:
        raise NotFound("there is no such source of busy times", code="unknown-busy-source")
    return source


def remove_busy(session: Session, *, source_id: str, by: Actor, now: datetime, setup: Setup | None = None) -> None:
    """Forget a source and all that was read from it. A file that still lies in the folder comes again.

    With `setup` her meetings are looked at again at once, else by the night.
    """
    with transaction(session):
        source = find_source(session, source_id, by=by)
        drop_source(session, setup, source, by=by, now=now)


def drop_source(session: Session, setup: Setup | None, source: BusySource, *, by: Actor, now: datetime) -> None:
    """In the caller's transaction."""
    member = source.member
    subject = ("member", member.public_id)
    record(session, by=by, now=now, action="busy:removed", subject=subject, source=source.public_id, kind=source.kind)
    session.execute(delete(BusyInterval).where(BusyInterval.source_id == source.id))
    session.delete(source)
    session.flush()
    if setup is not None:
        recheck_member(session, setup, member, hit=(), now=now)
