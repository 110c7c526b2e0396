"""Letters, answers and feeds through programs that are not ours: SMTP, Dovecot, vdirsyncer and khal."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

import pytest
import vobject

from tests.builders import BOARD, CORE, ON_DEMAND, a_case_csv
from tests.cli.conftest import Terminal
from tests.journeys.conftest import FLASK, ROOT, environment
from tests.journeys.mailroom import free_port
from tests.journeys.posthouse import PostHouse, open_posthouse
from tests.journeys.test_demo_served import wait_for_page

ON = datetime.now(UTC).date()
ORGANIZER = "tumorboard@localhost"
"""Of the small centre's board: the address the service sends from when none is set."""
PATHOLOGIST = CORE["pathology"]
UROLOGIST = ON_DEMAND["urology"]


@pytest.fixture(scope="module")
def posthouse() -> Iterator[PostHouse]:
    with open_posthouse() as house:
        yield house


@pytest.fixture
def desk(terminal_on: Callable[..., Terminal], centre_url: str, posthouse: PostHouse) -> Terminal:
    """The small centre with a published meeting, whose letters lie in real mailboxes."""
    terminal = terminal_on(centre_url, MAIL_URL=posthouse.smtp_url, MAIL_INBOX_URL=posthouse.inbox_url(ORGANIZER))
    terminal.json("cases", "import", "-", "--program", "ovarian", typed=a_case_csv(on=ON))
    draft = terminal.json("plan", "propose", "--board", BOARD, "--weeks", "3")
    terminal.json("plan", "publish", "--draft", draft["draft"])
    terminal.json("jobs", "once", "deliver-post")
    return terminal


def last_letter(house: PostHouse, address: str) -> EmailMessage:
    """The newest letter of somebody's mailbox."""
    message = message_from_bytes(house.fetch(address)[-1], policy=default)
    assert isinstance(message, EmailMessage)
    return message


def calendar_of(letter: EmailMessage) -> str:
    """The calendar object that a mail program acts on."""
    (part,) = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    return str(part.get_content())


def texts_of(mail: bytes) -> list[str]:
    """Every text of a mail as a reader sees it."""
    parts = [part for part in message_from_bytes(mail, policy=default).walk() if part.get_content_maintype() == "text"]
    return [str(part.get_content()) for part in parts if isinstance(part, EmailMessage)]


def answer(house: PostHouse, address: str, partstat: str, *, comment: str = "") -> None:
    """What a calendar program sends when its user clicks: a REPLY to the organizer, made by another library."""
    request = vobject.readOne(calendar_of(last_letter(house, address))).vevent
    reply = vobject.iCalendar()
    reply.add("method").value = "REPLY"
    event = reply.add("vevent")
    for name in ("uid", "sequence", "dtstart", "dtend", "organizer", "summary"):
        event.add(name).value = getattr(request, name).value
    event.add("dtstamp").value = datetime.now(vobject.icalendar.utc)
    attendee = event.add("attendee")
    attendee.value = f"mailto:{address}"
    attendee.params["PARTSTAT"] = [partstat]
    if comment:
        event.add("comment").value = comment
    organizer = request.organizer.value.lower().removeprefix("mailto:")
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = address, organizer, f"{partstat}: answer"
    mail["Message-ID"] = f"<{partstat}.{datetime.now(UTC).timestamp()}@client.example>"
    mail.set_content("An answer.")
    mail.add_alternative(reply.serialize(validate=False), subtype="calendar", params={"method": "REPLY"})
    house.send(mail.as_bytes(), sender=address, recipient=organizer)


def answers(terminal: Terminal) -> dict[str, str]:
    """Who answered what, as the coordinator's list says."""
    with terminal.app.app_context():
        from tumorboard.store.db import db
        from tumorboard.store.meetings import MeetingInvitation

        return {row.member.email: row.answer for row in db.session.query(MeetingInvitation)}


def test_answers_come_back_through_a_real_mailbox(desk: Terminal, posthouse: PostHouse) -> None:
    answer(posthouse, PATHOLOGIST, "ACCEPTED")
    answer(posthouse, UROLOGIST, "DECLINED", comment="수술 일정과 겹칩니다")

    desk.json("jobs", "once", "read-answers")
    desk.json("jobs", "once", "read-answers")
    desk.json("jobs", "once", "deliver-post")

    found = answers(desk)
    assert (found[PATHOLOGIST], found[UROLOGIST]) == ("accepted", "declined")
    heard = [text for address in CORE.values() for mail in posthouse.fetch(address) for text in texts_of(mail)]
    assert any("Ovarian board" in text for text in heard)
    assert [text for text in heard if "수술 일정" in text] == []


def test_broken_mail_does_not_stop_the_mailbox(desk: Terminal, posthouse: PostHouse) -> None:
    posthouse.send(b"\xff\xfe not a mail at all", sender="x@example.org", recipient=ORGANIZER)
    answer(posthouse, PATHOLOGIST, "TENTATIVE")

    desk.json("jobs", "once", "read-answers")

    assert answers(desk)[PATHOLOGIST] == "tentative"


@contextmanager
def served(terminal: Terminal, tmp_path: Path) -> Iterator[str]:
    """The service in a process of its own, on the terminal's database."""
    port = free_port()
    url = terminal.app.config["SQLALCHEMY_DATABASE_URI"]
    settings = {**environment(tmp_path / "unused.sqlite"), "TUMORBOARD_DATABASE_URL": url}
    settings["TUMORBOARD_BASE_URL"] = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [*FLASK, "run", "--port", str(port)], cwd=ROOT, env=settings, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert wait_for_page(f"http://127.0.0.1:{port}/healthz") == 200
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)


def tool(name: str) -> str:
    """The path of a calendar program; skips with a message where it is not installed."""
    path = shutil.which(name, path=os.environ.get("TUMORBOARD_CALENDAR_TOOLS") or os.environ["PATH"])
    if path is None:
        pytest.skip(f"needs {name} (pip install vdirsyncer khal; its folder in TUMORBOARD_CALENDAR_TOOLS)")
    return path


def run(*words: str, home: Path) -> str:
    """A program of somebody else; its output."""
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=120,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_vdirsyncer_and_khal_show_the_feed(desk: Terminal, tmp_path: Path) -> None:
    vdirsyncer, khal = tool("vdirsyncer"), tool("khal")
    secret = desk.json("feeds", "rotate", "--scope", "member", "--subject", PATHOLOGIST)["url"]
    with desk.app.app_context():
        from tumorboard.store.db import db
        from tumorboard.store.meetings import MeetingInvitation

        rows = [row for row in db.session.query(MeetingInvitation) if row.member.email == PATHOLOGIST]
        starts = sorted(row.starts_at for row in rows if row.status == "invited")
    with served(desk, tmp_path) as base:
        settings = tmp_path / "vdirsyncer.conf"
        settings.write_text(
            f"""
[general]
status_path = "{tmp_path}/status/"
[pair board]
a = "feed"
b = "here"
collections = null
conflict_resolution = "a wins"
[storage feed]
type = "http"
url = "{base}/feeds/{secret.rpartition("/")[2]}"
[storage here]
type = "filesystem"
path = "{tmp_path}/calendar/"
fileext = ".ics"
"""
        )
        (tmp_path / "calendar").mkdir()
        run(vdirsyncer, "-c", str(settings), "discover", home=tmp_path)
        run(vdirsyncer, "-c", str(settings), "sync", home=tmp_path)
        files = {path.name: path.read_bytes() for path in (tmp_path / "calendar").glob("*.ics")}
        run(vdirsyncer, "-c", str(settings), "sync", home=tmp_path)
        again = {path.name: path.read_bytes() for path in (tmp_path / "calendar").glob("*.ics")}

    khal_settings = tmp_path / "khal.conf"
    khal_settings.write_text(
        f"""
[calendars]
[[board]]
path = {tmp_path}/calendar/
readonly = True
[locale]
local_timezone = Asia/Seoul
default_timezone = Asia/Seoul
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
[sqlite]
path = {tmp_path}/khal.db
"""
    )
    shown = run(
        khal, "-c", str(khal_settings), "list", "--format", "{start-long} {title}", "--day-format", "",
        ON.isoformat(), (ON + timedelta(days=60)).isoformat(), home=tmp_path,
    )  # fmt: skip

    assert files == again
    seoul = [(start + timedelta(hours=9)).strftime("%Y-%m-%d %H:%M") for start in starts]
    assert re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", shown) == seoul
