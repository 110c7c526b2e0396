"""The clock's door: `flask jobs run` does what is due, `flask jobs once NAME` one job by hand.

The truth is in the tables; the scheduler only ticks. So a missed tick is made up by the next, and a doubled one is
harmless. One process ticks; a second one waits until the first is gone.
"""

from __future__ import annotations

import fcntl
import logging
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tumorboard.domain.errors import DomainError, NotFound
from tumorboard.mail.receive import open_inbox
from tumorboard.mail.send import open_mailer
from tumorboard.services import busy_rounds, deadlines, inbound_retention, nightly, notices
from tumorboard.services.access import operator
from tumorboard.services.answer_inbox import read_inbox
from tumorboard.services.checks import check_database
from tumorboard.services.feeds import render_all_feeds
from tumorboard.services.imports import drop_old_imports
from tumorboard.services.meetings import hold_series
from tumorboard.services.outbox import count_post, deliver_post
from tumorboard.services.runs import end_dead_runs
from tumorboard.services.standing_upkeep import keep_standing
from tumorboard.store.db import db
from tumorboard.terminal import Group, Refused, json_option, now, open_database, print_json, print_table, setup

WEEKS_AHEAD = 26
NIGHT = {"trigger": "cron", "hour": 2, "minute": 10}
EVERY_QUARTER = {"trigger": "interval", "seconds": 900}
EVERY_FIVE_MINUTES = {"trigger": "interval", "seconds": 300}
LOCK_NUMBER = 7_203_118
"""Of PostgreSQL's advisory lock; any number that nothing else in the database uses."""

STOPS = (signal.SIGTERM, signal.SIGINT)

_NO_MAILBOX = (
    "no mailbox is set (TUMORBOARD_MAIL_INBOX_URL), so there is nothing to read; "
    "answers come by 'flask mail receive', by links and on pages"
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something the clock does. `run` gives counts and codes for the log; `when` are APScheduler's trigger words.

    A `problem` goes into the log as a warning; a `note` is for who starts the job by hand.
    """

    meaning: str
    run: Callable[[Session], dict[str, Any]]
    when: Mapping[str, Any]


def _deliver_post(session: Session) -> dict[str, Any]:
    with open_mailer(current_app.extensions["tumorboard.mail_url"]) as mailer:
        done = deliver_post(session, mailer=mailer, sender=setup().mail_from, clock=now)
    found: dict[str, Any] = {"sent": done.sent, "failed": done.failed, "dead": done.dead}
    if done.unreachable:
        found["problem"] = f"{done.unreachable}; {count_post(session)['waiting']} letters wait"
    return found


def _hold_series(session: Session) -> dict[str, Any]:
    until = setup().today(now()) + timedelta(weeks=WEEKS_AHEAD)
    created, problems = hold_series(session, setup(), until=until, by=operator("job:hold-series"), now=now())
    return {"created": created, "left_out": list(problems)}


def _check_published(session: Session) -> dict[str, Any]:
    found = check_database(session, setup(), now=now())
    return {"violations": [f"{violation.code} {violation.subject}" for violation in found]}


def _check_meetings(session: Session) -> dict[str, Any]:
    by = operator(nightly.JOB)
    checked = nightly.check_published(session, setup(), by=by, now=now())
    repairs = [nightly.propose_repair(session, setup(), board=key, by=by, now=now()) for key in checked.boards]
    return {
        "meetings": checked.meetings, "new": checked.new, "standing": checked.standing, "mended": checked.mended,
        "letters": checked.letters,
        "repairs": [f"{key} {repair.outcome}" for key, repair in zip(checked.boards, repairs, strict=True)],
    }  # fmt: skip


def _keep_standing(session: Session) -> dict[str, Any]:
    return keep_standing(session, setup(), by=operator("job:keep-standing"), now=now())


def _render_feeds(session: Session) -> dict[str, Any]:
    return {"rendered": render_all_feeds(session, setup(), now=now())}


def _read_busy(session: Session) -> dict[str, Any]:
    done = busy_rounds.read_busy_round(session, setup(), by=operator(busy_rounds.JOB), now=now())
    return asdict(done)


def _send_notices(session: Session) -> dict[str, Any]:
    sent = notices.send_notices(session, setup(), by=operator(notices.JOB), now=now())
    return {**asdict(sent), "left_out": list(sent.left_out)}


def _read_answers(session: Session) -> dict[str, Any]:
    if not setup().inbox_url:
        return {"note": _NO_MAILBOX}
    with open_inbox(setup().inbox_url) as inbox:
        done = read_inbox(session, setup(), inbox=inbox, by=operator("job:read-answers"), clock=now)
    return {"read": done.read, "open": done.open, "unreadable": done.unreadable, "left": done.left}


def _drop_uploads(session: Session) -> dict[str, Any]:
    return {"dropped": drop_old_imports(session, now=now())}


def _forget_messages(session: Session) -> dict[str, Any]:
    by = operator(inbound_retention.JOB)
    return {"forgotten": inbound_retention.forget_messages(session, setup(), by=by, now=now())}


def _chase_answers(session: Session) -> dict[str, Any]:
    return asdict(deadlines.chase_answers(session, setup(), by=operator(deadlines.JOB), now=now()))


def _end_dead_runs(session: Session) -> dict[str, Any]:
    return {"ended": end_dead_runs(session, now=now())}


JOBS: Mapping[str, Job] = {
    "deliver-post": Job("send the letters that are due", _deliver_post, {"trigger": "interval", "seconds": 5}),
    "send-notices": Job("write agendas, lists and digests that are due", _send_notices, EVERY_FIVE_MINUTES),
    "end-dead-runs": Job("free boards whose proposal died", _end_dead_runs, {"trigger": "interval", "seconds": 30}),
    "hold-series": Job(f"make the meetings of the next {WEEKS_AHEAD} weeks", _hold_series, NIGHT),
    "check-published": Job("look for contradictions in the database", _check_published, NIGHT),
    "check-meetings": Job("look at published meetings again, and propose repairs", _check_meetings, NIGHT),
    "keep-standing": Job("extend series entries of members, and cancel weeks without a case", _keep_standing, NIGHT),
    "render-feeds": Job("let old events leave the feeds", _render_feeds, NIGHT),
    "read-busy": Job("read calendars of members that are due", _read_busy, {"trigger": "interval", "seconds": 3600}),
    "read-answers": Job("read answers from the mailbox", _read_answers, {"trigger": "interval", "seconds": 30}),
    "chase-answers": Job("remind who did not answer, then tell the coordinators", _chase_answers, EVERY_QUARTER),
    "forget-messages": Job("forget messages that were decided long ago", _forget_messages, NIGHT),
    "drop-uploads": Job("drop case lists that nobody confirmed within a day", _drop_uploads, NIGHT),
}


@click.group(cls=Group)
def jobs() -> None:
    """What happens by the clock."""


@jobs.command("list")
@json_option
def show(as_json: bool) -> None:
    """The jobs and when they run."""
    if as_json:
        print_json([{"job": name, "meaning": job.meaning, "when": dict(job.when)} for name, job in JOBS.items()])
        return
    rows = [
        (name, f"every {job.when['seconds']} s" if job.when["trigger"] == "interval" else "nightly", job.meaning)
        for name, job in JOBS.items()
    ]
    print_table(("job", "runs", "does"), rows, empty="")


@jobs.command("once")
@click.argument("name")
@json_option
def once(name: str, as_json: bool) -> None:
    """Do one job now."""
    if name not in JOBS:
        raise NotFound(f"there is no job '{name}'; known: {', '.join(JOBS)}", code="unknown-job")
    found = JOBS[name].run(open_database())
    problem, note = found.pop("problem", None), found.pop("note", None)
    if as_json:
        print_json(found)
    else:
        click.echo(note or _say(found))
    if problem:
        raise Refused(f"mail-server-unreachable: {problem}")


def _say(found: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {', '.join(value) or 0}" if isinstance(value, list) else f"{name} {value}"
        for name, value in found.items()
    )


@jobs.command("run")
@click.option("--lock-seconds", type=click.FloatRange(min=0.05), default=5.0, hidden=True)
def run(lock_seconds: float) -> None:
    """Do every job when it is due, until stopped. A second process waits until the first is gone."""
    signal.signal(signal.SIGTERM, _stop)
    open_database()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with alone(pause_seconds=lock_seconds):
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        scheduler = _make_scheduler(app)
        scheduler.start()
        logger.info("jobs run: %s", ", ".join(JOBS))
        signal.sigwait(STOPS)
        scheduler.shutdown(wait=True)
    logger.info("jobs stopped")


def _stop(_number: int, _frame: object) -> None:
    """Leave the waiting for the lock. Later the signal is waited for: an exception inside the scheduler gets lost."""
    raise SystemExit(0)


def _make_scheduler(app: Flask) -> BackgroundScheduler:
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    zone = setup().time_zone
    for name, job in JOBS.items():
        when = dict(job.when)
        if when["trigger"] == "cron":
            when["timezone"] = zone
        scheduler.add_job(_tick, args=(app, name), id=name, next_run_time=datetime.now(UTC), **when)
    return scheduler


def _tick(app: Flask, name: str) -> None:
    """One run of a job. An expected failure is one line of the log; the next tick tries again."""
    with app.app_context():
        try:
            found = JOBS[name].run(db.session())
        except (DomainError, SQLAlchemyError) as error:
            logger.warning("job %s failed: %s", name, " ".join(str(getattr(error, "orig", error)).split()))
            return
    found.pop("note", None)
    level = logging.WARNING if found.get("problem") or found.get("violations") or found.get("dead") else logging.INFO
    if any(found.values()):
        logger.log(level, "job %s: %s", name, _say(found))


@contextmanager
def alone(*, pause_seconds: float) -> Iterator[None]:
    """Hold the one lock of this database; waits while another process holds it."""
    is_sqlite = db.engine.dialect.name == "sqlite"
    with _file_lock(Path(f"{db.engine.url.database}.jobs")) if is_sqlite else _advisory_lock() as try_lock:
        if not try_lock():
            logger.info("another process does the jobs; waiting until it is gone")
            while not try_lock():
                time.sleep(pause_seconds)
        yield


@contextmanager
def _file_lock(path: Path) -> Iterator[Callable[[], bool]]:
    """A lock beside the database file. The system gives it back when the process ends, however it ends."""
    with path.open("w") as file:

        def try_lock() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield try_lock


@contextmanager
def _advisory_lock() -> Iterator[Callable[[], bool]]:
    """PostgreSQL's lock of a session, on a connection of its own: detached, so that closing it gives the lock back."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()
        yield lambda: bool(connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": LOCK_NUMBER}))


COMMANDS: tuple[click.Command, ...] = (jobs,)
