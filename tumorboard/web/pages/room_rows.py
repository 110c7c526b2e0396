"""What the room, the wall and the record of a meeting say of each case and each person, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tumorboard.domain.discussions import stamp_of, suggest_outcome
from tumorboard.domain.model import Need
from tumorboard.domain.program import Program
from tumorboard.domain.substitutes import NOT_COMING
from tumorboard.services.meeting_room import Room, RoomCase, RoomPerson
from tumorboard.store.people import Account
from tumorboard.web.auth import setup
from tumorboard.web.pages.frame import words
from tumorboard.web.pages.names import full_name


@dataclass(frozen=True, slots=True)
class NeedRow:
    """A need of a case and the names of those who cover it; nobody is a gap."""

    name: str
    required: bool
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case of the agenda. `case_id` is empty for who may not read cases.

    `quorum` is `met`, `missing`, or `expected` where everybody who is missing comes later for a case that is ahead.
    """

    case: RoomCase
    number: int
    reference: str
    case_id: str
    needs: tuple[NeedRow, ...]
    quorum: str
    missing: tuple[str, ...]
    advice: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]
    attended: tuple[tuple[str, int, bool], ...]
    text: str
    stamp: str
    by: str
    clash: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, str] = field(default_factory=dict)
    """What a refused form held beside its text."""

    @property
    def state(self) -> str:
        """As the room says."""
        return self.case.state

    @property
    def planned(self) -> tuple[datetime, datetime]:
        """From when until when the agenda has it."""
        return self.case.item.starts_at, self.case.item.ends_at

    @property
    def planned_minutes(self) -> int:
        """How many minutes the agenda gives it."""
        start, end = self.planned
        return int((end - start).total_seconds() // 60)

    @property
    def outcome(self) -> str:
        """The code of its outcome; empty without one."""
        return self.case.discussion.outcome if self.case.discussion else ""

    @property
    def suggested(self) -> str:
        """The outcome that is chosen already: what it has, else what its quorum says."""
        return self.sent.get("outcome") or self.outcome or suggest_outcome(is_short=self.quorum == "missing").value

    @property
    def reason(self) -> str:
        """The code of its reason."""
        return self.case.discussion.reason if self.case.discussion else ""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody expected or present."""

    id: str
    name: str
    specialties: str
    person: RoomPerson
    may_note: bool


def case_lines(
    room: Room, *, reads_cases: bool, accounts: Mapping[str, str], typed: Mapping[str, Any]
) -> list[CaseLine]:
    """The cases in agenda order. `typed` is what a refused form held: its `case`, `text`, and the clash if any."""
    return [_line(room, number, case, reads_cases, accounts, typed) for number, case in enumerate(room.cases, 1)]


def _line(
    room: Room, number: int, case: RoomCase, reads_cases: bool, accounts: Mapping[str, str], typed: Mapping[str, Any]
) -> CaseLine:
    program = setup().program(case.item.case.program)
    row = case.discussion
    text = row.recommendation if row else ""
    is_typed = typed.get("case") == case.item.case.public_id
    cover = case.coverage
    return CaseLine(
        case=case,
        number=number,
        reference=case.item.case.reference,
        case_id=case.item.case.public_id if reads_cases else "",
        needs=tuple(
            NeedRow(
                need_name(one.need, program, room), one.need.required, tuple(_names(room, one.members))
            )
            for one in cover.covers
        ),
        quorum=_quorum(room, case),
        missing=unique(need_name(need, program, room) for need in cover.lost),
        advice=unique(need_name(need, program, room) for need in cover.missed),
        questions=tuple((_label(program, name), said) for name, said in case.questions),
        attended=tuple((_name(room, part.member), part.minutes, part.throughout) for part in case.attended),
        text=str(typed["text"]) if is_typed else text,
        stamp=stamp_of(text),
        by=accounts.get(row.recorded_by, row.recorded_by) if row else "",
        clash={"theirs": text} if is_typed and typed.get("clash") else {},
        sent=typed.get("sent", {}) if is_typed else {},
    )  # fmt: skip


def _quorum(room: Room, case: RoomCase) -> str:
    if case.coverage.is_quorate:
        return "met"
    lost = {(need.specialty, need.member) for need in case.coverage.lost}
    coming = [
        person for person in room.people
        if person.here_since is None and not person.stays and person.window and person.answer not in NOT_COMING
    ]  # fmt: skip
    is_ahead = case.state == "open" and all(
        any(member == person.member.public_id if member else specialty in person.specialties for person in coming)
        for specialty, member in lost
    )
    return "expected" if is_ahead else "missing"


def _label(program: Program, name: str) -> str:
    return program.fields[name].label.in_language(words().language)


def unique(names: Any) -> tuple[str, ...]:
    """Each name once, in order."""
    return tuple(dict.fromkeys(names))


def need_name(need: Need, program: Program, room: Room) -> str:
    """What a need is called: a member's name, or a specialty with its certificate."""
    return say_need(need.specialty, need.certificate or "", need.member or "", program, room)


def say_need(specialty: str, certificate: str, member: str, program: Program, room: Room) -> str:
    """The same from its parts."""
    language = words().language
    if member:
        return _name(room, member)
    known, certified = program.specialties.get(specialty), program.certificates.get(certificate)
    name = known.in_language(language) if known else specialty
    return f"{name} ({certified.in_language(language)})" if certified else name


def _names(room: Room, members: tuple[str, ...]) -> list[str]:
    return [_name(room, member) for member in members]


def _name(room: Room, member: str) -> str:
    return full_name(room.members[member]) if member in room.members else member


def person_lines(room: Room, specialties: Mapping[str, str], *, own: str | None, may_own: bool) -> list[PersonLine]:
    """Everybody expected or there."""
    return [
        PersonLine(
            id=person.member.public_id,
            name=full_name(person.member),
            specialties=", ".join(specialties.get(key, key) for key in person.specialties),
            person=person,
            may_note=room.may_record or (may_own and person.member.public_id == own),
        )
        for person in room.people
    ]


def account_names(accounts: list[Account]) -> dict[str, str]:
    """What the accounts behind addresses are called."""
    return {account.email: account.name for account in accounts}
