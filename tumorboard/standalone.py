"""Commands that need neither database nor settings nor pages, in an application that holds nothing else.

The whole application takes a second to load; these commands answer within one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

import click
from flask import Flask

from tumorboard.terminal import Group

STANDALONE: Mapping[str, Mapping[str, str]] = {
    "agenda": {"order": "tumorboard.cli.agenda"},
    "calendar": {"busy": "tumorboard.cli.calendar"},
    "mail": {"interpret": "tumorboard.cli.mail"},
    "plan": {"solve": "tumorboard.cli.plan_files", "check": "tumorboard.cli.plan_files"},
}
"""Group → command → the module that has it among its COMMANDS, as a command or in a group of this name."""

_WITH_VALUE = ("--app", "-A", "--env-file", "-e")
"""Options of `flask` itself that are followed by a value."""


def find_standalone(arguments: Sequence[str]) -> Flask | None:
    """The small application for a command line such as `--app wsgi plan solve x.json`; None when it needs the whole."""
    words = list(arguments)
    while words and words[0].startswith("-"):
        del words[: 2 if words[0] in _WITH_VALUE else 1]
    if len(words) > 1 and words[1] in STANDALONE.get(words[0], {}):
        return _make(words[0], words[1])
    return None


def _make(group: str, name: str) -> Flask:
    app = Flask("tumorboard")
    parent = Group(group)
    module = import_module(STANDALONE[group][name])
    for found in module.COMMANDS:
        if isinstance(found, click.Group):
            found = found.commands.get(name)
        if found is not None and found.name == name:
            parent.add_command(found)
    app.cli.add_command(parent)
    return app
