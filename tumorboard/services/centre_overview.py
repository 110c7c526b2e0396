"""What a centre consists of, what it lacks to begin with, and how far a fresh installation is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from tumorboard.services.access import Actor, Permission, Role, require, roles_with
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Board, Room, Seat, SeatHolder, Series
from tumorboard.store.people import (
    Account,
    AccountRole,
    Centre,
    Department,
    Member,
    MemberCertificate,
    MemberSpecialty,
    Specialty,
)

STEPS = ("centre", "people", "board", "import")
"""The steps of a fresh installation, in order."""


Held = frozenset[tuple[str, str]]
"""Each specialty with each certificate of the members who have it; empty for the certificate of one who has none."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is missing: `no-coordinator`, `no-member`, `no-room`, `no-board`, `no-series`, `no-core-seat`,
    `nobody-on-seat`, `nobody-certified`, `no-case`. `board`, `specialty` and `certificate` are keys where it is about
    one."""

    code: str
    board: str = ""
    specialty: str = ""
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """The parts of the centre, how many there are of the others, and what is missing."""

    centre: Centre | None
    departments: tuple[Department, ...]
    boards: tuple[Board, ...]
    counts: dict[str, int]
    gaps: tuple[Gap, ...]


def read_overview(session: Session, setup: Setup, *, by: Actor, now: datetime) -> Overview:
    """Everything the overview shows, in a fixed number of queries."""
    require(by, Permission.CENTRE_EDIT)
    specialties = selectinload(Department.specialties)
    departments = tuple(session.scalars(select(Department).order_by(Department.id).options(specialties)))
    seats = selectinload(Board.seats).selectinload(Seat.holders).joinedload(SeatHolder.member)
    boards = tuple(session.scalars(select(Board).order_by(Board.id).options(seats, selectinload(Board.series))))
    counts = {
        "members": _count(session, select(func.count(Member.id)).where(Member.active)),
        "rooms": _count(session, select(func.count(Room.id))),
        "coordinators": _count(
            session, select(func.count(AccountRole.id)).join(Account).where(
                Account.active, AccountRole.role.in_((Role.COORDINATOR, Role.CHAIR)))),
        "accounts": _count(session, select(func.count(Account.id)).where(Account.active)),
        "cases": _count(session, select(func.count(Case.id))),
    }  # fmt: skip
    gaps = tuple(_find_gaps(setup, boards, counts, _read_held(session), now))
    return Overview(session.scalar(select(Centre)), departments, boards, counts, gaps)


def _count(session: Session, query: object) -> int:
    return int(session.scalars(query).one())  # type: ignore[call-overload]


def _read_held(session: Session) -> Held:
    held = select(MemberSpecialty.specialty, MemberCertificate.certificate).select_from(Member)
    query = held.join(MemberSpecialty).outerjoin(MemberCertificate).where(Member.active)
    return frozenset((specialty, certificate or "") for specialty, certificate in session.execute(query))


def _find_gaps(
    setup: Setup, boards: tuple[Board, ...], counts: dict[str, int], held: Held, now: datetime
) -> Iterator[Gap]:
    if not counts["coordinators"]:
        yield Gap("no-coordinator")
    if not counts["members"]:
        yield Gap("no-member")
    if not counts["rooms"]:
        yield Gap("no-room")
    if not boards:
        yield Gap("no-board")
    for board in boards:
        yield from _find_board_gaps(setup, board, now)
        yield from _find_certificate_gaps(setup, board, held)
    if boards and not counts["cases"]:
        yield Gap("no-case")


def _find_board_gaps(setup: Setup, board: Board, now: datetime) -> Iterator[Gap]:
    today = setup.today(now)
    if not any(series.last_on is None or series.last_on >= today for series in board.series):
        yield Gap("no-series", board.key)
    seats = {seat.specialty: seat for seat in board.seats}
    program = setup.programs.get(board.program)
    for wanted in program.seats if program else ():
        if wanted.specialty not in seats:
            yield Gap("no-core-seat", board.key, wanted.specialty)
    for seat in board.seats:
        if seat.kind == "core" and not any(holder.member.active for holder in seat.holders):
            yield Gap("nobody-on-seat", board.key, seat.specialty)


def _find_certificate_gaps(setup: Setup, board: Board, held: Held) -> Iterator[Gap]:
    """Certificates that the rules ask of a specialty and none of its members has: no case they ask it for is placed."""
    program = setup.programs.get(board.program)
    there = {specialty for specialty, _ in held}
    for specialty, certificates in program.asked_certificates.items() if program else ():
        for certificate in certificates:
            if specialty in there and (specialty, certificate) not in held:
                yield Gap("nobody-certified", board.key, specialty, certificate)


@dataclass(frozen=True, slots=True)
class Progress:
    """Which steps of a fresh installation are done."""

    done: frozenset[str]

    @property
    def next_step(self) -> str | None:
        """The first step that is not done; None at the end."""
        return next((step for step in STEPS if step not in self.done), None)

    @property
    def is_usable(self) -> bool:
        """True when a board can be planned: everything but the first list of cases is there."""
        return self.next_step in (None, "import")


def read_progress(session: Session) -> Progress:
    """How far the installation is, as what is there tells: a step done by a file or a command is done as well."""
    holds = select(Member.id).join(MemberSpecialty).where(Member.active)
    parts = {
        "centre": select(Centre.id).where(or_(Centre.name_ko != "", Centre.name_en != "")),
        "people": holds,
        "board": select(Series.id),
        "import": select(Case.id),
    }
    return Progress(frozenset(
        step for step, query in parts.items() if session.scalar(query.limit(1)) is not None
    ))  # fmt: skip


def list_importers(session: Session, *, by: Actor) -> tuple[str, ...]:
    """The names of those whose log-in imports lists of cases."""
    require(by, Permission.CENTRE_EDIT)
    roles = [AccountRole.role.in_(roles_with(Permission.CASE_IMPORT)), Account.active]
    return tuple(
        session.scalars(select(Account.name).join(AccountRole).where(*roles).distinct().order_by(Account.name))
    )


def list_specialty_keys(session: Session) -> frozenset[str]:
    """The specialties the centre has."""
    return frozenset(session.scalars(select(Specialty.key)))
