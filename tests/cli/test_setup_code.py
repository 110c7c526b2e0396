"""`flask setup-code`: a code for a fresh installation, and none for any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tests.cli.conftest import Terminal
from tumorboard.services.first_start import make_setup_code


def test_code_is_printed_with_the_address(terminal_on: Callable[..., Terminal], sqlite_url: str) -> None:
    terminal = terminal_on(sqlite_url)

    printed = terminal.text("setup-code")
    code = make_setup_code(terminal.app.extensions["tumorboard"], now=datetime.now(UTC))

    assert printed.splitlines()[0] == code
    assert printed.splitlines()[1].startswith("Open http://127.0.0.1:5000/setup and type it in. If the web server")
    assert terminal.json("setup-code") == {"code": code, "address": "http://127.0.0.1:5000/setup"}


def test_installation_with_log_ins_has_no_code(terminal: Terminal) -> None:
    assert terminal.refusal("setup-code") == "setup-over: there is a log-in already; see 'accounts create'"
