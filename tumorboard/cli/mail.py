"""`flask mail …`: mail that comes in about invitations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click
from flask.cli import with_appcontext

from tumorboard.domain.answers import Effect, Verdict, interpret
from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.formats.inbound_parts import LARGEST_MAIL
from tumorboard.formats.itip import read_mail
from tumorboard.formats.itip_state import KnownState, read_state
from tumorboard.terminal import (
    Group,
    Refused,
    current_operator,
    json_option,
    now,
    open_database,
    print_json,
    read_file,
    setup,
)

_STAMP = "%Y%m%dT%H%M%SZ"
_CHUNK = 1 << 20


class TryLater(Refused):
    """The end of a command that may work another time: EX_TEMPFAIL, upon which a mail server keeps the mail."""

    exit_code = 75


@click.group(cls=Group)
def mail() -> None:
    """Mail that comes in about invitations."""


@mail.command("interpret")
@click.argument("message")
@click.option("--state", "state_file", required=True, help="JSON file with what is known of the event.")
@json_option
def interpret_message(message: str, state_file: str, as_json: bool) -> None:
    """Show what MESSAGE (an .eml file, '-' for standard input) would do. Needs no database and changes nothing."""
    if message == state_file == "-":
        raise BadInput("only one of the two can come from standard input", code="bad-input")
    known = read_state(read_file(state_file), name="standard input" if state_file == "-" else Path(state_file).name)
    verdict = interpret(read_mail(_read_mail_file(message)), {known.event.uid: known.event})
    said = _describe(verdict, known)
    if as_json:
        print_json(said)
        return
    for name, value in said.items():
        if value:
            click.echo(f"{name}: {' – '.join(value) if isinstance(value, list) else value}")


def _describe(verdict: Verdict, known: KnownState) -> dict[str, str | list[str] | None]:
    instance, proposed = verdict.instance, verdict.proposed
    return {
        "effect": str(verdict.effect),
        "attendee": verdict.attendee or None,
        "partstat": (verdict.partstat or None) if verdict.effect is not Effect.NONE else None,
        "instance": f"{instance.astimezone(known.zone):%Y-%m-%dT%H:%M} {known.zone.key}" if instance else None,
        "proposed": [_stamp(proposed.start), _stamp(proposed.end)] if proposed else None,
        "comment": verdict.comment or None,
        "address": verdict.address or None,
        "reason": str(verdict.reason) or None,
    }


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_STAMP)


@mail.command("receive")
@click.argument("message", default="-")
@json_option
@with_appcontext
def receive(message: str, as_json: bool) -> None:
    """Take in one MESSAGE (standard input without a name) as a mail server hands it over.

    Exit code 75 asks the mail server to try again later; whatever the mail holds, it is 0.
    """
    content = _read_mail_file(message)
    with _temporary_failures():
        from tumorboard.services.answers import receive_message  # noqa: PLC0415 - `interpret` starts without services

        received = receive_message(open_database(), setup(), content=content, by=current_operator(), now=now())
    if as_json:
        print_json(
            {
                "message": received.id,
                "effect": str(received.effect),
                "reason": str(received.reason) or None,
                "state": received.state,
                "is_repeated": received.is_repeated,
            }
        )
        return
    what = f"{received.effect}{f' ({received.reason})' if received.reason else ''}, {received.state}"
    click.echo(f"{received.id}: {'had come before: ' if received.is_repeated else ''}{what}")


@contextmanager
def _temporary_failures() -> Iterator[None]:
    """What the next try may not meet: a database that is away, locked or not upgraded yet, no memory.

    The line goes into the mail server's answer, so it holds nothing of the error but its kind.
    """
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - as above

    try:
        yield
    except BadInput as error:
        if not error.code.startswith("database-"):
            raise
        raise TryLater(f"{error.code}: {error}") from error
    except Conflict as error:
        raise TryLater(f"{error.code}: {error}") from error
    except (SQLAlchemyError, OSError, MemoryError) as error:
        raise TryLater(f"try-later: {type(error).__name__}; the mail was not taken in") from error


def _read_mail_file(name: str) -> bytes:
    """At most one byte more than is read; the rest is drained, so that a mail server can finish its writing."""
    try:
        if name == "-":
            return _read_limited(sys.stdin.buffer, drain=True)
        with Path(name).open("rb") as file:
            return _read_limited(file, drain=False)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"{name} cannot be read: {why}", code="unreadable-file") from None


def _read_limited(file: BinaryIO, *, drain: bool) -> bytes:
    content = file.read(LARGEST_MAIL + 1)
    while drain and len(content) > LARGEST_MAIL and file.read(_CHUNK):
        continue
    return content


COMMANDS: tuple[click.Command, ...] = (mail,)
