"""Forms of a member that are refused: shown again where they were sent from, as they were filled in."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from tests.stand_ins import UROLOGY
from tests.web.needs import id_of
from tests.web.test_pages_availability import day_of, published
from tests.web.test_pages_take_back import answers, mine
from tests.web.visitor import Visitor, a_visitor
from tumorboard.store.meetings import Meeting

__all__ = ["published"]


def a_surgeon(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("surgeon@hospital.example")
    visitor.see("/mine")
    return visitor


def wrong_field(html: str) -> tuple[str, str]:
    """The id of the field that is marked, and what is said at it."""
    field = re.search(r'id="([^"]+)"[^>]*?aria-invalid="true"', html)
    said = re.search(r'class="error" id="[^"]+" role="alert">.*?<span>(.*?)</span>', html, re.DOTALL)
    assert field
    assert said
    return field[1], said[1]


@pytest.mark.parametrize("own", [True, False])
def test_reversed_days_of_an_absence_stay_in_the_open_form(app: Flask, published: Meeting, *, own: bool) -> None:
    visitor, member = (a_surgeon(app) if own else a_visitor(app)), id_of(app, UROLOGY)
    first = day_of(published)
    last = (published.starts_at - timedelta(days=3)).date().isoformat()

    page = visitor.send(
        f"/people/{member}/absences", first=first, last=last, kind="busy", next="/mine" if own else f"/people/{member}"
    )

    assert page.status == 422
    assert wrong_field(page.html) == ("a-last", "The end is not after the start")
    assert f'value="{first}"' in page.html
    assert f'value="{last}"' in page.html
    assert re.search(r'<details class="inline" open><summary>Add an absence', page.html)
    assert '<option value="busy" selected>' in page.html


def test_reversed_hours_of_one_day_are_said_at_the_hour(app: Flask, published: Meeting) -> None:
    visitor = a_surgeon(app)

    page = visitor.send(
        f"/people/{id_of(app, UROLOGY)}/absences", first=day_of(published), **{"from": "12:00"}, to="09:00",
        next="/mine",
    )  # fmt: skip

    assert wrong_field(page.html)[0] == "a-to"


def test_weekly_hours_without_a_day_and_reversed_ones_stay_in_the_form(app: Flask, published: Meeting) -> None:
    visitor, member = a_surgeon(app), id_of(app, UROLOGY)
    asked = {"kind": "available", "from": "12:00", "next": "/mine"}

    no_day = visitor.send(f"/people/{member}/hours", to="13:00", **{"weekday-all": "yes"}, **asked)
    reversed_ = visitor.send(f"/people/{member}/hours", to="09:00", weekday=["1", "3"], **asked)

    assert (no_day.status, reversed_.status) == (422, 422)
    assert 'id="h-new-weekday-e"' in no_day.html
    assert wrong_field(reversed_.html)[0] == "h-new-to"
    assert len(re.findall(r'name="weekday" value="[13]" checked', reversed_.html)) == 2


def test_refused_comment_stays_where_it_was_typed(app: Flask, published: Meeting) -> None:
    visitor = a_surgeon(app)
    address = next(each for each in visitor.see("/mine").actions if each.endswith("/answer"))

    pages = [
        visitor.send(address, answer="declined", comment="880101-1234567 is away", next=back)
        for back in ("/mine", f"/meetings/{published.public_id}")
    ]

    for page in pages:
        assert page.status == 422
        assert wrong_field(page.html)[0].endswith("-comment")
        assert ("880101" in page.html, 'value="… is away"' in page.html) == (False, True)
    assert "My part" in pages[1].text


def test_enter_in_the_comment_chooses_no_answer_and_keeps_the_words(app: Flask, published: Meeting) -> None:
    visitor = a_surgeon(app)
    page = visitor.see("/mine")
    form = page.html[page.html.index(f"/invitations/{mine(app, UROLOGY)}/answer") :]
    first = re.search(r"<button([^>]*)>", form)
    assert first
    assert "name=" not in first[1]  # the first button is what Enter presses

    refused = visitor.send(f"/invitations/{mine(app, UROLOGY)}/answer", comment="Only until nine", next="/mine")

    assert (refused.status, answers(app)[0]) == (422, "needs-action")
    assert "Choose an answer, too; nothing is noted yet" in refused.text
    assert 'value="Only until nine"' in refused.html


@pytest.mark.parametrize(("answer", "words"), [("accepted", "You are expected at 1 meeting."), ("declined", "Nobody")])
def test_lead_of_my_windows_counts_where_i_come(app: Flask, published: Meeting, answer: str, words: str) -> None:
    visitor = a_surgeon(app)

    page = visitor.send(f"/invitations/{mine(app, UROLOGY)}/answer", answer=answer, next="/mine")

    assert words in page.text
