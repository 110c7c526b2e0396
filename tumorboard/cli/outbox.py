"""`flask outbox`: letters that wait or could not be delivered."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from tumorboard.services.outbox import count_post, retry_letter
from tumorboard.store.post import OutboxMessage
from tumorboard.terminal import (
    Group,
    current_operator,
    iso_moment,
    json_option,
    now,
    open_database,
    print_json,
    print_table,
    setup,
)


@click.group(cls=Group, invoke_without_command=True)
@json_option
@click.pass_context
@with_appcontext
def outbox(context: click.Context, as_json: bool) -> None:
    """Letters by state, and those that wait or are dead."""
    if context.invoked_subcommand:
        return
    session = open_database()
    counts = count_post(session)
    query = select(OutboxMessage).where(OutboxMessage.state.in_(("waiting", "dead"))).order_by(OutboxMessage.id)
    letters = [_describe(row) for row in session.scalars(query)]
    if as_json:
        print_json({"counts": counts, "letters": letters})
        return
    click.echo(", ".join(f"{count} {state}" for state, count in counts.items()))
    columns = ("letter", "state", "recipient", "method", "tries", "last_error")
    print_table(columns, [[letter[name] for name in columns] for letter in letters], empty="nothing waits")


def _describe(row: OutboxMessage) -> dict[str, Any]:
    return {
        "letter": row.public_id,
        "state": row.state,
        "recipient": row.recipient,
        "method": row.method,
        "sequence": row.sequence,
        "tries": row.tries,
        "last_error": row.last_error,
        "due_at": iso_moment(row.due_at, setup().time_zone),
    }


@outbox.command("retry")
@click.argument("letter")
def retry(letter: str) -> None:
    """Give a dead letter another ten tries, the same bytes."""
    retry_letter(open_database(), letter_id=letter, by=current_operator(), now=now())
    click.echo(f"waits again: {letter}")
