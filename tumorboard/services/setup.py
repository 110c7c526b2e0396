"""What a centre's installation fixes for all use cases: its programmes, addresses, country and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from tumorboard.domain.errors import NotFound
from tumorboard.domain.program import Program
from tumorboard.domain.timeline import at_wall_clock


@dataclass(frozen=True, slots=True)
class Setup:
    """Settings that use cases need.

    `mail_domain` ends UIDs and Message-IDs; `holidays` is an ISO country code; `time_zone` is the centre's IANA zone,
    whose calendar decides what day it is; `language` is for who has chosen none. A proposal takes `plan_seconds` and
    `plan_memory_mib` at most, and `plan_runs` of them are made at once; the others wait.
    A letter about a meeting waits `quiet_seconds` for more changes, unless it is urgent.
    `link_key` signs the links in letters. `inbox_url` is the mailbox where answers arrive, empty for none;
    what came in and is decided is kept for `inbox_days`. Calendars
    are fetched from `busy_hosts` only, and read from files of `busy_folder`. `pdf_font` is embedded in papers.
    """

    programs: Mapping[str, Program]
    base_url: str
    mail_domain: str
    mail_from: str
    holidays: str
    plan_seconds: float
    plan_memory_mib: int = 2048
    plan_runs: int = 2
    time_zone: str = "Asia/Seoul"
    language: str = "ko"
    link_key: str = field(default="", repr=False)
    inbox_url: str = field(default="", repr=False)
    quiet_seconds: int = 0
    inbox_days: int = 400
    busy_hosts: tuple[str, ...] = ()
    busy_folder: Path | None = None
    pdf_font: Path | None = None

    def today(self, now: datetime) -> date:
        """The day in the centre's calendar at an instant."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()

    def morning_of(self, on: date) -> datetime:
        """The UTC instant at which a day begins in the centre's calendar."""
        return at_wall_clock(on, time(0), ZoneInfo(self.time_zone))

    def program(self, program_id: str) -> Program:
        """The programme with this id; NotFound names the ones there are."""
        try:
            return self.programs[program_id]
        except KeyError:
            known = ", ".join(sorted(self.programs))
            raise NotFound(f"there is no programme '{program_id}'; known: {known}", code="unknown-program") from None
