"""The sources of busy times and what they say, as they may be shown: an address never whole, no text of a calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tumorboard.domain.timeline import Interval, merge, subtract
from tumorboard.services.access import Actor
from tumorboard.services.people import require_own
from tumorboard.store.calendars import BusyInterval, BusySource
from tumorboard.store.people import Member


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source as it may be shown. `place` is the host and the end of an address, or the name of a file.

    `read_at` is the last good reading and what counts is of it; `problem` is the code of a later try that failed.
    """

    id: str
    kind: str
    place: str
    created_at: datetime
    read_at: datetime | None
    read_until: datetime | None
    tried_at: datetime | None
    problem: str
    warnings: tuple[tuple[str, int], ...]
    intervals: int
    tentative: int


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of time in which a member is busy, or perhaps busy."""

    span: Interval
    is_tentative: bool


def list_busy(session: Session, *, member_id: str, by: Actor) -> tuple[SourceView, ...]:
    """The sources of a member, oldest first, in a fixed number of queries."""
    require_own(by, member_id)
    query = select(BusySource).join(Member).where(Member.public_id == member_id).order_by(BusySource.id)
    rows = list(session.scalars(query.execution_options(populate_existing=True)))
    counts = count_intervals(session, [row.id for row in rows])
    return tuple(_view(row, counts.get(row.id, (0, 0))) for row in rows)


def count_intervals(session: Session, rows: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Per row id of a source, its intervals that are sure and those that are not."""
    query = select(BusyInterval.source_id, BusyInterval.is_tentative, func.count())
    query = query.where(BusyInterval.source_id.in_(rows)).group_by(BusyInterval.source_id, BusyInterval.is_tentative)
    counts: dict[int, list[int]] = {}
    for source_id, is_tentative, number in session.execute(query):
        counts.setdefault(source_id, [0, 0])[is_tentative] = number
    return {source_id: (busy, tentative) for source_id, (busy, tentative) in counts.items()}


def _view(row: BusySource, counts: tuple[int, int]) -> SourceView:
    return SourceView(
        id=row.public_id, kind=row.kind, place=say_place(row), created_at=row.created_at, read_at=row.read_at,
        read_until=row.read_until, tried_at=row.tried_at, problem=row.problem,
        warnings=tuple((code, line) for code, line in row.warnings.get("warnings", ())),
        intervals=counts[0], tentative=counts[1],
    )  # fmt: skip


def say_place(row: BusySource) -> str:
    """Where a source is, without its secret: the host and the last four signs of an address, the name of a file."""
    if row.kind != "url":
        return row.address
    host, _, rest = row.address.removeprefix("https://").partition("/")
    return f"{host}/…{rest[-4:]}"


def list_blocks(session: Session, *, member_id: str, by: Actor, now: datetime, days: int = 14) -> tuple[Block, ...]:
    """When all sources together say that a member is busy in the next days; what is surely busy is not said twice."""
    require_own(by, member_id)
    until = now + timedelta(days=days)
    query = select(BusyInterval.starts_at, BusyInterval.ends_at, BusyInterval.is_tentative)
    query = query.join(BusySource, BusySource.id == BusyInterval.source_id)
    query = query.join(Member, Member.id == BusySource.member_id).where(Member.public_id == member_id)
    query = query.where(BusyInterval.starts_at < until, BusyInterval.ends_at > now)
    found: dict[bool, list[Interval]] = {False: [], True: []}
    for starts_at, ends_at, is_tentative in session.execute(query):
        found[is_tentative].append(Interval(starts_at, ends_at))
    sure = merge(found[False])
    blocks = [Block(span, False) for span in sure]
    blocks += [Block(rest, True) for span in merge(found[True]) for rest in subtract(span, sure)]
    return tuple(sorted(blocks, key=lambda block: (block.span, block.is_tentative)))
