"""`flask cases …`: import a list, see who is needed, note readiness."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.cli.needs import describe_needs
from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.intake import Intake
from tumorboard.domain.model import Urgency
from tumorboard.services.case_lists import ImportReport, import_cases, preview_import, read_case_list
from tumorboard.services.case_removal import withdraw_scheduled
from tumorboard.services.case_return import return_scheduled
from tumorboard.services.cases import reopen_cases, withdraw_cases
from tumorboard.services.import_undo import take_back_import
from tumorboard.services.readiness import note_readiness
from tumorboard.services.worklist import CaseFilter, CaseView, Due, list_cases
from tumorboard.store.cases import Case
from tumorboard.terminal import (
    Group,
    Refused,
    current_operator,
    iso_moment,
    json_option,
    now,
    open_database,
    print_json,
    print_table,
    read_file,
    setup,
)

ALL_OF_THEM = 1_000_000

program_option = click.option("--program", required=True, help="The programme whose rules hold: see 'flask rules'.")
day = click.DateTime(formats=["%Y-%m-%d"])


@click.group(cls=Group)
def cases() -> None:
    """Case lists: import, needs, readiness."""


@cases.command("import")
@click.argument("file")
@program_option
@click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
@json_option
def import_list(file: str, program: str, dry_run: bool, as_json: bool) -> None:
    """Import a case list (CSV, XLSX, JSON, TCGA biotab, cBioPortal …); '-' reads standard input."""
    setup().program(program)
    content = read_file(file)
    session = open_database()
    work = preview_import if dry_run else import_cases
    report = work(
        session, setup(), program=program, content=content, filename=PurePath(file).name, by=current_operator(),
        now=now(),
    )  # fmt: skip
    if as_json:
        print_json(report.summary())
    else:
        _print_report(report, dry_run=dry_run)
    if not any(row.action != "refused" for row in report.rows):
        refused = report.count("refused")
        raise Refused(
            f"nothing-accepted: {refused} rows refused, none accepted" if refused else "no-rows: no case in it"
        )


@cases.command("undo-import")
@json_option
def undo_import(as_json: bool) -> None:
    """Take back the operator's last import as a whole, within a day, while its cases are as it left them."""
    counts = take_back_import(open_database(), by=current_operator(), now=now())
    if as_json:
        print_json(counts)
    else:
        click.echo(f"cases removed: {counts['removed']}, as they were before: {counts['restored']}")


def _print_report(report: ImportReport, *, dry_run: bool) -> None:
    for problem in report.problems:
        click.echo(f"{problem.code}: {problem.message}")
    counts = ", ".join(f"{number} {action}" for action, number in report.counts.items())
    click.echo(f"{'would be: ' if dry_run else ''}{counts}")


@cases.command("needs")
@click.argument("file")
@program_option
@click.option("--on", type=day, help="The day as of which to judge; today if left out.")
@json_option
def show_needs(file: str, program: str, on: datetime | None, as_json: bool) -> None:
    """Who must be there for each case of a list, and why. Needs no database."""
    rules = setup().program(program)
    today = on.date() if on else setup().today(now())
    intake = read_case_list(rules, read_file(file), filename=PurePath(file).name, on=today)
    found = [describe_needs(rules, row.draft, on=today) for row in intake.accepted]
    if as_json:
        print_json(found)
    else:
        _print_needs(found)
    _refuse_bad_rows(intake)
    _warn(intake)


def _print_needs(found: list[dict[str, Any]]) -> None:
    columns = ("reference", "eligible", "urgency", "minutes", "required", "recommended", "rules", "flags")
    print_table(columns, [[_in_words(case[name]) for name in columns] for case in found], empty="no case")


def _in_words(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _refuse_bad_rows(intake: Intake) -> None:
    if not intake.rows:
        raise Refused("no-rows: no case in it")
    if intake.refused:
        first = next(problem for problem in intake.refused[0].draft.problems if problem.refuses)
        raise Refused(f"{first.code}: {first.message} (rows refused: {len(intake.refused)} of {len(intake.rows)})")


def _warn(intake: Intake) -> None:
    """What is not read, and keeps no row out, in one line: needs may be missing because of it."""
    doubts = [*intake.column_problems, *(problem for row in intake.rows for problem in row.draft.problems)]
    if doubts:
        more = f" (and {len(doubts) - 1} more like it)" if len(doubts) > 1 else ""
        click.echo(f"warning: {doubts[0].code}: {doubts[0].message}{more}", err=True)


@cases.command("list")
@click.option("--program", help="Cases of this programme only.")
@click.option("--state", type=click.Choice(["not_ready", "ready", "scheduled", "done", "withdrawn"]))
@click.option("--search", default="", help="Part of the reference.")
@click.option("--urgency", type=click.Choice([urgency.value for urgency in Urgency]))
@click.option("--needs", default="", metavar="SPECIALTY", help="Cases that need this specialty.")
@click.option("--owed-by", default="", metavar="SPECIALTY", help="Cases that wait for a report of this specialty.")
@click.option("--due", type=click.Choice([due.value for due in Due]), help="Past their limit, or within seven days.")
@json_option
def show_list(as_json: bool, **chosen: str | None) -> None:
    """Open cases, most urgent first, with what is missing."""
    only = CaseFilter(**{name: value or "" for name, value in chosen.items()})
    if only.program:
        setup().program(only.program)
    found = list_cases(open_database(), setup(), by=current_operator(), now=now(), only=only, limit=ALL_OF_THEM)
    described = [_describe(view) for view in found.cases]
    if as_json:
        print_json({"counts": found.counts, "total": found.total, "cases": described})
        return
    columns = ("reference", "state", "urgency", "due_at", "meeting", "missing")
    print_table(columns, [[_in_words(case[name] or "-") for name in columns] for case in described], empty="no case")


def _describe(view: CaseView) -> dict[str, Any]:
    judgement = view.judgement
    item = view.item
    return {
        "id": view.row.public_id,
        "reference": view.row.reference,
        "program": view.row.program,
        "state": view.state.value,
        "urgency": judgement.assessment.urgency.value,
        "minutes": judgement.assessment.minutes,
        "due_at": iso_moment(judgement.due_at, setup().time_zone),
        "required": list(judgement.assessment.required),
        "recommended": list(judgement.assessment.recommended),
        "missing": [finding.item for finding in judgement.findings if finding.is_blocking],
        "ready_on": judgement.ready_on.isoformat() if judgement.ready_on else None,
        "meeting": item.meeting.public_id if item else None,
        "starts_at": iso_moment(item.starts_at, item.meeting.time_zone) if item else None,
    }


@cases.command("note")
@click.argument("item")
@click.argument("references", nargs=-1)
@program_option
@click.option("--all", "is_for_all", is_flag=True, help="For every open case of the programme.")
@click.option("--reported-on", type=day, help="The day of the report.")
@click.option("--expected-on", type=day, help="The day on which it is expected.")
@click.option("--not-applicable", is_flag=True, help="The item does not apply.")
def note_item(
    item: str, references: tuple[str, ...], program: str, is_for_all: bool, reported_on: datetime | None,
    expected_on: datetime | None, not_applicable: bool,
) -> None:  # fmt: skip
    """Note a readiness item of one or many cases: there, expected, or not applicable. Without a day it is cleared."""
    setup().program(program)
    session = open_database()
    count = note_readiness(
        session, setup(), case_ids=find_cases(session, program, references, is_for_all), item=item,
        reported_on=reported_on.date() if reported_on else None,
        expected_on=expected_on.date() if expected_on else None,
        not_applicable=not_applicable, by=current_operator(), now=now(),
    )  # fmt: skip
    click.echo(f"{item}: noted for {count} cases")


@cases.command("withdraw")
@click.argument("reference")
@program_option
def withdraw(reference: str, program: str) -> None:
    """Take a case off the list."""
    session = open_database()
    (case_id,) = find_cases(session, program, (reference,), False)
    withdraw_cases(session, case_ids=[case_id], by=current_operator(), now=now())
    click.echo(f"{reference} is withdrawn")


@cases.command("take-off")
@click.argument("reference")
@program_option
def take_off(reference: str, program: str) -> None:
    """Take a case off its published meeting, and off the list."""
    session = open_database()
    (case_id,) = find_cases(session, program, (reference,), False)
    letters = withdraw_scheduled(session, setup(), case_id=case_id, by=current_operator(), now=now())
    click.echo(f"{reference} is off its meeting and withdrawn; letters: {letters}")


@cases.command("put-back")
@click.argument("reference")
@program_option
def put_back(reference: str, program: str) -> None:
    """Put a case that was taken off its meeting back there, or on the list where that is no longer possible."""
    session = open_database()
    (case_id,) = find_cases(session, program, (reference,), False)
    returned = return_scheduled(session, setup(), case_id=case_id, by=current_operator(), now=now())
    if returned.meeting is None:
        codes = ", ".join(reason.code for reason in returned.reasons)
        click.echo(f"{reference} is on the list, not on its meeting: {codes}")
    else:
        click.echo(f"{reference} is on its meeting again; letters: {returned.letters}")


@cases.command("reopen")
@click.argument("reference")
@program_option
def reopen(reference: str, program: str) -> None:
    """Put a withdrawn case back on the list."""
    session = open_database()
    (case_id,) = find_cases(session, program, (reference,), False)
    reopen_cases(session, case_ids=[case_id], by=current_operator(), now=now())
    click.echo(f"{reference} is on the list")


def find_cases(session: Session, program: str, references: tuple[str, ...], is_for_all: bool) -> list[str]:
    """Public ids by reference. Raises BadInput and NotFound `unknown-case`."""
    if bool(references) == is_for_all:
        raise BadInput("name the cases by reference, or say --all", code="no-cases-named")
    query = select(Case.reference, Case.public_id).where(Case.program == program)
    if is_for_all:
        query = query.where(Case.status.in_(("waiting", "scheduled")))
        return [row[1] for row in session.execute(query.order_by(Case.id))]
    known = {row[0]: row[1] for row in session.execute(query.where(Case.reference.in_(references)))}
    missing = [reference for reference in references if reference not in known]
    if missing:
        raise NotFound(f"there is no case '{missing[0]}' in the programme {program}", code="unknown-case")
    return [known[reference] for reference in references]
