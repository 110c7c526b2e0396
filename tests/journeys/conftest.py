"""Journeys use the operator's terminal, a mail server on this machine, and a demo made once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal, centre_template, centre_url, terminal_on
from tests.journeys.mailroom import Mailroom, open_mailroom

__all__ = ["centre_template", "centre_url", "terminal_on"]

ROOT = Path(__file__).resolve().parents[2]
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")


@pytest.fixture
def mailroom() -> Iterator[Mailroom]:
    with open_mailroom() as room:
        yield room


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A demo database, made once in a process of its own, and what its first start said."""
    path = tmp_path_factory.mktemp("demo") / "demo.sqlite"
    done = subprocess.run(
        [*FLASK, "demo", "--no-serve"], cwd=ROOT, env=environment(path), capture_output=True, text=True, check=True
    )
    return path, done.stdout


def environment(path: Path) -> dict[str, str]:
    """A process with a database of its own and nothing from outside."""
    return {
        "PATH": os.environ["PATH"],
        "TUMORBOARD_DATABASE_URL": f"sqlite:///{path}",
        "TUMORBOARD_SECRET_KEY": "d" * 32,
        "TUMORBOARD_PLAN_SECONDS": "1",
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def demo_terminal(terminal_on: Callable[..., Terminal], shown: tuple[Path, str], tmp_path: Path) -> Terminal:
    """A terminal on a copy of the demo database."""
    for file in shown[0].parent.glob("demo.sqlite*"):
        shutil.copy(file, tmp_path / file.name)
    return terminal_on(f"sqlite:///{tmp_path / 'demo.sqlite'}", PLAN_SECONDS="1")
