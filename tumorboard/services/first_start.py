"""The first start of an installation in the browser: a code from the operator's terminal, then three steps.

The code is made of the installation's key and the hour, so that nothing is stored and nothing has to be cleaned up. It
works for 12 to 24 hours, and never again once there is an account.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tumorboard.domain.cells import as_word
from tumorboard.domain.errors import BadInput, Conflict, DomainError, NotAllowed
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, Role, operator, require
from tumorboard.services.account_edits import write_invited
from tumorboard.services.accounts import hash_password, no_password, write_account
from tumorboard.services.audit import record
from tumorboard.services.centre_boards import BoardValues, write_new_board
from tumorboard.services.centre_edits import (
    choose_department,
    find_centre,
    read_email,
    read_name,
    read_names,
    write_department,
    write_specialty,
)
from tumorboard.services.centre_members import MemberValues, write_new_member
from tumorboard.services.centre_rooms import write_new_room
from tumorboard.services.centre_series import SeriesResult, SeriesValues, write_new_series
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board
from tumorboard.store.people import Account, Member, MemberCertificate, MemberSpecialty

CODE_HOURS = 12
_CODE_LETTERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPeople:
    """The first administrator, with a password, and the coordinator: the same person, or somebody who gets a link."""

    name: str
    email: str
    password: str
    is_coordinator: bool
    coordinator_name: str = ""
    coordinator_email: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """The administrator's account, and the coordinator's one-time link where there is another one."""

    account: Account
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """One specialty of a programme and who holds it; an empty department is a new one with the specialty's name.

    `certificates` are those that the programme's rules ask of it and the person has.
    """

    specialty: str
    name: str
    email: str
    title: str = ""
    department: str = ""
    certificates: tuple[str, ...] = ()


def make_setup_code(setup: Setup, *, now: datetime) -> str:
    """The code of this hour: 80 bits in groups of four letters and digits."""
    return _make_code(setup, int(now.timestamp()) // (CODE_HOURS * 3600))


def is_fresh(session: Session) -> bool:
    """True when nobody can log in yet, because there is no account at all."""
    return session.scalar(select(Account.id).limit(1)) is None


def check_setup_code(session: Session, setup: Setup, *, code: str, now: datetime) -> None:
    """Raises NotAllowed `setup-over` once there is an account, BadInput `wrong-setup-code` for another code."""
    if not is_fresh(session):
        raise NotAllowed("this installation is set up already; log in", code="setup-over")
    given = "".join(letter for letter in code.upper() if letter.isalnum() and letter.isascii())
    hours = (now, now - timedelta(hours=CODE_HOURS))
    right = [make_setup_code(setup, now=hour).replace("-", "") for hour in hours]
    if not setup.link_key or not _is_one_of(given, right):
        raise BadInput("this is not the code, or it is too old; make a new one", code="wrong-setup-code", field="code")


def _is_one_of(given: str, right: Sequence[str]) -> bool:
    """Every code is compared, and each in the same time, so that the time tells nothing."""
    found = [hmac.compare_digest(given, each) for each in right]
    return any(found)


def _make_code(setup: Setup, number: int) -> str:
    digest = hmac.digest(setup.link_key.encode(), f"setup-code {number}".encode(), sha256)
    plain = base64.b32encode(digest).decode()[:_CODE_LETTERS]
    return "-".join(plain[place : place + 4] for place in range(0, _CODE_LETTERS, 4))


def begin_installation(
    session: Session, setup: Setup, *, code: str, name_ko: str, name_en: str, people: FirstPeople, now: datetime
) -> Begun:
    """Name the centre and make its first accounts. Raises what `check_setup_code` does, BadInput with the field."""
    check_setup_code(session, setup, code=code, now=now)
    names = read_names(name_ko, name_en)
    name, email = read_name(people.name), read_email(people.email)
    hashed, nothing = hash_password(people.password), no_password()
    by = operator("setup-code")
    with transaction(session):
        _refuse_second(session)
        centre = find_centre(session)
        centre.name_ko, centre.name_en = names
        roles = [Role.ADMINISTRATOR, *([Role.COORDINATOR] if people.is_coordinator else [])]
        account = write_account(session, email=email, name=name, password_hash=hashed, roles=roles, now=now)
        link = ""
        if not people.is_coordinator and people.coordinator_email.strip():
            link = _write_coordinator(session, setup, people, nothing, now)
        account.session_key, account.last_login_at = secrets.token_hex(16), now
        record(session, by=by, now=now, action="centre:begun", subject=("account", account.public_id))
    return Begun(account, link)


def _refuse_second(session: Session) -> None:
    """Two browsers with the same code make one installation: SQLite has one writer, PostgreSQL waits here."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE account IN EXCLUSIVE MODE"))
    if not is_fresh(session):
        raise NotAllowed("this installation is set up already; log in", code="setup-over")


def _write_coordinator(session: Session, setup: Setup, people: FirstPeople, hashed: str, now: datetime) -> str:
    try:
        _, link = write_invited(
            session, setup, email=people.coordinator_email, name=people.coordinator_name, roles=[Role.COORDINATOR],
            member_id=None, password_hash=hashed, now=now,
        )  # fmt: skip
    except (BadInput, Conflict) as error:
        raise _at(error, f"coordinator_{error.values.get('field', 'email')}") from None
    return link


def _at(error: DomainError, field: str) -> DomainError:
    """The same refusal for a field that is named otherwise here."""
    return type(error)(str(error), code=error.code, **{**error.values, "field": field})


def staff_centre(
    session: Session, setup: Setup, *, program: str, rows: Sequence[StaffRow], by: Actor, now: datetime
) -> int:
    """Give the specialties of a programme their departments and first members; gives how many members are new.

    An address that stands twice, or is a member's already, gets the further specialty. Raises BadInput and Conflict
    with the field `name-SPECIALTY` or `email-SPECIALTY`, Conflict `two-names` for an address of somebody else, BadInput
    `nobody-named` for no row.
    """
    require(by, Permission.CENTRE_EDIT)
    rules = setup.program(program)
    known, asked = rules.specialties, rules.asked_certificates
    if not rows:
        raise BadInput("name at least one member", code="nobody-named", field="rows")
    with transaction(session):
        before = len(session.scalars(select(Member.id)).all())
        for row in rows:
            try:
                if row.specialty not in known:
                    raise BadInput("the programme has no such specialty", code="unknown-specialty", field="specialty")
                if not set(row.certificates) <= set(asked.get(row.specialty, ())):
                    raise BadInput("the rules ask for no such certificate", code="unknown-certificate",
                                   field="certificates")  # fmt: skip
                _write_staff(session, setup, row)
            except (BadInput, Conflict) as error:
                raise _at(error, f"{error.values.get('field', 'email')}-{row.specialty}") from None
        session.flush()
        count = len(session.scalars(select(Member.id)).all()) - before
        record(session, by=by, now=now, action="centre:staffed", subject=("centre", "1"), members=count)
    return count


def _write_staff(session: Session, setup: Setup, row: StaffRow) -> None:
    words = next(each.specialties[row.specialty] for each in setup.programs.values()
                 if row.specialty in each.specialties)  # fmt: skip
    if row.department:
        department = choose_department(session, row.department)
    else:
        department = write_department(session, words.ko, words.en)
    write_specialty(session, setup, row.specialty, department)
    email = read_email(row.email)
    member = session.scalar(select(Member).where(Member.email == email))
    if member is None:
        values = MemberValues(name=row.name, email=email, title=row.title, department=department.key,
                              language=setup.language, specialties=(row.specialty,),
                              certificates=row.certificates)  # fmt: skip
        write_new_member(session, setup, values)
        return
    if row.name and as_word(row.name) != as_word(member.name):
        raise Conflict(
            "this address stands for somebody of another name already; give each person an address of their own",
            code="two-names", field="email",
        )  # fmt: skip
    if row.specialty not in {held.specialty for held in member.specialties}:
        member.specialties.append(MemberSpecialty(specialty=row.specialty))
    held = {each.certificate for each in member.certificates}
    member.certificates.extend(MemberCertificate(certificate=name) for name in row.certificates if name not in held)
    session.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRoom:
    """A new room of the first board."""

    name: str
    capacity: int
    video_url: str = ""


def open_first_board(
    session: Session, setup: Setup, *, program: str, values: BoardValues, room: FirstRoom | str, series: SeriesValues,
    by: Actor, now: datetime,
) -> tuple[Board, SeriesResult]:  # fmt: skip
    """A board with its seats, a room (a new one, or the key of one) and its weekly meetings, all at once."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        key = room if isinstance(room, str) else _write_room(session, room)
        board = write_new_board(session, setup, program=program, values=values)
        if not any(seat.kind == "core" for seat in board.seats):
            raise Conflict("nobody holds a core specialty of this programme; name somebody first", code="no-core-seat")
        session.refresh(board)
        from_room = SeriesValues(
            weekday=series.weekday, local_time=series.local_time, minutes=series.minutes, room=key,
            time_zone=series.time_zone, first_on=series.first_on, last_on=series.last_on,
        )  # fmt: skip
        result = write_new_series(session, setup, board, from_room, now=now)
        record(session, by=by, now=now, action="board:added", subject=("board", board.key), meetings=result.created)
    return board, result


def _write_room(session: Session, room: FirstRoom) -> str:
    try:
        return write_new_room(session, name=room.name, capacity=room.capacity, video_url=room.video_url).key
    except BadInput as error:
        raise _at(error, f"room_{error.values.get('field', 'name')}") from None
