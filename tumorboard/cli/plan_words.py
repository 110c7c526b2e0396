"""A draft as JSON, and in words for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from tumorboard.domain.model import Reason
from tumorboard.services.boards import AttendanceChange, DraftView, EntryChange, MeetingChange
from tumorboard.terminal import iso_moment, print_table, say_moment, setup
from tumorboard.words import Words
from tumorboard.words.phrases import Names, say_reason

ENGLISH = Words("en")


def describe_draft(view: DraftView) -> dict[str, Any]:
    """A draft with the letters publishing would write. Instants are in the meeting's zone, with its offset."""
    names = names_of(view)
    return {
        "draft": view.row.public_id,
        "status": view.row.status,
        "board": view.row.board.key,
        "solver": view.proposal.solver,
        "cost": view.proposal.cost,
        "greedy_cost": view.proposal.greedy_cost,
        "letters": view.letters,
        "meetings": [_describe_meeting(meeting, names) for meeting in view.meetings],
        "left_out": [
            {"reference": reference, "reasons": _describe_reasons(reasons, names)}
            for reference, reasons in view.proposal.left_out.items()
        ],
    }


def names_of(view: DraftView) -> Names:
    """What the ids of a draft are called in English."""
    program = setup().program(view.row.board.program)
    rows = [change.meeting for change in view.meetings]
    members = [attendance.member for change in view.meetings for attendance in change.attendances]
    return Names(
        meetings={row.public_id: say_moment(row.starts_at, row.time_zone) for row in rows},
        members={member.public_id: member.name for member in members},
        specialties={name: words.en for name, words in program.specialties.items()},
        certificates={name: words.en for name, words in program.certificates.items()},
        items={item.id: item.label.en for item in program.readiness},
    )


def _describe_meeting(change: MeetingChange, names: Names) -> dict[str, Any]:
    meeting, zone = change.meeting, change.meeting.time_zone
    return {
        "meeting": meeting.public_id,
        "starts_at": iso_moment(meeting.starts_at, zone),
        "ends_at": iso_moment(meeting.ends_at, zone),
        "time_zone": zone,
        "changed": change.is_changed,
        "cases": [_describe_entry(entry, zone, names) for entry in change.entries],
        "removed": [item.case.reference for item in change.removed],
        "windows": [_describe_window(attendance, zone) for attendance in change.attendances],
        "vacant_seats": list(change.plan.vacant_seats),
        "held_minutes": change.plan.held_minutes,
        "held_minutes_arrival": change.plan.held_minutes_arrival,
    }


def _describe_entry(change: EntryChange, zone: str, names: Names) -> dict[str, Any]:
    span = change.entry.span
    return {
        "reference": change.entry.reference,
        "starts_at": iso_moment(span.start, zone),
        "ends_at": iso_moment(span.end, zone),
        "minutes": span.minutes,
        "change": change.change,
        "reasons": _describe_reasons(change.reasons, names),
        "uncovered": list(change.uncovered),
    }


def _describe_window(change: AttendanceChange, zone: str) -> dict[str, Any]:
    """A withdrawn member's window is the one she had."""
    described: dict[str, Any] = {
        "member": change.member.public_id,
        "name": change.member.name,
        "email": change.member.email,
        "change": change.change,
    }
    if change.attendance is not None:
        attendance = change.attendance
        described |= {
            "kind": attendance.kind.value,
            "starts_at": iso_moment(attendance.span.start, zone),
            "ends_at": iso_moment(attendance.span.end, zone),
            "required": attendance.required,
            "specialties": list(attendance.specialties),
            "cases": list(attendance.cases),
            "rules": list(attendance.rules),
        }
    elif change.row is not None:
        described |= {
            "kind": change.row.kind,
            "starts_at": iso_moment(change.row.starts_at, zone),
            "ends_at": iso_moment(change.row.ends_at, zone),
        }
    return described


def _describe_reasons(reasons: Iterable[Reason], names: Names) -> list[dict[str, Any]]:
    return [
        {"code": reason.code, "values": dict(reason.values), "message": say_reason(reason, ENGLISH, names)}
        for reason in reasons
    ]


def print_draft(view: DraftView) -> None:
    """A draft in words: per meeting the cases with their times, then who comes when, then what is left out."""
    names = names_of(view)
    click.echo(f"draft {view.row.public_id} of {view.row.board.key}: publishing writes {view.letters} letters")
    for change in view.meetings:
        if change.entries or change.removed or change.attendances:
            _print_meeting(change, names)
    if view.proposal.left_out:
        click.echo("\nleft out")
        rows = [(reference, _say_reasons(reasons, names)) for reference, reasons in view.proposal.left_out.items()]
        print_table(("case", "because"), rows, empty="")


def _print_meeting(change: MeetingChange, names: Names) -> None:
    zone = change.meeting.time_zone
    click.echo(f"\n{say_moment(change.meeting.starts_at, zone)} {zone}, meeting {change.meeting.public_id}")
    cases = [
        (say_moment(entry.entry.span.start, zone)[-5:], entry.entry.reference, entry.entry.span.minutes, entry.change,
         _say_reasons(entry.reasons, names))
        for entry in change.entries
    ]  # fmt: skip
    print_table(("at", "case", "min", "change", "because"), cases, empty="no case")
    if change.removed:
        click.echo(f"taken off: {', '.join(item.case.reference for item in change.removed)}")
    windows = [_describe_window(attendance, zone) for attendance in change.attendances]
    rows = [
        (f"{each['starts_at'][11:16]}-{each['ends_at'][11:16]}", each["name"], ", ".join(each.get("specialties", ())),
         each["change"])
        for each in windows
    ]  # fmt: skip
    print_table(("window", "member", "for", "change"), rows, empty="nobody")
    if change.plan.vacant_seats:
        click.echo(f"vacant: {', '.join(change.plan.vacant_seats)}")


def _say_reasons(reasons: Iterable[Reason], names: Names) -> str:
    return "; ".join(say_reason(reason, ENGLISH, names) for reason in reasons)
