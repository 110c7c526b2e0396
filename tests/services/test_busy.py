"""Busy times of members: handed in, fetched and from a folder; what counts, what stays, and what is never kept."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, furnish, member_id
from tests.clinic import ANESTHESIA, a_pregnancy, furnish_clinic
from tests.formats.calendars import a_calendar, an_event
from tests.services.busy_member import (
    HOURS,
    LATER,
    MEETING,
    UROLOGY,
    add,
    busy,
    sources,
    upload,
)
from tests.services.conftest import NOW
from tests.services.https_server import HttpsServer
from tumorboard.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from tumorboard.services.access import Role, actor_with, operator
from tumorboard.services.boards import list_absent
from tumorboard.services.busy import (
    refresh_busy,
    remove_busy,
    upload_busy,
)
from tumorboard.services.busy_reading import MOST_AT_ONCE, Owner, busy_window, read_calendar, reading_place
from tumorboard.services.busy_views import list_blocks, list_busy
from tumorboard.services.findings import Step, list_findings
from tumorboard.services.nightly import check_published, propose_repair
from tumorboard.services.people import remove_member
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.services.urgent import call_urgent, decline_call, find_urgent
from tumorboard.store.calendars import BusyInterval, BusySource
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.store.people import Member
from tumorboard.store.post import AuditEvent


@pytest.fixture
def board(centre: Session, setup: Setup) -> Session:
    """The small centre with C-1 and C-2 published for its first meeting."""
    draft = propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    publish_draft(centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)
    return centre


def test_uploaded_calendar_counts_as_busy_time(centre: Session, setup: Setup) -> None:
    done = upload(centre, setup, *an_event(*LATER))

    assert (done.intervals, done.tentative, done.warnings, done.meetings) == (1, 0, (), ())
    assert busy(centre) == [("11-30T00:00", "11-30T01:00")]


def test_busy_times_are_the_same_on_each_engine(any_centre: Session, setup: Setup) -> None:
    upload(any_centre, setup, *an_event(*LATER, "RRULE:FREQ=DAILY;COUNT=2"))
    upload(any_centre, setup, *an_event(*LATER))

    assert busy(any_centre) == [("11-30T00:00", "11-30T01:00")]
    remove_busy(any_centre, source_id=sources(any_centre)[0].id, by=OPERATOR, now=NOW)
    assert busy(any_centre) == []


def test_tentative_time_is_shown_and_does_not_block(centre: Session, setup: Setup) -> None:
    done = upload(centre, setup, *an_event(*LATER, "STATUS:TENTATIVE"))

    blocks = list_blocks(centre, member_id=member_id(centre, UROLOGY), by=OPERATOR, now=NOW)
    assert (done.intervals, done.tentative, busy(centre)) == (0, 1, [])
    assert [(block.span.start, block.is_tentative) for block in blocks] == [(datetime(2026, 11, 30, tzinfo=UTC), True)]


def test_blocks_of_all_sources_are_said_once(centre: Session, setup: Setup) -> None:
    sure = an_event("DTSTART:20261130T003000Z", "DURATION:PT30M", uid="e2")
    upload(centre, setup, *an_event(*LATER, "STATUS:TENTATIVE"), *sure)

    blocks = list_blocks(centre, member_id=member_id(centre, UROLOGY), by=OPERATOR, now=NOW)
    assert [(f"{block.span.start:%H:%M}", f"{block.span.end:%H:%M}", block.is_tentative) for block in blocks] == [
        ("00:00", "00:30", True),
        ("00:30", "01:00", False),
    ]


def test_floating_times_are_read_in_the_zone_of_the_member(centre: Session, setup: Setup) -> None:
    centre.scalars(select(Member).where(Member.email == UROLOGY)).one().time_zone = "Europe/Berlin"
    centre.commit()

    upload(centre, setup, *an_event("DTSTART:20261130T090000", "DURATION:PT1H"))

    assert busy(centre) == [("11-30T08:00", "11-30T09:00")]


def test_what_the_member_declined_does_not_block(centre: Session, setup: Setup) -> None:
    upload(centre, setup, *an_event(*LATER, f"ATTENDEE;PARTSTAT=DECLINED:mailto:{UROLOGY}"))

    assert busy(centre) == []


def test_upload_replaces_the_one_before(centre: Session, setup: Setup) -> None:
    upload(centre, setup, *an_event(*LATER))
    upload(centre, setup, *an_event("DTSTART:20261201T000000Z", "DURATION:PT1H"), now=NOW + timedelta(minutes=1))

    assert busy(centre) == [("12-01T00:00", "12-01T01:00")]
    assert len(sources(centre)) == 1


def test_refused_upload_keeps_the_one_before_and_says_so(centre: Session, setup: Setup) -> None:
    upload(centre, setup, *an_event(*LATER))

    with pytest.raises(BadInput):
        upload(centre, setup, *an_event(*LATER, "RRULE:FREQ=SECONDLY"), now=NOW + timedelta(hours=1))

    view = sources(centre)[0]
    assert (view.problem, view.read_at, view.tried_at) == ("recurrence-refused", NOW, NOW + timedelta(hours=1))
    assert busy(centre) == [("11-30T00:00", "11-30T01:00")]


def test_first_upload_that_is_refused_leaves_nothing(centre: Session, setup: Setup) -> None:
    with pytest.raises(BadInput):
        upload_busy(centre, setup, member_id=member_id(centre, UROLOGY), content=b"<html>", by=OPERATOR, now=NOW)

    assert sources(centre) == ()


def test_warnings_are_kept_as_code_and_line(centre: Session, setup: Setup) -> None:
    done = upload(centre, setup, *an_event(*LATER), *an_event(uid="secret-uid"))

    assert [warning.code for warning in done.warnings] == ["no-start"]
    assert sources(centre)[0].warnings == (("no-start", done.warnings[0].line),)
    row = centre.scalars(select(BusySource)).one()
    assert row.warnings == {"warnings": [["no-start", 11]]}


def test_calendar_is_read_from_yesterday_to_beyond_the_farthest_plan(centre: Session, setup: Setup) -> None:
    upload(centre, setup, *an_event("DTSTART:20200101T000000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"))

    starts = list(centre.scalars(select(BusyInterval.starts_at).order_by(BusyInterval.starts_at)))
    assert (starts[0], starts[-1]) == (datetime(2026, 11, 21, tzinfo=UTC), datetime(2027, 12, 26, tzinfo=UTC))
    assert sources(centre)[0].read_until == datetime(2027, 12, 26, 15, tzinfo=UTC)


def test_our_own_invitations_do_not_make_a_member_busy(board: Session, setup: Setup) -> None:
    uid = board.scalars(select(MeetingInvitation.uid).join(Member).where(Member.email == UROLOGY)).one()

    done = upload(board, setup, *an_event(*MEETING, uid=uid), *an_event(*LATER, uid="own@elsewhere.example"))

    assert (done.intervals, done.meetings) == (1, ())
    assert board.scalars(select(BusyInterval.starts_at)).all() == [datetime(2026, 11, 30, tzinfo=UTC)]


def test_free_busy_object_is_cut_where_she_is_at_our_meetings(board: Session, setup: Setup) -> None:
    """A period has no UID: that she is busy during our own meeting says nothing about it."""
    row = board.scalars(select(MeetingInvitation).join(Member).where(Member.email == CORE["pathology"])).one()
    stamps = [moment.strftime("%Y%m%dT%H%M%SZ") for moment in (row.starts_at, row.ends_at)]
    lines = ("BEGIN:VFREEBUSY", f"FREEBUSY:{stamps[0]}/{stamps[1]},20261130T000000Z/PT1H", "END:VFREEBUSY")

    done = upload(board, setup, *lines, email=CORE["pathology"])

    assert (done.intervals, done.meetings) == (1, ())


def test_planning_does_not_call_in_who_is_busy(centre: Session, setup: Setup) -> None:
    upload(centre, setup, *an_event(*MEETING))

    draft = propose(centre, setup, board=BOARD, weeks=1, by=OPERATOR, now=NOW)

    references = [entry["reference"] for plan in draft.plan["proposal"]["meetings"] for entry in plan["agenda"]]
    assert ("C-2" in references, "C-1" in references) == (False, True)


def test_touched_meetings_are_named(board: Session, setup: Setup) -> None:
    meeting = board.scalars(select(Meeting.public_id).where(Meeting.status == "published")).one()

    done = upload(board, setup, *an_event(*MEETING))

    assert done.meetings == (meeting,)
    assert list_absent(board, by=OPERATOR, now=NOW) == {meeting: ("Jung",)}


def test_meeting_that_was_declined_is_not_named(board: Session, setup: Setup) -> None:
    row = board.scalars(select(MeetingInvitation).join(Member).where(Member.email == UROLOGY)).one()
    row.answer = "declined"
    board.commit()

    assert upload(board, setup, *an_event(*MEETING)).meetings == ()


def test_who_became_busy_is_found_at_once_and_by_the_night(board: Session, setup: Setup) -> None:
    upload(board, setup, *an_event(*MEETING))
    known = list_findings(board, by=OPERATOR, now=NOW)

    checked = check_published(board, setup, by=operator("job:check-meetings"), now=NOW)

    found = list_findings(board, by=OPERATOR, now=NOW)
    values = {"member": member_id(board, UROLOGY), "references": "C-2", "specialties": "urology"}
    assert [(each.reason.code, {**each.reason.values, "meeting": ""}) for each in found] == [
        ("member-busy-now", {**values, "meeting": ""})
    ]
    assert (checked.new, checked.standing, known, found[0].is_blocking) == (0, 1, found, True)


def test_finding_is_mended_when_she_is_free_again(board: Session, setup: Setup) -> None:
    upload(board, setup, *an_event(*MEETING))
    before = list_findings(board, by=OPERATOR, now=NOW)

    upload(board, setup, *an_event(*LATER))

    assert (len(before), list_findings(board, by=OPERATOR, now=NOW)) == (1, ())


def test_finding_is_mended_when_the_source_is_removed(board: Session, setup: Setup) -> None:
    done = upload(board, setup, *an_event(*MEETING))
    before = list_findings(board, by=OPERATOR, now=NOW)

    remove_busy(board, source_id=done.source_id, by=OPERATOR, now=NOW, setup=setup)

    assert (len(before), list_findings(board, by=OPERATOR, now=NOW)) == (1, ())


def test_who_became_busy_at_an_urgent_meeting_is_found(session: Session, setup: Setup) -> None:
    furnish_clinic(session, setup, now=NOW)
    case = a_pregnancy(session, setup, now=NOW)
    called = call_urgent(session, setup, case_id=case, at=NOW + timedelta(minutes=30), by=OPERATOR, now=NOW)
    start = called.meeting.starts_at
    upload(session, setup, *an_event(f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT1H"), email=ANESTHESIA)

    checked = check_published(session, setup, by=operator("job:check-meetings"), now=NOW)

    found = list_findings(session, by=OPERATOR, now=NOW)
    assert [(each.reason.code, each.reason.values["member"], each.step) for each in found] == [
        ("member-busy-now", member_id(session, ANESTHESIA), Step.CHOOSE_MOMENT)
    ]
    repair = propose_repair(session, setup, board=checked.boards[0], by=OPERATOR, now=NOW)
    assert (repair.outcome, len(repair.unmended)) == ("nothing", 1)


def test_answer_to_an_urgent_meeting_leaves_the_finding_of_who_is_busy(session: Session, setup: Setup) -> None:
    furnish_clinic(session, setup, now=NOW)
    case = a_pregnancy(session, setup, now=NOW)
    called = call_urgent(session, setup, case_id=case, at=NOW + timedelta(minutes=30), by=OPERATOR, now=NOW)
    start = called.meeting.starts_at
    upload(session, setup, *an_event(f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT1H"), email=ANESTHESIA)
    other = next(row.member for row in called.meeting.invitations if row.member.email != ANESTHESIA)

    decline_call(
        session, setup, meeting_id=called.meeting.public_id, member_id=other.public_id, by=OPERATOR,
        now=NOW + timedelta(minutes=5),
    )  # fmt: skip

    found = {each.reason.code for each in list_findings(session, by=OPERATOR, now=NOW)}
    assert "member-busy-now" in found


def test_urgent_search_does_not_ask_who_is_busy(session: Session, setup: Setup) -> None:
    furnish_clinic(session, setup, now=NOW)
    case = a_pregnancy(session, setup, now=NOW)
    upload(session, setup, *an_event(f"DTSTART:{NOW:%Y%m%dT%H%M%SZ}", "DURATION:PT5H"), email=ANESTHESIA)

    view = find_urgent(session, setup, case_id=case, within_hours=None, by=OPERATOR, now=NOW)

    teams = {member for moment in view.answer.moments for member in moment.team if moment.span.start < NOW + HOURS}
    assert teams
    assert member_id(session, ANESTHESIA) not in teams


def test_tentative_time_is_no_finding(board: Session, setup: Setup) -> None:
    upload(board, setup, *an_event(*MEETING, "STATUS:TENTATIVE"))

    assert check_published(board, setup, by=operator("job:check-meetings"), now=NOW).new == 0


def test_member_uploads_her_own_calendar_only(centre: Session, setup: Setup) -> None:
    me, other = member_id(centre, UROLOGY), member_id(centre, CORE["pathology"])
    surgeon = actor_with("surgeon", frozenset({Role.SURGEON}), member_id=me)
    done = upload(centre, setup, *an_event(*LATER), email=CORE["pathology"])

    with pytest.raises(NotAllowed):
        upload_busy(centre, setup, member_id=other, content=a_calendar(), by=surgeon, now=NOW)
    with pytest.raises(NotAllowed):
        list_busy(centre, member_id=other, by=surgeon)
    with pytest.raises(NotAllowed):
        list_blocks(centre, member_id=other, by=surgeon, now=NOW)
    for act in (remove_busy, lambda session, **given: refresh_busy(session, setup, **given)):
        with pytest.raises(NotFound):
            act(centre, source_id=done.source_id, by=surgeon, now=NOW)

    assert upload_busy(centre, setup, member_id=me, content=a_calendar(), by=surgeon, now=NOW).intervals == 0


def test_removed_source_takes_its_times_along(centre: Session, setup: Setup) -> None:
    done = upload(centre, setup, *an_event(*LATER))

    remove_busy(centre, source_id=done.source_id, by=OPERATOR, now=NOW)

    assert (sources(centre), busy(centre)) == ((), [])
    assert centre.scalars(select(BusyInterval)).all() == []


def test_audit_names_the_source_and_counts_only(centre: Session, setup: Setup, server: HttpsServer) -> None:
    add(centre, server, a_calendar(*an_event(*LATER)))

    event = centre.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.action, sorted(event.detail)) == (
        "busy:address-added", ["intervals", "meetings", "source", "tentative", "warnings"],
    )  # fmt: skip
    assert "private-1a2b" not in str(event.detail)


def test_readings_at_once_are_limited(setup: Setup) -> None:
    owner, window = Owner(1, UROLOGY, "Asia/Seoul", own=()), busy_window(setup, NOW)

    with ExitStack() as others:
        for _ in range(MOST_AT_ONCE):
            others.enter_context(reading_place(0))
        with pytest.raises(Conflict) as refused:
            read_calendar(setup, owner, a_calendar(*an_event(*LATER)), window, patience_seconds=0.01)

    assert (refused.value.code, refused.value.values) == ("readers-busy", {"retry_after_seconds": 5})


def test_busy_times_go_with_the_member(any_centre: Session, setup: Setup) -> None:
    upload(any_centre, setup, *an_event(*LATER))

    remove_member(any_centre, member_id=member_id(any_centre, UROLOGY), by=OPERATOR, now=NOW)

    assert any_centre.scalars(select(BusySource)).all() == []
    assert any_centre.scalars(select(BusyInterval)).all() == []


def test_readings_at_the_same_time_leave_one_of_them(database_url: str, setup: Setup) -> None:
    """Each reading replaces all times of the source, never a part of another reading."""
    engine = create_engine(database_url)
    with Session(engine) as session:
        furnish(session, setup, now=NOW)
        upload(session, setup)
        who = member_id(session, UROLOGY)

    def hand_in(day: int) -> None:
        lines = an_event(f"DTSTART:202612{day:02}T000000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")
        with Session(engine) as session:
            upload_busy(session, setup, member_id=who, content=a_calendar(*lines), by=OPERATOR, now=NOW)

    threads = [threading.Thread(target=hand_in, args=(day,)) for day in (1, 5, 9, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with Session(engine) as session:
        assert len(session.scalars(select(BusyInterval)).all()) == 3
    engine.dispose()
