"""Random series against a naive expansion: dateutil's rules from the first day, zoneinfo, and lists of seconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.calendars import a_calendar, an_event
from tumorboard.domain.timeline import Interval, merge
from tumorboard.formats.busy import read_busy

WINDOW = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC))
ZONES = ("Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
TOO_LATE = datetime.combine(date(2027, 4, 1), time())


def some(values: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3, unique=True).map(lambda chosen: ",".join(map(str, chosen)))


PLAIN_DAYS = some(st.sampled_from(WEEKDAYS))
ORDINAL_DAYS = some(
    st.builds(lambda n, day: f"{n}{day}", st.sampled_from((1, 2, 3, 4, -1, -2)), st.sampled_from(WEEKDAYS))
)
MONTH_DAYS = some(st.integers(1, 31) | st.integers(-31, -1))
MONTHS = some(st.integers(1, 12))


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A rule whose meaning dateutil and RFC 5545 agree about."""
    frequency = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")))
    parts = {"FREQ": frequency, "INTERVAL": str(draw(st.integers(1, 5))), "WKST": draw(st.sampled_from(WEEKDAYS))}
    choices: dict[str, st.SearchStrategy[str]] = {"BYMONTH": MONTHS}
    if frequency in ("MONTHLY", "YEARLY"):
        choices |= {"BYMONTHDAY": MONTH_DAYS, "BYDAY": PLAIN_DAYS | ORDINAL_DAYS}
    else:
        choices |= {"BYDAY": PLAIN_DAYS}
    if frequency == "YEARLY":
        choices |= {"BYYEARDAY": some(st.integers(1, 366) | st.integers(-366, -1))}
    for name in draw(st.lists(st.sampled_from(sorted(choices)), max_size=2, unique=True)):
        parts[name] = draw(choices[name])
    if frequency == "YEARLY" and not {"BYDAY", "BYYEARDAY", "BYMONTHDAY"} & parts.keys() and draw(st.booleans()):
        parts |= {"BYWEEKNO": draw(some(st.integers(1, 53) | st.integers(-53, -1))), "BYDAY": draw(PLAIN_DAYS)}
    if draw(st.booleans()):
        parts["BYHOUR"] = draw(some(st.integers(0, 23)))
    if {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYHOUR"} & parts.keys() and draw(st.booleans()):
        parts["BYSETPOS"] = draw(some(st.sampled_from((1, 2, 3, -1, -2))))
    if draw(st.booleans()):
        parts["COUNT"] = str(draw(st.integers(1, 400)))
    return ";".join(f"{name}={value}" for name, value in parts.items())


def expand_naively(rule: str, start: datetime) -> list[datetime]:
    """The naive wall clocks of a series; DTSTART always belongs to it and counts."""
    text, _, count = rule.partition(";COUNT=")
    found = [start]
    for moment in rrulestr(text, dtstart=start):
        if moment > TOO_LATE or (count and len(found) >= int(count)):
            break
        if moment > start:
            found.append(moment)
    return found


@settings(max_examples=100, deadline=None)
@given(
    rule=rules(),
    day=st.dates(date(2019, 1, 1), date(2026, 12, 31)),
    at=st.times().map(lambda clock: clock.replace(second=0, microsecond=0)),
    zone=st.sampled_from(ZONES),
    minutes=st.integers(1, 3_000),
    dropped=st.lists(st.integers(0, 60), max_size=4),
)
def test_random_series_is_what_a_naive_expansion_gives(
    rule: str, day: date, at: time, zone: str, minutes: int, dropped: list[int]
) -> None:
    start = datetime.combine(day, at)
    walls = expand_naively(rule, start)
    excluded = {walls[place] for place in dropped if place < len(walls)}
    exdates = [f"EXDATE;TZID={zone}:{wall:%Y%m%dT%H%M%S}" for wall in sorted(excluded)]
    event = an_event(f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}", f"DURATION:PT{minutes}M", f"RRULE:{rule}", *exdates)

    times = read_busy(a_calendar(*event), window=WINDOW, zone=ZoneInfo("Asia/Seoul"))

    instants = [wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for wall in walls]
    gone = {wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for wall in excluded}
    taken = [Interval(at, at + timedelta(minutes=minutes)) for at in instants if at not in gone]
    cut = [
        Interval(max(span.start, WINDOW.start), min(span.end, WINDOW.end)) for span in taken if span.overlaps(WINDOW)
    ]
    assert times.busy == merge(cut)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=400))
def test_no_bytes_do_anything_but_answer_or_refuse(content: bytes) -> None:
    for body in (content, a_calendar("BEGIN:VEVENT").replace(b"END:VCALENDAR\r\n", content)):
        try:
            times = read_busy(body, window=WINDOW, zone=ZoneInfo("Asia/Seoul"))
        except Exception as error:
            assert getattr(error, "code", repr(error)) in (  # noqa: PT017
                "not-a-calendar", "incomplete-calendar", "too-large", "recurrence-refused", "unknown-time-zone",
            )  # fmt: skip
        else:
            assert times.busy == merge(times.busy)


NAMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "FREEBUSY", "TZOFFSETTO")
PIECES = st.sampled_from((
    "20260304T090000", "20260304", "Z", "P1D", "-P1W", "PT", "/", ",", ";", ":", "=", '"', "TZID", "VALUE", "PERIOD",
    "FREQ", "DAILY", "YEARLY", "BYDAY", "-1SU", "COUNT", "UNTIL", "INTERVAL", "99999999999", "0", "00010101T000000",
    "99991231T235959Z", "RANGE=THISANDFUTURE", "Europe/Berlin", "Moon", "\r\n ", "\u2028", "+1400", "-2400",
))  # fmt: skip
LINES = st.builds(lambda name, pieces: name + "".join(pieces), st.sampled_from(NAMES), st.lists(PIECES, max_size=8))


@settings(max_examples=300, deadline=None)
@given(lines=st.lists(LINES, max_size=8), kind=st.sampled_from(("VEVENT", "VFREEBUSY", "STANDARD")))
def test_no_lines_do_anything_but_answer_or_refuse(lines: list[str], kind: str) -> None:
    inner = [f"BEGIN:{kind}", "UID:x", *lines, f"END:{kind}"]
    body = ["BEGIN:VTIMEZONE", "TZID:Moon", *inner, "END:VTIMEZONE"] if kind == "STANDARD" else inner
    used = an_event("DTSTART;TZID=Moon:20260304T090000", "DURATION:PT1H") if kind == "STANDARD" else []

    try:
        times = read_busy(a_calendar(*body, *used), window=WINDOW, zone=ZoneInfo("Asia/Seoul"))
    except Exception as error:
        assert getattr(error, "code", repr(error)) in (  # noqa: PT017
            "incomplete-calendar", "recurrence-refused", "unknown-time-zone", "not-a-calendar", "too-large",
        )  # fmt: skip
    else:
        assert times.busy == merge(times.busy)
