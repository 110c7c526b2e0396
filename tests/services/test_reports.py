"""Reports count what is recorded, and say what is not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, PROGRAM
from tests.services.conftest import NOW
from tests.services.past_meetings import after, note_there, publish_next, record_all
from tumorboard.domain.errors import BadInput, NotAllowed, NotFound
from tumorboard.domain.indicators import Share
from tumorboard.services.access import Role, actor_with
from tumorboard.services.report_tables import TABLES, tabulate_report
from tumorboard.services.reports import LONGEST_DAYS, Period, Report, choose_period, read_report
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting
from tumorboard.words import Words

PERIOD = Period("", date(2026, 11, 1), date(2026, 12, 20))


@pytest.fixture
def meeting(centre: Session, setup: Setup) -> Meeting:
    return publish_next(centre, setup, now=NOW)


def report(session: Session, setup: Setup, meeting: Meeting, period: Period = PERIOD) -> Report:
    return read_report(session, setup, period=period, by=OPERATOR, now=after(meeting))


def test_meeting_ahead_is_not_counted(centre: Session, setup: Setup, meeting: Meeting) -> None:
    found = read_report(centre, setup, period=PERIOD, by=OPERATOR, now=meeting.starts_at)

    assert (found.meetings, found.waits, found.attended, found.reasons) == (0, (), (), ())


def test_meeting_without_a_record_is_named_and_left_out(centre: Session, setup: Setup, meeting: Meeting) -> None:
    found = report(centre, setup, meeting)

    assert (found.meetings, found.unrecorded, found.unattended) == (1, len(meeting.agenda), 1)
    assert (found.waits, found.attended) == ((), ())


def test_wait_is_counted_from_the_referral_to_the_first_discussion(
    centre: Session, setup: Setup, meeting: Meeting
) -> None:
    record_all(centre, meeting)

    found = report(centre, setup, meeting)

    wait = found.waits[0]
    assert (wait.program, wait.urgency, len(wait.days)) == (PROGRAM, "routine", len(meeting.agenda))
    assert all(4 <= days <= 6 for days in wait.days)
    assert (wait.late_days, found.late, found.unrecorded) == ((), (), 0)


def test_late_case_is_named(centre: Session, setup: Setup, meeting: Meeting) -> None:
    case = meeting.agenda[0].case
    case.referred_at -= timedelta(days=90)
    record_all(centre, meeting)

    found = report(centre, setup, meeting)

    assert [item.reference for item in found.late] == [case.reference]
    assert found.waits[0].late_days == found.waits[0].days[-1:]


def test_attendance_counts_the_specialties_that_were_needed(centre: Session, setup: Setup, meeting: Meeting) -> None:
    note_there(centre, meeting, CORE["pathology"], CORE["radiology"])

    found = {share.specialty: share for share in report(centre, setup, meeting).attended}

    assert found["pathology"] == Share("pathology", 1, 1)
    assert found["medical_oncology"] == Share("medical_oncology", 1, 0)


def test_reasons_for_deferral_are_counted(centre: Session, setup: Setup, meeting: Meeting) -> None:
    record_all(centre, meeting, "deferred", "report-missing")

    found = report(centre, setup, meeting)

    assert found.reasons == (("report-missing", len(meeting.agenda)),)
    assert found.waits == ()


def test_board_narrows_the_report(centre: Session, setup: Setup, meeting: Meeting) -> None:
    period = Period(BOARD, PERIOD.first, PERIOD.last)

    assert report(centre, setup, meeting, period).meetings == 1
    with pytest.raises(NotFound):
        report(centre, setup, meeting, Period("nowhere", PERIOD.first, PERIOD.last))


def test_days_are_those_of_the_board(centre: Session, setup: Setup, meeting: Meeting) -> None:
    """The meeting begins at 07:30 in Seoul, which is the evening before in UTC."""
    on = date(2026, 11, 24)

    inside = report(centre, setup, meeting, Period("", on, on))
    before = report(centre, setup, meeting, Period("", on - timedelta(days=1), on - timedelta(days=1)))

    assert (inside.meetings, before.meetings) == (1, 0)


def test_surgeon_reads_no_reports(centre: Session, setup: Setup) -> None:
    with pytest.raises(NotAllowed):
        read_report(centre, setup, period=PERIOD, by=actor_with("s", frozenset({Role.SURGEON})), now=NOW)


def test_usual_period_is_twelve_weeks(setup: Setup) -> None:
    period = choose_period(setup, board="", first=None, last=None, now=NOW)

    assert (period.last, (period.last - period.first).days) == (date(2026, 11, 22), 12 * 7 - 1)


@pytest.mark.parametrize("days", [-1, LONGEST_DAYS])
def test_impossible_period_is_refused(setup: Setup, days: int) -> None:
    first = date(2026, 1, 1)

    with pytest.raises(BadInput) as caught:
        choose_period(setup, board="", first=first, last=first + timedelta(days=days), now=NOW)

    assert caught.value.code == "bad-period"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_tables_name_no_case_and_no_member(centre: Session, setup: Setup, meeting: Meeting, language: str) -> None:
    record_all(centre, meeting)
    note_there(centre, meeting, *CORE.values())

    tables = tabulate_report(setup, report(centre, setup, meeting), Words(language))

    assert tuple(tables) == TABLES
    cells = {str(cell) for table in tables.values() for row in table.rows for cell in row}
    names = {row.member.name for row in meeting.invitations} | {item.case.reference for item in meeting.agenda}
    assert cells & names == set()
    assert all(len(row) == len(table.columns) for table in tables.values() for row in table.rows)


def test_queries_do_not_grow_with_the_meetings(centre: Session, setup: Setup, meeting: Meeting) -> None:
    record_all(centre, meeting)
    note_there(centre, meeting, *CORE.values())
    statements: list[str] = []
    event.listen(centre.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
    centre.expire_all()
    when = after(meeting)
    statements.clear()

    read_report(centre, setup, period=PERIOD, by=OPERATOR, now=when)

    assert len([each for each in statements if each.startswith("SELECT")]) <= 12, "\n".join(statements)
