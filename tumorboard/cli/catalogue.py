"""The operator's door: every use case as a command. Words for people on standard output, or JSON with `--json`."""

from __future__ import annotations

import click

from tumorboard.cli.accounts import accounts
from tumorboard.cli.boards import boards, meetings
from tumorboard.cli.care import cases
from tumorboard.cli.centre import centre
from tumorboard.cli.check import check
from tumorboard.cli.feeds import feeds
from tumorboard.cli.outbox import outbox
from tumorboard.cli.people import absences, members
from tumorboard.cli.plan import plan
from tumorboard.cli.rules import rules

__all__ = ["COMMANDS"]

COMMANDS: tuple[click.Command, ...] = (
    absences, accounts, boards, cases, centre, check, feeds, meetings, members, outbox, plan, rules,
)  # fmt: skip
