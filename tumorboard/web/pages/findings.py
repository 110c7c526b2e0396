"""What is to be mended: shown where the coordinator works, with a repair one click away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from flask import flash, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import Conflict
from tumorboard.services.access import Permission
from tumorboard.services.boards import list_boards
from tumorboard.services.cases import find_case_ids
from tumorboard.services.findings import StandingFinding, count_findings, list_findings
from tumorboard.services.nightly import Repair, check_published, propose_repair
from tumorboard.services.people import load_members
from tumorboard.services.solver_process import place, run_apart
from tumorboard.store.meetings import Board, Meeting
from tumorboard.store.people import Member
from tumorboard.store.plans import Draft
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import answer_form, go_to, pages, refuse_form, words
from tumorboard.web.pages.names import full_name, names_of
from tumorboard.web.pages.who import say_who
from tumorboard.words.findings import say_found, say_step
from tumorboard.words.phrases import Names


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding as the page says it; `case_id` leads to the case where a report can be noted, `people` are named."""

    said: str
    people: tuple[str, ...]
    is_blocking: bool
    step: str
    step_said: str
    found_at: datetime
    case_id: str


def findings_by_meeting(
    *, board: str | None = None, meeting_id: str | None = None
) -> list[tuple[Meeting, list[FindingLine]]]:
    """What is to be mended per meeting, soonest first; nothing for those who do not plan."""
    actor = current_actor()
    if not actor.may(Permission.PLAN_EDIT):
        return []
    found = list_findings(database(), by=actor, now=utc_now(), board=board, meeting_id=meeting_id)
    if not found:
        return []
    members = {row.public_id: row for row in load_members(database())}
    case_ids = _case_ids(found)
    return [
        (meeting, [_line(each, _names(meeting, members), case_ids) for each in group])
        for meeting, group in groupby(found, key=lambda each: each.meeting)
    ]


def boards_to_mend() -> list[tuple[Board, int]]:
    """The boards with something to mend and how much, for the coordinator's first page."""
    actor = current_actor()
    if not actor.may(Permission.PLAN_EDIT):
        return []
    counts = count_findings(database(), by=actor, now=utc_now())
    if not counts:
        return []
    return [(row, counts[row.key]) for row in list_boards(database(), by=actor) if row.key in counts]


def repair_of(draft: Draft | None) -> Mapping[str, int] | None:
    """How many cases, invitations and windows the open draft changes, if it is a repair."""
    return None if draft is None else draft.plan.get("repair")


def _names(meeting: Meeting, members: Mapping[str, Member]) -> Names:
    program = setup().programs.get(meeting.board.program)
    if program is None:
        return Names(members={key: full_name(row) for key, row in members.items()})
    return names_of(program, members=members.values())


def _case_ids(found: Sequence[StandingFinding]) -> dict[tuple[str, str], str]:
    """Programme and reference → public id of the cases named."""
    references = {str(each.reason.values.get("reference", "")) for each in found} - {""}
    return find_case_ids(database(), references)


def _line(finding: StandingFinding, names: Names, case_ids: Mapping[tuple[str, str], str]) -> FindingLine:
    reference = str(finding.reason.values.get("reference", ""))
    said = say_found(finding.reason, words(), names)
    return FindingLine(
        said=said,
        people=tuple(name for name in names.members.values() if name in said),
        is_blocking=finding.is_blocking,
        step=finding.step.value,
        step_said=say_step(finding.step, words()),
        found_at=finding.row.found_at,
        case_id=case_ids.get((finding.meeting.board.program, reference), ""),
    )


@pages.post("/boards/<key>/check")
def check_board(key: str) -> Response:
    """Look at the published meetings now instead of tonight."""

    def act() -> str:
        checked = check_published(database(), setup(), by=current_actor(), now=utc_now())
        said = words().ngettext(
            "Looked at %(meetings)s published meetings: %(number)d thing is to be mended.",
            "Looked at %(meetings)s published meetings: %(number)d things are to be mended.",
            checked.standing,
        )
        return said % {"meetings": checked.meetings, "number": checked.standing}

    return answer_form(url_for("pages.show_board", key=key), act)


@pages.post("/boards/<key>/repair")
def repair_board(key: str) -> Response:
    """Make the draft that mends the published meetings with the fewest moves, and open it."""
    back = url_for("pages.show_board", key=key)
    try:
        with place():
            repair = propose_repair(database(), setup(), board=key, by=current_actor(), now=utc_now(), call=run_apart)
    except Conflict as error:
        return refuse_form(back, error)
    flash(_say_repair(repair), "problem" if repair.outcome == "kept" else "done")
    if repair.draft_id is None:
        return go_to("pages.show_board", key=key)
    return go_to("pages.show_draft", draft_id=repair.draft_id)


def _say_repair(repair: Repair) -> str:
    if repair.outcome == "kept":
        pattern = words().gettext(
            "The draft of %(name)s is open and stays as it is. Publish it or throw it away first."
        )
        return pattern % {"name": say_who(repair.made_by)}
    if repair.outcome == "nothing":
        return words().gettext("No meeting has to be planned anew.")
    moved = len(repair.moves.moved) + len(repair.moves.taken_off)
    said = words().ngettext(
        "This repair moves %(number)d case; all else stays as it is.",
        "This repair moves %(number)d cases; all else stays as it is.",
        moved,
    )
    return said % {"number": moved}
