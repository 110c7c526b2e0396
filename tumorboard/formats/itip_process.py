"""`read_mail` in a process of its own, with a limit of time and memory around the limits it keeps by itself.

`python -m tumorboard.formats.itip_process` reads a mail from its standard input and prints what counts as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tumorboard.domain.answers import InboundAttendee, InboundEvent, InboundMail
from tumorboard.formats.inbound_parts import LARGEST_MAIL
from tumorboard.formats.itip_mail import read_head, read_mail

_SECONDS = 60.0
_CPU_SECONDS = 10
_MEMORY_BYTES = 1_500_000_000
_ENVIRONMENT = ("PYTHONTZPATH", "SYSTEMROOT", "TEMP", "TMP")
_PACKAGE = Path(__file__).resolve().parents[2]
_INSTANTS = ("stamp", "recurrence_at", "recurrence_wall", "starts_at", "ends_at")


def read_mail_apart(content: bytes, *, seconds: float = _SECONDS) -> InboundMail:
    """As `read_mail`; a mail that takes too much work or memory has the problem `too-large`.

    The limit is ten seconds of work; `seconds` of waiting only end what a busy machine does not get to.
    """
    if len(content) > LARGEST_MAIL:
        return read_mail(content)
    kept = {name: value for name, value in os.environ.items() if name in _ENVIRONMENT}
    try:
        finished = subprocess.run(
            [sys.executable, "-m", "tumorboard.formats.itip_process"],
            input=content,
            capture_output=True,
            timeout=seconds,
            env={**kept, "PYTHONPATH": str(_PACKAGE)},
            check=False,
        )
        return _from_json(json.loads(finished.stdout))
    except (subprocess.TimeoutExpired, ValueError):
        return read_head(content, problem="too-large")


def _from_json(found: dict[str, Any]) -> InboundMail:
    events = tuple(_read_event(event) for event in found.pop("events"))
    return InboundMail(**{**found, "bounced": tuple(found["bounced"])}, events=events)


def _read_event(found: dict[str, Any]) -> InboundEvent:
    for name in _INSTANTS:
        found[name] = None if found[name] is None else datetime.fromisoformat(found[name])
    found["recurrence_on"] = None if found["recurrence_on"] is None else date.fromisoformat(found["recurrence_on"])
    attendees = tuple(
        InboundAttendee(**{**attendee, "delegated_to": tuple(attendee["delegated_to"])})
        for attendee in found.pop("attendees")
    )
    return InboundEvent(**found, attendees=attendees)


def _limit_work() -> None:
    """Where the operating system can; the counts of the limits hold everywhere."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - is not there on Windows

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))


def main() -> None:
    """Read the one mail on standard input."""
    _limit_work()
    json.dump(asdict(read_mail(sys.stdin.buffer.read())), sys.stdout, default=lambda moment: moment.isoformat())


if __name__ == "__main__":
    main()
