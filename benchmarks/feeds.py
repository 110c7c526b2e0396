"""Feeds against a bare Flask app on the same server, and Radicale where it is installed: ratios of one run.

Run `python -m benchmarks.feeds [REQUESTS]` in the root of the repository, on Linux (the work of a server is read from
/proc). Times depend on the machine; compare the ratios. The targets P1 to P6 are printed beside them. Radicale is found
on the PATH or by TUMORBOARD_RADICALE.
"""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

from flask import Flask, Response, request
from flask_migrate import upgrade
from sqlalchemy import event, select
from sqlalchemy.orm import Session, joinedload

import config
from tumorboard import create_app
from tumorboard.formats.feed_lines import write_feed_lines
from tumorboard.formats.ical import write_feed
from tumorboard.services.access import operator
from tumorboard.services.feed_events import list_feed_events
from tumorboard.services.feed_parts import Detail
from tumorboard.services.feed_rendering import render_feed
from tumorboard.services.feeds import render_feeds_of, rotate_feed
from tumorboard.store.db import db
from tumorboard.store.meetings import Board, Meeting, MeetingInvitation, Room
from tumorboard.store.people import Department, Member
from tumorboard.store.post import FeedDocument

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
BY = operator("benchmark")
EVENTS = 500
SUBSCRIBERS, MINUTES, BURST_SECONDS = 5_000, 5, 30
TICKS = os.sysconf("SC_CLK_TCK")
DETAILS = {
    "room": "Room A", "video": "https://video.example/a", "required": True, "specialties": ["urology"],
    "rules": ["R10"], "cases": ["C-1", "C-2"], "questions": 2,
}  # fmt: skip


def serve_feeds() -> Flask:
    """The service as a web server loads it."""
    return create_app(config.load())


def serve_bare() -> Flask:
    """The least a Flask application does: fixed bytes and one comparison."""
    app = Flask("bare")
    content = Path(os.environ["BENCHMARK_CONTENT"]).read_bytes()

    @app.get("/feed.ics")
    def feed() -> Response:
        known = request.headers.get("If-None-Match") == '"fixed"'
        response = Response(status=304) if known else Response(content, content_type="text/calendar; charset=utf-8")
        response.headers["ETag"] = '"fixed"'
        return response

    return app


def fill(session: Session, *, events: int, feeds: int) -> Meeting:
    """A member with so many windows, and a meeting of nine people among so many member feeds; gives that meeting."""
    department = Department(key="d", name_en="Urology", name_ko="비뇨의학과")
    room = Room(key="r", name="Room A", capacity=10)
    board = Board(
        key="b", program="ovarian", name_en="Ovarian board", name_ko="난소암 다학제", time_zone="Asia/Seoul",
        organizer_email="board@hospital.example", organizer_name="Board", settings={},
    )  # fmt: skip
    session.add_all([department, room, board])
    session.flush()
    members = [
        Member(name=f"홍길동 {number}", email=f"m{number}@hospital.example", department_id=department.id)
        for number in range(feeds)
    ]
    session.add_all(members)
    start = NOW + timedelta(days=1)
    meetings = []
    for number in range(events):
        starts_at = start + timedelta(hours=18 * number - 24 * 30)
        meeting = Meeting(
            board=board, room=room, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=90),
            closes_at=starts_at - timedelta(days=2), time_zone="Asia/Seoul", status="published", published_at=NOW,
        )  # fmt: skip
        people = members[:9] if number == events - 1 else members[:1]
        for member in people:
            meeting.invitations.append(
                MeetingInvitation(
                    member=member, kind="on_demand", status="invited", starts_at=starts_at,
                    ends_at=starts_at + timedelta(minutes=30), uid=f"{number}-{member.email}", stamp=NOW,
                    details=DETAILS,
                )
            )  # fmt: skip
        meetings.append(meeting)
    session.add_all(meetings)
    session.commit()
    return meetings[-1]


@contextmanager
def served(module: str, settings: dict[str, str]) -> Iterator[tuple[int, int]]:
    """A gunicorn with one worker: its port and the worker's process."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", module, "-b", f"127.0.0.1:{port}", "-w", "1", "--log-level", "error"]
    process = subprocess.Popen(command, env={**os.environ, **settings})
    try:
        wait_for(port)
        yield port, children_of(process.pid)[0]
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"no server came up on port {port}")


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def fetch(port: int, path: str, headers: str = "") -> bytes:
    """One answer on a connection of its own, head and body."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n".encode())
        parts = []
        while part := connection.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


def cost(port: int, pid: int, path: str, headers: str, status: int, requests: int) -> float:
    """Milliseconds of the server's own work for a request: the best of three rounds."""
    for _ in range(10):
        assert fetch(port, path, headers)[8:13] == f" {status} ".encode()
    rounds = []
    for _ in range(3):
        before = cpu_seconds(pid)
        for _ in range(requests):
            fetch(port, path, headers)
        rounds.append((cpu_seconds(pid) - before) / requests * 1000)
    return min(rounds)


def burst(port: int, path: str, headers: str, *, requests: int, seconds: float) -> tuple[float, int]:
    """The 99th percentile in milliseconds of requests that come evenly, and how many were answered with an error."""
    taken: list[float] = []
    failed: list[bytes] = []
    begin = time.perf_counter()

    def send(numbers: range) -> None:
        for number in numbers:
            due = begin + number * seconds / requests
            time.sleep(max(0.0, due - time.perf_counter()))
            answer = fetch(port, path, headers)
            taken.append((time.perf_counter() - due) * 1000)
            if not answer.startswith((b"HTTP/1.1 304", b"HTTP/1.1 200")):
                failed.append(answer[:20])

    threads = [threading.Thread(target=send, args=(range(first, requests, 8),)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return quantiles(taken, n=100)[98], len(failed)


def best(action: Callable[[], object], tries: int = 5) -> float:
    """The least seconds of work of several tries."""
    found = []
    for _ in range(tries):
        begin = time.process_time()
        action()
        found.append(time.process_time() - begin)
    return min(found)


def say(code: str, what: str, found: str, target: str) -> None:
    print(f"{code:<3} {what:<58} {found:>22}   {target}", flush=True)


def compare_servers(app: Flask, token: str, content: bytes, folder: Path, requests: int) -> None:
    """P1, P2 and P6."""
    with app.app_context():
        etag = db.session.scalars(select(FeedDocument.etag).where(FeedDocument.subject_id == 1)).one()
    path, known = f"/feeds/{token}.ics", f'If-None-Match: "{etag}"\r\n'
    (folder / "content").write_bytes(content)
    settings = {"BENCHMARK_CONTENT": str(folder / "content"), "TUMORBOARD_DATABASE_URL": str(app.config["URL"])}
    with served("benchmarks.feeds:serve_bare()", settings) as (port, pid):
        bare_known = cost(port, pid, "/feed.ics", 'If-None-Match: "fixed"\r\n', 304, requests)
        bare_body = cost(port, pid, "/feed.ics", "", 200, requests)
    with served("benchmarks.feeds:serve_feeds()", settings) as (port, pid):
        own_known = cost(port, pid, path, known, 304, requests)
        own_body = cost(port, pid, path, "", 200, requests)
        own_gzip = cost(port, pid, path, "Accept-Encoding: gzip\r\n", 200, requests)
        share = BURST_SECONDS * requests // SUBSCRIBERS or 1
        p99, failed = burst(port, path, known, requests=requests, seconds=share)
    say("P1", f"unchanged: {own_known:.2f} ms, bare {bare_known:.2f} ms", f"{own_known / bare_known:.2f} x", "<= 1.6 x")
    say("P2", f"bytes: {own_body:.2f} ms, bare {bare_body:.2f} ms", f"{own_body / bare_body:.2f} x", "<= 1.8 x")
    say("P2", f"compressed: {own_gzip:.2f} ms", f"{own_gzip / bare_body:.2f} x", "<= 1.8 x")
    load = SUBSCRIBERS / (MINUTES * 60) * own_known / 10
    say("P6", f"{SUBSCRIBERS} subscribers every {MINUTES} minutes", f"{load:.1f} % of a core", "<= 5 %")
    say("P6", f"burst of {requests} in {share} s, p99", f"{p99:.1f} ms, {failed} failed", "<= 50 ms, 0")
    compare_radicale(content, folder, max(10, requests // 100), own_body)


def compare_radicale(content: bytes, folder: Path, requests: int, own: float) -> None:
    """The same events in Radicale."""
    program = os.environ.get("TUMORBOARD_RADICALE") or shutil.which("radicale")
    if not program:
        print("    Radicale is not installed (pip install radicale): left out")
        return
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    settings = ["--server-hosts", f"127.0.0.1:{port}", "--auth-type", "none", "--rights-type", "authenticated"]
    storage = ["--storage-filesystem-folder", str(folder / "radicale"), "--logging-level", "error"]
    process = subprocess.Popen([program, *settings, *storage])
    try:
        wait_for(port)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            head = "PUT /u/c/ HTTP/1.1\r\nHost: x\r\nAuthorization: Basic dTp1\r\nContent-Type: text/calendar\r\n"
            connection.sendall(f"{head}Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + content)
            answer = connection.recv(1 << 16)
            assert answer[8:13] == b" 201 ", answer
        theirs = cost(port, process.pid, "/u/c/", "Authorization: Basic dTp1\r\n", 200, requests)
    finally:
        process.terminate()
        process.wait()
    say("", f"Radicale: {theirs:.1f} ms for the same calendar", f"{theirs / own:.0f} x of ours", "")


def measure_rendering(session: Session, app: Flask, meeting: Meeting) -> None:
    """P3 and P4. A feed reads columns; what the same rows cost as objects is the query that P3 speaks of."""
    setup = app.extensions["tumorboard"]
    query = select(MeetingInvitation).where(MeetingInvitation.member_id == 1)
    query = query.options(joinedload(MeetingInvitation.meeting).joinedload(Meeting.board))

    def load() -> None:
        session.expunge_all()
        for row in session.scalars(query):
            assert row.uid

    def render(detail: Detail) -> Callable[[], object]:
        def act() -> None:
            session.expunge_all()
            render_feed(session, setup, scope="member", subject_id=1, detail=detail, now=NOW)

        return act

    loaded = best(load)
    for detail in (Detail.BOARD, Detail.FULL):
        whole, rows = best(render(detail)) / EVENTS * 1e6, loaded / EVENTS * 1e6
        said = f"cold render, {detail}: {whole:.0f} us, loading its rows {rows:.0f} us"
        say("P3", said, f"{whole - rows:.0f} us/event", "<= 25 us")
    events = list_feed_events(session, setup, scope="member", subject_id=1, detail=Detail.FULL, now=NOW).events
    lean = best(lambda: write_feed_lines("x", events)) / EVENTS * 1e6
    slow = best(lambda: write_feed("x", events), 1) / EVENTS * 1e6
    say("P3", f"writing alone: {lean:.0f} us, icalendar {slow:.0f} us", f"{slow / lean:.0f} x quicker", "")
    session.rollback()
    begin = time.perf_counter()
    count = render_feeds_of(session, setup, [session.merge(meeting)], now=NOW)
    session.commit()
    seconds = time.perf_counter() - begin
    say("P4", f"feeds rendered for a change of nine people ({seconds:.2f} s)", f"{count}", "<= 10 of 2,000, 1 s")


def count_queries(app: Flask, token: str) -> None:
    """P5."""
    client, statements = app.test_client(), []

    def note(statement: str) -> None:
        if statement.startswith(("SELECT", "UPDATE", "INSERT")):
            statements.append(statement)

    def listen(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_trace_callback(note)

    with app.app_context():
        event.listen(db.engine, "checkout", listen)
    etag = client.get(f"/feeds/{token}.ics").headers["ETag"]
    for what, headers, target in (("unchanged", {"If-None-Match": etag}, "<= 1"), ("bytes", {}, "<= 2")):
        statements.clear()
        client.get(f"/feeds/{token}.ics", headers=headers)
        say("P5", f"queries, {what}", str(len(statements)), target)


def main() -> None:
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/feeds.sqlite"
        settings = {"TUMORBOARD_DATABASE_URL": url, "TUMORBOARD_LOG_LEVEL": "WARNING"}
        app = create_app(config.load(settings, instance=folder))
        app.config["URL"] = url
        with app.app_context():
            upgrade()
            session = db.session()
            meeting = fill(session, events=EVENTS, feeds=2_000)
            setup = app.extensions["tumorboard"]
            members = list(session.scalars(select(Member).order_by(Member.id)))
            tokens = [
                rotate_feed(session, setup, scope="member", subject=member.public_id, by=BY, now=NOW)
                for member in members
            ]
            content = session.scalars(select(FeedDocument.content).where(FeedDocument.subject_id == 1)).one()
            print(f"{EVENTS} events, {len(content)} bytes, {requests} requests")
            measure_rendering(session, app, meeting)
        count_queries(app, tokens[0])
        compare_servers(app, tokens[0], content, folder, requests)


if __name__ == "__main__":
    main()
