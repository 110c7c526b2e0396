"""`flask boards …` and `flask meetings …`: boards and their dates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from tumorboard.cli.board_settings import show_settings
from tumorboard.services.boards import list_boards, read_board
from tumorboard.services.meetings import add_meeting
from tumorboard.services.publishing import cancel_meeting
from tumorboard.store.meetings import Meeting
from tumorboard.terminal import (
    Group,
    current_operator,
    iso_moment,
    json_option,
    now,
    open_database,
    print_json,
    print_table,
    say_moment,
    setup,
)

MOST_MEETINGS = 200
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@click.group(cls=Group)
def boards() -> None:
    """Standing teams."""


@boards.command("list")
@json_option
def show_boards(as_json: bool) -> None:
    """Every board with its programme and its weekly meetings."""
    found = [
        {
            "board": row.key,
            "program": row.program,
            "name": row.name_en,
            "time_zone": row.time_zone,
            "series": [f"{WEEKDAYS[each.weekday]} {each.local_time:%H:%M}, {each.minutes} min" for each in row.series],
        }
        for row in list_boards(open_database(), by=current_operator())
    ]
    if as_json:
        print_json(found)
        return
    rows = [(row["board"], row["program"], row["name"], "; ".join(row["series"])) for row in found]
    print_table(("board", "program", "name", "meets"), rows, empty="no board; load a centre first")


boards.add_command(show_settings)


@click.group(cls=Group)
def meetings() -> None:
    """Dated sittings of a board."""


@meetings.command("list")
@click.option("--board", required=True, help="The board's key.")
@json_option
def show_meetings(board: str, as_json: bool) -> None:
    """Meetings ahead with their cases."""
    found = read_board(open_database(), board=board, by=current_operator(), now=now(), limit=MOST_MEETINGS)
    if as_json:
        print_json([_describe(row) for row in found.meetings])
        return
    rows = [
        (row.public_id, say_moment(row.starts_at, row.time_zone), row.status, row.room.name,
         ", ".join(item.case.reference for item in row.agenda))
        for row in found.meetings
    ]  # fmt: skip
    print_table(("id", "starts", "status", "room", "cases"), rows, empty="no meeting")


def _describe(row: Meeting) -> dict[str, Any]:
    zone = row.time_zone
    return {
        "meeting": row.public_id,
        "starts_at": iso_moment(row.starts_at, zone),
        "ends_at": iso_moment(row.ends_at, zone),
        "closes_at": iso_moment(row.closes_at, zone),
        "time_zone": zone,
        "room": row.room.key,
        "status": row.status,
        "cases": [
            {
                "reference": item.case.reference,
                "starts_at": iso_moment(item.starts_at, zone),
                "ends_at": iso_moment(item.ends_at, zone),
            }
            for item in row.agenda
        ],
        "windows": [
            {
                "member": invitation.member.public_id,
                "kind": invitation.kind,
                "starts_at": iso_moment(invitation.starts_at, zone),
                "ends_at": iso_moment(invitation.ends_at, zone),
            }
            for invitation in row.invitations
            if invitation.status == "invited"
        ],
    }


@meetings.command("add")
@click.option("--board", required=True, help="The board's key.")
@click.option("--at", "at", type=click.DateTime(formats=["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]), required=True,
              help="Local time of the board, as in '2026-12-01 07:30'.")  # fmt: skip
@click.option("--minutes", type=int, required=True)
@click.option("--room", required=True, help="The room's key.")
@click.option("--if-worth", "is_extra", is_flag=True, help="Used only if a proposal finds it worth opening.")
@json_option
def add(board: str, at: datetime, minutes: int, room: str, is_extra: bool, as_json: bool) -> None:
    """Add a single meeting."""
    row = add_meeting(
        open_database(), setup(), board=board, on=at.date(), local_time=at.time(), minutes=minutes, room=room,
        by=current_operator(), now=now(), is_extra=is_extra,
    )  # fmt: skip
    if as_json:
        print_json({"meeting": row.public_id, "starts_at": iso_moment(row.starts_at, row.time_zone)})
    else:
        click.echo(f"added: {row.public_id}, {say_moment(row.starts_at, row.time_zone)}")


@meetings.command("cancel")
@click.argument("meeting")
@json_option
def cancel(meeting: str, as_json: bool) -> None:
    """Cancel a meeting: its cases wait again, everybody invited gets a letter."""
    letters = cancel_meeting(open_database(), setup(), meeting_id=meeting, by=current_operator(), now=now())
    if as_json:
        print_json({"meeting": meeting, "letters": letters})
    else:
        click.echo(f"cancelled; {letters} letters wait in the outbox")
