"""What the page of a board shows of meetings that moved."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from tests.builders import BOARD, OPERATOR
from tests.replies import publish
from tests.services.conftest import NOW
from tumorboard.services import transaction
from tumorboard.services.boards import read_board
from tumorboard.services.moving import move_meeting
from tumorboard.services.publishing import cancel_meeting
from tumorboard.services.setup import Setup


def statuses(session: Session) -> list[str]:
    return [meeting.status for meeting in read_board(session, board=BOARD, by=OPERATOR, now=NOW).meetings[:3]]


def test_meeting_moved_within_its_day_leaves_nothing_behind(any_centre: Session, setup: Setup) -> None:
    meeting = publish(any_centre, setup, now=NOW)
    before = statuses(any_centre)

    with transaction(any_centre):
        move_meeting(any_centre, setup, meeting, shift=timedelta(hours=2), by=OPERATOR, now=NOW)

    assert (before[0], statuses(any_centre)) == ("published", before)


def test_cancelled_meeting_is_shown(any_centre: Session, setup: Setup) -> None:
    meeting = publish(any_centre, setup, now=NOW)

    cancel_meeting(any_centre, setup, meeting_id=meeting.public_id, by=OPERATOR, now=NOW)

    assert statuses(any_centre)[0] == "cancelled"
