"""Set up a centre from a file: departments, specialties, members, rooms, boards with seats and series, closed days.

The file is read as a whole, checked as a whole and written in one transaction. Loading it again changes what differs
and adds what is new; nothing is deleted, because meetings and letters refer to it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.board_settings import read_settings
from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.program import Program
from tumorboard.mail.message import check_address
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.services.centre_settings import check_centre_settings, store_settings
from tumorboard.services.preferences import list_zones
from tumorboard.services.setup import Setup
from tumorboard.services.texts import read_line
from tumorboard.store.meetings import Board, HospitalDay, Resource, Room, Seat, SeatHolder, Series
from tumorboard.store.people import Centre, Department, Deputy, Member, MemberCertificate, MemberSpecialty, Specialty

Read = TypeVar("Read")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_centre(text: str, *, filename: str) -> Mapping[str, Any]:
    """The content of a centre file; BadInput names file and line when it is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{filename} is no TOML file: {error}", code="bad-centre") from None


def load_centre(
    session: Session, setup: Setup, content: Mapping[str, Any], *, filename: str, by: Actor, now: datetime,
    is_demo: bool = False,
) -> None:  # fmt: skip
    """Write a centre file into the database. BadInput names the entry, the key and what is known instead.

    A file may make members whom log-ins belong to, so it takes who may edit these.
    """
    require(by, Permission.ACCOUNT_EDIT)
    loader = _Loader(session, setup, filename)
    with transaction(session):
        centre = session.scalar(select(Centre))
        if centre is not None and centre.is_demo != is_demo:
            raise Conflict("this database belongs to another kind of centre (demo or real)", code="not-a-demo")
        if centre is None:
            centre = Centre(is_demo=is_demo)
            session.add(centre)
        centre.name_en, centre.name_ko = loader.words(content, "name", "centre")
        if "settings" in content:
            store_settings(centre, loader.checked(content["settings"], check_centre_settings, "settings"))
        for name, load in (
            ("departments", loader.department), ("rooms", loader.room), ("members", loader.member),
            ("members", loader.deputies), ("hospital_days", loader.hospital_day),
        ):  # fmt: skip
            for entry, where in loader.entries(content, name):
                load(entry, where)
        for entry, where in loader.entries(content, "boards"):
            loader.board(entry, where, now)
        record(session, by=by, now=now, action="centre:loaded", subject=("centre", "1"))


class _Loader:
    """The rows of one centre file; knows how to say where an entry is wrong."""

    def __init__(self, session: Session, setup: Setup, filename: str) -> None:
        self.session = session
        self.setup = setup
        self.filename = filename
        self.specialties = {row.key: row for row in session.scalars(select(Specialty))}
        self.members = {row.email: row for row in session.scalars(select(Member))}
        self.rooms = {row.key: row for row in session.scalars(select(Room))}
        self.departments = {row.key: row for row in session.scalars(select(Department))}

    def refuse(self, where: str, message: str) -> BadInput:
        return BadInput(f"{self.filename}, {where}: {message}", code="bad-centre", where=where)

    def entries(self, content: Mapping[str, Any], name: str) -> Iterator[tuple[Mapping[str, Any], str]]:
        found = content.get(name, [])
        if not isinstance(found, list):
            raise self.refuse(name, f"write [[{name}]]")
        for number, entry in enumerate(found, 1):
            if not isinstance(entry, Mapping):
                raise self.refuse(f"{name} {number}", f"write it as a table under [[{name}]]")
            called = entry.get("key") or entry.get("email") or entry.get("on") or number
            yield entry, f"{name} {called}"

    def text(self, entry: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
        value = entry.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.refuse(where, f"'{key}' is missing or no text")
        return self.line(value, key, where)

    def line(self, value: str, key: str, where: str) -> str:
        """A text that fits a letter's header and holds no resident registration number."""
        try:
            return read_line(value, key)
        except BadInput as error:
            raise self.refuse(where, str(error)) from None

    def address(self, entry: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
        email = self.text(entry, key, where, default).lower()
        try:
            return check_address(email, key)
        except BadInput:
            raise self.refuse(where, f"'{email}' is no e-mail address; write name@hospital.example") from None

    def words(self, entry: Mapping[str, Any], key: str, where: str) -> tuple[str, str]:
        value = entry.get(key)
        if not isinstance(value, Mapping) or not value.get("en") or not value.get("ko"):
            raise self.refuse(where, f'\'{key}\' needs words in two languages: {{ en = "…", ko = "…" }}')
        return self.line(str(value["en"]), key, where), self.line(str(value["ko"]), key, where)

    def number(self, entry: Mapping[str, Any], key: str, where: str, low: int, high: int) -> int:
        value = entry.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.refuse(where, f"'{key}' is a whole number from {low} to {high}")
        return value

    def zone(self, entry: Mapping[str, Any], where: str, default: str) -> str:
        name = self.text(entry, "time_zone", where, default)
        if name not in list_zones():
            raise self.refuse(where, f"time_zone '{name}' is no IANA time zone; for example Asia/Seoul")
        return name

    def known(self, name: str, known: Mapping[str, Any], what: str, where: str) -> Any:
        if name not in known:
            raise self.refuse(where, f"there is no {what} '{name}'; known: {', '.join(sorted(known)) or 'none'}")
        return known[name]

    def department(self, entry: Mapping[str, Any], where: str) -> None:
        key = self.text(entry, "key", where)
        row = self.departments.get(key) or Department(key=key)
        row.name_en, row.name_ko = self.words(entry, "name", where)
        self.departments[key] = row
        self.session.add(row)
        names = {name: words for program in self.setup.programs.values() for name, words in program.specialties.items()}
        for specialty in entry.get("specialties", []):
            if specialty not in names:
                raise self.refuse(where, f"no programme knows the specialty '{specialty}'")
            found = self.specialties.get(specialty) or Specialty(key=specialty)
            found.department, found.name_en, found.name_ko = row, names[specialty].en, names[specialty].ko
            self.specialties[specialty] = found
            self.session.add(found)
        self.session.flush()

    def room(self, entry: Mapping[str, Any], where: str) -> None:
        key = self.text(entry, "key", where)
        row = self.rooms.get(key) or Room(key=key)
        row.name = self.text(entry, "name", where)
        row.capacity = self.number(entry, "capacity", where, 1, 1000)
        row.video_url = self.text(entry, "video_url", where, "")
        if row.video_url and not re.fullmatch(r"https://[^\s/]+\S*", row.video_url):
            raise self.refuse(where, "video_url starts with https:// and names a host")
        is_new = row.id is None
        self.rooms[key] = row
        self.session.add(row)
        self.session.flush()
        if is_new:
            self.session.add(Resource(room_id=row.id))

    def member(self, entry: Mapping[str, Any], where: str) -> None:
        email = self.address(entry, "email", where)
        row = self.members.get(email) or Member(email=email)
        is_new = row.id is None
        row.name = self.text(entry, "name", where)
        row.title = self.text(entry, "title", where, "")
        row.department = self.known(self.text(entry, "department", where), self.departments, "department", where)
        row.language = self.text(entry, "language", where, row.language or "ko")
        if row.language not in ("ko", "en"):
            raise self.refuse(where, "language is ko or en")
        row.time_zone = self.zone(entry, where, row.time_zone or "Asia/Seoul")
        limit = entry.get("most_calls_per_week")
        row.most_calls_per_week = None if limit is None else self.number(entry, "most_calls_per_week", where, 1, 50)
        wanted = list(dict.fromkeys(entry.get("specialties", [])))
        for name in wanted:
            self.known(name, self.specialties, "specialty", where)
        have = {held.specialty: held for held in row.specialties}
        row.specialties = [have.get(name) or MemberSpecialty(specialty=name) for name in wanted]
        certified = {held.certificate: held for held in row.certificates}
        row.certificates = [
            certified.get(name) or MemberCertificate(certificate=str(name)) for name in entry.get("certificates", [])
        ]
        self.members[email] = row
        self.session.add(row)
        self.session.flush()
        if is_new:
            self.session.add(Resource(member_id=row.id))

    def deputies(self, entry: Mapping[str, Any], where: str) -> None:
        row = self.members[entry["email"].strip().lower()]
        have = {deputy.deputy_id: deputy for deputy in row.deputies}
        wanted = []
        for rank, email in enumerate(entry.get("deputies", [])):
            deputy = self.known(str(email).lower(), self.members, "member", where)
            if deputy is row:
                raise self.refuse(where, "nobody is their own deputy")
            found = have.get(deputy.id) or Deputy(deputy_id=deputy.id)
            found.rank = rank
            wanted.append(found)
        row.deputies = wanted

    def day(self, entry: Mapping[str, Any], key: str, where: str) -> date | None:
        value = entry.get(key)
        if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
            raise self.refuse(where, f"'{key}' is a date, as in {key} = 2026-12-31")
        return value

    def hospital_day(self, entry: Mapping[str, Any], where: str) -> None:
        on = self.day(entry, "on", where)
        if on is None:
            raise self.refuse(where, "'on' is missing: a date, as in on = 2026-12-31")
        row = self.session.scalar(select(HospitalDay).where(HospitalDay.on == on)) or HospitalDay(on=on)
        row.name = self.text(entry, "name", where)
        self.session.add(row)

    def board(self, entry: Mapping[str, Any], where: str, now: datetime) -> None:
        key = self.text(entry, "key", where)
        program = self.known(self.text(entry, "program", where), self.setup.programs, "programme", where)
        row = self.session.scalar(select(Board).where(Board.key == key)) or Board(key=key)
        row.program = program.id
        row.name_en, row.name_ko = self.words(entry, "name", where)
        row.time_zone = self.zone(entry, where, "Asia/Seoul")
        row.organizer_email = self.address(entry, "organizer_email", where, self.setup.mail_from)
        row.organizer_name = self.text(entry, "organizer_name", where, row.name_ko)
        if "settings" in entry:
            self.checked(entry["settings"], read_settings, f"{where}, settings")
            row.settings = dict(entry["settings"])
        self.session.add(row)
        self._seats(row, program, entry, where)
        for position, (series, _) in enumerate(self.entries(entry, "series"), 1):
            self._series(row, series, f"{where}, series {position}", now)
        self.session.flush()

    def checked(self, found: object, read: Callable[[Mapping[str, Any]], Read], where: str) -> Read:
        """What a reader of settings makes of a table."""
        if not isinstance(found, Mapping):
            raise self.refuse(where, "write the settings as a table: [settings] or [boards.settings]")
        try:
            return read(found)
        except BadInput as error:
            raise self.refuse(where, str(error)) from None

    def _seats(self, board: Board, program: Program, entry: Mapping[str, Any], where: str) -> None:
        kinds = [(name, "core", True) for name in entry.get("core", [])]
        kinds += [(name, "core", False) for name in entry.get("core_without_quorum", [])]
        kinds += [(name, "on_demand", False) for name in entry.get("on_demand", [])]
        if not any(kind == "core" for _, kind, _ in kinds):
            raise self.refuse(where, 'a board needs at least one core seat: core = ["…"]')
        have = {seat.specialty: seat for seat in board.seats}
        for position, (name, kind, in_quorum) in enumerate(kinds):
            if name not in program.specialties:
                raise self.refuse(where, f"the programme {program.id} knows no specialty '{name}'")
            self.known(name, self.specialties, "specialty", where)
            seat = have.get(name) or Seat(specialty=name)
            if seat not in board.seats:
                board.seats.append(seat)
            seat.kind, seat.in_quorum, seat.position = kind, in_quorum, position
            self._holders(seat, name, entry.get("holders", {}).get(name), where)

    def _holders(self, seat: Seat, specialty: str, emails: list[str] | None, where: str) -> None:
        holding = [m for m in self.members.values() if any(held.specialty == specialty for held in m.specialties)]
        chosen = holding if emails is None else [self.known(e.lower(), self.members, "member", where) for e in emails]
        have = {holder.member_id: holder for holder in seat.holders}
        wanted = []
        for rank, member in enumerate(chosen):
            if member not in holding:
                raise self.refuse(where, f"{member.email} does not hold the specialty '{specialty}'")
            holder = have.get(member.id) or SeatHolder(member_id=member.id)
            holder.rank = rank
            wanted.append(holder)
        seat.holders = wanted

    def _series(self, board: Board, entry: Mapping[str, Any], where: str, now: datetime) -> None:
        weekday = self.text(entry, "weekday", where).lower()
        if weekday not in WEEKDAYS:
            raise self.refuse(where, f"weekday is one of {', '.join(WEEKDAYS)}")
        local = entry.get("local_time")
        if not isinstance(local, time):
            raise self.refuse(where, "local_time is a time, as in local_time = 07:30:00")
        room = self.known(self.text(entry, "room", where), self.rooms, "room", where)
        same = [s for s in board.series if s.weekday == WEEKDAYS.index(weekday) and s.local_time == local]
        row = same[0] if same else Series(weekday=WEEKDAYS.index(weekday), local_time=local, first_on=now.date())
        row.time_zone = self.zone(entry, where, board.time_zone)
        row.minutes = self.number(entry, "minutes", where, 10, 480)
        row.room_id = room.id
        row.first_on = self.day(entry, "first_on", where) or row.first_on
        row.last_on = self.day(entry, "last_on", where)
        if not same:
            board.series.append(row)
