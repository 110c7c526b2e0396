"""Commands without a database start without the rest of the application."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tumorboard.cli import catalogue
from tumorboard.standalone import STANDALONE, find_standalone

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [(group, name) for group, names in STANDALONE.items() for name in names]
HEAVY = "sqlalchemy", "alembic", "marshmallow", "tumorboard.app", "tumorboard.web", "tumorboard.services"


@pytest.mark.parametrize(("group", "name"), COMMANDS)
def test_standalone_command_is_also_one_of_the_whole_application(group: str, name: str) -> None:
    small = find_standalone(["--app", "wsgi", group, name, "--json"])

    assert small is not None
    whole = {command.name: command for command in catalogue.COMMANDS}[group]
    assert list(small.cli.commands[group].commands) == [name]  # type: ignore[attr-defined]
    assert name in whole.commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("words", [[], ["plan"], ["plan", "propose"], ["cases", "plan", "solve"], ["run", "--debug"]])
def test_every_other_command_gets_the_whole_application(words: list[str]) -> None:
    assert find_standalone(["--app=wsgi", *words]) is None


@pytest.mark.parametrize(("group", "name"), COMMANDS)
def test_standalone_command_loads_neither_database_nor_pages_nor_settings(group: str, name: str) -> None:
    program = (
        "import sys, flask.cli\n"
        f"sys.argv = ['flask', '--app', 'wsgi', '{group}', '{name}', '--help']\n"
        "try: flask.cli.main()\n"
        "except SystemExit: pass\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "TUMORBOARD_TIMEZONE": "Nowhere/Atall"},
    )  # fmt: skip

    assert f"Usage: flask {group} {name}" in done.stdout
    assert done.stderr.splitlines()[-1] == "[]"
