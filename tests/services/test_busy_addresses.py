"""Calendars that members let be fetched: kept, refreshed, limited, and never shown whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, member_id
from tests.formats.calendars import a_calendar, an_event
from tests.services.busy_member import (
    LATER,
    SECRET,
    UROLOGY,
    add,
    busy,
    fetching,
    sources,
    upload,
)
from tests.services.conftest import NOW
from tests.services.https_server import HOST, Answer, HttpsServer
from tumorboard.domain.errors import BadInput
from tumorboard.services.busy import (
    MOST_ADDRESSES,
    add_busy_address,
    refresh_busy,
)
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import BusySource


def test_address_is_fetched_at_once_and_shown_without_its_secret(centre: Session, server: HttpsServer) -> None:
    done = add(centre, server, a_calendar(*an_event(*LATER)), address=SECRET.replace("https", "webcal"))

    view = sources(centre)[0]
    assert (done.intervals, view.kind, view.place, view.read_at) == (1, "url", f"{HOST}/….ics", NOW)
    assert busy(centre) == [("11-30T00:00", "11-30T01:00")]
    assert centre.scalars(select(BusySource.address)).one() == SECRET


def test_address_that_cannot_be_read_is_not_kept(centre: Session, server: HttpsServer) -> None:
    with pytest.raises(BadInput) as refused:
        add(centre, server, b"<html>")

    assert (refused.value.code, sources(centre)) == ("not-a-calendar", ())


def test_addresses_are_off_by_default(centre: Session, setup: Setup) -> None:
    with pytest.raises(BadInput) as refused:
        add_busy_address(centre, setup, member_id=member_id(centre, UROLOGY), address=SECRET, by=OPERATOR, now=NOW)

    assert refused.value.code == "address-off"


def test_same_address_is_one_source_and_their_number_is_limited(centre: Session, server: HttpsServer) -> None:
    for number in (0, *range(MOST_ADDRESSES)):
        add(centre, server, a_calendar(), address=f"https://{HOST}/{number}.ics")

    with pytest.raises(BadInput) as refused:
        add(centre, server, a_calendar(), address=f"https://{HOST}/more.ics")

    assert (len(sources(centre)), refused.value.code) == (MOST_ADDRESSES, "too-many-addresses")


def test_failed_fetch_keeps_what_was_read_and_says_so(centre: Session, server: HttpsServer) -> None:
    done = add(centre, server, a_calendar(*an_event(*LATER)))
    server.answers["/private-1a2b3c4d5e6f/basic.ics"] = Answer(503)
    later = NOW + timedelta(hours=7)

    with pytest.raises(BadInput):
        refresh_busy(centre, fetching(), source_id=done.source_id, by=OPERATOR, now=later, network=server.network())

    view = sources(centre)[0]
    assert (view.problem, view.read_at, view.tried_at, view.intervals) == ("fetch-failed", NOW, later, 1)
    assert busy(centre) == [("11-30T00:00", "11-30T01:00")]


def test_refresh_replaces_and_clears_the_problem(centre: Session, server: HttpsServer) -> None:
    done = add(centre, server, a_calendar(*an_event(*LATER)))
    server.answers["/private-1a2b3c4d5e6f/basic.ics"] = Answer(404)
    with pytest.raises(BadInput):
        refresh_busy(centre, fetching(), source_id=done.source_id, by=OPERATOR, now=NOW, network=server.network())
    changed = a_calendar(*an_event("DTSTART:20261201T000000Z", "DURATION:PT1H"))
    server.answers["/private-1a2b3c4d5e6f/basic.ics"] = Answer(body=changed)

    again = refresh_busy(centre, fetching(), source_id=done.source_id, by=OPERATOR, now=NOW, network=server.network())

    assert (again.source_id, again.intervals, sources(centre)[0].problem) == (done.source_id, 1, "")
    assert busy(centre) == [("12-01T00:00", "12-01T01:00")]


def test_upload_cannot_be_fetched_again(centre: Session, setup: Setup) -> None:
    done = upload(centre, setup, *an_event(*LATER))

    with pytest.raises(BadInput) as refused:
        refresh_busy(centre, setup, source_id=done.source_id, by=OPERATOR, now=NOW)

    assert refused.value.code == "not-an-address"
