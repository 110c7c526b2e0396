"""`flask plan what-if`: what changes would do to the plan of a board."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from tumorboard.cli.plan_words import ENGLISH
from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval
from tumorboard.services.setup import Setup
from tumorboard.services.what_if import WhatIfAsked, WhatIfView, ask_what_if
from tumorboard.terminal import (
    command,
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
from tumorboard.words.phrases import Names, say_reason


@command("what-if")
@click.option("--board", required=True, help="The board's key; its open draft is meant, else what is published.")
@click.option("--absent", multiple=True, metavar="EMAIL[:FROM..TO]", help="A member cannot come; days or instants.")
@click.option("--urgent", multiple=True, metavar="REFERENCE", help="A case is urgent.")
@click.option("--ready", multiple=True, metavar="REFERENCE", help="Everything a case waits for is there.")
@click.option("--withdraw", multiple=True, metavar="REFERENCE", help="A case is withdrawn.")
@click.option(
    "--add", multiple=True, metavar="START/MINUTES/ROOM", help="One more meeting: 2027-01-07T16:00/60/room-a."
)
@click.option("--cancel", multiple=True, metavar="MEETING", help="A meeting does not take place.")
@json_option
def what_if(
    board: str, absent: tuple[str, ...], urgent: tuple[str, ...], ready: tuple[str, ...], withdraw: tuple[str, ...],
    add: tuple[str, ...], cancel: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Show what changes would do to the plan. Nothing is stored, nobody hears of it."""
    session = open_database()
    settings = setup()
    asked = WhatIfAsked(
        absent=tuple(_read_absence(text, settings) for text in absent),
        urgent=urgent,
        ready=ready,
        withdrawn=withdraw,
        cancelled=cancel,
        added=tuple(_read_meeting(text, settings) for text in add),
    )
    view = ask_what_if(session, settings, asked=asked, board=board, by=current_operator(), now=now())
    if as_json:
        print_json(describe_what_if(view))
    else:
        _print(view)


def _read_absence(text: str, settings: Setup) -> tuple[str, datetime | None, datetime | None]:
    """`kim@x:2027-01-04..2027-01-08`: both days included."""
    who, _, span = text.partition(":")
    if not span:
        return who, None, None
    first, dots, last = span.partition("..")
    if not dots:
        raise BadInput(f"'{text}': write EMAIL:FROM..TO", code="bad-span")
    return who, _read_instant(first, settings), _read_instant(last, settings, is_end=True)


def _read_instant(text: str, settings: Setup, *, is_end: bool = False) -> datetime:
    """An instant, or the beginning of a day in the centre's zone (its end with `is_end`)."""
    try:
        if len(text) == len("2027-01-04"):
            day = date.fromisoformat(text)
            return settings.morning_of(day + timedelta(days=1) if is_end else day)
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadInput(f"'{text}' is no day or time; write 2027-01-04 or 2027-01-04T16:00", code="not-a-date") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(settings.time_zone))


def _read_meeting(text: str, settings: Setup) -> tuple[datetime, int, str]:
    start, _, rest = text.partition("/")
    minutes, _, room = rest.partition("/")
    if not minutes.isdecimal() or len(minutes) > 4 or not room:
        raise BadInput(f"'{text}': write START/MINUTES/ROOM", code="bad-meeting")
    return _read_instant(start, settings), int(minutes), room


def describe_what_if(view: WhatIfView) -> dict[str, Any]:
    """The answer as JSON. Instants are in the board's zone, with its offset."""
    difference, names = view.difference, _names(view)
    return {
        "board": view.board.key,
        "draft": view.draft.public_id if view.draft else None,
        "before": asdict(difference.before),
        "after": asdict(difference.after),
        "cases": [
            {
                "reference": one.reference,
                "change": one.change.value,
                "before": one.before,
                "after": one.after,
                "reasons": [
                    {"code": reason.code, "values": dict(reason.values), "message": say_reason(reason, ENGLISH, names)}
                    for reason in one.reasons
                ],
            }
            for one in difference.cases
        ],
        "members": [
            {
                "meeting": one.meeting,
                "member": one.member,
                "email": view.members[one.member].email,
                "change": one.change.value,
                "seat": one.seat.value,
                "before": _describe_span(one.before, view),
                "after": _describe_span(one.after, view),
            }
            for one in difference.members
        ],
    }


def _describe_span(span: Interval | None, view: WhatIfView) -> dict[str, str] | None:
    if span is None:
        return None
    zone = view.board.time_zone
    return {"starts_at": iso_moment(span.start, zone), "ends_at": iso_moment(span.end, zone)}


def _names(view: WhatIfView) -> Names:
    program = setup().program(view.board.program)
    meetings = {name: say_moment(row.starts_at, row.time_zone) for name, row in view.meetings.items()}
    meetings |= {name: say_moment(facts.span.start, facts.time_zone) for name, facts in view.added.items()}
    return Names(
        meetings=meetings,
        members={name: row.name for name, row in view.members.items()},
        specialties={name: text.en for name, text in program.specialties.items()},
        certificates={name: text.en for name, text in program.certificates.items()},
        items={item.id: item.label.en for item in program.readiness},
    )


def _print(view: WhatIfView) -> None:
    difference, names = view.difference, _names(view)
    before, after = asdict(difference.before), asdict(difference.after)
    print_table(("", "now", "then"), [(name, before[name], after[name]) for name in before], empty="")
    rows = [
        (one.reference, one.change.value, names.meetings.get(one.before or "", "-"),
         names.meetings.get(one.after or "", "-"), "; ".join(say_reason(each, ENGLISH, names) for each in one.reasons))
        for one in difference.cases
    ]  # fmt: skip
    print_table(("case", "change", "now", "then", "because"), rows, empty="no case changes")
    people = [
        (names.meetings.get(one.meeting, one.meeting), names.members.get(one.member, one.member), one.change.value)
        for one in difference.members
    ]
    print_table(("meeting", "member", "change"), people, empty="nobody is asked otherwise")
    click.echo("nothing is stored; to make it real, enter the fact and run 'plan propose'")
