"""Random meetings, and three parsers that are not ours as witnesses of what was written for them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import ics
import vobject
from ical.calendar_stream import IcsCalendarStream

from tests.calendars.objects import HARD_ZONES, ZONES
from tests.letters.samples import an_invitation
from tumorboard.formats.ical import Invitation, Partstat, write_cancel, write_request

NAMES = (
    "Kim",
    "박서준",
    'Lee "the" \\ surgeon',
    "O'Neil; MD, PhD",
    "김, 영희",
    "Ana: María",
    "x" * 90,
    "👩🏽‍⚕️ Choi",
    "^n ^' ^^",
)
TITLES = (
    "Ovarian board",
    "난소암 다학제",
    "a;b,c\\d",
    "line\nbreak",
    "가나다라" * 20,
    "\u1112\u1161\u11ab NFD",
    "…–“”",
)


@dataclass(frozen=True, slots=True)
class Read:
    """What counts of an event; instants in UTC, attendees with their answers."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    sequence: int
    attendees: tuple[tuple[str, str], ...]
    status: str


@dataclass(frozen=True, slots=True)
class Written:
    """A message and what its readers must find."""

    ics: bytes
    meant: Read


def a_random_message(dice: random.Random) -> Written:
    """A request or cancellation of a meeting in some zone, with hostile words."""
    zone = dice.choice((*ZONES, *HARD_ZONES, "UTC"))
    start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=5 * dice.randrange(12 * 24 * 365 * 4))
    method, partstat = dice.choice(("REQUEST", "REQUEST", "CANCEL", "WITHDRAW")), dice.choice(list(Partstat))
    invitation = an_invitation(
        uid=f"{dice.randbytes(16).hex()}@hospital.example", sequence=dice.randrange(30),
        stamp=start - timedelta(minutes=dice.randrange(1, 99_999)), starts_at=start,
        ends_at=start + timedelta(minutes=dice.randint(1, 600)), time_zone=zone, title=dice.choice(TITLES),
        description="\n".join(dice.choices(TITLES, k=dice.randint(1, 5))), location=dice.choice(TITLES),
        attendee_name=dice.choice(NAMES), organizer_name=dice.choice(NAMES), partstat=partstat,
        attendee_email=f"{dice.choice(('kim', 'a.b+c', 'x_y'))}@hospital.example", required=dice.random() < 0.7,
        video_url=dice.choice((None, "https://video.example/방 1?a=1,2;b")), alarm_minutes=dice.choice((None, 0, 15)),
        allow_proposals=dice.random() < 0.5,
    )  # fmt: skip
    content = (
        write_request(invitation) if method == "REQUEST" else write_cancel(invitation, whole_meeting=method == "CANCEL")
    )
    return Written(content, _meant(invitation, method))


def _meant(invitation: Invitation, method: str) -> Read:
    answer = invitation.partstat.value if method == "REQUEST" else ""
    status = {"REQUEST": "CONFIRMED", "CANCEL": "CANCELLED", "WITHDRAW": ""}[method]
    return Read(
        invitation.uid, invitation.starts_at, invitation.ends_at, invitation.sequence,
        ((f"mailto:{invitation.attendee_email}", answer),), status,
    )  # fmt: skip


def read_with_vobject(content: str) -> Read:
    event = vobject.readOne(content).vevent
    attendees = tuple((one.value, one.params.get("PARTSTAT", [""])[0]) for one in event.attendee_list)
    status = event.status.value if hasattr(event, "status") else ""
    return Read(
        event.uid.value, event.dtstart.value.astimezone(UTC), event.dtend.value.astimezone(UTC),
        int(event.sequence.value), attendees, status,
    )  # fmt: skip


def read_with_ical(content: str) -> Read:
    (event,) = IcsCalendarStream.calendar_from_ics(content).events
    attendees = tuple((str(one.uri), one.status or "") for one in event.attendees)
    return Read(
        str(event.uid), event.dtstart.astimezone(UTC), event.dtend.astimezone(UTC), int(event.sequence or 0), attendees,
        "" if event.status is None else str(event.status.value),
    )  # fmt: skip


def read_with_ics(content: str) -> Read:
    (event,) = ics.Calendar(content).events
    (sequence,) = [line.value for line in event.extra if line.name == "SEQUENCE"]
    attendees = tuple((f"mailto:{one.email.removeprefix('mailto:')}", one.partstat or "") for one in event.attendees)
    return Read(
        event.uid, event.begin.astimezone(UTC), event.end.astimezone(UTC), int(sequence), attendees, event.status or ""
    )


WITNESSES: dict[str, Callable[[str], Any]] = {
    "vobject": read_with_vobject,
    "ical": read_with_ical,
    "ics": read_with_ics,
}


def differences(written: Written) -> list[str]:
    """What each parser reads otherwise than it was meant."""
    found = []
    for name, reader in WITNESSES.items():
        read = reader(written.ics.decode())
        found += [
            f"{name} {field}: {getattr(read, field)!r} for {getattr(written.meant, field)!r}"
            for field in Read.__slots__
            if getattr(read, field) != getattr(written.meant, field)
        ]
    return found
