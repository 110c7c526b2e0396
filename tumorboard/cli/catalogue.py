"""All commands of the operator's door. Add a new module here; `standalone.py` names those that need no database."""

from __future__ import annotations

import click

from tumorboard.cli.accounts import accounts
from tumorboard.cli.agenda import agenda
from tumorboard.cli.boards import boards, meetings
from tumorboard.cli.busy import calendar
from tumorboard.cli.care import cases
from tumorboard.cli.centre import centre
from tumorboard.cli.check import check
from tumorboard.cli.feeds import feeds
from tumorboard.cli.mail import mail
from tumorboard.cli.outbox import outbox
from tumorboard.cli.people import absences, members
from tumorboard.cli.plan import plan
from tumorboard.cli.rules import rules
from tumorboard.cli.setup_code import setup_code
from tumorboard.cli.slots import slots
from tumorboard.cli.urgent import urgent

__all__ = ["COMMANDS"]

COMMANDS: tuple[click.Command, ...] = (
    absences, accounts, agenda, boards, calendar, cases, centre, check, feeds, mail, meetings, members, outbox,
    plan, rules, setup_code, slots, urgent,
)  # fmt: skip
