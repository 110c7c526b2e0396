"""`flask members …` and `flask absences …`: who there is, and when somebody cannot come."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import click
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import NotFound
from tumorboard.domain.timeline import at_wall_clock
from tumorboard.services.boards import list_people
from tumorboard.services.centre_members import retire_member
from tumorboard.services.people import add_absence, remove_absence
from tumorboard.store.people import Absence, Member
from tumorboard.terminal import (
    Group,
    current_operator,
    iso_moment,
    json_option,
    note,
    now,
    open_database,
    print_json,
    print_table,
    say_moment,
    setup,
)

MIDNIGHT = time(0)
moment = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"])


def find_member(session: Session, name: str) -> Member:
    """A member by e-mail address or public id. Raises NotFound `unknown-member`."""
    row = session.scalar(select(Member).where(or_(Member.email == name.strip().lower(), Member.public_id == name)))
    if row is None:
        raise NotFound(f"there is no member '{name}'; give the e-mail address or the id", code="unknown-member")
    return row


@click.group(cls=Group)
def members() -> None:
    """People on boards."""


@members.command("remove")
@click.argument("who")
def leave(who: str) -> None:
    """A member leaves: log-in, calendar links and seats end at once; nothing is deleted.

    The last administrator stays until there is another one.
    """
    session = open_database()
    member = find_member(session, who)
    meetings = retire_member(session, member_id=member.public_id, by=current_operator(), now=now())
    click.echo(f"removed: {who}")
    if meetings:
        note(f"the member is still invited to {len(meetings)} published meetings: propose and publish the board again")


@members.command("list")
@click.option("--specialty", help="Members who hold this specialty only.")
@json_option
def show_members(specialty: str | None, as_json: bool) -> None:
    """Active members by department."""
    found = list_people(open_database(), by=current_operator(), now=now(), specialty=specialty)
    described = [
        {
            "id": row.public_id,
            "name": row.name,
            "email": row.email,
            "department": row.department.key,
            "specialties": [held.specialty for held in row.specialties],
            "certificates": [held.certificate for held in row.certificates],
        }
        for row in found
    ]
    if as_json:
        print_json(described)
        return
    rows = [
        (row.public_id, row.name, row.email, ", ".join(held.specialty for held in row.specialties)) for row in found
    ]
    print_table(("id", "name", "email", "specialties"), rows, empty="no member")


@click.group(cls=Group)
def absences() -> None:
    """When members cannot come."""


@absences.command("add")
@click.option("--member", required=True, help="E-mail address or id.")
@click.option("--from", "first", type=moment, required=True, help="2026-12-01, or '2026-12-01 08:00'.")
@click.option("--to", "last", type=moment, required=True, help="A day is included; a time is not.")
@click.option("--kind", type=click.Choice(["absence", "busy"]), default="absence", show_default=True)
@json_option
def add(member: str, first: datetime, last: datetime, kind: str, as_json: bool) -> None:
    """Note an absence in the member's own time zone; says which published meetings it touches."""
    session = open_database()
    row = find_member(session, member)
    zone = ZoneInfo(row.time_zone)
    ends_on = last.date() + timedelta(days=last.time() == MIDNIGHT)
    absence, touched = add_absence(
        session, member_id=row.public_id, kind=kind, by=current_operator(), now=now(), setup=setup(),
        starts_at=at_wall_clock(first.date(), first.time(), zone),
        ends_at=at_wall_clock(ends_on, last.time(), zone),
    )  # fmt: skip
    if as_json:
        print_json({"absence": absence.public_id, "meetings": list(touched)})
        return
    click.echo(f"noted: {absence.public_id}")
    for meeting in touched:
        click.echo(f"published meeting touched: {meeting}; propose and publish again")


@absences.command("list")
@json_option
def show_absences(as_json: bool) -> None:
    """Absences and busy times from now on, soonest first."""
    session = open_database()
    query = select(Absence).join(Member).where(Absence.ends_at > now()).order_by(Absence.starts_at, Absence.id)
    found = list(session.scalars(query))
    if as_json:
        print_json([_describe(row) for row in found])
        return
    rows = [
        (row.public_id, row.member.name, row.kind, say_moment(row.starts_at, zone), say_moment(row.ends_at, zone))
        for row in found
        for zone in [row.member.time_zone]
    ]
    print_table(("id", "member", "kind", "from", "to"), rows, empty="no absence")


def _describe(row: Absence) -> dict[str, str]:
    zone = row.member.time_zone
    return {
        "absence": row.public_id,
        "member": row.member.public_id,
        "kind": row.kind,
        "starts_at": iso_moment(row.starts_at, zone),
        "ends_at": iso_moment(row.ends_at, zone),
    }


@absences.command("remove")
@click.argument("absence")
def remove(absence: str) -> None:
    """Take an absence back."""
    remove_absence(open_database(), absence_id=absence, by=current_operator(), now=now(), setup=setup())
    click.echo(f"removed: {absence}")
