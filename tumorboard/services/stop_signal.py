"""Hears SIGTERM and SIGINT while a solver computes, which lets no Python handler run and resets handlers of its own."""

from __future__ import annotations

import signal
import threading
import time
from types import TracebackType
from typing import Self

STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
LOOK_SECONDS = 0.05


class StopSignal:
    """Within the block the two signals do nothing but end `wait`, on whatever thread it is called.

    They are held back by the system for this thread and those it starts, and fetched by `wait`. The block belongs on
    the main thread, before any other begins.
    """

    def __enter__(self) -> Self:
        """Begin to hear."""
        self._woken = threading.Event()
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let signals through again. One that nobody waited for has come too late, and is dropped."""
        while self._fetch():
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)

    def wait(self, seconds: float) -> bool:
        """Sleep; True as soon as somebody asks to stop, False when the time is over or after `wake`."""
        until = time.monotonic() + seconds
        while not self._fetch():
            if self._woken.wait(min(LOOK_SECONDS, max(0.0, until - time.monotonic()))) or time.monotonic() >= until:
                self._woken.clear()
                return False
        return True

    def wake(self) -> None:
        """End a `wait` on another thread."""
        self._woken.set()

    def _fetch(self) -> bool:
        if not signal.sigpending() & STOPS:
            return False
        signal.sigwait(STOPS)
        return True
