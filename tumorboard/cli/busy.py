"""`flask calendar import` and `flask calendar sources`: busy times of members, with the database."""

from __future__ import annotations

from datetime import datetime

import click
from sqlalchemy import select

from tumorboard.cli.calendar import calendar, read_bytes
from tumorboard.cli.people import find_member
from tumorboard.services.busy import upload_busy
from tumorboard.services.busy_views import SourceView, list_busy
from tumorboard.store.calendars import BusySource
from tumorboard.store.people import Member
from tumorboard.terminal import (
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

__all__ = ["calendar"]


@calendar.command("import")
@click.argument("file")
@click.option("--member", required=True, help="E-mail address or id.")
@json_option
def import_busy(file: str, member: str, as_json: bool) -> None:
    """Keep when a calendar (.ics, '-' for standard input) says a member is busy; it replaces the one before."""
    session = open_database()
    row = find_member(session, member)
    done = upload_busy(
        session, setup(), member_id=row.public_id, content=read_bytes(file), by=current_operator(), now=now()
    )
    if as_json:
        print_json(
            {
                "source": done.source_id,
                "busy": done.intervals,
                "tentative": done.tentative,
                "warnings": [{"code": warning.code, "line": warning.line} for warning in done.warnings],
                "meetings": list(done.meetings),
            }
        )
        return
    click.echo(f"read: {done.intervals} busy, {done.tentative} not sure")
    for meeting in done.meetings:
        click.echo(f"published meeting touched: {meeting}; propose and publish again")
    for warning in done.warnings:
        note(f"{warning.code}: {warning.message}")


@calendar.command("sources")
@click.option("--member", help="Of this member only: e-mail address or id.")
@json_option
def show_sources(member: str | None, as_json: bool) -> None:
    """Where busy times come from, with the last good reading and what went wrong since."""
    session, by = open_database(), current_operator()
    query = select(Member).where(Member.id.in_(select(BusySource.member_id))).order_by(Member.id)
    rows = [find_member(session, member)] if member else list(session.scalars(query))
    found = [(row, view) for row in rows for view in list_busy(session, member_id=row.public_id, by=by)]
    if as_json:
        print_json([_describe(row, view) for row, view in found])
        return
    cells = [
        (view.id, row.email, view.kind, view.place, _say(view.read_at, row.time_zone), view.problem, view.intervals)
        for row, view in found
    ]
    print_table(("id", "member", "kind", "place", "last read", "problem", "busy"), cells, empty="no source")


def _describe(row: Member, view: SourceView) -> dict[str, object]:
    return {
        "source": view.id,
        "member": row.public_id,
        "kind": view.kind,
        "place": view.place,
        "read_at": iso_moment(view.read_at, row.time_zone) if view.read_at else None,
        "problem": view.problem or None,
        "busy": view.intervals,
        "tentative": view.tentative,
    }


def _say(at: datetime | None, zone: str) -> str:
    return say_moment(at, zone) if at else "never"
