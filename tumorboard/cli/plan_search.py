"""A search for a plan at the terminal: how far it is, and Ctrl+C that keeps the best so far."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from tumorboard.domain.planning import Progress
from tumorboard.services.stop_signal import StopSignal

LOOK_SECONDS = 0.5


class Search:
    """What the planner is told and says. Progress goes to standard error, and only to a terminal."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._is_seen = sys.stderr.isatty()

    def is_stopped(self) -> bool:
        """True after the first Ctrl+C."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """The best plan so far is wanted; asked twice, none is, and the process ends."""
        if self._stopped.is_set():
            os._exit(130)
        self._stopped.set()
        click.echo("stopping; the best plan so far becomes the draft", err=True)

    def show(self, progress: Progress) -> None:
        """One line that is written again and again."""
        if self._is_seen:
            proven = "" if progress.bound is None else f", none is cheaper than {progress.bound}"
            line = f"{progress.seconds:5.1f} s  {progress.stage}: {progress.cost} points{proven}"
            click.echo(f"\r\x1b[K{line}", err=True, nl=False)

    def end(self) -> None:
        """Wipe the line."""
        if self._is_seen:
            click.echo("\r\x1b[K", err=True, nl=False)


@contextmanager
def watch_search() -> Iterator[Search]:
    """A search that hears Ctrl+C while the block runs."""
    search, over = Search(), threading.Event()
    with StopSignal() as stop_signal:

        def listen() -> None:
            while not over.is_set():
                if stop_signal.wait(LOOK_SECONDS):
                    search.stop()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield search
        finally:
            over.set()
            stop_signal.wake()
            thread.join()
            search.end()
