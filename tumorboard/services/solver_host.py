"""The warm process from which `solver_process` forks: it has loaded the solver, holds no database and one thread.

It ends with the web worker that started it, or after minutes without work; processes that plan for a run go on.
"""

from __future__ import annotations

import logging
import os
import pickle
import resource
import select
import signal
import socket
import struct
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from tumorboard.domain.errors import DomainError

ATTACHED, DETACHED = b"a", b"d"
"""Kinds of processes: one that gives an answer and dies with its caller, and one that goes on alone."""
BEGUN = b"b"
IDLE_SECONDS = 180
LARGEST_MESSAGE = 256 * 1024 * 1024

_HEADER = struct.Struct("!dQiQ")
_LENGTH = struct.Struct("!Q")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may use: seconds by the clock until the kernel ends it, memory above what it began with."""

    seconds: float
    memory_mib: int
    nice: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call gave: its value, the refusal it raised, or the kind of its failure."""

    value: object = None
    refusal: DomainError | None = None
    failure: str | None = None


def read_only(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    """The mapping that `_Pickler` took apart."""
    return MappingProxyType(values)


class _Pickler(pickle.Pickler):
    """Knows read-only mappings too, which programmes and facts are full of."""

    def reducer_override(self, obj: Any) -> Any:
        """As in pickle: how a value is made again."""
        return (read_only, (dict(obj),)) if isinstance(obj, MappingProxyType) else NotImplemented


def _dump(value: object) -> bytes:
    buffer = BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def write_request(
    line: socket.socket, function: Callable[..., object], args: tuple[object, ...], limits: Limits
) -> None:
    """Say what a new process shall call, and within which limits."""
    body = zlib.compress(_dump((function, args)), 1)  # fits into the buffer of the line, so that nobody waits
    line.sendall(_HEADER.pack(limits.seconds, limits.memory_mib, limits.nice, len(body)))
    line.sendall(body)


def read_reply(line: socket.socket) -> Outcome | None:
    """The outcome; None when the process ended without one."""
    head = _read(line, _LENGTH.size)
    body = _read(line, _LENGTH.unpack(head)[0]) if head else b""
    return pickle.loads(body) if body else None  # noqa: S301 - from our own child over a socket pair


def _read(line: socket.socket, length: int) -> bytes:
    """So many bytes; empty when the other side ended before."""
    if length > LARGEST_MESSAGE:
        return b""
    parts = bytearray()
    while len(parts) < length:
        part = line.recv(min(length - len(parts), 1 << 20))
        if not part:
            return b""
        parts += part
    return bytes(parts)


class _Host:
    """Waits for lines of callers and for the end of processes. A process that is attached dies when its line ends."""

    def __init__(self, control: socket.socket) -> None:
        self.control: socket.socket | None = control
        self.lines: dict[int, socket.socket] = {}
        self.children: set[int] = set()
        self.woken, self.wake = os.pipe()
        for end in (self.woken, self.wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self.wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.poll = select.poll()
        self.poll.register(self.woken, select.POLLIN)
        self.poll.register(control, select.POLLIN)

    def serve(self) -> None:
        """Until the worker is gone, or nothing happened for a while; then until the last process has ended."""
        while self.control is not None or self.children:
            events = self.poll.poll(None if self.children else IDLE_SECONDS * 1000)
            if not events:
                return
            for number, _ in events:
                self._look_at(number)
            self._reap()

    def _look_at(self, number: int) -> None:
        if number == self.woken:
            with suppress(BlockingIOError):
                os.read(self.woken, 4096)
        elif self.control is not None and number == self.control.fileno():
            self._take()
        else:
            for pid, line in self.lines.items():
                if line.fileno() == number:
                    os.kill(pid, signal.SIGKILL)
                    self.poll.unregister(line)

    def _take(self) -> None:
        """A caller hands over the end of a line, and a process begins at it."""
        assert self.control is not None
        kind, lines, _, _ = socket.recv_fds(self.control, 1, 1)
        if not kind:
            self.poll.unregister(self.control)
            self.control.close()
            self.control = None
            return
        line = socket.socket(fileno=lines[0])
        try:
            pid = os.fork()
        except OSError:
            logger.exception("no process can be started")
            line.close()
            return
        if pid == 0:
            self._become_child(line, is_attached=kind == ATTACHED)
        self.children.add(pid)
        if kind == ATTACHED:
            self.lines[pid] = line
            self.poll.register(line, 0)  # POLLHUP alone, which is always told
        else:
            line.close()

    def _become_child(self, line: socket.socket, *, is_attached: bool) -> NoReturn:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for other in (self.control, *self.lines.values()):
            if other is not None:
                other.close()
        os.close(self.woken)
        os.close(self.wake)
        status = 1
        try:
            _answer(line, is_attached=is_attached)
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _reap(self) -> None:
        while self.children:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.children.clear()
                return
            if pid == 0:
                return
            self.children.discard(pid)
            line = self.lines.pop(pid, None)
            if line is not None:
                with suppress(KeyError):
                    self.poll.unregister(line)
                line.close()


def _answer(line: socket.socket, *, is_attached: bool) -> None:
    """Read the request, keep to its limits, call, and write the outcome."""
    with suppress(OSError):
        line.sendall(BEGUN)  # nobody may be waiting any more for one that goes on alone
    head = _read(line, _HEADER.size)
    if not head:
        return
    seconds, memory_mib, nice, length = _HEADER.unpack(head)
    body = _read(line, length)
    if not body:
        return
    _limit(Limits(seconds, memory_mib, nice))
    outcome = _call(body)
    if is_attached:
        content = _dump(outcome)
        line.sendall(_LENGTH.pack(len(content)) + content)


def _call(body: bytes) -> Outcome:
    try:
        function, args = pickle.loads(zlib.decompress(body))  # noqa: S301 - from the worker that started this process
        return Outcome(value=function(*args))
    except DomainError as error:
        return Outcome(refusal=error)
    except MemoryError:
        return Outcome(failure="memory")
    except Exception:
        logger.exception("a planning process failed")
        return Outcome(failure="failed")


def _limit(limits: Limits) -> None:
    """The kernel keeps the limits: SIGALRM ends the process even inside the solver."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    highest = _address_space_bytes() + limits.memory_mib * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (highest, highest))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold facts of cases
    os.nice(limits.nice)


def _address_space_bytes() -> int:
    """What the process has mapped already, most of it libraries; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def main() -> None:
    """Load what planning needs, then serve.

    The arguments are the number of the socket, the level of the log, and modules to load.
    """
    control = socket.socket(fileno=int(sys.argv[1]))
    logging.basicConfig(level=int(sys.argv[2]), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    from tumorboard.domain.planning_solver import load_solver  # noqa: PLC0415 - the domain stays out of the caller

    for name in sys.argv[3:]:
        import_module(name)
    load_solver()
    _Host(control).serve()
