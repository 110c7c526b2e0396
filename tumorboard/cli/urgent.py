"""`flask urgent …`: when the people of an urgent case can meet; call them; somebody declines; move the meeting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.cli.people import find_member
from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.urgent_facts import Gap, Moment
from tumorboard.services import urgent as use_cases
from tumorboard.services.urgent_meeting import Called
from tumorboard.store.cases import Case
from tumorboard.terminal import (
    Group,
    current_operator,
    iso_moment,
    json_option,
    now,
    open_database,
    print_json,
    print_table,
    read_instant,
    say_moment,
    setup,
)
from tumorboard.words import Words
from tumorboard.words.moments import say_askable, say_cover, say_gap, say_need
from tumorboard.words.phrases import Names

ENGLISH = Words("en")
program_option = click.option("--program", help="The programme, where several have a case of this reference.")
board_option = click.option("--board", help="The board's key, where several have this programme.")
room_option = click.option(
    "--room", help="The key of a room; the first free one if left out, by phone if there is none."
)
at_option = click.option("--at", required=True, help="When it begins, ISO 8601 with offset: 2026-11-24T16:10+09:00.")
with_option = click.option("--with", "chosen", multiple=True, help="E-mail address of a member to call; repeat.")
promised_option = click.option(
    "--promised", multiple=True, help="E-mail address of one who comes although busy; repeat."
)


@click.group(cls=Group)
def urgent() -> None:
    """Meetings within hours."""


@urgent.command("find")
@click.argument("reference")
@program_option
@board_option
@click.option("--within", "hours", type=int, help="Hours to look ahead; the clock of the case if left out.")
@json_option
def find(reference: str, program: str | None, board: str | None, hours: int | None, as_json: bool) -> None:
    """The earliest moments at which everybody a case needs can meet, or who is missing."""
    session = open_database()
    view = use_cases.find_urgent(
        session, setup(), case_id=_find_case(session, reference, program), board=board, within_hours=hours,
        by=current_operator(), now=now(),
    )  # fmt: skip
    described = _describe_view(view)
    if as_json:
        print_json(described)
    else:
        _print_view(view, described)


@urgent.command("call")
@click.argument("reference")
@at_option
@program_option
@board_option
@room_option
@with_option
@promised_option
@json_option
def call(
    reference: str, at: str, program: str | None, board: str | None, room: str | None, chosen: tuple[str, ...],
    promised: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Hold an urgent meeting and invite at once."""
    session = open_database()
    called = use_cases.call_urgent(
        session, setup(), case_id=_find_case(session, reference, program), at=read_instant(at, field="at"), board=board,
        room=room, members=_ids(session, chosen), promised=_ids(session, promised), by=current_operator(), now=now(),
    )  # fmt: skip
    _show_called(called, as_json=as_json)


@urgent.command("move")
@click.argument("meeting")
@at_option
@room_option
@with_option
@promised_option
@json_option
def move(
    meeting: str, at: str, room: str | None, chosen: tuple[str, ...], promised: tuple[str, ...], as_json: bool
) -> None:
    """Move an urgent meeting to another moment."""
    session = open_database()
    called = use_cases.move_call(
        session, setup(), meeting_id=meeting, at=read_instant(at, field="at"), room=room, members=_ids(session, chosen),
        promised=_ids(session, promised), by=current_operator(), now=now(),
    )  # fmt: skip
    _show_called(called, as_json=as_json)


@urgent.command("declined")
@click.argument("meeting")
@click.argument("who")
@json_option
def declined(meeting: str, who: str, as_json: bool) -> None:
    """A member cannot come to an urgent meeting: the next one who is free is asked at once."""
    session = open_database()
    member = find_member(session, who)
    done = use_cases.decline_call(
        session, setup(), meeting_id=meeting, member_id=member.public_id, by=current_operator(), now=now()
    )
    missing = [gap.key.specialty or gap.key.member for gap in done.missing]
    if as_json:
        asked = [row.email for row in done.asked]
        print_json({"meeting": meeting, "asked": asked, "missing": missing, "letters": done.letters})
        return
    click.echo(f"asked instead: {', '.join(row.name for row in done.asked) or 'nobody'}; {done.letters} letters")
    if missing:
        click.echo(f"nobody covers {', '.join(missing)}: see 'flask urgent find', then 'flask urgent move'")


def _find_case(session: Session, reference: str, program: str | None) -> str:
    query = select(Case.program, Case.public_id).where(Case.reference == reference)
    rows = session.execute(query.where(Case.program == program) if program else query).all()
    if not rows:
        raise NotFound(f"there is no case {reference}; see 'flask cases list'", code="unknown-case")
    if len(rows) > 1:
        programs = ", ".join(sorted(row[0] for row in rows))
        raise BadInput(
            f"several programmes have a case {reference}: say --program, one of {programs}", code="no-program"
        )
    return str(rows[0][1])


def _ids(session: Session, emails: Sequence[str]) -> tuple[str, ...]:
    return tuple(find_member(session, email).public_id for email in emails)


def _show_called(called: Called, *, as_json: bool) -> None:
    zone = called.meeting.time_zone
    if as_json:
        print_json(
            {
                "meeting": called.meeting.public_id,
                "starts_at": iso_moment(called.meeting.starts_at, zone),
                "room": called.meeting.room.key,
                "members": list(called.moment.team),
                "letters": called.letters,
                "left_meeting": called.left_meeting,
            }
        )
        return
    click.echo(
        f"called: meeting {called.meeting.public_id}, {say_moment(called.meeting.starts_at, zone)} {zone}, "
        f"{called.meeting.room.name}; {called.letters} letters wait in the outbox"
    )


def _names(view: use_cases.UrgentView) -> Names:
    program = setup().program(view.case.row.program)
    return Names(
        members={name: member.name for name, member in view.members.items()},
        specialties={name: words.en for name, words in program.specialties.items()},
        certificates={name: words.en for name, words in program.certificates.items()},
    )


def _describe_view(view: use_cases.UrgentView) -> dict[str, Any]:
    zone, answer = view.case.board.time_zone, view.answer
    return {
        "reference": view.case.row.reference,
        "board": view.case.board.key,
        "time_zone": zone,
        "due_at": iso_moment(view.case.judgement.due_at, zone),
        "until": iso_moment(view.case.until, zone),
        "meeting": view.case.item.meeting.public_id if view.case.item else None,
        "notices": [notice.en for notice in view.case.judgement.assessment.notices],
        "moments": [_describe(moment, view) for moment in answer.moments],
        "nearest": _describe(answer.nearest, view) if answer.nearest else None,
        "first_late": _describe(answer.first_late, view) if answer.first_late else None,
    }


def _describe(moment: Moment, view: use_cases.UrgentView) -> dict[str, Any]:
    zone, names = view.case.board.time_zone, _names(view)
    return {
        "starts_at": iso_moment(moment.span.start, zone),
        "ends_at": iso_moment(moment.span.end, zone),
        "latest_start": iso_moment(moment.latest_start, zone),
        "room": moment.room,
        "in_working_hours": view.hours.hold(moment.span),
        "covers": [
            {
                "need": say_need(cover.key, ENGLISH, names),
                "specialty": cover.key.specialty,
                "email": view.members[cover.member].email,
                "name": view.members[cover.member].name,
                "standing": cover.standing.name.lower(),
                "because": say_cover(cover, ENGLISH, names),
                "required": cover.required,
            }
            for cover in moment.covers
        ],
        "unadvised": [key.specialty for key in moment.unadvised],
        "missing": [_describe_gap(gap, view, names) for gap in moment.missing],
    }


def _describe_gap(gap: Gap, view: use_cases.UrgentView, names: Names) -> dict[str, Any]:
    zone = view.case.board.time_zone
    day = view.hours.day_of(view.case.until)
    return {
        "need": say_need(gap.key, ENGLISH, names),
        "code": gap.code,
        "message": say_gap(gap, ENGLISH, names),
        "free_from": iso_moment(gap.free_from, zone) if gap.free_from else None,
        "askable": [say_askable(one, ENGLISH, names, zone, day=day) for one in gap.askable],
    }


def _print_view(view: use_cases.UrgentView, described: dict[str, Any]) -> None:
    for notice in described["notices"]:
        click.echo(f"! {notice}")
    zone = view.case.board.time_zone
    click.echo(f"{described['reference']} on {described['board']}, until {say_moment(view.case.until, zone)} {zone}")
    rows = [
        (moment["starts_at"][:16].replace("T", " "), moment["latest_start"][11:16], moment["room"] or "by phone",
         "; ".join(f"{cover['need']}: {cover['name']} ({cover['because']})" for cover in moment["covers"]))
        for moment in described["moments"]
    ]  # fmt: skip
    print_table(("begins", "until", "where", "who"), rows, empty="no moment before the clock runs out")
    for gap in (described["nearest"] or {}).get("missing", ()):
        click.echo(f"{gap['message']}; ask {', '.join(gap['askable']) or 'another centre'}")
    if described["first_late"]:
        click.echo(f"first moment after that: {described['first_late']['starts_at'][:16].replace('T', ' ')}")
