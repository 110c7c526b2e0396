"""The demo as a person starts it: a process that answers until it is stopped."""

from __future__ import annotations

import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.journeys.conftest import FLASK, ROOT, environment
from tests.journeys.mailroom import free_port


def test_demo_is_served_until_it_is_stopped(shown: tuple[Path, str]) -> None:
    port = free_port()
    server = subprocess.Popen(
        [*FLASK, "demo", "--port", str(port)], cwd=ROOT, env=environment(shown[0]), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        status = wait_for_page(f"http://127.0.0.1:{port}/healthz")
    finally:
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=30)

    assert status == 200
    assert f"http://127.0.0.1:{port}" in said
    assert "Traceback" not in said


def wait_for_page(url: str) -> int:
    """The status of a page of a server that is just starting."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(url) as answer:
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server never answered")
