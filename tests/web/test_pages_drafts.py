"""The page of an open draft beside what came after it: what waits, what is wrong, what is late, what stays by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from tests.builders import BOARD, OPERATOR, a_case_csv, a_case_row, a_long_list, case_id, import_list
from tests.web.visitor import Page, Visitor
from tumorboard.services.cases import withdraw_cases
from tumorboard.store.db import db
from tumorboard.web.pages.drafts import MOST_CASES


@pytest.fixture
def coordinator(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")
    return visitor


def refer(app: Flask, reference: str, *, days_ago: int = 3, **changes: str) -> str:
    """The public id of a case that is ready now, referred some days ago."""
    with app.app_context():
        setup, now = app.extensions["tumorboard"], datetime.now(UTC)
        on = setup.today(now)
        row = a_case_row(reference, on=on, referred_on=(on - timedelta(days=days_ago)).isoformat(), **changes)
        import_list(db.session(), setup, now=now, content=a_case_csv([row]))
        return case_id(db.session(), reference)


def address_of(draft: Page) -> str:
    return draft.action("/discard").removesuffix("/discard")


def test_case_that_came_after_is_listed_and_published_without(app: Flask, coordinator: Visitor) -> None:
    draft = coordinator.propose(BOARD)
    refer(app, "C-9")

    page = coordinator.see(address_of(draft))
    published = coordinator.send(page.action("/publish"))

    assert "1 case came after this draft" in page.text
    assert "cannot be published" not in page.text
    assert "Published;" in published.text


def test_meetings_after_the_first_cases_are_folded_until_they_are_asked_for(app: Flask, coordinator: Visitor) -> None:
    with app.app_context():
        setup, now = app.extensions["tumorboard"], datetime.now(UTC)
        import_list(db.session(), setup, now=now, content=a_long_list(40, on=setup.today(now)))
    draft = coordinator.propose(BOARD)
    folded = re.findall(r'<li id="case-(\w+)"', draft.html)
    rows = re.findall(r'<tr id="case-(\w+)" data-case', draft.html)

    opened = coordinator.see(draft.links["Show and move"])
    meeting, first = re.findall(r'data-agenda="mv-(\w+)">\s*<tr id="case-(\w+)"', opened.html)[-1]
    moved = coordinator.send(opened.action("/order"), meeting=meeting, to=f"{first}.1")
    undone = coordinator.send(moved.action("/undo"))
    whole = coordinator.see(draft.links["Show every meeting in full"])

    assert (0 < len(rows) <= MOST_CASES, len(folded) > 0, set(rows) & set(folded)) == (True, True, set())
    assert first in folded
    for page in (opened, moved, undone):
        assert f'<tr id="case-{first}"' in page.html
    assert set(re.findall(r'<tr id="case-(\w+)" data-case', whole.html)) == {*rows, *folded}
    assert '<li id="case-' not in whole.html


def test_draft_says_whom_the_centre_lacks_and_leads_there(app: Flask, coordinator: Visitor) -> None:
    for reference in ("C-8", "C-9"):
        refer(app, reference, planned_procedures="small_bowel_resection")

    draft = coordinator.propose(BOARD)

    assert "The centre has no member for Colorectal surgery · 2 cases are left out for this" in draft.text
    assert draft.links["Enter members"] == "/centre/members"


def test_draft_that_somebody_edited_since_it_was_shown_is_not_published(app: Flask, coordinator: Visitor) -> None:
    draft = coordinator.propose(BOARD)
    version = re.search(r'name="version" value="(\d+)"', draft.html)
    with app.app_context():
        first = case_id(db.session(), "C-1")
    coordinator.send(f"{address_of(draft)}/cases/{first}", meeting="leave-out")

    refused = coordinator.send(f"{address_of(draft)}/publish", version=version[1] if version else "")

    assert "Somebody else edited this draft; look at it again" in refused.text
    assert draft.action("/publish") in refused.actions


def test_withdrawn_case_is_said_as_soon_as_the_draft_is_opened(app: Flask, coordinator: Visitor) -> None:
    draft = coordinator.propose(BOARD)
    with app.app_context():
        ids = [case_id(db.session(), reference) for reference in ("C-1", "C-3")]
        withdraw_cases(db.session(), case_ids=ids, by=OPERATOR, now=datetime.now(UTC))

    page = coordinator.see(address_of(draft))
    refused = coordinator.send(f"{address_of(draft)}/publish")
    mended = coordinator.send(f"{address_of(draft)}/cases/{ids[0]}", meeting="leave-out")

    said = "C-1: withdrawn, discussed or called to an urgent meeting since; leave it out, or propose again"
    assert (said in page.text, "/publish" in page.html, "Not ready" in page.text) == (True, False, False)
    assert "Left out, and withdrawn or discussed since: C-3" in page.text
    assert (said in refused.text, "cannot be published" in mended.text, "/publish" in mended.html) == (
        True,
        False,
        True,
    )


def test_proposing_again_keeps_what_was_placed_by_hand_unless_from_scratch(app: Flask, coordinator: Visitor) -> None:
    draft = coordinator.propose(BOARD)
    place = f"{address_of(draft)}/cases/" + re.search(r"/cases/(\w+)", draft.html)[1]  # type: ignore[index]
    meetings = re.findall(r'name="meeting" value="(\w+)" class="option">', coordinator.see(place).html)
    moved = coordinator.send(place, meeting=meetings[0])

    kept = coordinator.propose(BOARD)
    scratch = coordinator.propose(BOARD, from_scratch="yes")

    by_hand = "Placed by hand (Coordinator)"
    assert [by_hand in page.text for page in (moved, kept, scratch)] == [True, True, False]
    assert "Propose from scratch" in kept.text


def test_lateness_is_counted_on_the_draft_on_its_cards_and_on_the_worklist(app: Flask, coordinator: Visitor) -> None:
    late = refer(app, "C-8", days_ago=60)
    draft = coordinator.propose(BOARD)
    cards = coordinator.see(f"{address_of(draft)}/cases/{late}")

    coordinator.send(draft.action("/publish"))
    worklist = coordinator.see("/cases?search=C-8")

    assert re.search(r"1 case comes after its limit C-8 \(\+\d+ days\)", draft.text)
    assert re.search(r"after its limit \(\d+ days\)", cards.text)
    assert re.search(r"planned: \+\d+ days", worklist.text)


def test_urgent_case_after_its_limit_is_named_at_the_head_of_the_draft(app: Flask, coordinator: Visitor) -> None:
    refer(app, "C-7", days_ago=60)
    refer(app, "C-8", days_ago=60, urgency="urgent")

    draft = coordinator.propose(BOARD)

    assert re.search(r"2 cases come after their limit, urgent: C-8 \(\+\d+ days\)", draft.text)
