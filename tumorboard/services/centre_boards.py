"""Single edits of boards and their seats. The next proposal plans with them; what is published stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.domain.model import SeatKind
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.centre_edits import forget_feeds, make_key, read_email, read_names, read_zone
from tumorboard.services.feeds import render_board_feeds
from tumorboard.services.meetings import find_board
from tumorboard.services.setup import Setup
from tumorboard.services.texts import read_line
from tumorboard.store.meetings import Board, Booking, Meeting, Seat, SeatHolder, Series
from tumorboard.store.people import Member, MemberSpecialty, Specialty
from tumorboard.store.plans import Draft, PlanRun

SEAT_KINDS = ("core", "core_without_quorum", "on_demand")
"""Whole meeting and counted for the quorum; whole meeting, not counted; an own window only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardValues:
    """What an edit says of a board. An empty address is the installation's, an empty organizer the board's name."""

    name_ko: str
    name_en: str
    time_zone: str = ""
    organizer_email: str = ""
    organizer_name: str = ""


def add_board(
    session: Session, setup: Setup, *, program: str, values: BoardValues, key: str | None = None, by: Actor,
    now: datetime,
) -> Board:  # fmt: skip
    """A new board of a programme, with a seat for each specialty of it that the centre has.

    The programme says which seats are core. Everybody who holds the specialty sits on the seat.
    """
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = write_new_board(session, setup, program=program, values=values, key=key)
        record(session, by=by, now=now, action="board:added", subject=("board", row.key))
    return row


def write_new_board(
    session: Session, setup: Setup, *, program: str, values: BoardValues, key: str | None = None
) -> Board:
    """The rows of a new board, inside the running transaction."""
    rules = setup.program(program)
    names = read_names(values.name_ko, values.name_en)
    taken = frozenset(session.scalars(select(Board.key)))
    row = Board(key=make_key(key, names[1], taken, kind="board"), program=rules.id, settings={})
    _write(setup, row, values)
    session.add(row)
    session.flush()
    known = frozenset(session.scalars(select(Specialty.key)))
    wanted = [(seat.specialty, SeatKind.CORE, seat.in_quorum) for seat in rules.seats]
    wanted += [(name, SeatKind.ON_DEMAND, False) for name in rules.specialties if name not in rules.core]
    for name, kind, in_quorum in wanted:
        if name in known:
            _write_seat(session, row, name, kind, in_quorum, holders=None)
    session.flush()
    return row


def change_board(session: Session, setup: Setup, *, board: str, values: BoardValues, by: Actor, now: datetime) -> None:
    """Change name, zone and organizer of a board. Its programme stays: cases and meetings were judged by it."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = find_board(session, board)
        _write(setup, row, values)
        session.flush()
        render_board_feeds(session, setup, [row.id], now=now)
        record(session, by=by, now=now, action="board:changed", subject=("board", board))


def _write(setup: Setup, row: Board, values: BoardValues) -> None:
    row.name_ko, row.name_en = read_names(values.name_ko, values.name_en)
    row.time_zone = read_zone(values.time_zone, row.time_zone or setup.time_zone)
    row.organizer_email = read_email(values.organizer_email or setup.mail_from, "organizer_email")
    row.organizer_name = read_line(values.organizer_name, "organizer_name") or row.name_ko


def remove_board(session: Session, *, board: str, by: Actor, now: datetime) -> None:
    """Remove a board for which nothing was ever planned. Raises Conflict `board-used`."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = find_board(session, board)
        used = select(Meeting.id).where(Meeting.board_id == row.id)
        used = used.where((Meeting.status != "planned") | (Meeting.starts_at <= now))
        planned = (select(table.id).where(table.board_id == row.id) for table in (Draft, PlanRun))
        if any(session.scalar(query.limit(1)) is not None for query in (used, *planned)):
            raise Conflict(
                "this board has met or was planned for; give its series a last day instead", code="board-used"
            )
        ahead = select(Meeting.id).where(Meeting.board_id == row.id)
        session.execute(delete(Booking).where(Booking.meeting_id.in_(ahead)))
        session.execute(delete(Meeting).where(Meeting.board_id == row.id))
        session.execute(delete(Series).where(Series.board_id == row.id))
        forget_feeds(session, {("board", row.id), ("deadlines", row.id)}, now=now)
        session.expire(row)
        session.delete(row)
        record(session, by=by, now=now, action="board:removed", subject=("board", board))


def set_seat(
    session: Session, setup: Setup, *, board: str, specialty: str, kind: str, holders: tuple[str, ...] | None = None,
    by: Actor, now: datetime,
) -> Seat:  # fmt: skip
    """Give a board a seat, or change one. `holders` are public ids in the order they are asked; None for all who can.

    Raises BadInput `unknown-specialty`, `seat-kind`, `holder-unfit`, Conflict `no-core-seat`.
    """
    require(by, Permission.CENTRE_EDIT)
    if kind not in SEAT_KINDS:
        raise BadInput(f"use one of {', '.join(SEAT_KINDS)}", code="seat-kind", field="kind")
    with transaction(session):
        row = find_board(session, board)
        if specialty not in setup.program(row.program).specialties:
            raise BadInput("the programme of this board has no such specialty", code="unknown-specialty",
                           field="specialty")  # fmt: skip
        if session.scalar(select(Specialty.id).where(Specialty.key == specialty)) is None:
            raise BadInput("the centre has no such specialty; add it first", code="unknown-specialty",
                           field="specialty")  # fmt: skip
        seat_kind = SeatKind.ON_DEMAND if kind == "on_demand" else SeatKind.CORE
        seat = _write_seat(session, row, specialty, seat_kind, kind == "core", holders=holders)
        _refuse_without_core(row)
        detail = {"specialty": specialty, "kind": kind, "holders": [each.member_id for each in seat.holders]}
        record(session, by=by, now=now, action="seat:set", subject=("board", board), **detail)
    return seat


def remove_seat(session: Session, *, board: str, specialty: str, by: Actor, now: datetime) -> None:
    """Take a seat from a board; published meetings keep whom they invited. Raises Conflict `no-core-seat`."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = find_board(session, board)
        seat = next((each for each in row.seats if each.specialty == specialty), None)
        if seat is None:
            raise NotFound("this board has no such seat", code="unknown-seat")
        row.seats.remove(seat)
        _refuse_without_core(row)
        record(session, by=by, now=now, action="seat:removed", subject=("board", board), specialty=specialty)


def _refuse_without_core(row: Board) -> None:
    if not any(seat.kind == SeatKind.CORE for seat in row.seats):
        raise Conflict("a board needs at least one core seat; make another one first", code="no-core-seat")


def _write_seat(
    session: Session, board: Board, specialty: str, kind: SeatKind, in_quorum: bool, *,
    holders: tuple[str, ...] | None,
) -> Seat:  # fmt: skip
    seat = next((each for each in board.seats if each.specialty == specialty), None)
    if seat is None:
        seat = Seat(specialty=specialty, position=max((each.position for each in board.seats), default=-1) + 1)
        board.seats.append(seat)
    seat.kind, seat.in_quorum = str(kind), in_quorum
    session.flush()
    members = _find_holders(session, specialty, holders)
    have = {holder.member_id: holder for holder in seat.holders}
    wanted = []
    for rank, member in enumerate(members):
        holder = have.get(member.id) or SeatHolder(member_id=member.id)
        holder.rank = rank
        wanted.append(holder)
    seat.holders = wanted
    session.flush()
    return seat


def _find_holders(session: Session, specialty: str, holders: tuple[str, ...] | None) -> list[Member]:
    query = select(Member).join(MemberSpecialty).where(MemberSpecialty.specialty == specialty)
    fit = {member.public_id: member for member in session.scalars(query.order_by(Member.id))}
    if holders is None:
        return [member for member in fit.values() if member.active]
    for public_id in holders:
        if public_id not in fit:
            raise BadInput("a holder must have the specialty of the seat", code="holder-unfit", field="holders")
    return [fit[public_id] for public_id in dict.fromkeys(holders)]
