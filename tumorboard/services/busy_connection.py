"""One https connection to one checked address of a host, which ends when its time is over, whatever it waits for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from urllib3.connection import HTTPSConnection

from tumorboard.services.busy_network import Network


class Watch:
    """Ends a connection when its time is over, whatever it waits for."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_over = False

    def keep(self, connected: socket.socket) -> None:
        """Watch this connection from now on. A second handle, for TLS takes the first one away."""
        with self._lock:
            self._drop()
            self._socket = connected.dup()
            if self._is_over:
                self._end()

    def end(self) -> None:
        """The time is over."""
        with self._lock:
            self._is_over = True
            self._end()

    def close(self) -> None:
        """Nothing is watched any more."""
        with self._lock:
            self._drop()

    def _end(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


@contextmanager
def watch_time(ends_at: float) -> Iterator[Watch]:
    """Ends what is being waited for at an instant of `time.monotonic`."""
    watch = Watch(ends_at)
    timer = threading.Timer(max(0.0, ends_at - time.monotonic()), watch.end)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        watch.close()


class CheckedConnection(HTTPSConnection):
    """A connection to one checked address of a host; certificate and server name are those of the host."""

    def __init__(self, host: str, checked: str, watch: Watch, network: Network) -> None:
        super().__init__(host, network.port, timeout=network.connect_seconds, ssl_context=network.make_context())
        self.checked, self.watch, self.connect_seconds = checked, watch, network.connect_seconds

    def _new_conn(self) -> socket.socket:
        seconds = min(self.connect_seconds, max(0.01, self.watch.ends_at - time.monotonic()))
        connected = socket.create_connection((self.checked, self.port), timeout=seconds)
        self.watch.keep(connected)
        return connected
