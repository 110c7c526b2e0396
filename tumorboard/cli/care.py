"""`flask cases show` and `flask cases waive`: one case with its needs, their grounds, and its readiness."""

from __future__ import annotations

from typing import Any

import click

from tumorboard.cli.cases import cases, find_cases, program_option
from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import Finding, Need
from tumorboard.services.fixed_times import fix_time
from tumorboard.services.waivers import restore_need, waive_need
from tumorboard.services.worklist import read_case
from tumorboard.terminal import (
    current_operator,
    json_option,
    now,
    open_database,
    print_json,
    print_table,
    read_instant,
    setup,
)
from tumorboard.words import Words
from tumorboard.words.phrases import say_finding

__all__ = ["cases"]

ENGLISH = Words("en")


@cases.command("show")
@click.argument("reference")
@program_option
@json_option
def show(reference: str, program: str, as_json: bool) -> None:
    """Who must be there for a case of the database, by which rule and source, and what is missing."""
    session = open_database()
    (case_id,) = find_cases(session, program, (reference,), False)
    detail = read_case(session, setup(), case_id=case_id, by=current_operator(), now=now())
    judgement = detail.view.judgement
    needs = [_describe_need(need) for need in judgement.assessment.needs]
    findings = [_describe_finding(finding) for finding in judgement.findings]
    if as_json:
        print_json({"reference": reference, "state": detail.view.state.value, "needs": needs, "readiness": findings})
        return
    click.echo(f"{reference}: {detail.view.state.value}, {judgement.assessment.urgency}\n")
    columns = ("specialty", "level", "rule", "kind", "because", "source", "waived_by")
    print_table(columns, [[need[name] or "-" for name in columns] for need in needs], empty="nobody is needed")
    click.echo()
    print_table(
        ("level", "state", "in words"), [(f["level"], f["state"], f["words"]) for f in findings], empty="no report"
    )


def _describe_need(need: Need) -> dict[str, Any]:
    return {
        "specialty": need.specialty or need.member,
        "level": "required" if need.required else "recommended",
        "rule": need.rule,
        "kind": need.kind,
        "because": need.because.en,
        "source": need.source,
        "certificate": need.certificate,
        "waived_by": need.waived_by,
        "waived_because": need.waived_because,
    }


def _describe_finding(finding: Finding) -> dict[str, Any]:
    words = say_finding(finding, ENGLISH)
    return {"item": finding.item, "level": finding.level.value, "state": finding.state.value, "words": words}


@cases.command("fix-time")
@click.argument("reference")
@program_option
@click.option("--at", "at", help="The instant with its offset, as in 2026-12-01T08:00+09:00.")
@click.option("--free", is_flag=True, help="Take the fixed time back.")
def fix(reference: str, program: str, at: str | None, free: bool) -> None:
    """Say when a case must begin, for a guest who can come at one time only. The next proposal heeds it."""
    if (at is None) != free:
        raise BadInput("say either --at INSTANT or --free", code="no-time")
    session = open_database()
    (case_id,) = find_cases(session, program, (reference,), False)
    fix_time(
        session, case_id=case_id, at=read_instant(at, field="at") if at else None, by=current_operator(), now=now()
    )
    click.echo(f"{reference}: {'begins ' + at if at else 'begins whenever it suits'}")


@cases.command("waive")
@click.argument("reference")
@click.argument("specialty")
@program_option
@click.option("--physician", help="Who waives the need.")
@click.option("--because", help="Why.")
@click.option("--end", is_flag=True, help="Withdraw the waiver: the need stands again.")
def waive(reference: str, specialty: str, program: str, physician: str | None, because: str | None, end: bool) -> None:
    """A named physician waives a need of a case, with a reason; kept beside the need and in the audit trail."""
    session = open_database()
    (case_id,) = find_cases(session, program, (reference,), False)
    if end:
        restore_need(session, case_id=case_id, specialty=specialty, by=current_operator(), now=now())
    else:
        waive_need(
            session, setup(), case_id=case_id, specialty=specialty, physician=physician or "", because=because or "",
            by=current_operator(), now=now(),
        )  # fmt: skip
    click.echo(f"{reference}: {specialty} {'is needed again' if end else 'is waived'}")
