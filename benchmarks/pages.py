"""Pages of the demo centre with 500 open cases beside a bare Flask app on the same server: ratios of one run.

Run `python -m benchmarks.pages [REQUESTS]` in the root of the repository, on Linux. It prints for each page the median
time to the first byte of a warm worker, the 99th percentile, the processor's part, and how many times a bare Flask app
that sends the same bytes takes. The bounds are those of the pages' own budget: 50 ms with 500 open cases, slots 300 ms.
"""

from __future__ import annotations

import http.client
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response
from flask_migrate import upgrade
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import config
from benchmarks.feeds import TICKS, served
from tumorboard import create_app
from tumorboard.demo.fill import fill_database
from tumorboard.demo.material import read_material, write_case_list
from tumorboard.services.access import operator
from tumorboard.services.case_lists import import_cases
from tumorboard.services.planning import propose
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.db import db
from tumorboard.store.meetings import Board, Meeting
from tumorboard.store.people import Member

OPEN_CASES = 500
BOUND_MS, SLOTS_MS = 50, 300
COORDINATOR = {"email": "coordinator@demo.example", "password": "demo-coordinator"}
SURGEON = {"email": "sungjin.moon@demo.example", "password": "demo-surgeon"}


def serve_pages() -> Flask:
    """The service as a web server loads it."""
    return create_app(config.load())


def serve_bare() -> Flask:
    """The least a Flask application does: so many bytes."""
    app = Flask("bare")

    @app.get("/<int:size>")
    def page(size: int) -> Response:
        return Response(b"x" * size, content_type="text/html; charset=utf-8")

    return app


def fill(session: Session, setup: Setup, *, now: datetime) -> dict[str, str]:
    """The demo centre, its cases again under other references until 500 are open; gives the pages' addresses."""
    fill_database(session, setup, now=now)
    by, cases = operator("benchmark"), read_material("cases.toml")
    members = {row[0]: row[1] for row in session.execute(select(Member.email, Member.public_id))}
    there = session.scalar(select(func.count()).select_from(Case).where(Case.status.in_(("waiting", "scheduled")))) or 0
    more = [
        {**cases["cases"][number % len(cases["cases"])], "reference": f"OV-{5000 + number}"}
        for number in range(OPEN_CASES - there)
    ]
    content = write_case_list(more, today=setup.today(now), members=members)
    report = import_cases(
        session, setup, program=cases["program"], content=content, filename="more.csv", by=by, now=now
    )  # fmt: skip
    if report.problems:
        raise SystemExit(report.problems[0].message)
    board = session.scalars(select(Board).order_by(Board.id)).first()
    assert board is not None
    draft = propose(session, setup, board=board.key, weeks=2, seconds=5, by=by, now=now).public_id
    meeting = session.scalar(
        select(Meeting.public_id).where(Meeting.status == "published", Meeting.starts_at > now).order_by(Meeting.id)
    )
    waiting = session.scalar(select(Case.public_id).where(Case.status == "waiting"))
    return {
        "worklist": "/cases", "case": f"/cases/{waiting}", "board": f"/boards/{board.key}", "draft": f"/drafts/{draft}",
        "meeting": f"/meetings/{meeting}", "people": "/people", "availability": "/availability",
        "open needs": "/open-needs", "reports": "/reports",
        "slots": f"/boards/{board.key}/slots?" + urlencode(
            {"weeks": 8, "minutes": 30, "specialties": ["hepatobiliary_pancreatic_surgery", "urology"]}, doseq=True
        ),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds to the first byte, of the processor, and the bytes of the page."""

    half_ms: float
    worst_ms: float
    cpu_ms: float
    size: int


class Reader:
    """Somebody at a browser: one connection, her cookies."""

    def __init__(self, port: int, worker: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._worker = worker
        self._cookies: dict[str, str] = {}

    def log_in(self, account: dict[str, str]) -> None:
        """By the form, with its token."""
        _, page, _ = self._ask("GET", "/log-in")
        token = page.split(b'name="csrf_token" value="', 1)[1].split(b'"', 1)[0].decode()
        status, _, _ = self._ask("POST", "/log-in", urlencode({**account, "csrf_token": token}))
        if status != 303:
            raise SystemExit(f"log-in answered {status}")

    def measure(self, path: str, *, requests: int) -> Measured:
        """Warm, one request after the other."""
        for _ in range(3):
            self._see(path)
        before, times, size = self._cpu_ticks(), [], 0
        for _ in range(requests):
            size, took = self._see(path)
            times.append(took * 1000)
        cpu = (self._cpu_ticks() - before) / TICKS * 1000 / requests
        return Measured(median(times), quantiles(times, n=100)[98], cpu, size)

    def _see(self, path: str) -> tuple[int, float]:
        status, content, took = self._ask("GET", path)
        if status != 200:
            raise SystemExit(f"{urlsplit(path).path} answered {status}")
        return len(content), took

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes, float]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        took = time.perf_counter() - began
        content = answer.read()
        for line in answer.headers.get_all("Set-Cookie") or ():
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer.status, content, took

    def _cpu_ticks(self) -> int:
        fields = Path(f"/proc/{self._worker}/stat").read_text().rsplit(") ", 1)[1].split()
        return int(fields[11]) + int(fields[12])


def compare(settings: dict[str, str], places: dict[str, str], *, requests: int) -> Iterator[str]:
    """A line per page."""
    with (
        served("benchmarks.pages:serve_pages()", settings) as (port, worker),
        served("benchmarks.pages:serve_bare()", settings) as (bare_port, bare_worker),
    ):
        bare = Reader(bare_port, bare_worker)
        readers = {"coordinator": Reader(port, worker), "surgeon": Reader(port, worker)}
        readers["coordinator"].log_in(COORDINATOR)
        readers["surgeon"].log_in(SURGEON)
        for name, path in [*places.items(), ("mine", "/mine")]:
            found = readers["surgeon" if name == "mine" else "coordinator"].measure(path, requests=requests)
            floor = bare.measure(f"/{found.size}", requests=requests)
            bound = SLOTS_MS if name == "slots" else BOUND_MS
            yield (
                f"{name:13} median {found.half_ms:6.1f} ms  p99 {found.worst_ms:6.1f} ms  cpu {found.cpu_ms:6.1f} ms  "
                f"{found.size / 1000:6.1f} kB  bare x {found.half_ms / floor.half_ms:6.1f}  "
                f"{'within' if found.half_ms <= bound else 'ABOVE'} {bound} ms"
            )


def main(requests: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "TUMORBOARD_DATABASE_URL": f"sqlite:///{folder}/pages.sqlite",
            "TUMORBOARD_SECRET_KEY": "a-secret-of-the-benchmark-only-0123456789",
            "TUMORBOARD_LOG_LEVEL": "ERROR",
        }
        os.environ.update(settings)
        app = create_app(config.load())
        with app.app_context():
            upgrade()
            places = fill(db.session(), app.extensions["tumorboard"], now=datetime.now(UTC))
            db.session.remove()
            db.engine.dispose()
        print(f"{OPEN_CASES} open cases, {requests} requests a page, one worker of gunicorn")
        with closing(compare(settings, places, requests=requests)) as lines:
            for line in lines:
                print(line, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
