"""`flask slots find`: when groups of specialties can all attend."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from tumorboard.cli.people import find_member
from tumorboard.domain.slots_facts import RejectedSlot, Slot
from tumorboard.services.slots import SlotView, SlotWish, find_slots
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
from tumorboard.words import Words
from tumorboard.words.moments import say_slot_reason
from tumorboard.words.phrases import Names

ENGLISH = Words("en")
clock = click.DateTime(formats=["%H:%M"])


@click.group(cls=Group)
def slots() -> None:
    """Times at which everybody wanted can attend."""


@slots.command("find")
@click.option("--board", required=True, help="The board's key; its core is wanted where no specialty is named.")
@click.option("--specialty", "specialties", multiple=True, help="A specialty, or radiology:2 for two of it; repeat.")
@click.option("--recommended", multiple=True, help="A specialty that is welcome; repeat.")
@click.option("--member", "emails", multiple=True, help="E-mail address of somebody who must attend; repeat.")
@click.option("--weeks", type=int, default=8, show_default=True)
@click.option("--minutes", type=int, default=60, show_default=True)
@click.option("--step", type=int, default=30, show_default=True, help="Minutes between possible beginnings.")
@click.option("--room", help="The key of a room; any free one if left out.")
@click.option("--first", type=clock, default="07:30", show_default=True, help="First hour of a day.")
@click.option("--last", type=clock, default="18:00", show_default=True, help="Last hour of a day.")
@click.option("--limit", type=click.IntRange(1, 200), default=12, show_default=True)
@json_option
def find(
    board: str, specialties: tuple[str, ...], recommended: tuple[str, ...], emails: tuple[str, ...], weeks: int,
    minutes: int, step: int, room: str | None, first: datetime, last: datetime, limit: int, as_json: bool,
) -> None:  # fmt: skip
    """Free slots, best first, and why the others are none."""
    session = open_database()
    wish = SlotWish(
        specialties=specialties, recommended=recommended,
        members=tuple(find_member(session, email).public_id for email in emails), minutes=minutes, weeks=weeks,
        step_minutes=step, room=room, first=first.time(), last=last.time(),
    )  # fmt: skip
    view = find_slots(session, setup(), board=board, wish=wish, by=current_operator(), now=now(), limit=limit)
    if as_json:
        print_json(_describe(view))
        return
    zone = view.board.time_zone
    rows = [
        (say_moment(slot.span.start, zone), slot.room or "-", slot.tight, ", ".join(slot.unadvised),
         ", ".join(view.members[name].name for _, names in slot.attendees for name in names))
        for slot in view.slots.best
    ]  # fmt: skip
    print_table(("begins", "room", "tight", "without", "who"), rows, empty="no slot; see --json for the reasons")
    click.echo(f"{view.slots.possible} of {view.slots.looked_at} slots are possible")


def _describe(view: SlotView) -> dict[str, Any]:
    return {
        "board": view.board.key,
        "time_zone": view.board.time_zone,
        "possible": view.slots.possible,
        "looked_at": view.slots.looked_at,
        "slots": [_describe_slot(slot, view) for slot in view.slots.best],
        "rejected": [_describe_rejected(each, view) for each in view.slots.rejected],
    }


def _describe_slot(slot: Slot, view: SlotView) -> dict[str, Any]:
    zone = view.board.time_zone
    return {
        "starts_at": iso_moment(slot.span.start, zone),
        "ends_at": iso_moment(slot.span.end, zone),
        "room": slot.room,
        "attendees": [
            {"specialty": specialty, "members": [view.members[name].email for name in names]}
            for specialty, names in slot.attendees
        ],
        "spare": dict(slot.spare),
        "unadvised": list(slot.unadvised),
        "tight": slot.tight,
    }


def _describe_rejected(each: RejectedSlot, view: SlotView) -> dict[str, Any]:
    zone = view.board.time_zone
    names = Names(members={name: member.name for name, member in view.members.items()})
    rooms = {key: room.name for key, room in view.rooms.items()}
    return {
        "starts_at": iso_moment(each.span.start, zone),
        "ends_at": iso_moment(each.span.end, zone),
        "slots": each.count,
        "reasons": [
            {"code": reason.code, "values": dict(reason.values),
             "message": say_slot_reason(reason, ENGLISH, names, rooms)}
            for reason in each.reasons
        ],
    }  # fmt: skip
