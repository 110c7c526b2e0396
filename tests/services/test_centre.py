"""A centre file is loaded whole or refused with the place of the mistake."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.builders import CORE, OPERATOR, a_centre, a_member_entry
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, NotAllowed
from tumorboard.services.access import Role, actor_with
from tumorboard.services.centre import load_centre, read_centre
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Resource, SeatHolder, Series
from tumorboard.store.people import Member


def _load(session: Session, setup: Setup, content: dict[str, Any]) -> None:
    load_centre(session, setup, content, filename="centre.toml", by=OPERATOR, now=NOW)


def _counts(session: Session) -> dict[str, int]:
    tables = (Member, Resource, SeatHolder, Series)
    return {table.__name__: session.scalars(select(func.count()).select_from(table)).one() for table in tables}


def test_loading_twice_changes_nothing(any_session: Session, setup: Setup) -> None:
    _load(any_session, setup, a_centre())
    before = _counts(any_session)

    _load(any_session, setup, a_centre())

    assert _counts(any_session) == before == {"Member": 7, "Resource": 9, "SeatHolder": 7, "Series": 1}


def test_a_changed_member_is_changed_in_place(session: Session, setup: Setup) -> None:
    _load(session, setup, a_centre())
    content = a_centre()
    content["members"][0] |= {"name": "Renamed", "certificates": ["advanced_surgery"]}

    _load(session, setup, content)

    row = session.scalars(select(Member).where(Member.email == CORE["gynecologic_oncology"])).one()
    assert (row.name, [held.certificate for held in row.certificates]) == ("Renamed", ["advanced_surgery"])


def _wrong(**changes: Any) -> dict[str, Any]:
    content = a_centre()
    for path, value in changes.items():
        section, key = path.split("__")
        content[section][0][key] = value
    return content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (_wrong(departments__specialties=["alchemy"]), "alchemy"),
        (_wrong(members__specialties=["astrology"]), "there is no specialty 'astrology'"),
        (_wrong(members__email="no address"), "no e-mail address"),
        (_wrong(members__time_zone="Seoul"), "no IANA time zone"),
        (_wrong(members__department="none"), "there is no department 'none'"),
        (_wrong(members__language="fr"), "language is ko or en"),
        (_wrong(rooms__capacity=0), "'capacity' is a whole number"),
        (_wrong(rooms__video_url="http://x"), "video_url starts with https://"),
        (_wrong(boards__program="none"), "there is no programme 'none'"),
        (_wrong(boards__core=[]), "at least one core seat"),
        (_wrong(boards__core=["neurosurgery"]), "there is no specialty 'neurosurgery'"),
        (_wrong(boards__holders={"urology": [CORE["pathology"]]}), "does not hold the specialty 'urology'"),
        (_wrong(boards__name="only one"), "two languages"),
        (_wrong(boards__series=[{"weekday": "someday"}]), "weekday is one of"),
        (a_centre(members=[a_member_entry("a@x.example", "urology", deputies=["a@x.example"])]), "their own deputy"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_nothing_is_written(
    session: Session, setup: Setup, content: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match="centre.toml, ") as refused:
        _load(session, setup, content)

    assert words in str(refused.value)
    assert _counts(session) == {"Member": 0, "Resource": 0, "SeatHolder": 0, "Series": 0}


def test_a_file_that_is_no_toml_names_the_line() -> None:
    with pytest.raises(BadInput, match="line 2"):
        read_centre("a = 1\nb = = 2", filename="centre.toml")


def test_only_administrators_load_a_centre(session: Session, setup: Setup) -> None:
    coordinator = actor_with("c", frozenset({Role.COORDINATOR}))

    with pytest.raises(NotAllowed):
        load_centre(session, setup, a_centre(), filename="centre.toml", by=coordinator, now=NOW)
