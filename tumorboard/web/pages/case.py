"""One case: what is known, who is needed and why, what is missing, where it stands, what happened to it."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict, DomainError
from tumorboard.domain.joining import join_changes
from tumorboard.domain.model import Need
from tumorboard.domain.program import Program
from tumorboard.domain.timeline import at_wall_clock
from tumorboard.services.access import Permission, require
from tumorboard.services.boards import list_people
from tumorboard.services.case_return import find_old_place
from tumorboard.services.cases import change_case, find_case, reopen_cases, withdraw_cases
from tumorboard.services.fixed_times import fix_time
from tumorboard.services.readiness import note_readiness
from tumorboard.services.waivers import restore_need, waive_need
from tumorboard.services.worklist import CaseDetail, read_case
from tumorboard.store.facts import case_facts
from tumorboard.web.auth import current_account, current_actor, database, setup, utc_now
from tumorboard.web.pages.case_rows import describe, make_row
from tumorboard.web.pages.fields import REFERENCE, as_cells, list_facts, list_inputs, read_cells, say_field_error
from tumorboard.web.pages.frame import Done, answer_form, form_date, form_text, go_to, pages, show, words
from tumorboard.web.pages.names import names_of, say_when
from tumorboard.web.pages.timeline import list_timeline
from tumorboard.words.phrases import say_reason


@pages.get("/cases/<case_id>")
def show_case(case_id: str) -> Response:
    """All that is known of one case."""
    actor, now = current_actor(), utc_now()
    detail = read_case(database(), setup(), case_id=case_id, by=actor, now=now)
    program = setup().program(detail.view.row.program)
    people = list_people(database(), by=actor, now=now) if actor.may(Permission.PEOPLE_READ) else []
    names = names_of(program, meetings=detail.meetings, members=people)
    account = current_account()
    old_place = find_old_place(database(), detail.view.row, now=now)
    return show(
        "case.html",
        detail=detail,
        case=detail.view.row,
        program=program,
        row=make_row(detail.view, today=setup().today(now)),
        assessment=detail.view.judgement.assessment,
        facts=list_facts(program, detail.view.judgement.case.values, people),
        needs=_needs(program, detail, names.members),
        is_named_gone=bool(people)
        and any(need.member and need.member not in names.members for need in detail.view.judgement.assessment.needs),
        findings=[
            (finding, describe(finding, program), _day_of(finding)) for finding in detail.view.judgement.findings
        ],
        old_place=old_place,
        old_when=say_when(old_place.starts_at, old_place.time_zone) if old_place else "",
        from_fields={item.id for item in program.readiness if item.fields},
        kinds=sorted({need.kind for need in detail.view.judgement.assessment.needs}),
        proposed=[say_reason(reason, words(), names) for reason in detail.proposed_because],
        timeline=list_timeline(case_id, program),
        physician=account.name if account else "",
        today=setup().today(now),
    )


def _day_of(finding: Any) -> object:
    """The day of a report; fields of the case itself have none."""
    record = finding.record
    return record.reported_on if record and record.reported_on and record.reported_on.year > 1 else None


def _needs(program: Program, detail: CaseDetail, members: Any) -> list[dict[str, Any]]:
    """One entry per rule, those that require somebody first, with a line per specialty."""
    language = words().language

    def line(need: Need) -> dict[str, object]:
        specialty = program.specialties.get(need.specialty)
        certificate = program.certificates.get(need.certificate or "")
        named = members.get(need.member)
        return {
            "key": need.specialty,
            "name": named
            or (words().gettext("not a member any more") if need.member and members else "")
            or (specialty.in_language(language) if specialty else need.specialty),
            "is_core": need.specialty in program.core,
            "certificate": certificate.in_language(language) if certificate else "",
            "need": need,
        }

    rules: dict[str, dict[str, Any]] = {}
    for need in sorted(detail.view.judgement.assessment.needs, key=lambda need: not need.required):
        rules.setdefault(need.rule, {"need": need, "lines": []})["lines"].append(line(need))
    return list(rules.values())


@pages.post("/cases/<case_id>/readiness")
def note_item(case_id: str) -> Response:
    """Note that a report is there, expected, or does not apply."""

    def note() -> str:
        what = form_text("what")
        day = form_date("day")
        if what in ("reported", "expected") and day is None:
            raise BadInput("name the day", code="not-a-date", field="day")
        note_readiness(
            database(), setup(), case_ids=[case_id], item=form_text("item"), by=current_actor(), now=utc_now(),
            reported_on=day if what == "reported" else None, expected_on=day if what == "expected" else None,
            not_applicable=what == "not_applicable", owed_by=form_text("owed_by") or None,
        )  # fmt: skip
        return words().gettext("Noted.")

    return answer_form(url_for("pages.show_case", case_id=case_id, _anchor="readiness"), note)


@pages.post("/cases/<case_id>/waivers")
def waive(case_id: str) -> Response:
    """Waive a need, with the physician's name and reason."""

    def act() -> str:
        waive_need(
            database(), setup(), case_id=case_id, specialty=form_text("specialty"), physician=form_text("physician"),
            because=form_text("because"), by=current_actor(), now=utc_now(),
        )  # fmt: skip
        return words().gettext("The need is waived.")

    return answer_form(url_for("pages.show_case", case_id=case_id, _anchor="needs"), act)


@pages.post("/cases/<case_id>/waivers/end")
def restore(case_id: str) -> Response:
    """Take a waiver back."""

    def act() -> str:
        restore_need(database(), case_id=case_id, specialty=form_text("specialty"), by=current_actor(), now=utc_now())
        return words().gettext("The need stands again.")

    return answer_form(url_for("pages.show_case", case_id=case_id, _anchor="needs"), act)


@pages.post("/cases/<case_id>/fixed-time")
def fix(case_id: str) -> Response:
    """Say when the case must begin, in the hospital's zone; two empty fields take that back."""

    def act() -> str:
        day, clock = form_date("day"), form_text("clock")
        at = None if day is None and not clock else _instant(day, clock)
        meeting = fix_time(database(), case_id=case_id, at=at, by=current_actor(), now=utc_now())
        if at is None:
            return words().gettext("The time is free again.")
        said, warning = words().gettext("The time is fixed."), words().gettext("No meeting spans this time yet.")
        return said if meeting else f"{said} {warning}"

    return answer_form(url_for("pages.show_case", case_id=case_id), act)


def _instant(day: date | None, clock: str) -> datetime:
    try:
        if day is not None:
            return at_wall_clock(day, time.fromisoformat(clock), ZoneInfo(setup().time_zone))
    except (ValueError, OverflowError):
        pass
    raise BadInput("give a day and a time, as in 14:30", code="not-a-time", field="clock")


@pages.post("/cases/<case_id>/withdraw")
def withdraw(case_id: str) -> Response:
    """Take the case off the list."""

    def act() -> Done:
        withdraw_cases(database(), case_ids=[case_id], by=current_actor(), now=utc_now())
        return Done(words().gettext("The case is withdrawn."), url_for("pages.reopen_case", case_id=case_id))

    return answer_form(url_for("pages.show_case", case_id=case_id), act)


@pages.post("/cases/<case_id>/reopen")
def reopen_case(case_id: str) -> Response:
    """Put a withdrawn case back on the list."""

    def act() -> Done:
        reopen_cases(database(), case_ids=[case_id], by=current_actor(), now=utc_now())
        return Done(
            words().gettext("The case is on the list again; a proposal or a place by hand puts it on a meeting."),
            url_for("pages.withdraw", case_id=case_id),
        )

    return answer_form(url_for("pages.show_case", case_id=case_id), act)


@pages.get("/cases/<case_id>/facts")
def show_facts(case_id: str) -> Response:
    """The form with every field of the programme."""
    require(current_actor(), Permission.CASE_EDIT)
    row = read_case(database(), setup(), case_id=case_id, by=current_actor(), now=utc_now()).view.row
    return _facts_form(row, as_cells(case_facts(row).values))


@pages.post("/cases/<case_id>/facts")
def change_facts(case_id: str) -> Response:
    """Keep what was changed, or show the form again with what is wrong."""
    require(current_actor(), Permission.CASE_EDIT)
    row = find_case(database(), case_id)
    given = read_cells(setup().program(row.program))
    given.pop(REFERENCE, None)
    old = as_cells(case_facts(row).values)
    shown = _shown_cells(old)
    opened, now = ({name: cells.get(name, "") for name in given} for cells in (shown, old))
    joined = join_changes(opened, now, given)
    changed = {name: cell for name, cell in given.items() if joined.values[name] != now[name]}
    try:
        for name in joined.clashes[:1]:
            raise Conflict(
                "somebody changed this field in the meantime; look at both values", code="changed-meanwhile", field=name
            )
        if changed:
            change_case(database(), setup(), case_id=case_id, cells=changed, by=current_actor(), now=utc_now())
    except (BadInput, Conflict) as error:
        return _facts_form(find_case(database(), case_id), {**old, **changed}, error)
    return go_to("pages.show_case", case_id=case_id)


def _shown_cells(old: dict[str, str]) -> dict[str, str]:
    """What the fields held when the form was shown, so that only what was changed in it is written."""
    try:
        shown = json.loads(form_text("shown") or "null")
    except ValueError:
        shown = None
    return {str(name): str(cell) for name, cell in shown.items()} if isinstance(shown, dict) else old


def _facts_form(row: Any, cells: dict[str, str], error: DomainError | None = None) -> Response:
    program = setup().program(row.program)
    members = list_people(database(), by=current_actor(), now=utc_now())
    return show(
        "case_facts.html",
        200 if error is None else 422,
        case=row,
        program=program,
        groups=list_inputs(program, cells, members=members, without=(REFERENCE,)),
        shown=json.dumps(as_cells(case_facts(row).values), ensure_ascii=False),
        problem="" if error is None else say_field_error(program, error),
        wrong="" if error is None else str(error.values.get("field", "")),
    )
