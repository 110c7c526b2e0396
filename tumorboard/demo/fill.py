"""Fills an empty database with the fictional centre, through the services, as people would do it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from tumorboard.demo.material import absence_span, busy_spans, day_of, first_week, read_material, write_case_list
from tumorboard.demo.past import Past, begin_of_past
from tumorboard.domain.errors import Conflict, DomainError
from tumorboard.domain.timeline import Interval
from tumorboard.services import transaction
from tumorboard.services.access import Actor, operator
from tumorboard.services.accounts import account_actor, create_account
from tumorboard.services.audit import record
from tumorboard.services.case_lists import import_cases
from tumorboard.services.centre import load_centre
from tumorboard.services.feeds import find_feed, rotate_feed
from tumorboard.services.meetings import add_meeting, hold_series
from tumorboard.services.people import add_absence
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.readiness import note_readiness
from tumorboard.services.setup import Setup
from tumorboard.services.specialty_groups import save_group
from tumorboard.services.waivers import waive_need
from tumorboard.services.weekly_hours import Hours, add_hours
from tumorboard.store.cases import Case
from tumorboard.store.db import Base
from tumorboard.store.meetings import Board, Meeting
from tumorboard.store.people import Account, Centre, Member
from tumorboard.store.post import AuditEvent

LOADED = "demo:loaded"
ASKED_FOR_DAYS_AGO = timedelta(days=3)
PREPARED_BEFORE_CLOSING = timedelta(hours=1)
OTHER_DATABASE = "the demo does not touch it; set TUMORBOARD_DATABASE_URL to another one"


def refuse_real_data(session: Session) -> None:
    """Raise Conflict `not-a-demo` when the database holds anything that the demo did not put there."""
    centre = session.scalar(select(Centre))
    if centre is not None and not centre.is_demo:
        raise Conflict(f"the database belongs to a real centre ({centre.name_en}); {OTHER_DATABASE}", code="not-a-demo")
    if centre is None and any(session.execute(select(table).limit(1)).first() for table in Base.metadata.sorted_tables):
        raise Conflict(f"the database holds data that is not the demo's; {OTHER_DATABASE}", code="not-a-demo")


def is_filled(session: Session) -> bool:
    """True when the demo was loaded to its end."""
    return session.scalar(select(AuditEvent.id).where(AuditEvent.action == LOADED).limit(1)) is not None


def empty_database(session: Session) -> None:
    """Remove every row. Only after `refuse_real_data`."""
    with transaction(session):
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))


def fill_database(session: Session, setup: Setup, *, now: datetime) -> None:
    """The centre, its people and cases, a published plan, and a second draft that differs from it."""
    by = operator("demo")
    centre, diary, cases = (read_material(f"{name}.toml") for name in ("centre", "diary", "cases"))
    monday = first_week(centre, today=setup.today(now))
    closed = [{"on": day_of(day, day["week"], monday=monday), "name": day["name"]} for day in diary["hospital_days"]]
    content = {**centre, "hospital_days": closed}
    load_centre(session, setup, content, filename="centre.toml", is_demo=True, by=by, now=begin_of_past(now))
    desk = _Desk(session, setup, by, now, monday, ZoneInfo(centre["boards"][0]["time_zone"]))
    desk.open_accounts(diary["accounts"])
    past = read_material("past.toml")
    Past(session, setup, board=centre["boards"][0]["key"], cases=cases, past=past, by=by, now=now).hold()
    desk.note_busy(diary["busy"])
    desk.note_weekly_hours(diary["weekly_hours"])
    desk.note_absences(diary["absences"])
    board, weeks = centre["boards"][0]["key"], diary["publish_weeks"]
    desk.add_meetings(board, diary["extra_meetings"])
    for group in diary["specialty_groups"]:
        save_group(session, board=board, **group, by=by, now=now)
    hold_series(session, setup, until=setup.today(now + timedelta(weeks=weeks)), by=by, now=now)
    planned = before_closing(session, board, now)
    desk.now = planned
    desk.receive_cases(cases["program"], cases["cases"])
    draft = propose(session, setup, board=board, weeks=weeks, by=by, now=planned)
    publish_draft(session, setup, draft_id=draft.public_id, by=by, now=planned)
    desk.now = now
    desk.receive_cases(cases["program"], cases["late_cases"])
    desk.note_absences(diary["late_absences"])
    propose(session, setup, board=board, weeks=weeks, by=by, now=now)
    with transaction(session):
        record(session, by=by, now=now, action=LOADED, subject=("centre", "1"))


def before_closing(session: Session, board: str, now: datetime) -> datetime:
    """When the plan was published: now, or before the list of the next meeting closed, so that it has an agenda."""
    query = select(Meeting).join(Board).where(Board.key == board, Meeting.starts_at > now, Meeting.status == "planned")
    following = session.scalars(query.order_by(Meeting.starts_at)).first()
    return now if following is None else min(now, following.closes_at - PREPARED_BEFORE_CLOSING)


class _Desk:
    """What the coordinator of the fictional centre does with the data files."""

    def __init__(self, session: Session, setup: Setup, by: Actor, now: datetime, monday: date, zone: ZoneInfo) -> None:
        self.session = session
        self.setup = setup
        self.by = by
        self.now = now
        self.monday = monday
        self.zone = zone
        self.members = {row[0]: row[1] for row in session.execute(select(Member.email, Member.public_id))}

    def open_accounts(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            what = {key: entry[key] for key in ("email", "name", "password", "roles")}
            member_id = self.members.get(entry.get("member", ""))
            create_account(self.session, **what, member_id=member_id, by=self.by, now=self.now)

    def note_busy(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            for span in busy_spans(entry, monday=self.monday, zone=self.zone):
                self._add_absence(entry, span, "busy")

    def note_weekly_hours(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            hours = Hours(entry["kind"], frozenset(entry["weekdays"]), entry["from"], entry["to"], self.monday)
            member_id = self.members[entry["member"]]
            add_hours(self.session, self.setup, member_id=member_id, hours=hours, by=self.by, now=self.now)

    def note_absences(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            self._add_absence(entry, absence_span(entry, monday=self.monday, zone=self.zone), "absence")

    def _add_absence(self, entry: Mapping[str, Any], span: Interval, kind: str) -> None:
        add_absence(
            self.session, member_id=self.members[entry["member"]], starts_at=span.start, ends_at=span.end, kind=kind,
            by=self.by, now=self.now,
        )  # fmt: skip

    def add_meetings(self, board: str, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            on = day_of(entry, entry["week"], monday=self.monday)
            what = {key: entry[key] for key in ("local_time", "minutes", "room")}
            add_meeting(self.session, self.setup, board=board, on=on, **what, by=self.by, now=self.now)

    def receive_cases(self, program: str, cases: list[dict[str, Any]]) -> None:
        """Import the list, then note who was asked for a report and what a physician waived."""
        content = write_case_list(cases, today=self.setup.today(self.now), members=self.members)
        report = import_cases(
            self.session, self.setup, program=program, content=content, filename="cases.csv", by=self.by, now=self.now
        )
        if report.problems:
            raise DomainError(f"cases.toml: {report.problems[0].message}", code="bad-demo")
        ids = {row[0]: row[1] for row in self.session.execute(select(Case.reference, Case.public_id))}
        for case in cases:
            self._note_owed(ids[case["reference"]], case)
            if "waived" in case:
                waive_need(
                    self.session, self.setup, case_id=ids[case["reference"]], **case["waived"], by=self.by, now=self.now
                )

    def _note_owed(self, case_id: str, case: Mapping[str, Any]) -> None:
        today = self.setup.today(self.now)
        for item, owed_by in case.get("owed", {}).items():
            days = case.get("expected", {}).get(item)
            expected_on = None if days is None else today + timedelta(days=days)
            note_readiness(
                self.session, self.setup, case_ids=[case_id], item=item, expected_on=expected_on, owed_by=owed_by,
                by=self.by, now=self.now - ASKED_FOR_DAYS_AGO,
            )  # fmt: skip


def keep_feed(session: Session, setup: Setup, path: Path, *, now: datetime) -> tuple[str, str]:
    """Whose feed the demo shows, and its secret token: made once, kept in a file that only its owner reads."""
    address = read_material("diary.toml")["feed"]["account"]
    query = select(Account).where(Account.email == address)
    account = session.scalars(query.options(selectinload(Account.roles), selectinload(Account.member))).one()
    assert account.member is not None
    name, member_id, by = account.member.name, account.member.public_id, account_actor(account)
    token = path.read_text().strip() if path.exists() else ""
    if not _opens(session, token):
        token = rotate_feed(session, setup, scope="member", subject=member_id, by=by, now=now)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token)
    return name, token


def _opens(session: Session, token: str) -> bool:
    try:
        find_feed(session, token=token)
    except DomainError:
        return False
    return True
