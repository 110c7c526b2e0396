"""Publishing: who hears what, what the database holds afterwards, and what is refused."""

from __future__ import annotations

from datetime import date, time, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR, a_case_csv, a_case_row, case_id, import_list, member_id
from tests.services.conftest import NOW
from tumorboard.domain.errors import Conflict
from tumorboard.services import transaction
from tumorboard.services.boards import read_draft
from tumorboard.services.cases import withdraw_cases
from tumorboard.services.checks import check_database
from tumorboard.services.findings import list_findings
from tumorboard.services.meetings import add_meeting
from tumorboard.services.moving import move_meeting
from tumorboard.services.people import add_absence, remove_absence
from tumorboard.services.planning import discard_draft, edit_draft, propose
from tumorboard.services.publishing import cancel_meeting, publish_draft
from tumorboard.services.setup import Setup
from tumorboard.services.waivers import waive_need
from tumorboard.store.cases import Case
from tumorboard.store.meetings import AgendaItem, Booking, Meeting, MeetingInvitation
from tumorboard.store.people import Absence
from tumorboard.store.plans import Draft
from tumorboard.store.post import AuditEvent, OutboxMessage

TODAY = date(2026, 11, 22)
TWO_UROLOGY = {"planned_procedures": "hysterectomy_bso;ureter_resection_reimplant"}


def _publish(session: Session, setup: Setup, *, minutes: int = 0) -> Draft:
    now = NOW + timedelta(minutes=minutes)
    draft = propose(session, setup, board=BOARD, weeks=4, by=OPERATOR, now=now)
    publish_draft(session, setup, draft_id=draft.public_id, by=OPERATOR, now=now)
    return draft


def _deliver(session: Session, *recipients: str) -> None:
    """The waiting letters to these, or to everybody, have left."""
    query = select(OutboxMessage).where(OutboxMessage.state == "waiting")
    for row in session.scalars(query.where(OutboxMessage.recipient.in_(recipients)) if recipients else query):
        row.state, row.tries, row.sent_at = "sent", 1, NOW
    session.commit()


def _letters(session: Session, *, after: int = 0) -> list[tuple[str, str, int]]:
    query = select(OutboxMessage.recipient, OutboxMessage.method, OutboxMessage.sequence)
    return sorted((r, m, s) for r, m, s in session.execute(query.where(OutboxMessage.id > after)))


def _last_letter(session: Session) -> int:
    return max(session.scalars(select(OutboxMessage.id)), default=0)


def _window(session: Session, email: str) -> MeetingInvitation:
    rows = session.scalars(select(MeetingInvitation).execution_options(populate_existing=True))
    return next(row for row in rows if row.member.email == email and row.status == "invited")


def test_publishing_invites_core_for_all_and_the_called_in_for_their_window(any_centre: Session, setup: Setup) -> None:
    _publish(any_centre, setup)

    meeting = any_centre.scalars(select(Meeting).where(Meeting.status == "published")).one()
    spans = {row.member.email: (row.kind, row.starts_at, row.ends_at) for row in meeting.invitations}
    agenda = {item.case.reference: (item.starts_at, item.ends_at) for item in meeting.agenda}
    whole = ("core", meeting.starts_at, meeting.ends_at)
    assert {email: spans.pop(email) for email in CORE.values()} == dict.fromkeys(CORE.values(), whole)
    assert spans[ON_DEMAND["urology"]] == ("on_demand", *agenda["C-2"])
    assert set(spans) == {ON_DEMAND["urology"], ON_DEMAND["clinical_genetics"]}
    assert check_database(any_centre, setup, now=NOW) == ()


def test_publishing_writes_one_letter_for_each_member_invited(any_centre: Session, setup: Setup) -> None:
    _publish(any_centre, setup)

    invited = [*CORE.values(), ON_DEMAND["urology"], ON_DEMAND["clinical_genetics"]]
    assert _letters(any_centre) == sorted((email, "REQUEST", 0) for email in invited)


def test_publishing_the_same_again_writes_nothing(any_centre: Session, setup: Setup) -> None:
    _publish(any_centre, setup)
    before = _last_letter(any_centre)

    _publish(any_centre, setup, minutes=5)

    assert _letters(any_centre, after=before) == []


def test_a_moved_window_is_told_to_its_member_alone_with_a_higher_sequence(any_centre: Session, setup: Setup) -> None:
    _publish(any_centre, setup)
    before, uid = _last_letter(any_centre), _window(any_centre, ON_DEMAND["urology"]).uid
    draft = propose(any_centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW + timedelta(minutes=5))
    view = read_draft(any_centre, draft_id=draft.public_id, by=OPERATOR)
    order = [entry.entry.reference for entry in view.meetings[0].entries]
    other = 1 - order.index("C-2")
    edit_draft(any_centre, setup, draft_id=draft.public_id, reference="C-2", meeting_id=view.meetings[0].plan.meeting,
               position=other, by=OPERATOR, now=NOW + timedelta(minutes=6))  # fmt: skip

    publish_draft(any_centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW + timedelta(minutes=7))

    assert _letters(any_centre, after=before) == [(ON_DEMAND["urology"], "REQUEST", 1)]
    assert _window(any_centre, ON_DEMAND["urology"]).uid == uid
    assert check_database(any_centre, setup, now=NOW) == ()


def test_a_member_no_longer_needed_gets_a_cancel_and_others_nothing(any_centre: Session, setup: Setup) -> None:
    import_list(any_centre, setup, now=NOW, content=a_case_csv(
        [a_case_row("C-1", on=TODAY, germline="VUS"), a_case_row("C-2", on=TODAY, germline="VUS", **TWO_UROLOGY)]
    ))  # fmt: skip
    _publish(any_centre, setup)
    before = _last_letter(any_centre)
    waive_need(any_centre, setup, case_id=case_id(any_centre, "C-2"), specialty="urology", physician="Dr Kim",
               because="stent is in place", by=OPERATOR, now=NOW)  # fmt: skip

    _publish(any_centre, setup, minutes=5)

    told = _letters(any_centre, after=before)
    assert (ON_DEMAND["urology"], "CANCEL", 1) in told
    assert not {recipient for recipient, _, _ in told} & set(CORE.values())
    assert check_database(any_centre, setup, now=NOW) == ()


def test_a_member_invited_again_keeps_her_entry_with_a_sequence_above_the_cancel(centre: Session, setup: Setup) -> None:
    _publish(centre, setup)
    uid = _window(centre, ON_DEMAND["urology"]).uid
    draft = propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW + timedelta(minutes=5))
    edit_draft(centre, setup, draft_id=draft.public_id, reference="C-2", meeting_id=None, position=None,
               by=OPERATOR, now=NOW + timedelta(minutes=5))  # fmt: skip
    publish_draft(centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW + timedelta(minutes=6))
    before = _last_letter(centre)

    _publish(centre, setup, minutes=10)

    row = _window(centre, ON_DEMAND["urology"])
    assert (row.uid, row.sequence) == (uid, 2)
    assert (ON_DEMAND["urology"], "REQUEST", 2) in _letters(centre, after=before)


def test_who_never_heard_of_a_meeting_does_not_hear_of_its_end(centre: Session, setup: Setup) -> None:
    _publish(centre, setup)
    meeting = centre.scalars(select(Meeting).where(Meeting.status == "published")).one()
    _deliver(centre, ON_DEMAND["urology"])

    letters = cancel_meeting(centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW + timedelta(minutes=5))

    rows = centre.scalars(select(OutboxMessage).where(OutboxMessage.state == "waiting"))
    assert [(row.recipient, row.method, row.sequence) for row in rows] == [(ON_DEMAND["urology"], "CANCEL", 1)]
    assert letters == 1
    assert check_database(centre, setup, now=NOW) == ()


def test_a_change_of_an_unsent_letter_is_a_first_invitation(centre: Session, setup: Setup) -> None:
    _publish(centre, setup)
    draft = propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW + timedelta(minutes=5))
    view = read_draft(centre, draft_id=draft.public_id, by=OPERATOR)
    order = [entry.entry.reference for entry in view.meetings[0].entries]
    edit_draft(centre, setup, draft_id=draft.public_id, reference="C-2", meeting_id=view.meetings[0].plan.meeting,
               position=1 - order.index("C-2"), by=OPERATOR, now=NOW + timedelta(minutes=6))  # fmt: skip

    publish_draft(centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW + timedelta(minutes=7))

    urologist = OutboxMessage.recipient == ON_DEMAND["urology"]
    rows = centre.scalars(select(OutboxMessage).where(urologist).order_by(OutboxMessage.id)).all()
    assert [(row.state, row.sequence) for row in rows] == [("superseded", 0), ("waiting", 1)]
    assert rows[1].subject.startswith("Invitation: ")


def test_cancelling_frees_the_room_the_members_and_the_cases(any_centre: Session, setup: Setup) -> None:
    _publish(any_centre, setup)
    _deliver(any_centre)
    meeting = any_centre.scalars(select(Meeting).where(Meeting.status == "published")).one()

    letters = cancel_meeting(any_centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)

    confirmed = select(Booking).where(Booking.meeting_id == meeting.id, Booking.status == "confirmed")
    assert letters == 6
    assert any_centre.scalars(confirmed).all() == []
    assert any_centre.scalars(select(AgendaItem)).all() == []
    assert set(any_centre.scalars(select(Case.status))) == {"waiting"}
    assert check_database(any_centre, setup, now=NOW) == ()


def test_a_draft_made_before_another_publication_is_refused(centre: Session, setup: Setup) -> None:
    _publish(centre, setup)
    old = propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    edit_draft(centre, setup, draft_id=old.public_id, reference="C-1", meeting_id=None, position=None,
               by=OPERATOR, now=NOW)  # fmt: skip
    plan = old.plan
    publish_draft(centre, setup, draft_id=old.public_id, by=OPERATOR, now=NOW)
    centre.add(Draft(board_id=old.board_id, made_by="late", made_at=NOW, until=old.until, plan=plan))
    centre.commit()
    late = centre.scalars(select(Draft).where(Draft.made_by == "late")).one()
    before = _last_letter(centre)

    with pytest.raises(Conflict) as refused:
        publish_draft(centre, setup, draft_id=late.public_id, by=OPERATOR, now=NOW)

    assert refused.value.code == "board-changed"
    assert _letters(centre, after=before) == []


def _lose_urologist(session: Session, setup: Setup) -> list[str]:
    """She is away on the day of the published meeting; gives the codes of what is to be mended then."""
    start = NOW + timedelta(days=1)
    add_absence(session, member_id=member_id(session, ON_DEMAND["urology"]), starts_at=start,
                ends_at=start + timedelta(days=1), kind="absence", by=OPERATOR, now=NOW, setup=setup)  # fmt: skip
    return _to_mend(session)


def _to_mend(session: Session) -> list[str]:
    return [each.reason.code for each in list_findings(session, by=OPERATOR, now=NOW)]


def test_publishing_what_mends_a_meeting_closes_its_findings_and_writes_no_note(centre: Session, setup: Setup) -> None:
    _publish(centre, setup)
    before = _lose_urologist(centre, setup)

    _publish(centre, setup, minutes=5)

    assert (before, _to_mend(centre)) == (["member-absent"], [])
    assert centre.scalars(select(OutboxMessage).where(OutboxMessage.method == "NOTE")).all() == []


def test_moving_a_meeting_to_when_all_can_come_closes_its_findings(centre: Session, setup: Setup) -> None:
    _publish(centre, setup)
    before = _lose_urologist(centre, setup)
    meeting = centre.scalars(select(Meeting).where(Meeting.status == "published")).one()

    move_meeting(centre, setup, meeting, shift=timedelta(days=2), by=OPERATOR, now=NOW)

    assert (before, _to_mend(centre)) == (["member-absent"], [])


def test_absence_taken_back_closes_what_it_cost(centre: Session, setup: Setup) -> None:
    _publish(centre, setup)
    before = _lose_urologist(centre, setup)
    absence = centre.scalars(select(Absence)).one()

    remove_absence(centre, absence_id=absence.public_id, by=OPERATOR, now=NOW, setup=setup)

    assert (before, _to_mend(centre)) == (["member-absent"], [])


def test_a_draft_is_published_once(centre: Session, setup: Setup) -> None:
    draft = _publish(centre, setup)

    with pytest.raises(Conflict) as refused:
        publish_draft(centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)

    assert refused.value.code == "draft-closed"


def test_a_discarded_draft_changes_nothing(centre: Session, setup: Setup) -> None:
    draft = propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)

    discard_draft(centre, draft_id=draft.public_id, by=OPERATOR, now=NOW)

    assert centre.scalars(select(MeetingInvitation)).all() == []
    with pytest.raises(Conflict):
        publish_draft(centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)


def test_an_absence_after_the_proposal_stops_the_publication(centre: Session, setup: Setup) -> None:
    draft = propose(centre, setup, board=BOARD, weeks=4, by=OPERATOR, now=NOW)
    add_absence(centre, member_id=member_id(centre, CORE["pathology"]), starts_at=NOW,
                ends_at=NOW + timedelta(days=10), kind="absence", by=OPERATOR, now=NOW)  # fmt: skip

    with pytest.raises(Conflict) as refused:
        publish_draft(centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)

    assert refused.value.code == "plan-broken"
    assert centre.scalars(select(OutboxMessage)).all() == []


def test_a_member_of_two_boards_is_booked_once_at_a_time(any_centre: Session, setup: Setup) -> None:
    """Two browsers publish two meetings at one time with the same members: the second is refused whole."""
    _publish(any_centre, setup)
    meeting = any_centre.scalars(select(Meeting).where(Meeting.status == "published")).one()
    before = _last_letter(any_centre)
    other = add_meeting(any_centre, setup, board=BOARD, on=date(2026, 11, 24), local_time=time(8, 0), minutes=60,
                        room="room-b", by=OPERATOR, now=NOW)  # fmt: skip
    resource = any_centre.scalars(select(Booking.resource_id).where(Booking.meeting_id == meeting.id)).all()

    with pytest.raises(Conflict) as refused, transaction(any_centre):
        any_centre.add_all(
            Booking(resource_id=one, meeting_id=other.id, starts_at=other.starts_at, ends_at=other.ends_at)
            for one in resource
        )

    assert refused.value.code == "double-booked"
    assert _letters(any_centre, after=before) == []
    assert check_database(any_centre, setup, now=NOW) == ()


def test_publishing_is_in_the_audit_trail_without_case_facts(centre: Session, setup: Setup) -> None:
    draft = _publish(centre, setup)

    event = centre.scalars(select(AuditEvent).where(AuditEvent.action == "draft:published")).one()

    assert (event.actor, event.subject_id) == (OPERATOR.name, draft.public_id)
    assert {entry["letter"] for entry in event.detail["members"]} == {"invitation"}


def test_letters_say_nothing_of_the_patient(centre: Session, setup: Setup) -> None:
    planted = a_case_row("C-2", on=TODAY, question="Younghee asked twice", referrer="Dr Canary", **TWO_UROLOGY)
    import_list(centre, setup, now=NOW, content=a_case_csv([planted]))

    _publish(centre, setup)

    texts = [_text_of(content) for content in centre.scalars(select(OutboxMessage.content))]
    assert any("C-2" in text for text in texts)
    assert not any("Younghee" in text or "Canary" in text for text in texts)


def _text_of(content: bytes) -> str:
    parts = message_from_bytes(content, policy=policy.default).walk()
    return "\n".join(str(part.get_content()) for part in parts if not part.is_multipart())


def test_a_scheduled_case_cannot_be_withdrawn(centre: Session, setup: Setup) -> None:
    _publish(centre, setup)

    with pytest.raises(Conflict) as refused:
        withdraw_cases(centre, case_ids=[case_id(centre, "C-1")], by=OPERATOR, now=NOW)

    assert refused.value.code == "case-scheduled"
