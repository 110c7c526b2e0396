"""What happens in a meeting: who was there for which case, what an outcome needs, when a record may be signed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import Attendance, MemberFacts, Need, SeatKind
from tumorboard.domain.quorum import Coverage, coverage
from tumorboard.domain.timeline import Interval, merge

ARRIVING = timedelta(minutes=3)
"""Who is noted within the first minutes of a case counts from its beginning: people sit down before they tap."""

MISTAKEN = timedelta(seconds=60)
"""A case that was left within so long without a word was begun by mistake."""

LONGEST_RECOMMENDATION = 4000


class Outcome(StrEnum):
    """What became of a case on an agenda."""

    DISCUSSED = "discussed"
    DEFERRED = "deferred"
    WITHDRAWN = "withdrawn"
    NOT_QUORATE = "not_quorate"


OTHER = "other"
REASONS: Mapping[Outcome, tuple[str, ...]] = {
    Outcome.DISCUSSED: ("opinion-known", "presence-not-noted", OTHER),
    Outcome.DEFERRED: ("report-missing", "specialist-absent", "out-of-time", "referrer-absent", OTHER),
    Outcome.WITHDRAWN: ("patient-declined", "superseded", "moved-elsewhere", OTHER),
    Outcome.NOT_QUORATE: (),
}
"""Why a case was deferred or withdrawn, or discussed with a required seat empty: closed lists, to be counted."""

REOPENINGS = ("typing-error", "outcome-wrong", "attendance-wrong", "text-incomplete")
"""Why a signed record is opened again."""

_BECOMES: Mapping[Outcome, str] = {
    Outcome.DISCUSSED: "done",
    Outcome.DEFERRED: "waiting",
    Outcome.WITHDRAWN: "withdrawn",
    Outcome.NOT_QUORATE: "waiting",
}


@dataclass(frozen=True, slots=True)
class Stay:
    """A member was in the room from `since` until `until`, None while she is there."""

    member: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attended:
    """A member's part in one discussion: how long, and whether for all of it (but for the minutes of arriving).

    `minutes` are those between the clock times that people read, which have no seconds; 0 within one minute.
    """

    member: str
    time: timedelta
    throughout: bool
    minutes: int


def clock_minutes(start: datetime, end: datetime) -> int:
    """The minutes from one clock time to another as both are shown, cut to the minute."""
    first, last = (at.replace(second=0, microsecond=0) for at in (start, end))
    return (last - first) // timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """Who was there for a case, those there throughout and longest first, and which of its needs that covered."""

    attended: tuple[Attended, ...]
    coverage: Coverage


def read_outcome(code: str) -> Outcome:
    """The outcome with this code. Raises BadInput `unknown-outcome`."""
    try:
        return Outcome(code)
    except ValueError:
        known = ", ".join(Outcome)
        raise BadInput(f"no outcome; choose one of {known}", code="unknown-outcome", field="outcome") from None


def becomes(outcome: Outcome) -> str:
    """The status of a case after this outcome. One that waits again keeps the clock of its referral."""
    return _BECOMES[outcome]


def suggest_outcome(*, is_short: bool) -> Outcome:
    """What a case becomes unless somebody chooses otherwise; `is_short` where a required seat is empty."""
    return Outcome.NOT_QUORATE if is_short else Outcome.DISCUSSED


def check_outcome(outcome: Outcome, *, reason: str, text: str, span: Interval | None) -> None:
    """Raise BadInput unless the outcome is complete.

    A discussed case has its time and a recommendation; a deferred or withdrawn one a reason of its list, and words
    where that is `other`. A discussed case may have one, see `check_quorum`; no other outcome does.
    """
    reasons = REASONS[outcome]
    if outcome in (Outcome.DEFERRED, Outcome.WITHDRAWN) and reason not in reasons:
        raise BadInput(f"give a reason: {', '.join(reasons)}", code="reason-missing", field="reason")
    if reason and reason not in reasons:
        raise BadInput("this outcome has no such reason", code="reason-unasked", field="reason")
    if reason == OTHER and not text:
        raise BadInput("say in words what the other reason is", code="other-needs-words", field="text")
    if outcome is Outcome.DISCUSSED and not text:
        raise BadInput("write down what the board recommends", code="recommendation-missing", field="text")
    if outcome is Outcome.DISCUSSED and span is None:
        raise BadInput("say when the case was discussed: from, until", code="times-missing", field="started_at")


def check_quorum(lost: Sequence[Need], *, reason: str) -> None:
    """Raise BadInput `quorum-missing` where a case was discussed without a required need and nobody says why."""
    if lost and not reason:
        names = ", ".join(dict.fromkeys(need.member or need.specialty for need in lost))
        raise BadInput(
            f"a required seat is empty ({names}): choose Not quorate, note who is here, or give the reason why it was "
            "discussed",
            code="quorum-missing", field="reason",
        )  # fmt: skip


def check_times(
    started_at: datetime | None, ended_at: datetime | None, *, meeting: Interval, now: datetime
) -> Interval | None:
    """The time of a discussion, None without one.

    Raises BadInput `times-missing` for half of it, `bad-times` for one that ends before it begins, lies ahead, or is
    more than half a day away from the meeting.
    """
    if started_at is None and ended_at is None:
        return None
    if started_at is None or ended_at is None:
        raise BadInput("give both, from and until", code="times-missing", field="started_at")
    near = timedelta(hours=12)
    is_near = meeting.start - near <= started_at and ended_at <= meeting.end + near
    if not started_at < ended_at <= now or not is_near:
        raise BadInput(
            "a discussion ends after it begins, is over, and lies near its meeting", code="bad-times", field="ended_at"
        )
    return Interval(started_at, ended_at)


def next_open(items: Sequence[tuple[str, bool]], after: str | None) -> str | None:
    """The case to discuss after this one: the next of the agenda without an outcome, from the top again at its end.

    `items` are (id, has an outcome) in agenda order; None when every other case has an outcome.
    """
    ids = [name for name, _ in items]
    start = ids.index(after) + 1 if after in ids else 0
    turned = [*items[start:], *items[:start]]
    return next((name for name, is_settled in turned if not is_settled and name != after), None)


def spans_of(stays: Iterable[Stay], *, end: datetime) -> dict[str, tuple[Interval, ...]]:
    """Per member when she was there, sorted and non-overlapping; whoever is still there stays until `end`."""
    found: dict[str, list[Interval]] = {}
    for stay in stays:
        until = stay.until if stay.until is not None else end
        if stay.since < until:
            found.setdefault(stay.member, []).append(Interval(stay.since, until))
    return {member: merge(spans) for member, spans in found.items()}


def settled(span: Interval) -> Interval:
    """The part of a discussion for which somebody must be there to count: all but the minutes of arriving.

    Of a short discussion it is the second half.
    """
    return Interval(span.start + min(ARRIVING, (span.end - span.start) / 2), span.end)


def record_of(
    needs: Sequence[Need],
    *,
    span: Interval,
    stays: Iterable[Stay],
    members: Mapping[str, MemberFacts],
) -> CaseRecord:
    """Who was there for a case discussed in `span`, and what that covered. Only being there throughout covers a need.

    Two who held the same need one after the other do not cover it together: neither heard the whole case.
    """
    there = spans_of(stays, end=span.end)
    attended = [_part(member, spans, span) for member, spans in there.items()]
    found = sorted((part for part in attended if part.time), key=lambda p: (not p.throughout, -p.time, p.member))
    attendances = [_present(member, one) for member, spans in there.items() for one in spans]
    covered = coverage(needs, span=settled(span), attendances=attendances, members=members)
    return CaseRecord(tuple(found), covered)


def cover_now(
    needs: Sequence[Need], *, here: Iterable[str], members: Mapping[str, MemberFacts], now: datetime
) -> Coverage:
    """What those who are here at this moment cover of a case."""
    moment = Interval(now, now + timedelta(minutes=1))
    return coverage(needs, span=moment, attendances=[_present(name, moment) for name in here], members=members)


def _part(member: str, spans: Sequence[Interval], span: Interval) -> Attended:
    inside = [(max(one.start, span.start), min(one.end, span.end)) for one in spans if one.overlaps(span)]
    time = sum((end - start for start, end in inside), timedelta())
    minutes = sum(clock_minutes(start, end) for start, end in inside)
    return Attended(member, time, any(one.contains(settled(span)) for one in spans), minutes)


def _present(member: str, span: Interval) -> Attendance:
    return Attendance(member, SeatKind.CORE, span, ())


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a case has run beside what was planned for it."""

    planned: timedelta
    running: timedelta

    @property
    def over_minutes(self) -> int:
        """Whole minutes beyond the plan; 0 within it."""
        return max(0, (self.running - self.planned) // timedelta(minutes=1))


def pace_of(planned: Interval, *, started_at: datetime, until: datetime) -> Pace:
    """The pace of a case that began then; a clock that runs backwards shows nothing."""
    return Pace(planned.end - planned.start, max(timedelta(), until - started_at))


def was_mistaken(started_at: datetime, left_at: datetime, *, text: str, outcome: str) -> bool:
    """True for a case that was begun and left again at once, without a word or an outcome: it was not discussed."""
    return not text and not outcome and left_at - started_at < MISTAKEN


def fingerprint_of(record: Mapping[str, object]) -> str:
    """28 letters and digits that change with any change of the record: what was signed is what is printed.

    Base32 and not hexadecimal: hexadecimal can look like a resident registration number.
    """
    content = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_as_text)
    code = base64.b32encode(hashlib.sha256(content.encode()).digest()).decode().lower()[:28]
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def stamp_of(text: str) -> str:
    """16 letters and digits that name a text: who wrote on it says which text she began with."""
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:16]


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no part of a record: {value!r}")
