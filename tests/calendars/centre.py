"""Fixtures of the checklists of feeds: a furnished centre for use cases, and the application on one."""

from __future__ import annotations

from tests.services.conftest import NOW, a_setup, centre, setup
from tests.web.conftest import app, client, count_queries, furnished_app, furnished_template

__all__ = [
    "NOW", "a_setup", "app", "centre", "client", "count_queries", "furnished_app", "furnished_template", "setup",
]  # fmt: skip
