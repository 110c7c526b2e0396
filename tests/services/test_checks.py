"""The invariants checker finds what was broken behind the guards' back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.builders import BOARD, CORE, OPERATOR, SURGEON, member_id
from tests.services.conftest import NOW
from tumorboard.services.checks import check_database
from tumorboard.services.feeds import render_all_feeds, rotate_feed
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup

BREAKS = {
    "booking-overlap": (
        "DROP TRIGGER tr_booking_overlap_insert; INSERT INTO booking (resource_id, meeting_id, starts_at, ends_at, "
        "status) SELECT resource_id, meeting_id, starts_at, ends_at, status FROM booking LIMIT 1"
    ),
    "booking-mismatch": "DELETE FROM booking WHERE resource_id = (SELECT max(resource_id) FROM booking)",
    "window-outside": "UPDATE invitation SET ends_at = '2026-11-24 05:00:00.000000' WHERE kind = 'on_demand'",
    "agenda-gap": "UPDATE agenda_item SET position = position + 5",
    "agenda-overlap": "UPDATE agenda_item SET starts_at = '2026-11-23 22:30:00.000000'",
    "agenda-outside": "UPDATE agenda_item SET ends_at = '2026-11-24 05:00:00.000000' WHERE position = 1",
    "status-mismatch": "UPDATE meeting SET status = 'planned'",
    "cancelled-but-held": "UPDATE meeting SET status = 'cancelled' WHERE status = 'published'",
    "case-status": "UPDATE patient_case SET status = 'waiting'",
    "unknown-program": "UPDATE patient_case SET program = 'gone'",
    "letter-missing": "DELETE FROM outbox_message WHERE id = (SELECT max(id) FROM outbox_message)",
    "sequence-falls": (
        "INSERT INTO outbox_message (public_id, dedupe_key, message_id, recipient, member_id, meeting_id, uid, "
        "sequence, method, subject, content, state, due_at, tries, last_error, created_at) "
        "SELECT 'x', 'x', 'x', recipient, member_id, meeting_id, uid, sequence - 1, method, "
        "subject, content, state, due_at, tries, last_error, "
        "created_at FROM outbox_message LIMIT 1"
    ),
    "feed-stale": "UPDATE feed_document SET content = CAST('BEGIN:VCALENDAR' AS BLOB) WHERE scope = 'member'",
}


@pytest.fixture
def published(centre: Session, setup: Setup) -> Session:
    rotate_feed(centre, setup, scope="member", subject=member_id(centre, SURGEON), by=OPERATOR, now=NOW)
    draft = propose(centre, setup, board=BOARD, weeks=2, by=OPERATOR, now=NOW)
    publish_draft(centre, setup, draft_id=draft.public_id, by=OPERATOR, now=NOW + timedelta(minutes=1))
    return centre


def test_a_healthy_database_has_no_violation(published: Session, setup: Setup) -> None:
    assert check_database(published, setup, now=NOW) == ()


@pytest.mark.parametrize("detail", ["busy", "board", "place", "full"])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM feed_document",
        "UPDATE feed_document SET content = CAST('BEGIN:VCALENDAR' AS BLOB)",
        "UPDATE feed_document SET content = CAST(replace(CAST(content AS TEXT), 'T073000', 'T073500') AS BLOB)",
    ],
)
def test_missing_and_older_feed_of_any_level_is_stale(
    published: Session, setup: Setup, detail: str, statement: str
) -> None:
    core = CORE["pathology"]
    rotate_feed(
        published, setup, scope="member", subject=member_id(published, core), detail=detail, by=OPERATOR, now=NOW
    )
    sound = check_database(published, setup, now=NOW)

    published.execute(text(statement))
    published.commit()

    assert sound == ()
    assert {violation.code for violation in check_database(published, setup, now=NOW)} == {"feed-stale"}


def test_old_and_far_windows_need_not_stand_in_a_feed(published: Session, setup: Setup) -> None:
    for days in (-500, 120, 500):
        render_all_feeds(published, setup, now=NOW + timedelta(days=days))

        assert check_database(published, setup, now=NOW + timedelta(days=days)) == ()


@pytest.mark.parametrize("code", BREAKS)
def test_each_violation_is_found(published: Session, setup: Setup, code: str) -> None:
    for statement in BREAKS[code].split("; "):
        published.execute(text(statement))
    published.commit()

    found = {violation.code for violation in check_database(published, setup, now=NOW)}

    assert code in found
