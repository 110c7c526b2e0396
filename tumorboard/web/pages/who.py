"""Who did something, as people call each other: the records name the log-in."""

from __future__ import annotations

from collections.abc import Mapping

from flask import g

from tumorboard.services.accounts import names_of_accounts
from tumorboard.web.auth import database
from tumorboard.web.pages.frame import pages, words

JOB = "job:"


def login_names() -> Mapping[str, str]:
    """The person behind each log-in address; read once for a request."""
    if "login_names" not in g:
        g.login_names = names_of_accounts(database())
    found: Mapping[str, str] = g.login_names
    return found


@pages.app_template_filter("who")
def say_who(name: str) -> str:
    """The person behind a log-in, or that a machine did it; any other name stays as it is."""
    if name.startswith(JOB):
        return words().gettext("automatic check")
    return login_names().get(name, name)
