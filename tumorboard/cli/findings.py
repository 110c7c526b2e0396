"""`flask check meetings`: are the published meetings still right, and what would mend them?"""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.services.findings import StandingFinding, list_findings
from tumorboard.services.nightly import MOVES, Repair, check_published, propose_repair
from tumorboard.store.people import Member
from tumorboard.terminal import (
    command,
    current_operator,
    iso_moment,
    json_option,
    now,
    open_database,
    print_json,
    print_table,
    setup,
)


@command("meetings")
@click.option("--repair", is_flag=True, help="Also make a draft that mends them with the fewest moves.")
@json_option
def check_meetings(repair: bool, as_json: bool) -> None:
    """Look at the published meetings again. Coordinators hear of what is new; nothing is published."""
    session, by = open_database(), current_operator()
    checked = check_published(session, setup(), by=by, now=now())
    findings = [_describe(each) for each in list_findings(session, by=by, now=now())]
    repairs = {
        board: propose_repair(session, setup(), board=board, by=by, now=now())
        for board in (checked.boards if repair else ())
    }
    if as_json:
        counts = {name: getattr(checked, name) for name in ("meetings", "new", "standing", "mended", "letters")}
        told = {board: describe_repair(each) for board, each in repairs.items()}
        print_json({**counts, "findings": findings, "repairs": told})
        return
    names = _names(session)
    rows = [
        (each["starts_at"], each["code"], "blocks" if each["blocks"] else "warns", _say(each, names))
        for each in findings
    ]
    empty = f"{checked.meetings} published meetings ahead; all are as they should be"
    print_table(("meeting", "finding", "level", "about"), rows, empty=empty)
    for board, each in repairs.items():
        click.echo(f"{board}: {say_repair(each)}")


def describe_repair(repair: Repair) -> dict[str, Any]:
    """A repair for JSON: its outcome, the open draft, and how many cases, invitations and windows it changes."""
    counts = {name: len(getattr(repair.moves, name)) for name in MOVES}
    return {"outcome": repair.outcome, "draft": repair.draft_id, "made_by": repair.made_by or None, **counts}


def say_repair(repair: Repair) -> str:
    """What became of a repair, in one line."""
    if repair.outcome == "nothing":
        return "no draft can mend this" if repair.unmended else "nothing to mend"
    if repair.outcome == "kept":
        return f"left alone: draft {repair.draft_id} of {repair.made_by} is open"
    counts = describe_repair(repair)
    return (
        f"draft {repair.draft_id}: {counts['moved']} cases moved, {counts['taken_off']} taken off, "
        f"{counts['invited']} invited, {counts['withdrawn']} withdrawn, {counts['retimed']} at another time"
    )


def _describe(finding: StandingFinding) -> dict[str, Any]:
    values = {name: value for name, value in finding.reason.values.items() if name != "meeting"}
    meeting = finding.meeting
    return {
        "board": meeting.board.key,
        "meeting": meeting.public_id,
        "starts_at": iso_moment(meeting.starts_at, meeting.time_zone),
        "code": finding.reason.code,
        "blocks": finding.is_blocking,
        "step": finding.step.value,
        "found_at": iso_moment(finding.row.found_at, setup().time_zone),
        "values": values,
    }


def _names(session: Session) -> dict[str, str]:
    return {row[0]: row[1] for row in session.execute(select(Member.public_id, Member.name))}


def _say(finding: dict[str, Any], names: dict[str, str]) -> str:
    values = {**finding["values"]}
    if "member" in values:
        values["member"] = names.get(values["member"], values["member"])
    return ", ".join(f"{name} {value}" for name, value in values.items() if value != "")
