"""The process of a run: it plans outside of any transaction, beats twice a second, and writes the draft."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from tumorboard.domain.errors import Conflict, DomainError
from tumorboard.domain.model import Proposal
from tumorboard.domain.planning import Progress
from tumorboard.services.access import Actor, Permission
from tumorboard.services.planning import PlanTask, plan_task, read_task
from tumorboard.services.runs import Order, beat, fail_run, finish_run, request_run, take_run
from tumorboard.services.setup import Setup
from tumorboard.services.solver_process import PlannerRefusal, Started, start_apart
from tumorboard.services.stop_signal import StopSignal
from tumorboard.store.plans import PlanRun

BEAT_SECONDS = 0.5
GRACE_SECONDS = 30.0
"""For reading, explaining and writing, beside the seconds for planning; then the process gives up."""
LONGEST_WAIT_SECONDS = 3600.0
LEAST_SECONDS = 0.1

logger = logging.getLogger(__name__)


def begin_run(
    session: Session, setup: Setup, *, board: str, weeks: int, by: Actor, now: datetime, seconds: int | None = None,
    from_scratch: bool = False,
) -> tuple[str, Started]:  # fmt: skip
    """The id of a run for a board, and its process, which outlives this one.

    What a person decided in the open draft is kept, unless `from_scratch`. Leaves no transaction open, so that what is
    read after waiting is fresh. Raises as `request_run`, and PlannerRefusal.
    """
    run = request_run(session, board=board, weeks=weeks, seconds=int(seconds or setup.plan_seconds), by=by, now=now)
    run_id = run.public_id
    url = session.get_bind().engine.url.render_as_string(hide_password=False)
    session.rollback()
    try:
        started = start_apart(
            work_on_run, url, setup, run_id, from_scratch, seconds=LONGEST_WAIT_SECONDS,
            memory_mib=setup.plan_memory_mib,
        )  # fmt: skip
    except Exception as error:
        problem = error.code if isinstance(error, PlannerRefusal) else "planner-failed"
        fail_run(session, run_id=run_id, problem=problem, now=now)
        raise
    return run_id, started


def work_on_run(database_url: str, setup: Setup, run_id: str, from_scratch: bool = False) -> None:
    """Do a waiting run from its turn to its end. Owns the process: SIGTERM makes it finish with the best plan so far.

    Whatever goes wrong ends in the run's row, as the code of the problem. Raises NotFound, and Conflict `run-over` for
    a run that is over or has a process.
    """
    engine = create_engine(database_url, poolclass=NullPool, hide_parameters=True)
    with StopSignal() as stop_signal:
        watch = _Watch(engine, run_id, stop_signal)
        try:
            run = watch.await_turn(setup.plan_runs)
            signal.setitimer(signal.ITIMER_REAL, run.seconds + 2 * GRACE_SECONDS)  # for code that lets no thread run
            with watch.beating(seconds=run.seconds + GRACE_SECONDS):
                task, proposal = _plan(engine, setup, run, watch, from_scratch=from_scratch)
            with Session(engine) as session:
                by, progress = _planner_of(run), watch.progress
                finish_run(session, task, proposal, run_id=run_id, progress=progress, by=by, now=_now())
        except DomainError as error:
            if error.code in ("run-over", "unknown-run"):
                raise
            watch.fail(error.code)
        except MemoryError:
            watch.fail("planner-out-of-memory")
        except Exception:
            logger.exception("run %s failed", run_id)
            watch.fail("planner-failed")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            engine.dispose()


def _plan(
    engine: Engine, setup: Setup, run: PlanRun, watch: _Watch, *, from_scratch: bool
) -> tuple[PlanTask, Proposal]:
    watch.note(stage="reading")
    with Session(engine) as session:
        task = read_task(
            session, setup, board=run.board.key, weeks=run.weeks, by=_planner_of(run), now=_now(),
            from_scratch=from_scratch,
        )  # fmt: skip
    watch.note(stage="planning", cases=len(task.problem.cases), meetings=len(task.problem.meetings))
    seconds = LEAST_SECONDS if watch.is_stopping() else float(run.seconds)
    proposal = plan_task(task, seconds=seconds, on_progress=watch.take_progress, is_cancelled=watch.is_stopping)
    watch.note(stage="writing", **figures_of(proposal))
    return task, proposal


def _planner_of(run: PlanRun) -> Actor:
    """Whoever asked for the run, who was allowed to."""
    return Actor(name=run.requested_by, permissions=frozenset({Permission.PLAN_EDIT, Permission.MEETING_EDIT}))


def figures_of(proposal: Proposal) -> dict[str, Any]:
    """What a finished plan comes to, for the progress of its run."""
    return {
        "cost": proposal.cost, "bound": proposal.bound, "gap": proposal.gap,
        "placed": sum(len(plan.agenda) for plan in proposal.meetings), "left_out": len(proposal.left_out),
    }  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)


class _Watch:
    """Beats for the run beside the planner, and hears when it shall stop: from the database, or by SIGTERM."""

    def __init__(self, engine: Engine, run_id: str, stop_signal: StopSignal) -> None:
        self.engine, self.run_id, self.stop_signal = engine, run_id, stop_signal
        self.progress: dict[str, Any] = {"stage": "waiting", "seconds": 0.0}
        self._began = time.monotonic()
        self._stop, self._over = threading.Event(), threading.Event()

    def await_turn(self, most_runs: int) -> PlanRun:
        """The run, taken for this process when its turn comes."""
        while True:
            with Session(self.engine, expire_on_commit=False) as session:
                run = take_run(session, run_id=self.run_id, most_runs=most_runs, now=_now())
                if run is not None:
                    _ = run.board  # loaded while there is a session
                    if run.is_cancel_requested:
                        self._stop.set()
                    return run
            if self.stop_signal.wait(BEAT_SECONDS):
                raise Conflict("stopped before its turn", code="planner-stopped")

    @contextmanager
    def beating(self, *, seconds: float) -> Iterator[None]:
        """Beat while the block runs; the process is given up after so many seconds."""
        self._began = time.monotonic()
        thread = threading.Thread(target=self._beat, args=(self._began + seconds,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            self.stop_signal.wake()
            thread.join()

    def note(self, **figures: Any) -> None:
        """Remember how far the run is, for the next beat."""
        self.progress = {**self.progress, **figures, "seconds": round(time.monotonic() - self._began, 1)}

    def take_progress(self, progress: Progress) -> None:
        """What the planner says of itself."""
        cost, bound = progress.cost, progress.bound
        gap = None if bound is None else max(0, cost - bound) / max(1, cost)
        self.note(stage=progress.stage, cost=cost, bound=bound, gap=gap)

    def is_stopping(self) -> bool:
        """True when the best plan so far is wanted now."""
        return self._stop.is_set()

    def fail(self, problem: str) -> None:
        """Write the end of the run; if the database does not answer, its silence will tell."""
        with suppress(DomainError, SQLAlchemyError), Session(self.engine) as session:
            fail_run(session, run_id=self.run_id, problem=problem, now=_now())

    def _beat(self, until: float) -> None:
        while not self._over.is_set():
            order = self._ask()
            if order is Order.DROP:
                os._exit(0)  # nobody wants the plan any more, and the solver need not be asked
            if time.monotonic() > until:
                self.fail("planner-too-slow")
                os._exit(1)
            if self.stop_signal.wait(BEAT_SECONDS) or order is Order.FINISH:
                self._stop.set()

    def _ask(self) -> Order:
        self.note()
        try:
            with Session(self.engine) as session:
                return beat(session, run_id=self.run_id, progress=self.progress, now=_now())
        except (DomainError, SQLAlchemyError) as error:
            logger.warning("run %s: no beat: %s", self.run_id, getattr(error, "code", type(error).__name__))
            return Order.GO_ON
