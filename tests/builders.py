"""A small fictional centre with its accounts and cases: what tests of services, doors and journeys begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import select
from sqlalchemy.orm import Session

import config
from tumorboard import create_app
from tumorboard.services import transaction
from tumorboard.services.access import Role, operator
from tumorboard.services.accounts import hash_password, write_account
from tumorboard.services.case_lists import import_cases
from tumorboard.services.centre import load_centre
from tumorboard.services.meetings import hold_series
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.people import Account, Member

PASSWORD = "correct horse battery"
BOARD = "ovarian-weekly"
PROGRAM = "ovarian"
OPERATOR = operator("test")

CORE = {
    "gynecologic_oncology": "kim.gynecology@hospital.example",
    "medical_oncology": "lee.oncology@hospital.example",
    "radiology": "park.radiology@hospital.example",
    "pathology": "choi.pathology@hospital.example",
}
ON_DEMAND = {
    "urology": "jung.urology@hospital.example",
    "hpb_surgery": "kang.hpb@hospital.example",
    "clinical_genetics": "cho.genetics@hospital.example",
}
SURGEON = ON_DEMAND["urology"]
PHYSICIAN = CORE["gynecologic_oncology"]


def a_centre(*, weekday: str = "tuesday", **changes: Any) -> dict[str, Any]:
    """The content of a centre file: one weekly board, four core and three on-demand members, two rooms.

    The board meets every `weekday` 07:30–09:00 in Seoul. `changes` replace whole entries (`rooms=[…]`).
    """
    people = {**CORE, **ON_DEMAND}
    centre: dict[str, Any] = {
        "name": {"en": "Example centre", "ko": "예시 센터"},
        "departments": [
            {"key": specialty, "name": {"en": specialty.replace("_", " "), "ko": specialty}, "specialties": [specialty]}
            for specialty in people
        ],
        "rooms": [
            {"key": "room-a", "name": "Room A", "capacity": 20, "video_url": "https://video.example/a"},
            {"key": "room-b", "name": "Room B", "capacity": 8},
        ],
        "members": [a_member_entry(email, specialty) for specialty, email in people.items()],
        "boards": [
            {
                "key": BOARD,
                "program": PROGRAM,
                "name": {"en": "Ovarian board", "ko": "난소암 다학제"},
                "core": list(CORE),
                "on_demand": list(ON_DEMAND),
                "series": [{"weekday": weekday, "local_time": time(7, 30), "minutes": 90, "room": "room-a"}],
            }
        ],
    }
    return {**centre, **changes}


def a_member_entry(email: str, specialty: str, **changes: Any) -> dict[str, Any]:
    """One member of a centre file."""
    certified = specialty == "medical_oncology"
    entry = {
        "email": email,
        "name": email.split(".", maxsplit=1)[0].capitalize(),
        "department": specialty,
        "specialties": [specialty],
        "language": "en",
        "certificates": ["chemotherapy_certified"] if certified else [],
    }
    return {**entry, **changes}


def a_case_row(reference: str, *, on: date, **changes: str) -> dict[str, str]:
    """One row of a case list: a case that is ready on the day and needs the core only."""
    recent = (on - timedelta(days=3)).isoformat()
    row = {
        "reference": reference,
        "referred_on": recent,
        "process_stage": "interval",
        "question": "Which operation?",
        "age_years": "55",
        "ecog": "1",
        "histology": "high_grade_serous",
        "figo_stage": "IIIC",
        "planned_procedures": "hysterectomy_bso;omentectomy",
        "ct_chest_abdomen_pelvis_reported_on": recent,
        "pathology_report_reported_on": recent,
    }
    return {**row, **changes}


def a_case_csv(rows: Sequence[Mapping[str, str]] | None = None, *, on: date | None = None) -> bytes:
    """A case list: by default C-1 (core only), C-2 (needs urology) and C-3 (needs HPB surgery, its CT is missing)."""
    day = on or datetime.now(UTC).date()
    chosen = rows or [
        a_case_row("C-1", on=day),
        a_case_row("C-2", on=day, planned_procedures="hysterectomy_bso;ureter_resection_reimplant"),
        a_case_row("C-3", on=day, planned_procedures="liver_resection", ct_chest_abdomen_pelvis_reported_on=""),
    ]
    columns = list(dict.fromkeys(name for row in chosen for name in row))
    lines = [columns, *([row.get(name, "") for name in columns] for row in chosen)]
    return "\n".join(",".join(line) for line in lines).encode() + b"\n"


def a_long_list(cases: int, *, on: date) -> bytes:
    """A case list that keeps a planner searching: urology and HPB surgery in turn, referred on different days."""
    procedures = (
        "hysterectomy_bso;omentectomy",
        "hysterectomy_bso;ureter_resection_reimplant",
        "liver_resection",
        "liver_resection;ureter_resection_reimplant",
    )
    rows = [
        a_case_row(
            f"C-{number}", on=on, planned_procedures=procedures[number % 4],
            referred_on=(on - timedelta(days=3 + number % 9)).isoformat(),
        )
        for number in range(cases)
    ]  # fmt: skip
    return a_case_csv(rows)


def an_app(database_url: str, instance: Path, **settings: str) -> Flask:
    """The application on a database; settings are named as in the environment, without the prefix."""
    given = {"DATABASE_URL": database_url, "PLAN_SECONDS": "1", "LOG_LEVEL": "WARNING", **settings}
    app = create_app(config.load({f"TUMORBOARD_{key}": value for key, value in given.items()}, instance=instance))
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    app.jinja_env.bytecode_cache = _TEMPLATES
    return app


class _SharedTemplates(BytecodeCache):
    """Compiled templates that all applications of a test run share."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Jinja compares the source's checksum itself."""
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._compiled[bucket.key] = bucket.bytecode_to_string()


_TEMPLATES = _SharedTemplates()


def furnish(session: Session, setup: Setup, *, now: datetime, centre: Mapping[str, Any] | None = None) -> None:
    """Load the small centre with an account per role (`coordinator@hospital.example`, …) and eight weeks of meetings.

    The surgeon and the physician are members: urology and gynecologic oncology.
    """
    load_centre(session, setup, centre or a_centre(), filename="centre.toml", by=OPERATOR, now=now)
    for role in Role:
        an_account(session, role, now=now)
    hold_series(session, setup, until=setup.today(now) + timedelta(weeks=8), by=OPERATOR, now=now)


def an_account(session: Session, role: Role, *, now: datetime, email: str | None = None) -> Account:
    """An account with one role; the surgeon's and the physician's belong to members."""
    member = {Role.SURGEON: SURGEON, Role.PHYSICIAN: PHYSICIAN}.get(role) if email is None else None
    with transaction(session):
        return write_account(
            session,
            email=email or f"{role}@hospital.example",
            name=role.capitalize(),
            password_hash=_hash_of_password(),
            roles=[role],
            member_id=member_id(session, member) if member else None,
            now=now,
        )


@cache
def _hash_of_password() -> str:
    """Of `PASSWORD`; a hash takes long on purpose, and a test run makes thousands of accounts."""
    return hash_password(PASSWORD)


def member_id(session: Session, email: str) -> str:
    """The public id of a member."""
    return session.scalars(select(Member.public_id).where(Member.email == email)).one()


def case_id(session: Session, reference: str) -> str:
    """The public id of a case."""
    return session.scalars(select(Case.public_id).where(Case.reference == reference)).one()


def import_list(session: Session, setup: Setup, *, now: datetime, content: bytes | None = None) -> None:
    """Import a case list, by default the three cases of `a_case_csv`."""
    import_cases(
        session,
        setup,
        program=PROGRAM,
        content=content or a_case_csv(on=setup.today(now)),
        filename="cases.csv",
        by=OPERATOR,
        now=now,
    )
