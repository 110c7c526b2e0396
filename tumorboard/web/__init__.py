"""DOOR: pages, JSON API and calendar feeds."""

from __future__ import annotations

from flask import Flask

from tumorboard.web.api import register_api
from tumorboard.web.assets import register_assets
from tumorboard.web.auth import register_auth
from tumorboard.web.caldav import register_caldav
from tumorboard.web.feeds import register_feeds
from tumorboard.web.feeds_quick import register_quick_feeds
from tumorboard.web.pages import register_pages
from tumorboard.web.pages.errors import render_problem
from tumorboard.web.problems import register_problems
from tumorboard.web.routing import LateRule
from tumorboard.web.security import register_security


def register_web(app: Flask) -> None:
    """Register headers, log-in, API, feeds, pages, and what their errors look like."""
    app.url_rule_class = LateRule
    register_security(app)
    register_auth(app)
    register_api(app)
    register_feeds(app)
    register_caldav(app)
    register_quick_feeds(app)
    register_pages(app)
    register_assets(app)
    register_problems(app, render_problem)
