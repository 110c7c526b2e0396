"""The small centre with a second board: emergency cerclage, which meets within hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, a_centre, a_member_entry, import_list, member_id
from tumorboard.services.cases import refer_case
from tumorboard.services.centre import load_centre
from tumorboard.services.meetings import hold_series
from tumorboard.services.people import add_absence
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import OutboxMessage

CLINIC = "cerclage"
OPERATOR_EMAIL = "han.operator@hospital.example"
DEPUTY = "yoon.deputy@hospital.example"
ANESTHESIA = "seo.anesthesia@hospital.example"
SECOND = "im.anesthesia@hospital.example"
NEONATOLOGY = "nam.neonatology@hospital.example"


def a_clinic_centre() -> dict[str, Any]:
    """The centre of `a_centre` with a cerclage board: an operator with a deputy, two of anesthesia, neonatology."""
    centre = a_centre()
    specialties = ("fetal_medicine", "anesthesiology", "neonatology")
    centre["departments"] += [
        {"key": name, "name": {"en": name.replace("_", " "), "ko": name}, "specialties": [name]} for name in specialties
    ]
    centre["members"] += [
        a_member_entry(OPERATOR_EMAIL, "fetal_medicine", deputies=[DEPUTY]),
        a_member_entry(DEPUTY, "fetal_medicine"),
        a_member_entry(ANESTHESIA, "anesthesiology", language="ko"),
        a_member_entry(SECOND, "anesthesiology"),
        a_member_entry(NEONATOLOGY, "neonatology"),
    ]
    centre["boards"].append(
        {
            "key": CLINIC,
            "program": "cerclage",
            "name": {"en": "Emergency cerclage", "ko": "응급 봉합술"},
            "core": ["fetal_medicine", "anesthesiology"],
            "core_without_quorum": ["neonatology"],
            "holders": {"fetal_medicine": [OPERATOR_EMAIL]},
        }
    )
    return centre


def furnish_clinic(session: Session, setup: Setup, *, now: datetime) -> None:
    """The centre with both boards, eight weeks of ovarian meetings and the three ovarian cases; no accounts."""
    load_centre(session, setup, a_clinic_centre(), filename="centre.toml", by=OPERATOR, now=now)
    hold_series(session, setup, until=setup.today(now) + timedelta(weeks=8), by=OPERATOR, now=now)
    import_list(session, setup, now=now)


def a_pregnancy(session: Session, setup: Setup, *, now: datetime, reference: str = "EC-1", **cells: str) -> str:
    """An emergency cerclage case referred now; its public id. Neonatology is required from 22+0 weeks."""
    given = {
        "reference": reference,
        "gestational_age": f"21+0@{setup.today(now).isoformat()}",
        "cervical_dilation_cm": "3",
        "membranes": "at_external_os",
        "question": "Cerclage tonight?",
        **cells,
    }
    return refer_case(session, setup, program="cerclage", cells=given, by=OPERATOR, now=now).public_id


def make_busy(session: Session, email: str, *, now: datetime, start: int, end: int) -> None:
    """The member is in the theatre from one minute after `now` to another."""
    add_absence(
        session, member_id=member_id(session, email), starts_at=now + timedelta(minutes=start),
        ends_at=now + timedelta(minutes=end), kind="busy", by=OPERATOR, now=now,
    )  # fmt: skip


def invited(session: Session, meeting_id: int) -> dict[str, tuple[str, ...]]:
    """Who is invited to a meeting, by e-mail address, with the specialties she is asked for."""
    rows = session.scalars(select(MeetingInvitation).where(MeetingInvitation.meeting_id == meeting_id))
    return {row.member.email: tuple(row.details["specialties"]) for row in rows if row.status == "invited"}


def last_letter(session: Session) -> int:
    """The number of the newest letter."""
    return max(session.scalars(select(OutboxMessage.id)), default=0)


def letters(session: Session, *, after: int = 0) -> list[tuple[str, str, int]]:
    """Who is written to since a letter: address, method and sequence, without what never leaves."""
    query = select(OutboxMessage.recipient, OutboxMessage.method, OutboxMessage.sequence)
    query = query.where(OutboxMessage.id > after, OutboxMessage.state != "superseded")
    return sorted((recipient, method, sequence) for recipient, method, sequence in session.execute(query))


def deliver(session: Session, *, now: datetime) -> None:
    """Every waiting letter has left."""
    for row in session.scalars(select(OutboxMessage).where(OutboxMessage.state == "waiting")):
        row.state, row.tries, row.sent_at = "sent", 1, now
    session.commit()


def email_of(session: Session, public_id: str) -> str:
    """The address of a member."""
    return session.scalars(select(Member.email).where(Member.public_id == public_id)).one()
