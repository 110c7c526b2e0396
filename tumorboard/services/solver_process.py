"""Pure calls in processes of their own, so that no planner ever blocks or brings down a web worker.

A fresh interpreter with the solver takes seconds on a busy machine. So each web worker keeps one warm process
(`solver_host`), started when somebody is about to plan and gone after minutes without work; it forks a process for each
call in milliseconds. Time and memory are limited by the kernel, whatever the solver does.
"""

from __future__ import annotations

import atexit
import logging
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

from tumorboard.domain.errors import Conflict
from tumorboard.services.solver_host import ATTACHED, BEGUN, DETACHED, Limits, read_reply, write_request

MOST_CALLS = 2
"""Calls at once for one web worker. More are refused at once, so that many clicks cannot eat its threads."""
RETRY_AFTER_SECONDS = 2
START_SECONDS = 15.0
HANDOVER_SECONDS = 0.3
LOOK_SECONDS = 0.1
GRACE_SECONDS = 5.0
MEMORY_MIB = 2048
PRELOADED = ("tumorboard.services.run_process",)
"""What the warm process has loaded beside the solver, so that a run begins at once."""

R = TypeVar("R")


def run_apart(
    function: Callable[..., R],
    /,
    *args: object,
    seconds: float,
    memory_mib: int = MEMORY_MIB,
    is_cancelled: Callable[[], bool] | None = None,
) -> R:
    """What `function(*args)` gives, computed in a process of its own.

    Function, arguments and value must be picklable; the function belongs to a module. `seconds` count from the moment
    the process has begun. `is_cancelled` is asked ten times a second. What the function raises as a DomainError is
    raised here. Takes a `place` unless the caller holds one. Raises PlannerRefusal otherwise: `planner-busy` when too
    many calls run already, `planner-too-slow`,
    `planner-out-of-memory`, `planner-stopped` or `planner-failed`.
    """
    with place(), _begin(ATTACHED, patience_seconds=START_SECONDS) as line:
        _await_begin(line)
        write_request(line, function, args, Limits(seconds + GRACE_SECONDS, memory_mib, nice=5))
        until = time.monotonic() + seconds
        while not _is_readable(line, min(LOOK_SECONDS, max(0.0, until - time.monotonic()))):
            if is_cancelled is not None and is_cancelled():
                raise PlannerRefusal("planning was stopped", code="planner-stopped")
            if time.monotonic() >= until:
                raise PlannerRefusal(f"no answer within {seconds:g} seconds; try fewer weeks", code="planner-too-slow")
        outcome = read_reply(line)
    if outcome is None:
        raise PlannerRefusal("the planning process ended without an answer; try again", code="planner-failed")
    if outcome.failure == "memory":
        raise PlannerRefusal(f"more than {memory_mib} MiB are needed; plan fewer weeks", code="planner-out-of-memory")
    if outcome.refusal is not None:
        raise outcome.refusal
    if outcome.failure is not None:
        raise PlannerRefusal("planning failed; the operator finds why in the log", code="planner-failed")
    return cast("R", outcome.value)


def start_apart(
    function: Callable[..., object], *args: object, seconds: float, memory_mib: int = MEMORY_MIB, nice: int = 10
) -> Started:
    """Let `function(*args)` go on alone in a process in a session of its own, which outlives this one.

    It is ended after `seconds` whatever happens. While the solver is being loaded the process begins a little later;
    nobody waits here. Raises PlannerRefusal `planner-failed` when no process can begin.
    """
    line = _begin(DETACHED, patience_seconds=HANDOVER_SECONDS)
    write_request(line, function, args, Limits(seconds, memory_mib, nice))
    return Started(line)


@dataclass(slots=True)
class Started:
    """A process that goes on alone."""

    _line: socket.socket

    def wait(self, seconds: float) -> bool:
        """True when it ended within so many seconds. Ask once: the line to it is closed then."""
        until = time.monotonic() + seconds
        with self._line as line:
            while _is_readable(line, until - time.monotonic()):
                if not line.recv(1):
                    return True
        return False


@contextmanager
def place() -> Iterator[None]:
    """One of this worker's places for calls, taken before what a call needs is read: reading is costly itself.

    Whoever holds a place takes no second one. Raises PlannerRefusal `planner-busy` at once when none is free: threads
    that wait here would be missing for everybody else.
    """
    if _holds_place.get():
        yield
        return
    places = _host.places
    if not places.acquire(blocking=False):
        raise PlannerRefusal("too many plans are being made; try again in a moment", code="planner-busy")
    held = _holds_place.set(True)
    try:
        yield
    finally:
        _holds_place.reset(held)
        places.release()


def warm_up() -> None:
    """Begin to load the solver in the background: somebody is about to plan. Costs a few milliseconds."""
    with suppress(PlannerRefusal):
        _host.ready()


class PlannerRefusal(Conflict):
    """No process could give the answer. `retry_after_seconds` says when it makes sense to ask again."""

    code = "planner-busy"

    def __init__(self, message: str, *, code: str | None = None, **values: object) -> None:
        super().__init__(message, code=code, retry_after_seconds=RETRY_AFTER_SECONDS, **values)


@dataclass(slots=True)
class _Host:
    """This worker's warm process, as seen from here."""

    control: socket.socket | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MOST_CALLS))

    def ready(self) -> None:
        """Start the process unless it runs. It may need seconds until it serves."""
        with self.lock:
            if self.control is None:
                self._start()

    def send(self, kind: bytes, line: socket.socket) -> socket.socket:
        """Hand over the end of a line; gives the control it went over. A process that has ended is started anew."""
        with self.lock:
            if self.control is not None:
                with suppress(OSError):
                    socket.send_fds(self.control, [kind], [line.fileno()])
                    return self.control
                self.close()
            self._start()
            assert self.control is not None
            try:
                socket.send_fds(self.control, [kind], [line.fileno()])
            except OSError as error:
                raise PlannerRefusal(f"no planning process starts: {error}", code="planner-failed") from error
            return self.control

    def drop(self, control: socket.socket) -> None:
        """Let a process go that does not answer, unless another one is there already."""
        with self.lock:
            if self.control is control:
                self.close()

    def _start(self) -> None:
        here, there = socket.socketpair()
        # One allocation arena and no pools of threads: address space is limited, and forks want one thread.
        frugal = {"MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        level = logging.getLogger("tumorboard").getEffectiveLevel()
        begin = "from tumorboard.services.solver_host import main; main()"
        with there:
            try:
                process = subprocess.Popen(  # noqa: S603 - our own interpreter and constants
                    [sys.executable, "-c", begin, str(there.fileno()), str(level), *PRELOADED],
                    cwd=Path(__file__).resolve().parents[2],
                    env={**os.environ, **frugal},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[there.fileno()],
                    start_new_session=True,
                )
            except OSError as error:
                here.close()
                raise PlannerRefusal(f"no planning process starts: {error}", code="planner-failed") from error
        threading.Thread(target=process.wait, daemon=True).start()  # so that it never stays as a zombie
        self.control = here

    def close(self) -> None:
        """Let the process go."""
        if self.control is not None:
            self.control.close()
            self.control = None


_holds_place: ContextVar[bool] = ContextVar("holds_place", default=False)
_host = _Host()
atexit.register(lambda: _host.close())


def _forget_host() -> None:
    """After a fork the warm process belongs to the parent alone."""
    global _host
    _host.close()
    _host = _Host()


os.register_at_fork(after_in_child=_forget_host)


def _begin(kind: bytes, *, patience_seconds: float) -> socket.socket:
    """A line to a process that has begun, or will when the solver is loaded. Closing it ends an attached one."""
    for _ in range(2):
        here, there = socket.socketpair()
        with there:
            control = _host.send(kind, there)
        if not _is_readable(here, patience_seconds) or here.recv(1, socket.MSG_PEEK) == BEGUN:
            return here
        here.close()  # the warm process went to rest just now
        _host.drop(control)
    raise PlannerRefusal("no planning process starts; the operator finds why in the log", code="planner-failed")


def _await_begin(line: socket.socket) -> None:
    if not _is_readable(line, 0) or line.recv(1) != BEGUN:
        raise PlannerRefusal("no planning process starts; try again in a moment", code="planner-busy")


def _is_readable(line: socket.socket, seconds: float) -> bool:
    """True when something is there, or the other side has ended, within so many seconds."""
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))
