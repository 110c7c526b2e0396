"""People on pages: found by name, department and specialty, and what repeats in their weeks."""

from __future__ import annotations

import re

from flask import Flask

from tests.stand_ins import UROLOGY, UROLOGY_DEPUTY
from tests.web.test_pages_availability import SEOUL, a_visitor, cell, day_of, id_of, open_week, published
from tests.web.visitor import Visitor
from tumorboard.store.meetings import Meeting

__all__ = ["published"]


def test_weekly_hours_are_added_changed_and_removed_on_her_page(app: Flask, published: Meeting) -> None:
    visitor = Visitor(app)
    visitor.log_in("surgeon@hospital.example")
    visitor.see("/mine")
    weekday = published.starts_at.astimezone(SEOUL).weekday()

    added = visitor.send(
        f"/people/{id_of(app, UROLOGY)}/hours", weekday=[str(weekday), "6"], kind="busy", **{"from": "07:00"},
        to="12:00", next="/mine",
    )  # fmt: skip
    address = next(each for each in added.actions if re.fullmatch(r"/hours/\w+", each))
    changed = visitor.send(address, weekday="5", kind="available", **{"from": "08:00"}, to="09:00", next="/mine")
    removed = visitor.send(f"{address}/remove", next="/mine")

    assert "2 weekdays are noted." in added.text
    assert "Already invited on" in added.text
    assert "Saturday 08:00–09:00 Available" in changed.text
    assert "The weekly hours are removed." in removed.text


def test_clinic_is_seen_in_the_table_and_found_at_the_meeting(app: Flask, published: Meeting) -> None:
    visitor = a_visitor(app)
    weekday = published.starts_at.astimezone(SEOUL).weekday()
    visitor.see("/people")
    for email in (UROLOGY, UROLOGY_DEPUTY):
        visitor.send(f"/people/{id_of(app, email)}/hours", weekday=str(weekday), **{"from": "07:00"}, to="12:00")

    page = open_week(visitor, published)

    assert cell(page, id_of(app, UROLOGY), day_of(published)).startswith("busy, but expected ")
    assert cell(page, id_of(app, UROLOGY_DEPUTY), day_of(published)) == "busy 07:30–12:00"
    assert "Jung is away at that time" in visitor.see("/open-needs").text


def test_people_are_searched_and_narrowed(app: Flask, published: Meeting) -> None:
    visitor = a_visitor(app)
    visitor.send("/availability/absences", absent=f"{id_of(app, UROLOGY)} {day_of(published)}")

    found = {
        query: re.findall(r'<a href="/people/\w+">(\w+)</a>', visitor.see(f"/people?{query}").html)
        for query in ("search=jun", "department=pathology", "specialty=urology&search=a", "away=1", "search=zzz")
    }

    assert found == {
        "search=jun": ["Jung"], "department=pathology": ["Choi", "Shin"], "specialty=urology&search=a": ["Ahn", "Baek"],
        "away=1": ["Jung"], "search=zzz": [],
    }  # fmt: skip
    assert "Nobody matches." in visitor.see("/people?search=zzz").text
