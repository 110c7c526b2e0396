"""Single edits of a centre: its name, departments and specialties. What is used is kept; the refusal says why."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.addresses import is_new_address
from tumorboard.domain.errors import BadInput, Conflict, NotFound
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.preferences import list_zones
from tumorboard.services.setup import Setup
from tumorboard.services.texts import read_line
from tumorboard.store.meetings import Board, Seat
from tumorboard.store.people import Centre, Department, Member, MemberSpecialty, Specialty
from tumorboard.store.post import FeedDocument, FeedToken
from tumorboard.words import LANGUAGES

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LONGEST_MADE_KEY = 48


def read_name(text: str, field: str = "name") -> str:
    """A name that is there, on one line. Raises BadInput `name-missing`."""
    name = read_line(text, field)
    if not name:
        raise BadInput("give a name", code="name-missing", field=field)
    return name


def read_names(name_ko: str, name_en: str) -> tuple[str, str]:
    """A name in Korean and in English; the one that is empty is the other."""
    korean, english = read_line(name_ko, "name_ko"), read_line(name_en, "name_en")
    if not korean and not english:
        raise BadInput("give a name, in Korean or in English", code="name-missing", field="name_ko")
    return korean or english, english or korean


def read_email(text: str, field: str = "email") -> str:
    """An address in small letters. Raises BadInput `bad-email`."""
    email = read_line(text, field).lower()
    if not is_new_address(email):
        raise BadInput("this is no e-mail address; write name@hospital.example", code="bad-email", field=field)
    return email


def read_zone(text: str, default: str) -> str:
    """An IANA zone; the default where nothing is given. Raises BadInput `unknown-zone`."""
    name = text.strip() or default
    if name != default and name not in list_zones():
        raise BadInput("this is no IANA time zone; for example Asia/Seoul", code="unknown-zone", field="time_zone")
    return name


def read_language(text: str) -> str:
    """`ko` or `en`. Raises BadInput `unknown-language`."""
    if text not in LANGUAGES:
        raise BadInput("the language is ko or en", code="unknown-language", field="language")
    return text


def make_key(wanted: str | None, name_en: str, taken: Collection[str], *, kind: str) -> str:
    """The key asked for, else one made of the English name. Raises BadInput `bad-key`, Conflict `key-taken`."""
    if wanted:
        if not _KEY.fullmatch(wanted):
            raise BadInput(
                "use small letters, digits, - and _ only, beginning with a letter or digit",
                code="bad-key",
                field="key",
            )
        if wanted in taken:
            raise Conflict(f"there is already a {kind} with the key '{wanted}'", code="key-taken", field="key")
        return wanted
    plain = re.sub(r"[^a-z0-9]+", "-", name_en.lower()).strip("-")[:_LONGEST_MADE_KEY] or kind
    return next(key for key in (plain, *(f"{plain}-{number}" for number in range(2, 10_000))) if key not in taken)


def find_centre(session: Session) -> Centre:
    """The one row of the centre, made if it is not there."""
    centre = session.scalar(select(Centre))
    if centre is None:
        centre = Centre(name_ko="", name_en="", settings={})
        session.add(centre)
    return centre


def rename_centre(session: Session, *, name_ko: str, name_en: str, by: Actor, now: datetime) -> None:
    """Give the centre its name in both languages."""
    require(by, Permission.CENTRE_EDIT)
    names = read_names(name_ko, name_en)
    with transaction(session):
        centre = find_centre(session)
        centre.name_ko, centre.name_en = names
        record(session, by=by, now=now, action="centre:renamed", subject=("centre", "1"))


def find_department(session: Session, key: str) -> Department:
    """The department with this key."""
    row = session.scalar(select(Department).where(Department.key == key))
    if row is None:
        raise NotFound("there is no such department", code="unknown-department")
    return row


def choose_department(session: Session, key: str) -> Department:
    """The department that a form names. Raises BadInput `unknown-department` with the field."""
    row = session.scalar(select(Department).where(Department.key == key))
    if row is None:
        raise BadInput("there is no such department; choose one", code="unknown-department", field="department")
    return row


def add_department(
    session: Session, *, name_ko: str, name_en: str, key: str | None = None, by: Actor, now: datetime
) -> Department:
    """A new department, without specialties."""
    require(by, Permission.CENTRE_EDIT)
    korean, english = read_names(name_ko, name_en)
    with transaction(session):
        row = write_department(session, korean, english, key)
        record(session, by=by, now=now, action="department:added", subject=("department", row.key))
    return row


def write_department(session: Session, name_ko: str, name_en: str, key: str | None = None) -> Department:
    """The row of a new department, inside the running transaction."""
    taken = frozenset(session.scalars(select(Department.key)))
    row = Department(key=make_key(key, name_en, taken, kind="department"), name_ko=name_ko, name_en=name_en)
    session.add(row)
    session.flush()
    return row


def change_department(session: Session, *, key: str, name_ko: str, name_en: str, by: Actor, now: datetime) -> None:
    """Give a department another name; its key stays."""
    require(by, Permission.CENTRE_EDIT)
    names = read_names(name_ko, name_en)
    with transaction(session):
        row = find_department(session, key)
        row.name_ko, row.name_en = names
        record(session, by=by, now=now, action="department:changed", subject=("department", key))


def remove_department(session: Session, *, key: str, by: Actor, now: datetime) -> None:
    """Remove a department that nobody and no specialty belongs to. Raises Conflict `department-used`."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = find_department(session, key)
        people = session.scalar(select(Member.id).where(Member.department_id == row.id).limit(1))
        if people is not None or row.specialties:
            raise Conflict(
                "members or specialties belong to this department; give them another one first", code="department-used"
            )
        forget_feeds(session, {("department", row.id)}, now=now)
        session.delete(row)
        record(session, by=by, now=now, action="department:removed", subject=("department", key))


def forget_feeds(session: Session, subjects: Collection[tuple[str, int]], *, now: datetime) -> None:
    """End every calendar link about a row that goes: another row may get its number."""
    for scope, subject_id in subjects:
        tokens = select(FeedToken).where(FeedToken.scope == scope, FeedToken.subject_id == subject_id)
        for token in session.scalars(tokens):
            token.revoked_at = token.revoked_at or now
        documents = select(FeedDocument).where(FeedDocument.scope == scope, FeedDocument.subject_id == subject_id)
        for document in session.scalars(documents):
            session.delete(document)


def place_specialty(
    session: Session, setup: Setup, *, specialty: str, department: str, by: Actor, now: datetime
) -> Specialty:
    """Say which department supplies a specialty that a programme knows; a new one is added to the centre.

    Raises BadInput `unknown-specialty`, `unknown-department`.
    """
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = write_specialty(session, setup, specialty, choose_department(session, department))
        detail = {"department": department}
        record(session, by=by, now=now, action="specialty:placed", subject=("specialty", specialty), **detail)
    return row


def write_specialty(session: Session, setup: Setup, key: str, department: Department) -> Specialty:
    """The row of a specialty with the words of its programme, inside the running transaction."""
    words = next((found.specialties[key] for found in setup.programs.values() if key in found.specialties), None)
    if words is None:
        raise BadInput("no programme knows this specialty", code="unknown-specialty", field="specialty")
    row = session.scalar(select(Specialty).where(Specialty.key == key)) or Specialty(key=key)
    row.department, row.name_ko, row.name_en = department, words.ko, words.en
    session.add(row)
    session.flush()
    return row


def remove_specialty(session: Session, *, specialty: str, by: Actor, now: datetime) -> None:
    """Remove a specialty that nobody holds and no board has a seat for. Raises Conflict `specialty-used`."""
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = session.scalar(select(Specialty).where(Specialty.key == specialty))
        if row is None:
            raise NotFound("there is no such specialty", code="unknown-specialty")
        held = session.scalar(select(Member.name).join(MemberSpecialty).where(MemberSpecialty.specialty == specialty))
        seated = session.scalar(select(Board.key).join(Seat).where(Seat.specialty == specialty))
        if held is not None or seated is not None:
            raise Conflict(
                f"{held or 'the board ' + str(seated)} still has this specialty; take it away there first",
                code="specialty-used",
            )
        session.delete(row)
        record(session, by=by, now=now, action="specialty:removed", subject=("specialty", specialty))
