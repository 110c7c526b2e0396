"""What is to be mended on published boards, and the repair that mends it."""

from __future__ import annotations

from typing import Any

from tumorboard.services import findings, nightly
from tumorboard.services.people import load_members
from tumorboard.services.solver_process import place, run_apart
from tumorboard.store.meetings import Board
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.pages.names import names_of
from tumorboard.web.schemas.findings import MeetingFindingListAnswer, RepairAnswer, present_finding, present_repair
from tumorboard.words import Words
from tumorboard.words.phrases import Names

door = Door("findings", description="What is no longer right about published meetings")


@door.get("/boards/<key:board>/findings")
@door.response(200, MeetingFindingListAnswer)
def list_findings(board: str) -> dict[str, Any]:
    """List what is to be mended on a board, soonest meeting first

    Found by the nightly check, and gone when a later check finds it mended.
    """
    found = findings.list_findings(database(), by=current_actor(), now=utc_now(), board=board)
    names = _names(found[0].meeting.board) if found else Names()
    items = [present_finding(each, Words(current_language()), names) for each in found]
    return {"items": items, "total": len(items)}


@door.post("/boards/<key:board>/repair")
@door.response(200, RepairAnswer)
def repair_board(board: str) -> dict[str, Any]:
    """Propose a repair with the fewest moves

    A draft like any other; publishing it is a step of its own. A draft that a person made is left alone.
    """
    by = current_actor()
    with place():
        repair = nightly.propose_repair(database(), setup(), board=board, by=by, now=utc_now(), call=run_apart)
    return present_repair(repair)


def _names(board: Board) -> Names:
    return names_of(setup().program(board.program), members=load_members(database()))
