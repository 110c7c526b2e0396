"""A real IMAP server (pymap) in a process of its own, with a maildir that tests may look into."""

from __future__ import annotations

import imaplib
import itertools
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

USER = "demouser"
PASSWORD = "demo:pass/word"
_ENCODED = "demo%3Apass%2Fword"
LONGEST_START_SECONDS = 20
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class ImapServer:
    """An address for `open_inbox`, and a client of its own to put letters in and to look at them."""

    port: int
    folder: str = "INBOX"

    @property
    def url(self) -> str:
        """As in the settings."""
        return f"imap://{USER}:{_ENCODED}@127.0.0.1:{self.port}/{self.folder}"

    def with_folder(self) -> ImapServer:
        """The same server, where another folder is read that is empty."""
        fresh = replace(self, folder=f"box{next(_numbers)}")
        fresh.make_folder(fresh.folder)
        return fresh

    def put(self, *messages: bytes) -> None:
        """Messages arrive, unread."""
        client = self._client()
        for message in messages:
            status, said = client.append(self.folder, "", "", message)  # type: ignore[arg-type]
            assert status == "OK", said
        client.logout()

    def make_folder(self, name: str) -> None:
        """A further folder."""
        client = self._client()
        assert client.create(name)[0] == "OK"
        client.logout()

    def flags(self, folder: str = "") -> list[set[str]]:
        """The flags of every message of a folder, in order, without `Recent`."""
        client = self._client()
        client.select(folder or self.folder, readonly=True)
        found = client.fetch("1:*", "(FLAGS)")[1]
        client.logout()
        texts = [each.decode() for each in found if isinstance(each, bytes)]
        return [set(re.findall(r"\\(\w+)", re.search(r"FLAGS \((.*?)\)", text)[1])) - {"Recent"} for text in texts]  # type: ignore[index]

    def _client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        client.login(USER, PASSWORD)
        return client


@contextmanager
def open_imap_server(certificate: tuple[Path, Path] | None = None) -> Iterator[ImapServer]:
    """A server with one empty mailbox; skips where it is not installed.

    With the files of a certificate and its key it knows STARTTLS, and takes no log-in without.
    """
    program = shutil.which("pymap", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("needs pymap, an IMAP server from requirements-dev.txt")
    port = _free_port()
    secured = ["--cert", str(certificate[0]), "--key", str(certificate[1])] if certificate else ["--no-tls"]
    server = subprocess.Popen(
        [program, "--host", "127.0.0.1", "--port", str(port), *secured, "--no-service", "managesieve",
         "--no-service", "admin", "dict", "--demo-user", USER, "--demo-password", PASSWORD],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        _wait(server, port)
        yield ImapServer(port)
    finally:
        server.terminate()
        server.communicate(timeout=10)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + LONGEST_START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert server.poll() is None, server.stderr.read() if server.stderr else b""
            assert time.monotonic() < until
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
