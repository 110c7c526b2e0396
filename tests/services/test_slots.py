"""Free slots from the database, and a slot made an extra meeting."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, ON_DEMAND, OPERATOR, member_id
from tests.services.conftest import NOW
from tumorboard.domain.errors import Conflict, DomainError, NotAllowed
from tumorboard.services.access import Role, actor_with
from tumorboard.services.meetings import add_meeting
from tumorboard.services.people import add_absence
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.services.slots import SlotView, SlotWish, find_slots, hold_slot

SEOUL = ZoneInfo("Asia/Seoul")


def local(text: str) -> datetime:
    """An instant by its clock time in Seoul."""
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


def find(session: Session, setup: Setup, *specialties: str, **wish: object) -> SlotView:
    values: dict[str, object] = {"specialties": specialties, "weeks": 1, **wish}
    return find_slots(session, setup, board=BOARD, wish=SlotWish(**values), by=OPERATOR, now=NOW)  # type: ignore[arg-type]


def starts(view: SlotView) -> list[str]:
    return [slot.span.start.astimezone(SEOUL).strftime("%d %H:%M") for slot in view.slots.best]


def away(session: Session, email: str, start: str, end: str) -> None:
    add_absence(
        session, member_id=member_id(session, email), starts_at=local(start), ends_at=local(end), kind="busy",
        by=OPERATOR, now=NOW,
    )  # fmt: skip


def test_core_of_the_board_is_what_is_wanted_usually(any_centre: Session, setup: Setup) -> None:
    away(any_centre, CORE["pathology"], "2026-11-23T07:00", "2026-11-23T17:00")

    view = find(any_centre, setup)

    assert starts(view)[:3] == ["23 17:00", "24 09:00", "24 09:30"]
    assert [name for name, _ in view.slots.best[0].attendees] == list(CORE)
    assert [reason.values for reason in view.slots.rejected[0].reasons] == [{"day": "2026-11-22"}]  # a Sunday


def test_time_at_which_the_board_meets_is_not_offered(any_centre: Session, setup: Setup) -> None:
    slot = find(any_centre, setup).slots.best[0]
    hold_slot(any_centre, setup, board=BOARD, at=slot.span.start, minutes=60, room="room-b", by=OPERATOR, now=NOW)

    view = find(any_centre, setup)

    assert slot.span.start not in [each.span.start for each in view.slots.best]
    reasons = [each.reasons for each in view.slots.rejected if each.span.start <= slot.span.start < each.span.end]
    assert [[reason.code for reason in each] for each in reasons] == [["slot-board-meets"]]


def test_group_of_specialties_with_a_room(any_centre: Session, setup: Setup) -> None:
    away(any_centre, ON_DEMAND["urology"], "2026-11-23T07:00", "2026-11-23T12:00")
    away(any_centre, ON_DEMAND["hpb_surgery"], "2026-11-23T13:00", "2026-11-23T18:00")
    for minute, room in ((0, "room-a"), (15, "room-b")):
        add_meeting(any_centre, setup, board=BOARD, on=local("2026-11-24T00:00").date(), local_time=time(9, minute),
                    minutes=60, room=room, by=OPERATOR, now=NOW)  # fmt: skip

    view = find(any_centre, setup, "urology", "hpb_surgery")

    assert starts(view)[:3] == ["23 12:00", "24 10:30", "24 11:00"]
    codes = {reason.code for each in view.slots.rejected for reason in each.reasons}
    assert codes == {"slot-nobody-free", "slot-no-room", "slot-outside-hours", "slot-board-meets"}


def test_bookings_of_published_meetings_count_as_busy(any_centre: Session, setup: Setup) -> None:
    draft = propose(any_centre, setup, board=BOARD, weeks=1, by=OPERATOR, now=NOW)
    publish_draft(any_centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW)

    view = find(any_centre, setup, "radiology", first=time(7, 30), last=time(9, 30), minutes=30)

    assert "24 07:30" not in starts(view)
    assert "24 09:00" in starts(view)


def test_groups_are_what_open_cases_need_together(centre: Session, setup: Setup) -> None:
    view = find(centre, setup)

    assert view.groups == (("hpb_surgery",), ("urology",))


def test_named_member_and_count(centre: Session, setup: Setup) -> None:
    kang = member_id(centre, ON_DEMAND["hpb_surgery"])
    away(centre, ON_DEMAND["hpb_surgery"], "2026-11-23T07:00", "2026-11-23T18:00")

    view = find(centre, setup, "radiology:2", members=(kang,))

    assert view.slots.best == ()
    first = view.slots.rejected[1]
    assert [reason.code for reason in first.reasons] == ["slot-member-busy", "slot-too-few-free"]


def test_slot_becomes_an_extra_meeting(any_centre: Session, setup: Setup) -> None:
    slot = find(any_centre, setup).slots.best[0]
    assert slot.room is not None

    meeting = hold_slot(any_centre, setup, board=BOARD, at=slot.span.start, minutes=60, room=slot.room, by=OPERATOR,
                        now=NOW)  # fmt: skip

    assert (meeting.starts_at, meeting.ends_at - meeting.starts_at) == (slot.span.start, timedelta(hours=1))
    assert meeting.room.key == slot.room
    with pytest.raises(Conflict):
        hold_slot(any_centre, setup, board=BOARD, at=slot.span.start, minutes=60, room=slot.room, by=OPERATOR, now=NOW)


def test_hour_that_comes_twice_is_refused_the_second_time(centre: Session, setup: Setup) -> None:
    board = find(centre, setup).board
    board.time_zone = "Europe/Berlin"
    centre.commit()
    second = datetime.fromisoformat("2027-10-31T02:30:00+01:00")

    with pytest.raises(DomainError, match="twice"):
        hold_slot(centre, setup, board=BOARD, at=second, minutes=60, room="room-a", by=OPERATOR, now=NOW)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"specialties": ("dentistry",)}, "unknown-specialty"),
        ({"specialties": ("radiology:x",)}, "bad-count"),
        ({"specialties": ("radiology:21",)}, "bad-count"),
        ({"members": ("nobody",)}, "unknown-member"),
        ({"room": "cellar"}, "unknown-room"),
        ({"weeks": 0}, "bad-weeks"),
        ({"weeks": 27}, "bad-weeks"),
        ({"minutes": 1}, "bad-length"),
        ({"first": time(12), "last": time(9)}, "bad-hours"),
    ],
)
def test_impossible_wish_is_refused(centre: Session, setup: Setup, wish: dict[str, object], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        find(centre, setup, **wish)

    assert refused.value.code == code


def test_only_who_adds_meetings_may_look_for_slots(centre: Session, setup: Setup) -> None:
    physician = actor_with("kim", frozenset({Role.PHYSICIAN}))

    with pytest.raises(NotAllowed):
        find_slots(centre, setup, board=BOARD, wish=SlotWish(), by=physician, now=NOW)
