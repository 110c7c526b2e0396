"""`flask plan …`: propose, look, change, publish."""

from __future__ import annotations

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.cli.plan_files import COMMANDS as FILE_COMMANDS
from tumorboard.cli.plan_search import watch_search
from tumorboard.cli.plan_words import describe_draft, print_draft
from tumorboard.cli.what_if import what_if
from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.services.boards import read_draft
from tumorboard.services.meetings import find_board
from tumorboard.services.planning import discard_draft, edit_draft, open_draft, propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.run_process import work_on_run
from tumorboard.services.runs import LONGEST_SECONDS, read_run
from tumorboard.store.meetings import Board
from tumorboard.store.plans import Draft
from tumorboard.terminal import Group, Refused, current_operator, json_option, now, open_database, print_json, setup

board_option = click.option("--board", help="The board's key; its open draft is meant.")
draft_option = click.option("--draft", help="The id of a draft.")


@click.group(cls=Group)
def plan() -> None:
    """Drafts of the coming meetings."""


plan.add_command(what_if)
for file_command in FILE_COMMANDS:
    plan.add_command(file_command)


@plan.command("propose")
@click.option("--board", required=True, help="The board's key: see 'flask boards list'.")
@click.option("--weeks", type=int, default=8, show_default=True, help="How far ahead.")
@click.option(
    "--seconds", type=click.FloatRange(0.1, LONGEST_SECONDS), help="For planning; else TUMORBOARD_PLAN_SECONDS."
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="Of the search.")
@click.option("--from-scratch", is_flag=True, help="Forget what was placed or left out by hand in the open draft.")
@json_option
def propose_plan(
    board: str, weeks: int, seconds: float | None, seed: int, from_scratch: bool, as_json: bool
) -> None:  # fmt: skip
    """Plan the open cases onto the next meetings. A draft: nobody is told until it is published.

    What was placed or left out by hand in the open draft stays where it is possible.
    Ctrl+C ends the search, and the best plan so far becomes the draft; a second one ends the command.
    """
    session = open_database()
    with watch_search() as search:
        draft = propose(
            session, setup(), board=board, weeks=weeks, by=current_operator(), now=now(), seconds=seconds, seed=seed,
            on_progress=search.show, is_cancelled=search.is_stopped, from_scratch=from_scratch,
        )  # fmt: skip
    _show(session, draft.public_id, as_json=as_json)


@plan.command("run", hidden=True)
@click.argument("run_id")
def run(run_id: str) -> None:
    """Do a proposal that waits, in this process. The web server begins one by itself."""
    session = open_database()
    url = session.get_bind().engine.url.render_as_string(hide_password=False)
    session.close()
    work_on_run(url, setup(), run_id)
    row = read_run(session, run_id=run_id, by=current_operator(), now=now())
    if row.problem:
        raise Refused(f"{row.problem}: no draft was made")
    click.echo(f"{row.status}: {row.draft.public_id if row.draft else 'no draft'}")


@plan.command("show")
@board_option
@draft_option
@json_option
def show(board: str | None, draft: str | None, as_json: bool) -> None:
    """A draft beside what is published."""
    session = open_database()
    _show(session, _find_draft(session, board, draft), as_json=as_json)


@plan.command("move")
@click.argument("reference")
@board_option
@draft_option
@click.option("--to", "meeting", help="The id of a meeting of the draft.")
@click.option("--out", "is_out", is_flag=True, help="Leave the case out.")
@click.option("--position", type=click.IntRange(min=1), help="Its place, from 1; the best one if left out.")
@json_option
def move(
    reference: str, board: str | None, draft: str | None, meeting: str | None, is_out: bool, position: int | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Put a case of a draft on another meeting, or leave it out."""
    if (meeting is None) != is_out:
        raise BadInput("say either --to MEETING or --out", code="no-target")
    session = open_database()
    changed = edit_draft(
        session, setup(), draft_id=_find_draft(session, board, draft), reference=reference, meeting_id=meeting,
        position=None if position is None else position - 1, by=current_operator(), now=now(),
    )  # fmt: skip
    _show(session, changed.public_id, as_json=as_json)


@plan.command("publish")
@board_option
@draft_option
@json_option
def publish(board: str | None, draft: str | None, as_json: bool) -> None:
    """Make a draft what everybody sees; letters go to those whom it concerns."""
    session = open_database()
    draft_id = _find_draft(session, board, draft)
    done = publish_draft(session, setup(), draft_id=draft_id, by=current_operator(), now=now())
    if as_json:
        print_json({"draft": draft_id, "letters": done.letters, "meetings": list(done.meetings)})
    else:
        click.echo(f"published: {len(done.meetings)} meetings changed, {done.letters} letters wait in the outbox")


@plan.command("discard")
@board_option
@draft_option
def discard(board: str | None, draft: str | None) -> None:
    """Throw a draft away; nothing published changes."""
    session = open_database()
    draft_id = _find_draft(session, board, draft)
    discard_draft(session, draft_id=draft_id, by=current_operator(), now=now())
    click.echo(f"discarded: {draft_id}")


def _show(session: Session, draft_id: str, *, as_json: bool) -> None:
    view = read_draft(session, draft_id=draft_id, by=current_operator())
    if as_json:
        print_json(describe_draft(view))
    else:
        print_draft(view)


def _find_draft(session: Session, board: str | None, draft: str | None) -> str:
    """The draft that is named, the open one of the board, or the only open one there is."""
    if draft:
        return draft
    if board:
        found = open_draft(session, find_board(session, board))
        if found is None:
            raise NotFound(f"the board {board} has no open draft; run 'plan propose'", code="no-draft")
        return found.public_id
    query = select(Draft.public_id, Board.key).join(Board).where(Draft.status == "open").order_by(Board.key)
    rows = session.execute(query).all()
    if len(rows) != 1:
        boards = ", ".join(row[1] for row in rows)
        raise (
            BadInput(f"several boards have a draft; say --board, one of {boards}", code="no-board")
            if rows
            else (NotFound("there is no open draft; run 'plan propose'", code="no-draft"))
        )
    return str(rows[0][0])
