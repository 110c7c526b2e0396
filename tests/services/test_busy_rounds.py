"""What the clock reads: addresses that are due, and the folder; one bad calendar never stops the others."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import CORE
from tests.formats.calendars import a_calendar, an_event
from tests.services.busy_member import (
    CLOCK,
    LATER,
    UROLOGY,
    add,
    busy,
    fetching,
    sources,
)
from tests.services.conftest import NOW, a_setup
from tests.services.https_server import HOST, Answer, HttpsServer
from tumorboard.domain.errors import NotAllowed
from tumorboard.services.access import Role, actor_with
from tumorboard.services.busy_rounds import Round, next_try_at, read_busy_round
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import BusySource
from tumorboard.store.people import Member


def turn(session: Session, setup: Setup, *, hours: float = 0, server: HttpsServer | None = None) -> Round:
    network = server.network() if server else None
    given = {"network": network} if network else {}
    return read_busy_round(session, setup, by=CLOCK, now=NOW + timedelta(hours=hours), **given)  # type: ignore[arg-type]


def test_address_is_asked_every_six_hours_and_only_if_it_changed(centre: Session, server: HttpsServer) -> None:
    def answer(headers: object) -> Answer:
        same = headers.get("If-None-Match") == '"1"'  # type: ignore[attr-defined]
        return Answer(304) if same else Answer(body=a_calendar(*an_event(*LATER)), headers={"ETag": '"1"'})

    add(centre, server, a_calendar(*an_event(*LATER)), headers={"ETag": '"1"'})
    server.answers["/private-1a2b3c4d5e6f/basic.ics"] = answer  # type: ignore[assignment]

    rounds = [turn(centre, fetching(), hours=hours, server=server) for hours in range(1, 19)]

    assert (sum(each.read for each in rounds), sum(each.changed for each in rounds)) == (3, 0)
    assert len(server.asked) == 4
    assert sources(centre)[0].read_at != NOW


def test_repeating_events_go_on_though_the_calendar_is_the_same(centre: Session, server: HttpsServer) -> None:
    add(centre, server, a_calendar(*an_event(*LATER, "RRULE:FREQ=WEEKLY")), headers={"ETag": '"1"'})
    before = sources(centre)[0].read_until

    turn(centre, fetching(), hours=31 * 24, server=server)

    after = sources(centre)[0].read_until
    assert before is not None
    assert after is not None
    assert after - before == timedelta(days=31)
    assert "If-None-Match" not in server.asked[-1][1]


def test_one_bad_address_does_not_stop_the_others(centre: Session, server: HttpsServer) -> None:
    add(centre, server, a_calendar(), address=f"https://{HOST}/1.ics")
    add(centre, server, a_calendar(), email=CORE["pathology"], address=f"https://{HOST}/2.ics")
    add(centre, server, a_calendar(), email=CORE["radiology"], address=f"https://{HOST}/3.ics")
    server.answers["/1.ics"] = Answer(500)
    server.answers["/2.ics"] = Answer(body=a_calendar(*an_event("DTSTART;TZID=Mars:20261130T000000")))
    server.answers["/3.ics"] = Answer(body=a_calendar(*an_event(*LATER)))

    done = turn(centre, fetching(), hours=7, server=server)

    assert (done.read, done.changed, done.failed) == (1, 1, 2)
    problems = [sources(centre, email)[0].problem for email in (UROLOGY, CORE["pathology"], CORE["radiology"])]
    assert problems == ["fetch-failed", "unknown-time-zone", ""]


def test_pause_grows_while_an_address_fails() -> None:
    row = BusySource(id=7, kind="url", created_at=NOW, read_at=NOW, tried_at=NOW + timedelta(hours=6), problem="x")
    pauses = []
    for _ in range(5):
        assert row.tried_at is not None
        at = next_try_at(row)
        pauses.append((at - row.tried_at) / timedelta(hours=1))
        row.tried_at = at

    assert pauses == [6, 12, 24, 24, 24]


def test_addresses_are_spread_over_the_hours() -> None:
    due = [next_try_at(BusySource(id=number, kind="url", created_at=NOW, tried_at=NOW, problem="")) for number in
           range(1, 73)]  # fmt: skip

    per_hour = [sum(NOW + timedelta(hours=h) <= at < NOW + timedelta(hours=h + 1) for at in due) for h in range(7)]
    assert max(per_hour) <= 13


def test_round_ends_when_its_time_is_over(centre: Session, server: HttpsServer) -> None:
    for email in (UROLOGY, CORE["pathology"], CORE["radiology"]):
        add(centre, server, a_calendar(), email=email)
    ticks = iter([0.0, 1.0, 61.0, 61.0])

    done = read_busy_round(
        centre, fetching(), by=CLOCK, now=NOW + timedelta(hours=7), network=server.network(), clock=lambda: next(ticks)
    )

    assert (done.read, done.left) == (1, 2)


def test_host_that_is_no_longer_allowed_is_not_asked(centre: Session, server: HttpsServer) -> None:
    add(centre, server, a_calendar(*an_event(*LATER)))
    asked = len(server.asked)

    done = turn(centre, a_setup(busy_hosts=("other.example",)), hours=7, server=server)

    assert (done.failed, len(server.asked), sources(centre)[0].problem) == (1, asked, "address-not-allowed")
    assert busy(centre) == [("11-30T00:00", "11-30T01:00")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "calendars"
    path.mkdir()
    return path


def put(folder: Path, email: str, *lines: str) -> Path:
    path = folder / f"{email}.ics"
    path.write_bytes(a_calendar(*lines))
    return path


def test_folder_is_read_when_a_file_changes(centre: Session, folder: Path) -> None:
    setup = a_setup(busy_folder=folder)
    put(folder, UROLOGY.capitalize(), *an_event(*LATER))

    first = turn(centre, setup)
    same = turn(centre, setup, hours=1)
    path = put(folder, UROLOGY.capitalize(), *an_event("DTSTART:20261201T000000Z", "DURATION:PT1H"))
    os.utime(path, ns=(1, 1))
    changed = turn(centre, setup, hours=2)

    assert [(each.read, each.changed) for each in (first, same, changed)] == [(1, 1), (0, 0), (1, 1)]
    assert busy(centre) == [("12-01T00:00", "12-01T01:00")]
    assert [(view.kind, view.place) for view in sources(centre)] == [("folder", f"{UROLOGY.capitalize()}.ics")]


def test_touched_file_with_the_same_content_is_not_read_again(centre: Session, folder: Path) -> None:
    setup = a_setup(busy_folder=folder)
    path = put(folder, UROLOGY, *an_event(*LATER))
    turn(centre, setup)
    os.utime(path, ns=(1, 1))

    done = turn(centre, setup, hours=1)

    assert (done.read, done.changed, sources(centre)[0].read_at) == (1, 0, NOW + timedelta(hours=1))


def test_file_that_vanished_takes_its_source_along(centre: Session, folder: Path) -> None:
    setup = a_setup(busy_folder=folder)
    put(folder, CORE["pathology"])
    path = put(folder, UROLOGY, *an_event(*LATER))
    turn(centre, setup)
    path.unlink()

    done = turn(centre, setup, hours=1)

    assert (done.removed, sources(centre), busy(centre)) == (1, (), [])


def test_folder_that_is_empty_or_away_takes_nothing_along(centre: Session, folder: Path) -> None:
    setup = a_setup(busy_folder=folder)
    path = put(folder, UROLOGY, *an_event(*LATER))
    turn(centre, setup)
    path.unlink()
    empty = turn(centre, setup, hours=1)
    folder.rmdir()

    away = turn(centre, setup, hours=2)
    off = turn(centre, a_setup(), hours=3)

    assert [each.trouble for each in (empty, away, off)] == ["folder-empty", "folder-unreadable", "folder-off"]
    assert (sources(centre)[0].problem, busy(centre)) == ("folder-off", [("11-30T00:00", "11-30T01:00")])


def test_folder_reports_what_belongs_to_nobody_and_follows_no_link(
    centre: Session, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside.ics").write_bytes(a_calendar(*an_event(*LATER)))
    (folder / f"{UROLOGY}.ics").symlink_to(tmp_path / "outside.ics")
    os.mkfifo(folder / f"{CORE['radiology']}.ics")
    (folder / f"{CORE['pathology']}.ics").mkdir()
    put(folder, "nobody@hospital.example")
    (folder / "readme.txt").write_text("not a calendar")

    done = turn(centre, a_setup(busy_folder=folder))

    names = sorted(f"{email}.ics: not-a-file" for email in (UROLOGY, CORE["radiology"], CORE["pathology"]))
    assert (done.unknown, done.strange, done.read) == (["nobody@hospital.example.ics"], names, 0)
    assert busy(centre) == []


def test_half_written_file_keeps_what_was_read(centre: Session, folder: Path) -> None:
    setup = a_setup(busy_folder=folder)
    path = put(folder, UROLOGY, *an_event(*LATER))
    turn(centre, setup)
    path.write_bytes(path.read_bytes()[:-30])

    done = turn(centre, setup, hours=1)

    assert (done.failed, sources(centre)[0].problem) == (1, "incomplete-calendar")
    assert busy(centre) == [("11-30T00:00", "11-30T01:00")]
    assert turn(centre, setup, hours=2).failed == 0


def test_large_file_of_the_folder_is_refused(centre: Session, folder: Path) -> None:
    (folder / f"{UROLOGY}.ics").write_bytes(b"BEGIN:VCALENDAR\r\n" + bytes(20_000_001))

    turn(centre, a_setup(busy_folder=folder))

    assert sources(centre)[0].problem == "too-large"


def test_member_who_left_is_not_read(centre: Session, server: HttpsServer, folder: Path) -> None:
    add(centre, server, a_calendar())
    put(folder, UROLOGY)
    centre.scalars(select(Member).where(Member.email == UROLOGY)).one().active = False
    centre.commit()

    done = turn(centre, fetching(busy_folder=folder), hours=7, server=server)

    assert (done.read, done.unknown) == (0, [f"{UROLOGY}.ics"])


def test_only_who_plans_may_run_a_round(centre: Session, setup: Setup) -> None:
    with pytest.raises(NotAllowed):
        read_busy_round(centre, setup, by=actor_with("surgeon", frozenset({Role.SURGEON})), now=NOW)


def test_list_takes_a_fixed_number_of_queries(centre: Session, server: HttpsServer) -> None:
    from sqlalchemy import event

    statements: list[str] = []
    event.listen(centre.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
    counts = []
    for number in range(1, 4):
        add(centre, server, a_calendar(*an_event(*LATER)), address=f"https://{HOST}/{number}.ics")
        statements.clear()
        sources(centre)
        counts.append(len(statements))

    assert counts[0] == counts[2]
