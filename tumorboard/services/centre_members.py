"""Single edits of members: who she is, what she can do, who stands in for her, and whether she is still here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, Role, require
from tumorboard.services.accounts import refuse_last_administrator
from tumorboard.services.addresses import write_again
from tumorboard.services.audit import record
from tumorboard.services.centre_edits import choose_department, read_email, read_language, read_name, read_zone
from tumorboard.services.feeds import render_member_feeds
from tumorboard.services.people import find_member, remove_member
from tumorboard.services.setup import Setup
from tumorboard.services.texts import read_line
from tumorboard.store.meetings import Board, Resource, Seat, SeatHolder
from tumorboard.store.people import Account, Deputy, Member, MemberCertificate, MemberSpecialty, Specialty

MOST_CALLS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberValues:
    """What an edit says of a member. `deputies` are public ids in the order they are asked; an empty zone stays."""

    name: str
    email: str
    department: str
    title: str = ""
    language: str = "ko"
    time_zone: str = ""
    most_calls_per_week: int | None = None
    specialties: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()


def list_members(session: Session, *, by: Actor) -> list[Member]:
    """Every member, those who left last, with what an edit needs loaded."""
    require(by, Permission.CENTRE_EDIT)
    query = select(Member).order_by(Member.active.desc(), Member.department_id, Member.name, Member.id)
    loads = (Member.department, Member.specialties, Member.certificates, Member.deputies)
    return list(session.scalars(query.options(*(selectinload(part) for part in loads))))


def add_member(session: Session, setup: Setup, *, values: MemberValues, by: Actor, now: datetime) -> Member:
    """A new member. Raises BadInput with the field, Conflict `address-taken`."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = write_new_member(session, setup, values)
        record(session, by=by, now=now, action="member:added", subject=("member", row.public_id))
    return row


def write_new_member(session: Session, setup: Setup, values: MemberValues) -> Member:
    """The rows of a new member, inside the running transaction."""
    row = Member(email=read_email(values.email), time_zone=setup.time_zone, preferences={})
    _write(session, setup, row, values)
    session.add(Resource(member_id=row.id))
    return row


def change_member(
    session: Session, setup: Setup, *, member_id: str, values: MemberValues, by: Actor, now: datetime
) -> Member:
    """Change a member as a whole; her next letters and calendar entries say what is new.

    Raises Conflict `specialty-held` when she would lose a specialty for which she sits on a board.
    """
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = find_member(session, member_id)
        _refuse_seated(session, row, frozenset(values.specialties))
        before, row.email = row.email, read_email(values.email)
        _write(session, setup, row, values)
        if row.email != before:
            write_again(session, setup, row, now=now)
        render_member_feeds(session, setup, row, now=now)
        record(session, by=by, now=now, action="member:changed", subject=("member", member_id))
    return row


def _refuse_seated(session: Session, row: Member, wanted: frozenset[str]) -> None:
    query = select(Seat.specialty, Board.key).join(SeatHolder, SeatHolder.seat_id == Seat.id).join(Board)
    for specialty, board in session.execute(query.where(SeatHolder.member_id == row.id).order_by(Board.key)):
        if specialty not in wanted:
            raise Conflict(
                f"the member sits on the seat '{specialty}' of the board {board}; take the member off that seat first",
                code="specialty-held", field="specialties",
            )  # fmt: skip


def _write(session: Session, setup: Setup, row: Member, values: MemberValues) -> None:
    same = select(Member.id).where(Member.email == row.email)
    if session.scalar(same if row.id is None else same.where(Member.id != row.id)) is not None:
        raise Conflict(f"there is already a member with the address {row.email}", code="address-taken", field="email")
    row.name, row.title = read_name(values.name), read_line(values.title, "title")
    row.department = choose_department(session, values.department)
    row.language = read_language(values.language)
    row.time_zone = read_zone(values.time_zone, row.time_zone or setup.time_zone)
    row.most_calls_per_week = _read_calls(values.most_calls_per_week)
    _write_specialties(session, row, values.specialties)
    _write_certificates(setup, row, values.certificates)
    session.add(row)
    session.flush()
    _write_deputies(session, row, values.deputies)
    session.flush()


def _read_calls(limit: int | None) -> int | None:
    if limit is not None and not 1 <= limit <= MOST_CALLS:
        raise BadInput(
            f"give a whole number from 1 to {MOST_CALLS}, or nothing", code="bad-calls",
            field="most_calls_per_week",
        )  # fmt: skip
    return limit


def _write_specialties(session: Session, row: Member, wanted: tuple[str, ...]) -> None:
    known = frozenset(session.scalars(select(Specialty.key)))
    for name in wanted:
        if name not in known:
            raise BadInput(
                "the centre has no such specialty; add it first", code="unknown-specialty", field="specialties"
            )
    have = {held.specialty: held for held in row.specialties}
    row.specialties = [have.get(name) or MemberSpecialty(specialty=name) for name in dict.fromkeys(wanted)]


def _write_certificates(setup: Setup, row: Member, wanted: tuple[str, ...]) -> None:
    have = {held.certificate: held for held in row.certificates}
    known = {key for program in setup.programs.values() for key in program.certificates} | set(have)
    for name in wanted:
        if name not in known:
            raise BadInput("no programme knows this certificate", code="unknown-certificate", field="certificates")
    row.certificates = [have.get(name) or MemberCertificate(certificate=name) for name in dict.fromkeys(wanted)]


def _write_deputies(session: Session, row: Member, wanted: tuple[str, ...]) -> None:
    have = {deputy.deputy_id: deputy for deputy in row.deputies}
    found = []
    for rank, public_id in enumerate(dict.fromkeys(wanted)):
        other = session.scalar(select(Member).where(Member.public_id == public_id))
        if other is None:
            raise BadInput("there is no such member", code="unknown-member", field="deputies")
        if other is row:
            raise BadInput("nobody is their own deputy", code="own-deputy", field="deputies")
        deputy = have.get(other.id) or Deputy(deputy_id=other.id)
        deputy.rank = rank
        found.append(deputy)
    row.deputies = found


def retire_member(session: Session, *, member_id: str, by: Actor, now: datetime) -> tuple[str, ...]:
    """A member leaves, as `remove_member` says. Her own log-in ends with it.

    Raises Conflict `last-administrator`, and NotAllowed where it is an administrator's and the actor is none.
    """
    require(by, Permission.CENTRE_EDIT)
    account = session.scalar(select(Account).join(Member).where(Member.public_id == member_id))
    if account is not None and account.active:
        if any(held.role == Role.ADMINISTRATOR for held in account.roles):
            require(by, Permission.ACCOUNT_EDIT)
        refuse_last_administrator(session, account)
    return remove_member(session, member_id=member_id, by=by, now=now)


def readmit_member(session: Session, *, member_id: str, by: Actor, now: datetime) -> None:
    """A member is back and can be planned; her log-in stays closed until an administrator opens it."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = find_member(session, member_id)
        row.active, row.bounced_at = True, None
        record(session, by=by, now=now, action="member:back", subject=("member", member_id))
