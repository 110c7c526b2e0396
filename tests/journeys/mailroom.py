"""A real SMTP server that keeps what arrives, and letters as calendar programs read them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import vobject
from aiosmtpd.controller import Controller
from ical.calendar_stream import IcsCalendarStream


@dataclass(frozen=True, slots=True)
class Entry:
    """A calendar entry as two independent parsers agree on it; instants in UTC."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that arrived: to whom, which iTIP method, which entry, and every text in it."""

    recipient: str
    method: str
    entry: Entry
    texts: tuple[str, ...]


@dataclass(slots=True)
class Mailroom:
    """What arrived, in order. Recipients in `refused` get a 550."""

    url: str = ""
    arrived: list[Letter] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        (recipient,) = envelope.rcpt_tos
        self.arrived.append(read_letter(recipient, envelope.original_content))
        return "250 OK"

    def take(self) -> list[Letter]:
        """What arrived since the last time."""
        taken, self.arrived = self.arrived, []
        return taken


@contextmanager
def open_mailroom(port: int = 0) -> Iterator[Mailroom]:
    """A mail server on this machine."""
    room = Mailroom()
    controller = Controller(room, hostname="127.0.0.1", port=port or free_port())
    controller.start()
    room.url = f"smtp://127.0.0.1:{controller.port}"
    yield room
    controller.stop()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def read_letter(recipient: str, content: bytes) -> Letter:
    """The letter, with its calendar part read by both parsers; the attached file must say the same."""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert str(message["To"]).endswith(f"<{recipient}>")
    parts = [part for part in message.walk() if not part.is_multipart()]
    texts = [_text_of(part) for part in parts]
    (inline,) = [part for part in parts if part.get_content_type() == "text/calendar" and not part.get_filename()]
    attached = [part for part in parts if (part.get_filename() or "").endswith(".ics")]
    (entry,) = read_entries(_text_of(inline))
    assert [read_entries(_text_of(part)) for part in attached] == [[entry]]
    headers = [f"{name}: {value}" for name, value in message.items()]
    return Letter(recipient, str(inline.get_param("method")), entry, (*headers, *texts))


def _text_of(part: Any) -> str:
    content = part.get_content()
    return content if isinstance(content, str) else bytes(content).decode()


def read_entries(ics: str) -> list[Entry]:
    """Every entry of a calendar, as `ical` reads it; `vobject` must read the same."""
    one = sorted(
        (
            Entry(
                str(event.uid), event.sequence or 0, event.dtstart.astimezone(UTC), event.dtend.astimezone(UTC),
                str(event.status or "").upper().endswith("CANCELLED"),
            )
            for event in IcsCalendarStream.calendar_from_ics(ics).events
        ),
        key=lambda entry: (entry.starts_at, entry.uid),
    )  # fmt: skip
    other = sorted(
        (
            Entry(
                event.uid.value, int(event.sequence.value), event.dtstart.value.astimezone(UTC),
                event.dtend.value.astimezone(UTC), getattr(event, "status", None) is not None
                and event.status.value.upper() == "CANCELLED",
            )
            for event in getattr(vobject.readOne(ics), "vevent_list", [])
        ),
        key=lambda entry: (entry.starts_at, entry.uid),
    )  # fmt: skip
    assert one == other
    return one
