"""What ids are called on a page, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.program import Program
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Member
from tumorboard.web.auth import setup
from tumorboard.web.pages.frame import words
from tumorboard.web.pages.who import login_names
from tumorboard.words import format_date
from tumorboard.words.phrases import Names


def names_of(program: Program, *, meetings: Iterable[Meeting] = (), members: Iterable[Member] = ()) -> Names:
    """The names of a programme's specialties, certificates and items, of the meetings and members given, and of
    those behind the log-ins."""
    language = words().language
    return Names(
        meetings={row.public_id: say_when(row.starts_at, row.time_zone) for row in meetings},
        members={row.public_id: full_name(row) for row in members},
        specialties={key: text.in_language(language) for key, text in program.specialties.items()},
        certificates={key: text.in_language(language) for key, text in program.certificates.items()},
        items={item.id: item.label.in_language(language) for item in program.readiness},
        logins=login_names(),
    )


def full_name(member: Member) -> str:
    """`홍길동 교수`: the name is one field and is never split."""
    return f"{member.name} {member.title}".strip()


def say_when(instant: datetime, zone: str) -> str:
    """`2026-11-24 (Tue) 07:30`, as plain text."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{format_date(local.date(), words().language)} {local:%H:%M}"


def all_specialties() -> Mapping[str, str]:
    """What the specialties of every programme are called."""
    language = words().language
    return {
        key: text.in_language(language)
        for program in setup().programs.values()
        for key, text in program.specialties.items()
    }
