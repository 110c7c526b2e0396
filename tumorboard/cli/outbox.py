"""`flask outbox`: letters that wait or could not be delivered."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from tumorboard.services.outbox import count_post, hold_batch, list_batches, release_batch, retry_letter
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
    """Letters by state, and those that wait, are held or dead."""
    if context.invoked_subcommand:
        return
    session = open_database()
    counts = count_post(session)
    query = select(OutboxMessage).where(OutboxMessage.state.in_(("waiting", "held", "dead"))).order_by(OutboxMessage.id)
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


@outbox.command("batches")
@json_option
def show_batches(as_json: bool) -> None:
    """Letters that were sent together, newest first, and how far they have come."""
    found = [asdict(each) for each in list_batches(open_database(), by=current_operator())]
    for each in found:
        each["written_at"] = iso_moment(each["written_at"], setup().time_zone)
    if as_json:
        print_json(found)
        return
    columns = ("batch", "written_at", "waiting", "held", "sent", "dead")
    print_table(columns, [[each[name] for name in columns] for each in found], empty="no letters yet")


@outbox.command("hold")
@click.argument("batch")
def hold(batch: str) -> None:
    """Keep back what of a batch has not left yet."""
    done = hold_batch(open_database(), batch=batch, by=current_operator(), now=now())
    click.echo(f"held: {done.held}, sent: {done.sent}")


@outbox.command("release")
@click.argument("batch")
def release(batch: str) -> None:
    """Let go what was held of a batch."""
    done = release_batch(open_database(), batch=batch, by=current_operator(), now=now())
    click.echo(f"waiting: {done.waiting}, sent: {done.sent}")
